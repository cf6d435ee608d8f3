// A gate that serves gRPC to the test's own process.
#ifndef TESTS_RPC_RPC_FIXTURE_H_
#define TESTS_RPC_RPC_FIXTURE_H_

#include <grpcpp/create_channel.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>

#include <memory>
#include <string>

#include "gate/config/config.h"
#include "gate/rpc/server.h"
#include "gate/v1/gate.grpc.pb.h"
#include "gmock/gmock.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "gtest/gtest.h"
#include "tests/fakes/test_gate.h"

namespace gate {

inline config::v1::Limits StandardLimits() {
  config::v1::Limits limits;
  limits.set_max_message_bytes(1 << 20);
  limits.set_max_evaluations(64);
  limits.set_evaluation_threads(8);
  limits.set_max_streams_per_connection(256);
  limits.set_max_grpc_memory_bytes(64 << 20);
  limits.set_max_http_connections(8);
  return limits;
}

inline google::rpc::Status DetailsOf(const grpc::Status& status) {
  google::rpc::Status details;
  details.ParseFromString(status.error_details());
  return details;
}

// The detail of that type, or an empty one.
template <typename Detail>
Detail DetailOf(const grpc::Status& status) {
  const google::rpc::Status details = DetailsOf(status);
  Detail detail;
  for (const google::protobuf::Any& any : details.details()) {
    if (any.UnpackTo(&detail)) break;
  }
  return detail;
}

// A call of any method with bytes for messages.
inline grpc::Status RawCall(const std::shared_ptr<grpc::Channel>& channel,
                            const std::string& method, const std::string& request,
                            std::string* response) {
  grpc::GenericStub stub(channel);
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(20));
  grpc::CompletionQueue queue;
  grpc::Slice slice(request);
  grpc::ByteBuffer sent(&slice, 1), received;
  auto call = stub.PrepareUnaryCall(&context, method, sent, &queue);
  grpc::Status status;
  call->StartCall();
  call->Finish(&received, &status, nullptr);
  void* tag = nullptr;
  bool ok = false;
  queue.Next(&tag, &ok);
  grpc::Slice whole;
  if (status.ok() && received.DumpToSingleSlice(&whole).ok()) {
    response->assign(reinterpret_cast<const char*>(whole.begin()), whole.size());
  }
  return status;
}

// grpc.health.v1.Health/Check: "SERVING", "NOT_SERVING", or what went wrong.
inline std::string Health(const std::shared_ptr<grpc::Channel>& channel) {
  std::string response;
  const grpc::Status status = RawCall(channel, "/grpc.health.v1.Health/Check", "", &response);
  if (!status.ok()) return status.error_message();
  return response == "\x08\x01" ? "SERVING" : response == "\x08\x02" ? "NOT_SERVING" : "?";
}

class RpcTest : public testing::Test {
 protected:
  void Serve(int max_evaluations = 64, const config::v1::Limits& limits = StandardLimits()) {
    gate_ = std::make_unique<TestGate>(max_evaluations);
    config::v1::Listener listener;
    listener.set_address("127.0.0.1:0");
    auto server = RpcServer::Start(gate_->api, listener, limits);
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
    channel_ = grpc::CreateChannel(server_->address(), grpc::InsecureChannelCredentials());
    stub_ = v1::Gate::NewStub(channel_);
  }

  grpc::Status Evaluate(const v1::EvaluateRequest& request, v1::Verdict* verdict,
                        std::chrono::milliseconds deadline = std::chrono::seconds(20)) {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + deadline);
    return stub_->Evaluate(&context, request, verdict);
  }

  std::unique_ptr<TestGate> gate_;
  std::unique_ptr<RpcServer> server_;
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<v1::Gate::Stub> stub_;
};

}  // namespace gate

#endif  // TESTS_RPC_RPC_FIXTURE_H_
