#include "gate/api/api.h"

#include <future>
#include <utility>

#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"
#include "gate/api/names.h"
#include "gate/api/status.h"
#include "gate/base/digest.h"
#include "gate/base/field_error.h"
#include "gate/base/names.h"
#include "google/rpc/error_details.pb.h"

namespace gate {
namespace {

using google::protobuf::Message;
using std::chrono::steady_clock;

constexpr char kEvaluate[] = "gate.v1.Gate.Evaluate";

// The id by which the log finds the call again.
absl::Status WithRequestInfo(absl::Status status, std::string_view request_id) {
  google::rpc::RequestInfo info;
  info.set_request_id(std::string(request_id));
  status.SetPayload(kRequestInfoUrl, absl::Cord(info.SerializeAsString()));
  return status;
}

// Whether the failure is the gate's own, and not the caller's.
bool IsOurs(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kInternal:
    case absl::StatusCode::kUnknown:
    case absl::StatusCode::kDataLoss:
    case absl::StatusCode::kUnavailable:
      return true;
    default:
      return false;
  }
}

double Milliseconds(steady_clock::duration duration) {
  return std::chrono::duration<double, std::milli>(duration).count();
}

}  // namespace

// What the record of an evaluation needs when its request is gone.
struct Api::Asked {
  std::string request_id;
  std::string service;
  std::string environment;
  steady_clock::time_point start;
  std::string actor;  // empty: nobody knows
};

template <typename Request, typename Response>
Api::Method Api::Reading(absl::StatusOr<Response> (Api::*read)(const Request&)) {
  return [this, read](const CallContext&, const Message& request, Message& response) {
    absl::StatusOr<Response> read_response = (this->*read)(static_cast<const Request&>(request));
    if (!read_response.ok()) return read_response.status();
    static_cast<Response&>(response) = *std::move(read_response);
    return absl::OkStatus();
  };
}

template <typename Request, typename Response>
Api::Method Api::Acting(absl::StatusOr<Response> (Api::*act)(const CallContext&, const Request&)) {
  return [this, act](const CallContext& call, const Message& request, Message& response) {
    absl::StatusOr<Response> done = (this->*act)(call, static_cast<const Request&>(request));
    if (!done.ok()) return done.status();
    static_cast<Response&>(response) = *std::move(done);
    return absl::OkStatus();
  };
}

Api::Api(const ApiParts& parts, int max_evaluations)
    : parts_(parts),
      max_evaluations_(max_evaluations),
      methods_{
          {"gate.v1.Audit.List", Reading(&Api::ListAudit)},
          {"gate.v1.Audit.WhoAmI", Acting(&Api::WhoAmI)},
          {"gate.v1.Evidence.GetEvidence", Reading(&Api::GetEvidence)},
          {"gate.v1.Evidence.ReportMetrics", Reading(&Api::ReportMetrics)},
          {"gate.v1.Evidence.ReportQaResults", Reading(&Api::ReportQaResults)},
          {"gate.v1.Freezes.Check", Reading(&Api::CheckFreezes)},
          {"gate.v1.Freezes.Create", Acting(&Api::CreateFreeze)},
          {"gate.v1.Freezes.Get", Reading(&Api::GetFreeze)},
          {"gate.v1.Freezes.Lift", Acting(&Api::LiftFreeze)},
          {"gate.v1.Freezes.List", Reading(&Api::ListFreezes)},
          {"gate.v1.Gate.Evaluate",
           [this](const CallContext& call, const Message& request, Message& response) {
             return EvaluateAndWait(call, static_cast<const v1::EvaluateRequest&>(request),
                                    static_cast<v1::Verdict&>(response));
           }},
          {"gate.v1.Gate.GetVerdict", Reading(&Api::GetVerdict)},
          {"gate.v1.Gate.ListVerdicts", Reading(&Api::ListVerdicts)},
          {"gate.v1.Gate.ReplayVerdict", Reading(&Api::ReplayVerdict)},
          {"gate.v1.Overrides.Approve", Acting(&Api::ApproveOverride)},
          {"gate.v1.Overrides.Create", Acting(&Api::CreateOverride)},
          {"gate.v1.Overrides.Get", Reading(&Api::GetOverride)},
          {"gate.v1.Overrides.List", Reading(&Api::ListOverrides)},
          {"gate.v1.Overrides.Review", Acting(&Api::ReviewOverride)},
          {"gate.v1.Overrides.Revoke", Acting(&Api::RevokeOverride)},
          {"gate.v1.Incidents.Get", Reading(&Api::GetIncident)},
          {"gate.v1.Incidents.List", Reading(&Api::ListIncidents)},
          {"gate.v1.Incidents.Report", Acting(&Api::ReportIncident)},
          {"gate.v1.Incidents.Resolve", Acting(&Api::ResolveIncident)},
          {"gate.v1.Policies.Get", Reading(&Api::GetPolicy)},
          {"gate.v1.Policies.Validate", Reading(&Api::ValidatePolicy)},
          {"gate.v1.Policies.WhatIf", Reading(&Api::WhatIf)},
          {"gate.v1.Rollouts.Abort", Acting(&Api::AbortRollout)},
          {"gate.v1.Rollouts.Advance",
           [this](const CallContext& call, const Message& request, Message& response) {
             return AdvanceRollout(call, static_cast<const v1::AdvanceRolloutRequest&>(request),
                                   static_cast<v1::AdvanceRolloutResponse&>(response));
           }},
          {"gate.v1.Rollouts.ConfirmRollback", Acting(&Api::ConfirmRollback)},
          {"gate.v1.Rollouts.Get", Reading(&Api::GetRollout)},
          {"gate.v1.Rollouts.List", Reading(&Api::ListRollouts)},
          {"gate.v1.Rollouts.Pause", Acting(&Api::PauseRollout)},
          {"gate.v1.Rollouts.Renew", Acting(&Api::RenewRollout)},
          {"gate.v1.Rollouts.Resume", Acting(&Api::ResumeRollout)},
          {"gate.v1.Rollouts.Start", Acting(&Api::StartRollout)},
      },
      denials_(parts.store.audit(), parts.clock, parts.log) {}

