#include "clients/cpp/gate/client.h"

#include <grpcpp/client_context.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/impl/codegen/client_unary_call.h>

#include <condition_variable>
#include <mutex>
#include <optional>
#include <random>
#include <set>

#include "clients/cpp/channel.h"
#include "clients/cpp/error.h"
#include "clients/cpp/health.h"
#include "clients/cpp/retry.h"
#include "gate/v1/audit.grpc.pb.h"
#include "gate/v1/evidence_service.grpc.pb.h"
#include "gate/v1/freezes.grpc.pb.h"
#include "gate/v1/gate.grpc.pb.h"
#include "gate/v1/incidents.grpc.pb.h"
#include "gate/v1/overrides.grpc.pb.h"
#include "gate/v1/policies.grpc.pb.h"
#include "gate/v1/rollouts.grpc.pb.h"

namespace gate::client {

using Time = std::chrono::steady_clock::time_point;

class Client::Impl {
 public:
  explicit Impl(Options options)
      : options_(std::move(options)),
        channel_(OpenChannel(options_)),
        gate_(v1::Gate::NewStub(channel_)),
        freezes_(v1::Freezes::NewStub(channel_)),
        incidents_(v1::Incidents::NewStub(channel_)),
        policies_(v1::Policies::NewStub(channel_)),
        evidence_(v1::Evidence::NewStub(channel_)),
        rollouts_(v1::Rollouts::NewStub(channel_)),
        overrides_(v1::Overrides::NewStub(channel_)),
        audit_(v1::Audit::NewStub(channel_)) {}

  v1::Gate::Stub& gate() { return *gate_; }
  v1::Freezes::Stub& freezes() { return *freezes_; }
  v1::Incidents::Stub& incidents() { return *incidents_; }
  v1::Policies::Stub& policies() { return *policies_; }
  v1::Evidence::Stub& evidence() { return *evidence_; }
  v1::Rollouts::Stub& rollouts() { return *rollouts_; }
  v1::Overrides::Stub& overrides() { return *overrides_; }
  v1::Audit::Stub& audit() { return *audit_; }
  grpc::Channel& channel() { return *channel_; }

  // Calls `method(context, answer)` until it succeeds, trying again cannot help, or time is up.
  template <typename Answer, typename Method>
  Result<Answer> Call(Method method, bool may_repeat, const std::string& request_id = "") {
    if (const std::optional<Error> refused = MayNotSend()) return *refused;
    const Time start = std::chrono::steady_clock::now();
    std::optional<Error> before;
    for (int attempt = 1;; ++attempt) {
      Answer answer;
      const grpc::Status status = Attempt(start + options_.timeout, method, answer);
      if (status.ok()) return answer;
      Error error = Decode(status);
      // A last attempt that was cut short says less than the one before it.
      if (error.code == Code::kDeadlineExceeded && before) error = *before;
      Describe(start, attempt, request_id, error);
      const auto pause = PauseBefore(attempt, {error.code, error.retry_after},
                                     options_.timeout - error.elapsed, Random(), options_);
      if (!may_repeat || !pause || !Wait(*pause)) return error;
      before = std::move(error);
    }
  }

  // One attempt without a deadline.
  template <typename Method>
  Result<bool> Stream(Method method) {
    if (const std::optional<Error> refused = MayNotSend()) return *refused;
    const Time start = std::chrono::steady_clock::now();
    bool answer = false;
    const grpc::Status status = Attempt(std::nullopt, method, answer);
    if (status.ok()) return answer;
    Error error = Decode(status);
    Describe(start, 1, "", error);
    return error;
  }

  void Cancel() {
    const std::lock_guard lock(mu_);
    cancelled_ = true;
    for (grpc::ClientContext* context : in_flight_) context->TryCancel();
    cancelled_changed_.notify_all();
  }

 private:
  std::optional<Error> MayNotSend() {
    if (options_.timeout <= Duration::zero()) return Refused("the timeout must be over 0");
    if (IsPlaintext(options_) && !options_.token.empty() && !IsLoopback(options_.address)) {
      return Refused("a token is not sent in plain text to another host; use TLS");
    }
    return std::nullopt;
  }

