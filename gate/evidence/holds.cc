#include "gate/evidence/holds.h"

#include <string>
#include <utility>

#include "checks/evidence.h"
#include "checks/name_patterns.h"
#include "checks/proto_time.h"
#include "checks/stage.h"

namespace gate {
namespace {

// More than the moments of two who share a read lie apart.
constexpr absl::Duration kApart = absl::Minutes(5);

v1::AbsenceReason ReasonOf(const absl::Status& status) {
  return absl::IsUnavailable(status) ? v1::ABSENCE_REASON_UNREACHABLE
         : absl::IsDataLoss(status)  ? v1::ABSENCE_REASON_MALFORMED
                                     : v1::ABSENCE_REASON_INTERNAL;
}

}  // namespace

v1::Observation HoldsSource::Fetch(const v1::Query& query, const FetchContext& context) {
  const bool before_first_step = context.change.has_stage() && !IsUnderWay(context.change);
  // Those who share it look at other moments, each at their own.
  const auto read = (before_first_step ? with_moving_ : holds_).Get([&] {
    return store_.ReadHolds(context.now - kApart, before_first_step);
  });
  if (!read->ok()) {
    const absl::Status& status = read->status();
    return Absent(query.id(), name(), ReasonOf(status), std::string(status.message()));
  }
  const v1::Holds& all = **read;
  const v1::HoldsQuery& asked = query.holds();
  v1::Observation observation;
  observation.set_id(query.id());
  observation.set_source(std::string(name()));
  *observation.mutable_observed_at() = ToProto(context.now);
  v1::Holds& holds = *observation.mutable_holds();
  for (const v1::Freeze& freeze : all.freezes()) {
    const bool over = freeze.has_end_time() && FromProto(freeze.end_time()) <= context.now;
    if (over || !Concerns(freeze, asked.service(), asked.environment())) continue;
    *holds.add_freezes() = freeze;
  }
  for (const v1::Incident& incident : all.incidents()) {
    if (!Concerns(incident, asked.service(), asked.environment())) continue;
    *holds.add_incidents() = incident;
  }
  *holds.mutable_moving() = all.moving();
  return observation;
}

}  // namespace gate
