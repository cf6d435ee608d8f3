// The API as plain C++: what each call does, whichever way it came in. gate/rpc puts gRPC before it
// and gate/http JSON over HTTP; nothing in here knows of either, so ThreadSanitizer sees all of it.
//
// Errors are absl::Status with google.rpc details as payloads (gate/base/field_error.h); each
// carries the RequestInfo by which the log can be searched.
#ifndef GATE_API_API_H_
#define GATE_API_API_H_

#include <atomic>
#include <chrono>
#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "gate/api/denials.h"
#include "gate/base/clock.h"
#include "gate/base/mutex.h"
#include "gate/evaluate/evaluator.h"
#include "gate/evidence/gatherer.h"
#include "gate/identity/authorization.h"
#include "gate/identity/identities.h"
#include "gate/log/log.h"
#include "gate/metrics/metrics.h"
#include "gate/policy/snapshot.h"
#include "gate/rollout/rollouts.h"
#include "gate/store/store.h"
#include "gate/v1/audit.pb.h"
#include "gate/v1/evidence_service.pb.h"
#include "gate/v1/freezes.pb.h"
#include "gate/v1/gate.pb.h"
#include "gate/v1/incidents.pb.h"
#include "gate/v1/overrides.pb.h"
#include "gate/v1/policies.pb.h"
#include "gate/v1/rollouts.pb.h"

namespace gate {

// What is known of a call beside its request.
struct CallContext {
  // When the caller does not wait any longer.
  std::chrono::steady_clock::time_point deadline;
  // For logs and errors: the caller's x-request-id, or empty: one is made where it is needed.
  std::string request_id;
  // Who asks, as in v1::Caller.subject. Filled in when the call is admitted, from what was shown.
  std::string actor = {};
  // What the caller has shown; for the transports to fill in.
  Shown shown = {};
};

// How much of what services report is kept.
struct ReportLimits {
  absl::Duration retention = absl::Hours(14 * 24);
  int64_t max_series = 10'000;
  int64_t max_points_per_series = 100'000;
};

// How much of QA is kept.
struct QaLimits {
  absl::Duration retention = absl::Hours(400 * 24);
  int64_t max_builds = 100'000;
  int64_t max_runs_per_build = 1000;
};

// The parts that the API speaks for. All outlive it.
struct ApiParts {
  const PolicyHolder& policies;
  Evaluator& evaluator;
  Gatherer& gatherer;
  Rollouts& rollouts;
  Store& store;
  Clock& clock;
  Metrics& metrics;
  Logger& log;
  const Identities& identities;
  ReportLimits reports = {};
  QaLimits qa = {};
};

// Thread-safe.
class Api {
 public:
  // At most `max_evaluations` are in flight at a time; one more is RESOURCE_EXHAUSTED at once.
  Api(const ApiParts& parts, int max_evaluations);

  // Whether nobody is asked who they are: then only `Shown::actor` matters.
  bool open() const { return parts_.identities.open(); }

  // Never blocks; `done` runs once and must not block.
  void Evaluate(v1::EvaluateRequest request, CallContext call, Evaluator::Done done);

  // Whether a call is there: "gate.v1.Gate.GetVerdict". Those of later versions are declared in the
  // protos and answer UNIMPLEMENTED.
  bool Serves(std::string_view method) const { return methods_.find(method) != methods_.end(); }

  // Any unary call by its full name, with messages of its types, or one message of a call that
  // streams them. Blocks: for the store, and for Evaluate until there is a verdict.
  absl::Status Call(std::string_view method, CallContext call,
                    const google::protobuf::Message& request, google::protobuf::Message& response);

  // Whether a call may go on, and who makes it, which goes into `call`; a refusal is in the audit
  // log when this returns. Call and Evaluate ask by themselves: this is for calls that stream
  // answers. Blocks for the store.
  absl::Status Admit(std::string_view method, CallContext& call,
                     const google::protobuf::Message& request);