std::string Api::IdOf(const CallContext& call) const {
  return call.request_id.empty() ? NewId(parts_.clock.Now()) : call.request_id;
}

void Api::Evaluate(v1::EvaluateRequest request, CallContext call, Evaluator::Done done) {
  Asked asked{request.request_id(), request.change().service(), request.change().environment(),
              steady_clock::now(), ""};
  if (asked.request_id.empty()) asked.request_id = IdOf(call);
  call.request_id = asked.request_id;
  v1::AuditEntry refusal;
  const absl::Status admitted = Examine(kEvaluate, request, call, refusal);
  asked.actor = call.actor;
  parts_.metrics.OnEvaluationStarted();
  auto finish = [this, asked = std::move(asked),
                 done = std::move(done)](absl::StatusOr<v1::Verdict> verdict) {
    in_flight_.fetch_sub(1, std::memory_order_relaxed);
    Record(asked, verdict);
    if (verdict.ok()) return done(std::move(verdict));
    done(WithRequestInfo(verdict.status(), asked.request_id));
  };
  const int in_flight = in_flight_.fetch_add(1, std::memory_order_relaxed);
  if (!admitted.ok()) {
    if (refusal.action().empty()) return finish(admitted);
    return denials_.Record(std::move(refusal),
                           [finish = std::move(finish), admitted] { finish(admitted); });
  }
  if (in_flight >= max_evaluations_) {
    return finish(WithReason(absl::ResourceExhaustedError(absl::StrCat(
                                 max_evaluations_, " evaluations are in flight; try again")),
                             "TOO_MANY_EVALUATIONS", 1));
  }
  if (request.change().has_stage()) {
    return finish(InvalidFields(
        {{"change.stage", "is filled in by the gate, for rollouts that it paces; leave it out"}}));
  }
  if (steady_clock::now() >= call.deadline) {
    return finish(absl::DeadlineExceededError("the deadline had passed when the call arrived"));
  }
  v1::AuditEntry audit;
  audit.set_actor(call.actor);
  audit.set_action(kEvaluate);
  parts_.evaluator.Evaluate(std::move(request), call.deadline, std::move(finish), std::move(audit));
}

void Api::Record(const Asked& asked, const absl::StatusOr<v1::Verdict>& verdict) {
  const steady_clock::duration took = steady_clock::now() - asked.start;
  parts_.metrics.OnEvaluated(verdict.status(), verdict.ok() ? &*verdict : nullptr, took);
  if (verdict.ok()) {
    parts_.log.Info("evaluated", {{"request_id", verdict->request_id()},
                                  {"verdict", verdict->name()},
                                  {"decision", ShortName(verdict->decision())},
                                  {"service", asked.service},
                                  {"environment", asked.environment},
                                  {"actor", asked.actor},
                                  {"rule", verdict->policy_rule()},
                                  {"took_ms", Milliseconds(took)},
                                  {"policy_digest", verdict->policy_digest()},
                                  {"reason", verdict->reason()}});
    return;
  }
  const bool ours = IsOurs(verdict.status());
  parts_.log.Log(ours ? LogLevel::kError : LogLevel::kWarning,
                 ours ? "evaluation failed" : "evaluation refused",
                 {{"request_id", asked.request_id},
                  {"code", absl::StatusCodeToString(verdict.status().code())},
                  {"error", std::string(verdict.status().message())},
                  {"service", asked.service},
                  {"environment", asked.environment},
                  {"actor", asked.actor},
                  {"took_ms", Milliseconds(took)}});
}

absl::Status Api::EvaluateAndWait(const CallContext& call, const v1::EvaluateRequest& request,
                                  v1::Verdict& response) {
  // Shared: the evaluator may still hold its end when this call has long returned.
  const auto answer = std::make_shared<std::promise<absl::StatusOr<v1::Verdict>>>();
  Evaluate(request, call, [answer](absl::StatusOr<v1::Verdict> verdict) {
    answer->set_value(std::move(verdict));
  });
  absl::StatusOr<v1::Verdict> verdict = answer->get_future().get();
  if (!verdict.ok()) return verdict.status();
  response = *std::move(verdict);
  return absl::OkStatus();
}

absl::Status Api::Call(std::string_view method, CallContext call, const Message& request,
                       Message& response) {
  if (method == kEvaluate) {  // Is admitted and recorded by itself.
    return EvaluateAndWait(call, static_cast<const v1::EvaluateRequest&>(request),
                           static_cast<v1::Verdict&>(response));
  }
  call.request_id = IdOf(call);
  const auto found = methods_.find(method);
  absl::Status status = found == methods_.end() ? NotServed(method) : Admit(method, call, request);
  if (status.ok()) status = found->second(call, request, response);
  parts_.metrics.OnCall(method, status);
  if (status.ok()) return status;
  if (IsOurs(status)) {
    parts_.log.Error("call failed", {{"request_id", call.request_id},
                                     {"method", method},
                                     {"code", absl::StatusCodeToString(status.code())},
                                     {"error", std::string(status.message())}});
  }
  return WithRequestInfo(status, call.request_id);
}

absl::Status NotServed(std::string_view method) {
  return WithReason(
      absl::UnimplementedError(absl::StrCat(std::string(method), " is not served by this version")),
      "NOT_SERVED");
}

}  // namespace gate