  // `deadline`: none where it is not set.
  template <typename Answer, typename Method>
  grpc::Status Attempt(std::optional<Time> deadline, Method method, Answer& answer) {
    grpc::ClientContext context;
    if (deadline) {
      const auto left = *deadline - std::chrono::steady_clock::now();
      context.set_deadline(std::chrono::system_clock::now() +
                           std::chrono::duration_cast<std::chrono::system_clock::duration>(left));
    }
    if (!options_.token.empty()) context.AddMetadata("authorization", "Bearer " + options_.token);
    if (!options_.actor.empty()) context.AddMetadata("x-gate-actor", options_.actor);
    {
      const std::lock_guard lock(mu_);
      if (cancelled_) return {grpc::StatusCode::CANCELLED, "cancelled"};
      in_flight_.insert(&context);
    }
    const grpc::Status status = method(context, answer);
    const std::lock_guard lock(mu_);
    in_flight_.erase(&context);
    return status;
  }

  // False where the client was cancelled meanwhile.
  bool Wait(Duration pause) {
    std::unique_lock lock(mu_);
    return !cancelled_changed_.wait_for(lock, pause, [this] { return cancelled_; });
  }

  double Random() {
    const std::lock_guard lock(mu_);
    return std::uniform_real_distribution<>(0, 1)(random_);
  }

  void Describe(Time start, int attempt, const std::string& request_id, Error& error) {
    error.address = options_.address;
    error.request_id = request_id;
    error.attempts = attempt;
    error.elapsed = std::chrono::steady_clock::now() - start;
    error.timeout = options_.timeout;
  }

  Error Refused(std::string message) {
    Error error;
    error.code = Code::kInvalidArgument;
    error.message = std::move(message);
    error.address = options_.address;
    return error;
  }

  const Options options_;
  const std::shared_ptr<grpc::Channel> channel_;
  const std::unique_ptr<v1::Gate::Stub> gate_;
  const std::unique_ptr<v1::Freezes::Stub> freezes_;
  const std::unique_ptr<v1::Incidents::Stub> incidents_;
  const std::unique_ptr<v1::Policies::Stub> policies_;
  const std::unique_ptr<v1::Evidence::Stub> evidence_;
  const std::unique_ptr<v1::Rollouts::Stub> rollouts_;
  const std::unique_ptr<v1::Overrides::Stub> overrides_;
  const std::unique_ptr<v1::Audit::Stub> audit_;