  absl::StatusOr<v1::Verdict> GetVerdict(const v1::GetVerdictRequest& request);
  absl::StatusOr<v1::ListVerdictsResponse> ListVerdicts(const v1::ListVerdictsRequest& request);
  absl::StatusOr<v1::ReplayVerdictResponse> ReplayVerdict(const v1::ReplayVerdictRequest& request);
  absl::StatusOr<v1::ListFreezesResponse> ListFreezes(const v1::ListFreezesRequest& request);
  absl::StatusOr<v1::CheckFreezesResponse> CheckFreezes(const v1::CheckFreezesRequest& request);
  absl::StatusOr<v1::Freeze> CreateFreeze(const CallContext& call,
                                          const v1::CreateFreezeRequest& request);
  absl::StatusOr<v1::Freeze> LiftFreeze(const CallContext& call,
                                        const v1::LiftFreezeRequest& request);
  absl::StatusOr<v1::Freeze> GetFreeze(const v1::GetFreezeRequest& request);
  absl::StatusOr<v1::Incident> ReportIncident(const CallContext& call,
                                              const v1::ReportIncidentRequest& request);
  absl::StatusOr<v1::Incident> ResolveIncident(const CallContext& call,
                                               const v1::ResolveIncidentRequest& request);
  absl::StatusOr<v1::Incident> GetIncident(const v1::GetIncidentRequest& request);
  absl::StatusOr<v1::ListIncidentsResponse> ListIncidents(const v1::ListIncidentsRequest& request);
  // What a webhook says of an incident, as of a moment; on disk when this returns.
  absl::StatusOr<v1::Incident> TakeInIncident(const std::string& webhook, v1::Incident incident,
                                              absl::Time time);
  // For the log: a delivery that was not taken in.
  void WarnOfWebhook(const std::string& webhook, const std::string& problem);
  absl::StatusOr<v1::GetPolicyResponse> GetPolicy(const v1::GetPolicyRequest& request);
  absl::StatusOr<v1::ValidatePolicyResponse> ValidatePolicy(
      const v1::ValidatePolicyRequest& request);
  absl::StatusOr<v1::WhatIfResponse> WhatIf(const v1::WhatIfRequest& request);
  absl::StatusOr<v1::Observation> GetEvidence(const v1::GetEvidenceRequest& request);
  // One message of the stream.
  absl::StatusOr<v1::ReportMetricsResponse> ReportMetrics(const v1::ReportMetricsRequest& request);
  absl::StatusOr<v1::ReportQaResultsResponse> ReportQaResults(
      const v1::ReportQaResultsRequest& request);
  absl::StatusOr<v1::Rollout> StartRollout(const CallContext& call,
                                           const v1::StartRolloutRequest& request);
  absl::StatusOr<v1::Rollout> RenewRollout(const CallContext& call,
                                           const v1::RenewRolloutRequest& request);
  absl::StatusOr<v1::ListAuditResponse> ListAudit(const v1::ListAuditRequest& request);
  absl::StatusOr<v1::Caller> WhoAmI(const CallContext& call, const v1::WhoAmIRequest& request);
  absl::StatusOr<v1::Rollout> GetRollout(const v1::GetRolloutRequest& request);
  absl::StatusOr<v1::ListRolloutsResponse> ListRollouts(const v1::ListRolloutsRequest& request);
  absl::StatusOr<v1::Rollout> PauseRollout(const CallContext& call,
                                           const v1::PauseRolloutRequest& request);
  absl::StatusOr<v1::Rollout> ResumeRollout(const CallContext& call,
                                            const v1::ResumeRolloutRequest& request);
  absl::StatusOr<v1::Rollout> AbortRollout(const CallContext& call,
                                           const v1::AbortRolloutRequest& request);
  absl::StatusOr<v1::Rollout> ConfirmRollback(const CallContext& call,
                                              const v1::ConfirmRollbackRequest& request);
  // What a stream of Watch sends next, and who wakes it when there may be more. Whether the caller
  // may watch is asked each time: a token that is taken back ends its streams.
  absl::StatusOr<RolloutEvents> WatchRollout(CallContext call,
                                             const v1::WatchRolloutRequest& request);
  RolloutFeed& feed() { return parts_.rollouts.feed(); }
  absl::StatusOr<v1::CreateOverrideResponse> CreateOverride(
      const CallContext& call, const v1::CreateOverrideRequest& request);
  absl::StatusOr<v1::Override> ApproveOverride(const CallContext& call,
                                               const v1::ApproveOverrideRequest& request);
  absl::StatusOr<v1::Override> RevokeOverride(const CallContext& call,
                                              const v1::RevokeOverrideRequest& request);
  absl::StatusOr<v1::Override> ReviewOverride(const CallContext& call,
                                              const v1::ReviewOverrideRequest& request);
  absl::StatusOr<v1::Override> GetOverride(const v1::GetOverrideRequest& request);
  absl::StatusOr<v1::ListOverridesResponse> ListOverrides(const v1::ListOverridesRequest& request);

 private:
  using Method = std::function<absl::Status(const CallContext&, const google::protobuf::Message&,
                                            google::protobuf::Message&)>;
  struct Asked;

  std::string IdOf(const CallContext& call) const;
  // Who the caller is goes into `call`; OK where they may go on. Where they may not, `refusal` is
  // what the audit log has to say of it; without an action: nothing. Blocks for reads of the store
  // where the request names a resource.
  // Returns when it is on record, or counted.
  void RecordDenial(v1::AuditEntry refusal);
  absl::Status Examine(std::string_view method, const google::protobuf::Message& request,
                       CallContext& call, v1::AuditEntry& refusal);
  absl::StatusOr<std::vector<Place>> PlacesOfResource(std::string_view name);
  template <typename Request, typename Response>
  Method Reading(absl::StatusOr<Response> (Api::*read)(const Request&));
  // For calls that record who made them.
  template <typename Request, typename Response>
  Method Acting(absl::StatusOr<Response> (Api::*act)(const CallContext&, const Request&));
  absl::Status EvaluateAndWait(const CallContext& call, const v1::EvaluateRequest& request,
                               v1::Verdict& response);
  absl::Status AdvanceRollout(const CallContext& call, const v1::AdvanceRolloutRequest& request,
                              v1::AdvanceRolloutResponse& response);
  void Record(const Asked& asked, const absl::StatusOr<v1::Verdict>& verdict);

  const ApiParts parts_;
  const int max_evaluations_;
  std::atomic<int> in_flight_ = 0;
  Mutex reading_;  // Held while a QA report is read: one at a time takes up to 300 MB.
  const std::map<std::string, Method, std::less<>> methods_;
  Denials denials_;  // Last: its thread ends before what its callers use.
};

// What a call that a later version brings answers, over every transport.
absl::Status NotServed(std::string_view method);

}  // namespace gate

#endif  // GATE_API_API_H_
