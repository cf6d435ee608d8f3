#include "gate/evidence/holds.h"

#include <string>
#include <utility>

#include "checks/evidence.h"
#include "checks/name_patterns.h"
#include "checks/proto_time.h"
#include "checks/stage.h"

namespace gate {
namespace {

v1::AbsenceReason ReasonOf(const absl::Status& status) {
  return absl::IsUnavailable(status) ? v1::ABSENCE_REASON_UNREACHABLE
         : absl::IsDataLoss(status)  ? v1::ABSENCE_REASON_MALFORMED
                                     : v1::ABSENCE_REASON_INTERNAL;
}

}  // namespace

v1::Observation HoldsSource::Fetch(const v1::Query& query, const FetchContext& context) {
  const bool before_first_step = context.change.has_stage() && !IsUnderWay(context.change);
  absl::StatusOr<v1::Holds> all = store_.ReadHolds(context.now, before_first_step);
  if (!all.ok()) {
    return Absent(query.id(), name(), ReasonOf(all.status()), std::string(all.status().message()));
  }
  const v1::HoldsQuery& asked = query.holds();
  v1::Observation observation;
  observation.set_id(query.id());
  observation.set_source(std::string(name()));
  *observation.mutable_observed_at() = ToProto(context.now);
  v1::Holds& holds = *observation.mutable_holds();
  for (v1::Freeze& freeze : *all->mutable_freezes()) {
    if (!Concerns(freeze, asked.service(), asked.environment())) continue;
    *holds.add_freezes() = std::move(freeze);
  }
  for (v1::Incident& incident : *all->mutable_incidents()) {
    if (!Concerns(incident, asked.service(), asked.environment())) continue;
    *holds.add_incidents() = std::move(incident);
  }
  holds.mutable_moving()->Swap(all->mutable_moving());
  return observation;
}

}  // namespace gate
