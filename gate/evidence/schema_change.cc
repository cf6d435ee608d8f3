#include "gate/evidence/schema_change.h"

#include "checks/evidence.h"
#include "checks/proto_time.h"

namespace gate {

v1::Observation RequestedSchemaChange::Fetch(const v1::Query& query, const FetchContext& context) {
  if (!context.change.has_schema_change()) {
    if (!query.schema_change().revision().empty()) {
      return Absent(query.id(), name(), v1::ABSENCE_REASON_NOT_CONFIGURED,
                    "the request carries no migrations, and no repository is configured");
    }
    return Absent(query.id(), name(), v1::ABSENCE_REASON_EMPTY,
                  "the request carries no migrations");
  }
  v1::Observation observation;
  observation.set_id(query.id());
  observation.set_source(std::string(name()));
  *observation.mutable_observed_at() = ToProto(context.now);
  *observation.mutable_schema_change() = context.change.schema_change();
  return observation;
}

}  // namespace gate
