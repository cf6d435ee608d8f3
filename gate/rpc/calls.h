// One call, from gRPC's callback API to gate::Api and back.
//
// Callbacks run on a few threads that all calls share, so none may wait: what reads the store runs
// on a pool of our own, reports on another, and Evaluate never blocks its caller. A client that
// goes away changes nothing but that nobody hears the answer.
#ifndef GATE_RPC_CALLS_H_
#define GATE_RPC_CALLS_H_

#include <grpcpp/server_context.h>
#include <grpcpp/support/server_callback.h>

#include <string_view>

#include "gate/api/api.h"
#include "gate/base/thread_pool.h"
#include "gate/rpc/status.h"
#include "gate/v1/evidence_service.pb.h"
#include "gate/v1/gate.pb.h"
#include "gate/v1/rollouts.pb.h"

namespace gate {

// Thread-safe.
class Calls {
 public:
  // At most `capacity` reads wait or run on `threads`; one more is RESOURCE_EXHAUSTED.
  Calls(Api& api, int threads, int capacity);

  // Any call but Evaluate, by its full name: "gate.v1.Gate.GetVerdict".
  grpc::ServerUnaryReactor* Serve(std::string_view method, grpc::CallbackServerContext* context,
                                  const google::protobuf::Message* request,
                                  google::protobuf::Message* response);

  grpc::ServerUnaryReactor* Evaluate(grpc::CallbackServerContext* context,
                                     const v1::EvaluateRequest* request, v1::Verdict* response);

  // Takes in one message after the other: the next one is read when the one before is on disk.
  grpc::ServerReadReactor<v1::ReportMetricsRequest>* ReportMetrics(
      grpc::CallbackServerContext* context, v1::ReportMetricsResponse* response);

  // Sends events until the rollout has ended.
  grpc::ServerWriteReactor<v1::WatchRolloutResponse>* WatchRollout(
      grpc::CallbackServerContext* context, const v1::WatchRolloutRequest* request);

  // Ends all watches with UNAVAILABLE: whoever watches goes on elsewhere.
  void EndWatches() { api_.feed().Close(); }

 private:
  Api& api_;
  ThreadPool pool_;
  ThreadPool advances_;
  ThreadPool reports_;
  ThreadPool watches_;
};

}  // namespace gate

#endif  // GATE_RPC_CALLS_H_
