// How a group of verdicts consumes overrides in PostgreSQL: their rows are locked first, in one
// order, so that two groups cannot wait for each other in a circle; then it is known which records
// can be written, and after the verdicts are in, those that are consume theirs.
#ifndef GATE_STORE_POSTGRES_CONSUMPTION_H_
#define GATE_STORE_POSTGRES_CONSUMPTION_H_

#include <chrono>
#include <span>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "gate/store/group_commit.h"
#include "gate/store/postgres_connection.h"

namespace gate {

// By record that cannot be written, the id of an override that it cannot have.
using GoneOverrides = absl::flat_hash_map<const PendingAppend*, std::string>;

// Whether any of them does.
bool ConsumesOverrides(std::span<PendingAppend* const> group);

// Within a transaction, which holds the rows from now on. Of records of this group that want the
// same one, the first has it.
absl::StatusOr<GoneOverrides> LockOverrides(PostgresConnection& connection,
                                            std::span<PendingAppend* const> group,
                                            PostgresConnection::Deadline deadline);

// Consumes for each verdict that is there, which those are whose record was inserted, now or before
// the connection broke.
inline constexpr char kConsumeOverrides[] =
    "UPDATE gate.overrides AS override SET state = 3, consumed_by = given.consumer,"
    " consume_time = given.time, version = override.version + 1"
    " FROM unnest($1::text[], $2::text[], $3::text[], $4::timestamptz[])"
    " AS given (id, consumer, verdict, time) JOIN gate.all_verdicts AS kept"
    " ON kept.id = given.verdict AND kept.create_time = given.time"
    " WHERE override.id = given.id AND override.consumed_by = ''";

// Its parameters; empty where there is nothing to consume.
std::vector<PostgresParameter> ConsumptionArrays(std::span<PendingAppend* const> group);

}  // namespace gate

#endif  // GATE_STORE_POSTGRES_CONSUMPTION_H_
