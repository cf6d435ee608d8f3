// Brings a PostgreSQL database to the schema of this program.
#ifndef GATE_STORE_POSTGRES_SCHEMA_H_
#define GATE_STORE_POSTGRES_SCHEMA_H_

#include <vector>

#include "absl/status/status.h"
#include "gate/store/postgres_connection.h"
#include "gate/store/schema.h"

namespace gate {

// Applies what is missing of `files`, all or nothing. Replicas that start together wait for one
// another (an advisory lock). Needs no rights to create where nothing is missing. Errors as
// FilesToApply.
absl::Status UpgradePostgres(PostgresConnection& connection, const std::vector<SchemaFile>& files);

}  // namespace gate

#endif  // GATE_STORE_POSTGRES_SCHEMA_H_
