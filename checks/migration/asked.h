// What the checks on a schema change ask for: the migrations of the release, and what running them
// on a scratch server showed. Both ask alike, so that it is fetched once.
#ifndef CHECKS_MIGRATION_ASKED_H_
#define CHECKS_MIGRATION_ASKED_H_

#include <vector>

#include "checks/migration/databases.h"
#include "gate/v1/change.pb.h"
#include "gate/v1/evidence.pb.h"
#include "gate/v1/policy.pb.h"
#include "gate/v1/rehearsal.pb.h"

namespace gate::migration {

inline constexpr char kSchemaChangeQuery[] = "migration.schema_change";
inline constexpr char kRehearsalQuery[] = "migration.rehearsal";

// Whether the change may have migrations.
bool ConcernsSchema(const v1::Change& change);

// Whether its migrations are to be run on a scratch server.
bool IsRehearsed(const v1::Change& change, const v1::PolicyRule& rule);

// None where it concerns no schema.
std::vector<v1::Query> QueriesFor(const v1::Change& change, const v1::PolicyRule& rule);

// The rehearsal of that database; nullptr where there is none.
const v1::Rehearsal* RehearsalOf(const OneDatabase& database, const v1::Observation& observation);

}  // namespace gate::migration

#endif  // CHECKS_MIGRATION_ASKED_H_
