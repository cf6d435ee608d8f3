// Brings a SQLite database to the schema of this program.
#ifndef GATE_STORE_SQLITE_SCHEMA_H_
#define GATE_STORE_SQLITE_SCHEMA_H_

#include <vector>

#include "absl/status/status.h"
#include "gate/store/schema.h"
#include "gate/store/sqlite_database.h"

namespace gate {

// Applies what is missing of `files`, all or nothing, under the database's exclusive lock.
// FAILED_PRECONDITION where the database belongs to another program, and as FilesToApply.
absl::Status UpgradeSqlite(SqliteDatabase& database, const std::vector<SchemaFile>& files);

}  // namespace gate

#endif  // GATE_STORE_SQLITE_SCHEMA_H_
