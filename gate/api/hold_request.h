// What a freeze and an incident may not be, as somebody asks for them.
#ifndef GATE_API_HOLD_REQUEST_H_
#define GATE_API_HOLD_REQUEST_H_

#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "checks/proto_time.h"
#include "gate/base/digest.h"
#include "gate/store/hold_store.h"
#include "gate/v1/freezes.pb.h"
#include "gate/v1/incidents.pb.h"

namespace gate {

// The freeze that the request asks for, with its start; name and owner are for the caller to fill
// in. INVALID_ARGUMENT with every field that is wrong.
absl::StatusOr<v1::Freeze> ReadFreezeRequest(const v1::CreateFreezeRequest& request,
                                             absl::Time now);

// The incident that the request reports, without what the gate fills in.
absl::StatusOr<v1::Incident> ReadIncidentRequest(const v1::ReportIncidentRequest& request,
                                                 absl::Time now);

// OK for a reason that people can be given, and a request_id.
absl::Status CheckReasonAndId(const std::string& reason, const std::string& request_id);

// Sha256Hex of a request without its request_id.
template <typename Request>
std::string DigestWithoutId(Request request) {
  request.clear_request_id();
  return Sha256Hex(DeterministicBytes(request));
}

// Who does what to which freeze or incident.
struct HoldAct {
  std::string actor;
  std::string action;  // "gate.v1.Freezes.Create"
  std::string resource;
  std::string detail;
};

// What a write begins with. `thing` is the freeze or incident: where it names one service or one
// environment the audit is told.
template <typename Thing>
HoldWrite WriteOf(const HoldAct& act, const std::string& request_id, std::string digest,
                  absl::Time now, const Thing& thing) {
  HoldWrite write{request_id, std::move(digest), now, {}};
  *write.audit.mutable_time() = ToProto(now);
  write.audit.set_actor(act.actor);
  write.audit.set_action(act.action);
  write.audit.set_resource(act.resource);
  if (thing.services_size() == 1) write.audit.set_service(thing.services(0));
  if (thing.environments_size() == 1) write.audit.set_environment(thing.environments(0));
  write.audit.set_outcome("DONE");
  write.audit.set_detail(act.detail);
  write.audit.set_request_id(request_id);
  return write;
}

}  // namespace gate

#endif  // GATE_API_HOLD_REQUEST_H_