  std::mutex mu_;  // guards all below
  std::condition_variable cancelled_changed_;
  bool cancelled_ = false;
  std::set<grpc::ClientContext*> in_flight_;
  std::mt19937_64 random_{std::random_device{}()};
};

Client::Client(Options options) : impl_(std::make_unique<Impl>(std::move(options))) {}

Client::~Client() = default;

Result<v1::Verdict> Client::Evaluate(v1::EvaluateRequest request) {
  if (request.request_id().empty()) request.set_request_id(NewRequestId());
  return impl_->Call<v1::Verdict>(
      [&](grpc::ClientContext& context, v1::Verdict& answer) {
        return impl_->gate().Evaluate(&context, request, &answer);
      },
      /*may_repeat=*/true, request.request_id());
}

Result<v1::Verdict> Client::GetVerdict(std::string_view name) {
  v1::GetVerdictRequest request;
  request.set_name(std::string(name));
  return impl_->Call<v1::Verdict>(
      [&](grpc::ClientContext& context, v1::Verdict& answer) {
        return impl_->gate().GetVerdict(&context, request, &answer);
      },
      /*may_repeat=*/true);
}

Result<v1::ListVerdictsResponse> Client::ListVerdicts(const v1::ListVerdictsRequest& request) {
  return impl_->Call<v1::ListVerdictsResponse>(
      [&](grpc::ClientContext& context, v1::ListVerdictsResponse& answer) {
        return impl_->gate().ListVerdicts(&context, request, &answer);
      },
      /*may_repeat=*/true);
}

Result<v1::ReplayVerdictResponse> Client::ReplayVerdict(const v1::ReplayVerdictRequest& request) {
  return impl_->Call<v1::ReplayVerdictResponse>(
      [&](grpc::ClientContext& context, v1::ReplayVerdictResponse& answer) {
        return impl_->gate().ReplayVerdict(&context, request, &answer);
      },
      /*may_repeat=*/true);
}

Result<v1::ListFreezesResponse> Client::ListFreezes(const v1::ListFreezesRequest& request) {
  return impl_->Call<v1::ListFreezesResponse>(
      [&](grpc::ClientContext& context, v1::ListFreezesResponse& answer) {
        return impl_->freezes().List(&context, request, &answer);
      },
      /*may_repeat=*/true);
}

Result<v1::CheckFreezesResponse> Client::CheckFreezes(const v1::CheckFreezesRequest& request) {
  return impl_->Call<v1::CheckFreezesResponse>(
      [&](grpc::ClientContext& context, v1::CheckFreezesResponse& answer) {
        return impl_->freezes().Check(&context, request, &answer);
      },
      /*may_repeat=*/true);
}

Result<v1::Freeze> Client::CreateFreeze(const v1::CreateFreezeRequest& request) {
  return impl_->Call<v1::Freeze>(
      [&](grpc::ClientContext& context, v1::Freeze& answer) {
        return impl_->freezes().Create(&context, request, &answer);
      },
      /*may_repeat=*/!request.request_id().empty());
}

Result<v1::Freeze> Client::LiftFreeze(const v1::LiftFreezeRequest& request) {
  return impl_->Call<v1::Freeze>(
      [&](grpc::ClientContext& context, v1::Freeze& answer) {
        return impl_->freezes().Lift(&context, request, &answer);
      },
      /*may_repeat=*/true);
}

Result<v1::Freeze> Client::GetFreeze(const v1::GetFreezeRequest& request) {
  return impl_->Call<v1::Freeze>(
      [&](grpc::ClientContext& context, v1::Freeze& answer) {
        return impl_->freezes().Get(&context, request, &answer);
      },
      /*may_repeat=*/true);
}

Result<v1::Incident> Client::ReportIncident(const v1::ReportIncidentRequest& request) {
  return impl_->Call<v1::Incident>(
      [&](grpc::ClientContext& context, v1::Incident& answer) {
        return impl_->incidents().Report(&context, request, &answer);
      },
      /*may_repeat=*/!request.request_id().empty());
}

Result<v1::Incident> Client::ResolveIncident(const v1::ResolveIncidentRequest& request) {
  return impl_->Call<v1::Incident>(
      [&](grpc::ClientContext& context, v1::Incident& answer) {
        return impl_->incidents().Resolve(&context, request, &answer);
      },
      /*may_repeat=*/true);
}

Result<v1::Incident> Client::GetIncident(const v1::GetIncidentRequest& request) {
  return impl_->Call<v1::Incident>(
      [&](grpc::ClientContext& context, v1::Incident& answer) {
        return impl_->incidents().Get(&context, request, &answer);
      },
      /*may_repeat=*/true);
}

Result<v1::ListIncidentsResponse> Client::ListIncidents(const v1::ListIncidentsRequest& request) {
  return impl_->Call<v1::ListIncidentsResponse>(
      [&](grpc::ClientContext& context, v1::ListIncidentsResponse& answer) {
        return impl_->incidents().List(&context, request, &answer);
      },
      /*may_repeat=*/true);
}

Result<v1::GetPolicyResponse> Client::GetPolicy(std::string_view name) {
  v1::GetPolicyRequest request;
  request.set_name(std::string(name));
  return impl_->Call<v1::GetPolicyResponse>(
      [&](grpc::ClientContext& context, v1::GetPolicyResponse& answer) {
        return impl_->policies().Get(&context, request, &answer);
      },
      /*may_repeat=*/true);
}

Result<v1::ValidatePolicyResponse> Client::ValidatePolicy(
    const v1::ValidatePolicyRequest& request) {
  return impl_->Call<v1::ValidatePolicyResponse>(
      [&](grpc::ClientContext& context, v1::ValidatePolicyResponse& answer) {
        return impl_->policies().Validate(&context, request, &answer);
      },
      /*may_repeat=*/true);
}

Result<v1::WhatIfResponse> Client::WhatIf(const v1::WhatIfRequest& request) {
  return impl_->Call<v1::WhatIfResponse>(
      [&](grpc::ClientContext& context, v1::WhatIfResponse& answer) {
        return impl_->policies().WhatIf(&context, request, &answer);
      },
      /*may_repeat=*/true);
}

Result<v1::ReportMetricsResponse> Client::ReportMetrics(
    const std::vector<v1::ReportMetricsRequest>& messages) {
  return impl_->Call<v1::ReportMetricsResponse>(
      [&](grpc::ClientContext& context, v1::ReportMetricsResponse& answer) {
        const auto writer = impl_->evidence().ReportMetrics(&context, &answer);
        for (const v1::ReportMetricsRequest& message : messages) {
          if (!writer->Write(message)) break;  // Finish says why.
        }
        writer->WritesDone();
        return writer->Finish();
      },
      /*may_repeat=*/true);
}

Result<v1::ReportQaResultsResponse> Client::ReportQaResults(
    const v1::ReportQaResultsRequest& request) {
  return impl_->Call<v1::ReportQaResultsResponse>(
      [&](grpc::ClientContext& context, v1::ReportQaResultsResponse& answer) {
        return impl_->evidence().ReportQaResults(&context, request, &answer);
      },
      /*may_repeat=*/true);
}

Result<v1::Rollout> Client::StartRollout(const v1::StartRolloutRequest& request) {
  return impl_->Call<v1::Rollout>(
      [&](grpc::ClientContext& context, v1::Rollout& answer) {
        return impl_->rollouts().Start(&context, request, &answer);
      },
      /*may_repeat=*/true);
}

Result<v1::AdvanceRolloutResponse> Client::AdvanceRollout(
    const v1::AdvanceRolloutRequest& request) {
  return impl_->Call<v1::AdvanceRolloutResponse>(
      [&](grpc::ClientContext& context, v1::AdvanceRolloutResponse& answer) {
        return impl_->rollouts().Advance(&context, request, &answer);
      },
      /*may_repeat=*/true);
}

Result<v1::Rollout> Client::RenewRollout(const v1::RenewRolloutRequest& request) {
  return impl_->Call<v1::Rollout>(
      [&](grpc::ClientContext& context, v1::Rollout& answer) {
        return impl_->rollouts().Renew(&context, request, &answer);
      },
      /*may_repeat=*/true);
}

Result<v1::Rollout> Client::GetRollout(const v1::GetRolloutRequest& request) {
  return impl_->Call<v1::Rollout>(
      [&](grpc::ClientContext& context, v1::Rollout& answer) {
        return impl_->rollouts().Get(&context, request, &answer);
      },
      /*may_repeat=*/true);
}

Result<v1::ListRolloutsResponse> Client::ListRollouts(const v1::ListRolloutsRequest& request) {
  return impl_->Call<v1::ListRolloutsResponse>(
      [&](grpc::ClientContext& context, v1::ListRolloutsResponse& answer) {
        return impl_->rollouts().List(&context, request, &answer);
      },
      /*may_repeat=*/true);
}

Result<v1::Rollout> Client::PauseRollout(const v1::PauseRolloutRequest& request) {
  return impl_->Call<v1::Rollout>(
      [&](grpc::ClientContext& context, v1::Rollout& answer) {
        return impl_->rollouts().Pause(&context, request, &answer);
      },
      /*may_repeat=*/true);
}

Result<v1::Rollout> Client::ResumeRollout(const v1::ResumeRolloutRequest& request) {
  return impl_->Call<v1::Rollout>(
      [&](grpc::ClientContext& context, v1::Rollout& answer) {
        return impl_->rollouts().Resume(&context, request, &answer);
      },
      /*may_repeat=*/true);
}

Result<v1::Rollout> Client::AbortRollout(const v1::AbortRolloutRequest& request) {
  return impl_->Call<v1::Rollout>(
      [&](grpc::ClientContext& context, v1::Rollout& answer) {
        return impl_->rollouts().Abort(&context, request, &answer);
      },
      /*may_repeat=*/true);
}

Result<v1::Rollout> Client::ConfirmRollback(const v1::ConfirmRollbackRequest& request) {
  return impl_->Call<v1::Rollout>(
      [&](grpc::ClientContext& context, v1::Rollout& answer) {
        return impl_->rollouts().ConfirmRollback(&context, request, &answer);
      },
      /*may_repeat=*/true);
}

Result<bool> Client::WatchRollout(const v1::WatchRolloutRequest& request, const OnEvent& on_event) {
  return impl_->Stream([&](grpc::ClientContext& context, bool& ended) {
    const auto reader = impl_->rollouts().Watch(&context, request);
    ended = true;
    for (v1::WatchRolloutResponse event; ended && reader->Read(&event);) ended = on_event(event);
    if (!ended) context.TryCancel();
    const grpc::Status status = reader->Finish();
    return ended ? status : grpc::Status::OK;
  });
}

Result<v1::CreateOverrideResponse> Client::CreateOverride(
    const v1::CreateOverrideRequest& request) {
  return impl_->Call<v1::CreateOverrideResponse>(
      [&](grpc::ClientContext& context, v1::CreateOverrideResponse& answer) {
        return impl_->overrides().Create(&context, request, &answer);
      },
      /*may_repeat=*/true);
}

Result<v1::Override> Client::ApproveOverride(const v1::ApproveOverrideRequest& request) {
  return impl_->Call<v1::Override>(
      [&](grpc::ClientContext& context, v1::Override& answer) {
        return impl_->overrides().Approve(&context, request, &answer);
      },
      /*may_repeat=*/true);
}

Result<v1::Override> Client::RevokeOverride(const v1::RevokeOverrideRequest& request) {
  return impl_->Call<v1::Override>(
      [&](grpc::ClientContext& context, v1::Override& answer) {
        return impl_->overrides().Revoke(&context, request, &answer);
      },
      /*may_repeat=*/true);
}

Result<v1::Override> Client::ReviewOverride(const v1::ReviewOverrideRequest& request) {
  return impl_->Call<v1::Override>(
      [&](grpc::ClientContext& context, v1::Override& answer) {
        return impl_->overrides().Review(&context, request, &answer);
      },
      /*may_repeat=*/true);
}

Result<v1::Override> Client::GetOverride(const v1::GetOverrideRequest& request) {
  return impl_->Call<v1::Override>(
      [&](grpc::ClientContext& context, v1::Override& answer) {
        return impl_->overrides().Get(&context, request, &answer);
      },
      /*may_repeat=*/true);
}

Result<v1::ListOverridesResponse> Client::ListOverrides(const v1::ListOverridesRequest& request) {
  return impl_->Call<v1::ListOverridesResponse>(
      [&](grpc::ClientContext& context, v1::ListOverridesResponse& answer) {
        return impl_->overrides().List(&context, request, &answer);
      },
      /*may_repeat=*/true);
}

Result<v1::ListAuditResponse> Client::ListAudit(const v1::ListAuditRequest& request) {
  return impl_->Call<v1::ListAuditResponse>(
      [&](grpc::ClientContext& context, v1::ListAuditResponse& answer) {
        return impl_->audit().List(&context, request, &answer);
      },
      /*may_repeat=*/true);
}

Result<v1::Caller> Client::WhoAmI() {
  return impl_->Call<v1::Caller>(
      [&](grpc::ClientContext& context, v1::Caller& answer) {
        return impl_->audit().WhoAmI(&context, v1::WhoAmIRequest(), &answer);
      },
      /*may_repeat=*/true);
}

Result<bool> Client::Healthy() {
  return impl_->Call<bool>(
      [&](grpc::ClientContext& context, bool& serving) {
        return CheckHealth(impl_->channel(), context, serving);
      },
      /*may_repeat=*/false);
}

void Client::Cancel() { impl_->Cancel(); }

}  // namespace gate::client
