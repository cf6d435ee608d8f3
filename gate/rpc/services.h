// Every service of gate.v1 on gRPC's callback API: a table from methods to Calls. Calls that later
// versions bring answer UNIMPLEMENTED, with a sentence.
#ifndef GATE_RPC_SERVICES_H_
#define GATE_RPC_SERVICES_H_

#include "gate/rpc/calls.h"
#include "gate/v1/audit.grpc.pb.h"
#include "gate/v1/evidence_service.grpc.pb.h"
#include "gate/v1/freezes.grpc.pb.h"
#include "gate/v1/gate.grpc.pb.h"
#include "gate/v1/incidents.grpc.pb.h"
#include "gate/v1/overrides.grpc.pb.h"
#include "gate/v1/policies.grpc.pb.h"
#include "gate/v1/rollouts.grpc.pb.h"

namespace gate {

// One line per unary call.
#define GATE_UNARY(service, method, request_type, response_type)                                 \
  grpc::ServerUnaryReactor* method(grpc::CallbackServerContext* context,                         \
                                   const v1::request_type* request, v1::response_type* response) \
      override {                                                                                 \
    return calls_.Serve("gate.v1." #service "." #method, context, request, response);            \
  }

class GateService final : public v1::Gate::CallbackService {
 public:
  explicit GateService(Calls& calls) : calls_(calls) {}

  grpc::ServerUnaryReactor* Evaluate(grpc::CallbackServerContext* context,
                                     const v1::EvaluateRequest* request,
                                     v1::Verdict* response) override {
    return calls_.Evaluate(context, request, response);
  }
  GATE_UNARY(Gate, GetVerdict, GetVerdictRequest, Verdict)
  GATE_UNARY(Gate, ListVerdicts, ListVerdictsRequest, ListVerdictsResponse)
  GATE_UNARY(Gate, ReplayVerdict, ReplayVerdictRequest, ReplayVerdictResponse)

 private:
  Calls& calls_;
};

class FreezesService final : public v1::Freezes::CallbackService {
 public:
  explicit FreezesService(Calls& calls) : calls_(calls) {}

  GATE_UNARY(Freezes, List, ListFreezesRequest, ListFreezesResponse)
  GATE_UNARY(Freezes, Check, CheckFreezesRequest, CheckFreezesResponse)
  GATE_UNARY(Freezes, Create, CreateFreezeRequest, Freeze)
  GATE_UNARY(Freezes, Get, GetFreezeRequest, Freeze)
  GATE_UNARY(Freezes, Lift, LiftFreezeRequest, Freeze)

 private:
  Calls& calls_;
};

class PoliciesService final : public v1::Policies::CallbackService {
 public:
  explicit PoliciesService(Calls& calls) : calls_(calls) {}

  GATE_UNARY(Policies, Get, GetPolicyRequest, GetPolicyResponse)
  GATE_UNARY(Policies, Validate, ValidatePolicyRequest, ValidatePolicyResponse)
  GATE_UNARY(Policies, WhatIf, WhatIfRequest, WhatIfResponse)

 private:
  Calls& calls_;
};

class EvidenceService final : public v1::Evidence::CallbackService {
 public:
  explicit EvidenceService(Calls& calls) : calls_(calls) {}

  GATE_UNARY(Evidence, GetEvidence, GetEvidenceRequest, Observation)
  GATE_UNARY(Evidence, ReportQaResults, ReportQaResultsRequest, ReportQaResultsResponse)
  GATE_UNARY(Evidence, ReportBuild, ReportBuildRequest, ReportBuildResponse)
  grpc::ServerReadReactor<v1::ReportMetricsRequest>* ReportMetrics(
      grpc::CallbackServerContext* context, v1::ReportMetricsResponse* response) override {
    return calls_.ReportMetrics(context, response);
  }

 private:
  Calls& calls_;
};

class RolloutsService final : public v1::Rollouts::CallbackService {
 public:
  explicit RolloutsService(Calls& calls) : calls_(calls) {}

  GATE_UNARY(Rollouts, Start, StartRolloutRequest, Rollout)
  GATE_UNARY(Rollouts, Advance, AdvanceRolloutRequest, AdvanceRolloutResponse)
  GATE_UNARY(Rollouts, ConfirmRollback, ConfirmRollbackRequest, Rollout)
  GATE_UNARY(Rollouts, Get, GetRolloutRequest, Rollout)
  GATE_UNARY(Rollouts, List, ListRolloutsRequest, ListRolloutsResponse)
  GATE_UNARY(Rollouts, Pause, PauseRolloutRequest, Rollout)
  GATE_UNARY(Rollouts, Renew, RenewRolloutRequest, Rollout)
  GATE_UNARY(Rollouts, Resume, ResumeRolloutRequest, Rollout)
  GATE_UNARY(Rollouts, Abort, AbortRolloutRequest, Rollout)
  grpc::ServerWriteReactor<v1::WatchRolloutResponse>* Watch(
      grpc::CallbackServerContext* context, const v1::WatchRolloutRequest* request) override {
    return calls_.WatchRollout(context, request);
  }

 private:
  Calls& calls_;
};

class OverridesService final : public v1::Overrides::CallbackService {
 public:
  explicit OverridesService(Calls& calls) : calls_(calls) {}

  GATE_UNARY(Overrides, Create, CreateOverrideRequest, CreateOverrideResponse)
  GATE_UNARY(Overrides, Approve, ApproveOverrideRequest, Override)
  GATE_UNARY(Overrides, Revoke, RevokeOverrideRequest, Override)
  GATE_UNARY(Overrides, List, ListOverridesRequest, ListOverridesResponse)
  GATE_UNARY(Overrides, Get, GetOverrideRequest, Override)
  GATE_UNARY(Overrides, Review, ReviewOverrideRequest, Override)

 private:
  Calls& calls_;
};

class IncidentsService final : public v1::Incidents::CallbackService {
 public:
  explicit IncidentsService(Calls& calls) : calls_(calls) {}

  GATE_UNARY(Incidents, Report, ReportIncidentRequest, Incident)
  GATE_UNARY(Incidents, Resolve, ResolveIncidentRequest, Incident)
  GATE_UNARY(Incidents, Get, GetIncidentRequest, Incident)
  GATE_UNARY(Incidents, List, ListIncidentsRequest, ListIncidentsResponse)

 private:
  Calls& calls_;
};

class AuditService final : public v1::Audit::CallbackService {
 public:
  explicit AuditService(Calls& calls) : calls_(calls) {}

  GATE_UNARY(Audit, List, ListAuditRequest, ListAuditResponse)
  GATE_UNARY(Audit, WhoAmI, WhoAmIRequest, Caller)

 private:
  Calls& calls_;
};

#undef GATE_UNARY

}  // namespace gate

#endif  // GATE_RPC_SERVICES_H_
