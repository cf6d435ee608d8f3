#include "checks/migration/asked.h"

namespace gate::migration {

bool ConcernsSchema(const v1::Change& change) {
  return change.kind() == v1::CHANGE_KIND_MIGRATION || change.has_schema_change();
}

bool IsRehearsed(const v1::Change& change, const v1::PolicyRule& rule) {
  return !change.schema_change().files().empty() &&
         rule.checks().migration().rehearsal() != v1::REHEARSAL_MODE_OFF;
}

std::vector<v1::Query> QueriesFor(const v1::Change& change, const v1::PolicyRule& rule) {
  if (!ConcernsSchema(change)) return {};
  v1::Query query;
  query.set_id(kSchemaChangeQuery);
  query.mutable_schema_change()->set_revision(change.has_schema_change() ? ""
                                                                         : change.head_revision());
  std::vector<v1::Query> queries{query};
  if (IsRehearsed(change, rule)) {
    queries.emplace_back().set_id(kRehearsalQuery);
    queries.back().mutable_rehearsal();
  }
  return queries;
}

const v1::Rehearsal* RehearsalOf(const OneDatabase& database, const v1::Observation& observation) {
  for (const v1::Rehearsal& rehearsal : observation.rehearsals().rehearsals()) {
    if (rehearsal.database() == database.name) return &rehearsal;
  }
  return nullptr;
}

}  // namespace gate::migration
