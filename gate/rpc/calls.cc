#include "gate/rpc/calls.h"

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>

#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"
#include "gate/base/field_error.h"
#include "gate/rpc/shown.h"
#include "gate/rpc/watch_stream.h"

namespace gate {
namespace {

using std::chrono::steady_clock;
using std::chrono::system_clock;

// For callers that name no deadline, or one far away.
constexpr std::chrono::seconds kLongestCall{60};
// Reports wait for the disk, and have no more of it than verdicts leave them.
constexpr int kReportThreads = 2;
constexpr int kReportCapacity = 64;
// Steps are judged, which may wait for sources. They have threads of their own, so that a source
// which hangs keeps nobody from an abort.
constexpr char kAdvance[] = "gate.v1.Rollouts.Advance";
constexpr int kAdvanceThreads = 64;
constexpr int kAdvanceCapacity = 1024;
// Events are read off the store, which answers quickly.
constexpr int kWatchThreads = 2;

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

CallContext ContextOf(const grpc::CallbackServerContext& context, const Api& api) {
  return {DeadlineOf(context), RequestIdOf(context), "", ShownBy(context, api.open())};
}

absl::Status TooMany() {
  return WithReason(absl::ResourceExhaustedError("too many calls are waiting; try again"),
                    "TOO_MANY_CALLS", 1);
}

// A stream of reports. gRPC reads ahead into its own bounded buffers only, so whoever reports
// faster than the disk writes is slowed down.
class ReportStream final : public grpc::ServerReadReactor<v1::ReportMetricsRequest> {
 public:
  ReportStream(Api& api, ThreadPool& pool, grpc::CallbackServerContext& context,
               v1::ReportMetricsResponse& response)
      : api_(api), pool_(pool), context_(context), response_(response) {
    StartRead(&request_);
  }

  void OnReadDone(bool more) override {
    if (!more) {
      return Finish(context_.IsCancelled() ? ToGrpc(absl::CancelledError("the caller has gone"))
                                           : grpc::Status::OK);
    }
    if (!pool_.TrySchedule([this] { Take(); })) Fail(TooMany());
  }

  void OnDone() override { delete this; }

 private:
  void Take() {
    v1::ReportMetricsResponse taken;
    const absl::Status status =
        api_.Call("gate.v1.Evidence.ReportMetrics", ContextOf(context_, api_), request_, taken);
    if (!status.ok()) return Fail(status);
    response_.set_points(response_.points() + taken.points());
    response_.set_known(response_.known() + taken.known());
    ++messages_;
    request_.Clear();
    StartRead(&request_);
  }

  // The messages before are on disk all the same.
  void Fail(const absl::Status& status) {
    if (messages_ == 0) return Finish(ToGrpc(status));
    absl::Status told(status.code(),
                      absl::StrCat("message ", messages_ + 1, " (those before it are taken): ",
                                   std::string(status.message())));
    status.ForEachPayload(
        [&](absl::string_view url, const absl::Cord& payload) { told.SetPayload(url, payload); });
    Finish(ToGrpc(told));
  }

  Api& api_;
  ThreadPool& pool_;
  grpc::CallbackServerContext& context_;
  v1::ReportMetricsResponse& response_;
  v1::ReportMetricsRequest request_;
  int messages_ = 0;
};

}  // namespace

Calls::Calls(Api& api, int threads, int capacity)
    : api_(api),
      pool_(threads, capacity),
      advances_(kAdvanceThreads, kAdvanceCapacity),
      reports_(kReportThreads, kReportCapacity),
      watches_(kWatchThreads, 2 * RolloutFeed::kMostWatches) {}

grpc::ServerUnaryReactor* Calls::Serve(std::string_view method,
                                       grpc::CallbackServerContext* context,
                                       const google::protobuf::Message* request,
                                       google::protobuf::Message* response) {
  grpc::ServerUnaryReactor* const reactor = context->DefaultReactor();
  const auto answer = [this, method, context, request, response, reactor] {
    const absl::Status status =
        context->IsCancelled() ? absl::CancelledError("the caller has gone")
                               : api_.Call(method, ContextOf(*context, api_), *request, *response);
    reactor->Finish(ToGrpc(status));
  };
  if (!api_.Serves(method)) {
    answer();
  } else if (!(method == kAdvance ? advances_ : pool_).TrySchedule(answer)) {
    reactor->Finish(ToGrpc(TooMany()));
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
  api_.Evaluate(std::move(owned), ContextOf(*context, api_),
                [response, reactor](absl::StatusOr<v1::Verdict> verdict) {
                  if (!verdict.ok()) return reactor->Finish(ToGrpc(verdict.status()));
                  *response = *std::move(verdict);
                  reactor->Finish(grpc::Status::OK);
                });
  return reactor;
}

grpc::ServerReadReactor<v1::ReportMetricsRequest>* Calls::ReportMetrics(
    grpc::CallbackServerContext* context, v1::ReportMetricsResponse* response) {
  return new ReportStream(api_, reports_, *context, *response);
}

grpc::ServerWriteReactor<v1::WatchRolloutResponse>* Calls::WatchRollout(
    grpc::CallbackServerContext* context, const v1::WatchRolloutRequest* request) {
  return new WatchStream(api_, watches_, ContextOf(*context, api_), *request);
}

}  // namespace gate
