#include "gate/rpc/calls.h"

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>

#include "gate/base/field_error.h"

namespace gate {
namespace {

using std::chrono::steady_clock;
using std::chrono::system_clock;

// For callers that name no deadline, or one far away.
constexpr std::chrono::seconds kLongestCall{60};

// Deadlines arrive as time left, which gRPC turns into wall-clock time; they are measured on a
// clock that nobody sets.
steady_clock::time_point DeadlineOf(const grpc::CallbackServerContext& context) {
  const auto left = context.deadline() - system_clock::now();
  return steady_clock::now() +
         std::min(std::chrono::duration_cast<steady_clock::duration>(left),
                  std::chrono::duration_cast<steady_clock::duration>(kLongestCall));
}

// What the caller gave as x-request-id, if it is fit for a log.
std::string RequestIdOf(const grpc::CallbackServerContext& context) {
  const auto found = context.client_metadata().find("x-request-id");
  if (found == context.client_metadata().end() || found->second.size() > 128) return "";
  return std::string(found->second.data(), found->second.size());
}

}  // namespace

Calls::Calls(Api& api, int threads, int capacity) : api_(api), pool_(threads, capacity) {}

grpc::ServerUnaryReactor* Calls::Serve(std::string_view method,
                                       grpc::CallbackServerContext* context,
                                       const google::protobuf::Message* request,
                                       google::protobuf::Message* response) {
  grpc::ServerUnaryReactor* const reactor = context->DefaultReactor();
  const auto answer = [this, method, context, request, response, reactor] {
    const absl::Status status =
        context->IsCancelled()
            ? absl::CancelledError("the caller has gone")
            : api_.Call(method, {DeadlineOf(*context), RequestIdOf(*context)}, *request, *response);
    reactor->Finish(ToGrpc(status));
  };
  if (!api_.Serves(method)) {
    answer();
  } else if (!pool_.TrySchedule(answer)) {
    reactor->Finish(
        ToGrpc(WithReason(absl::ResourceExhaustedError("too many calls are waiting; try again"),
                          "TOO_MANY_CALLS", 1)));
  }
  return reactor;
}

grpc::ServerUnaryReactor* Calls::Evaluate(grpc::CallbackServerContext* context,
                                          const v1::EvaluateRequest* request,
                                          v1::Verdict* response) {
  grpc::ServerUnaryReactor* const reactor = context->DefaultReactor();
  // The request belongs to this call, which reads it nowhere else; the API takes it whole, and a
  // copy of a large migration would cost more than judging it.
  v1::EvaluateRequest owned = std::move(const_cast<v1::EvaluateRequest&>(*request));
  api_.Evaluate(std::move(owned), {DeadlineOf(*context), RequestIdOf(*context)},
                [response, reactor](absl::StatusOr<v1::Verdict> verdict) {
                  if (!verdict.ok()) return reactor->Finish(ToGrpc(verdict.status()));
                  *response = *std::move(verdict);
                  reactor->Finish(grpc::Status::OK);
                });
  return reactor;
}

}  // namespace gate
