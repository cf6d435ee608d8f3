#include "gate/evidence/overrides.h"

#include <string>
#include <utility>
#include <vector>

#include "checks/evidence.h"
#include "checks/proto_time.h"

namespace gate {
namespace {

v1::AbsenceReason ReasonOf(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kUnavailable:
      return v1::ABSENCE_REASON_UNREACHABLE;
    case absl::StatusCode::kResourceExhausted:
      return v1::ABSENCE_REASON_TOO_LARGE;
    case absl::StatusCode::kDataLoss:
      return v1::ABSENCE_REASON_MALFORMED;
    default:
      return v1::ABSENCE_REASON_INTERNAL;
  }
}

}  // namespace

v1::Observation OverridesSource::Fetch(const v1::Query& query, const FetchContext& context) {
  absl::StatusOr<std::vector<v1::Override>> live = store_.Live(query.overrides(), context.now);
  if (!live.ok()) {
    return Absent(query.id(), name(), ReasonOf(live.status()),
                  std::string(live.status().message()));
  }
  v1::Observation observation;
  observation.set_id(query.id());
  observation.set_source(std::string(name()));
  *observation.mutable_observed_at() = ToProto(context.now);
  v1::LiveOverrides& overrides = *observation.mutable_overrides();
  for (v1::Override& override : *live) *overrides.add_overrides() = std::move(override);
  return observation;
}

}  // namespace gate
