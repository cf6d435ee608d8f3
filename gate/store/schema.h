// The numbered SQL files that make and change a store's tables: schema/ENGINE/NNNN_name.sql,
// compiled into the program. A file that was applied once is never edited; a change is a new file.
#ifndef GATE_STORE_SCHEMA_H_
#define GATE_STORE_SCHEMA_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace gate {

struct SchemaFile {
  int number;             // from 1, without gaps
  std::string_view name;  // "0001_verdicts.sql"
  std::string_view sql;
};

// What the database says was applied.
struct AppliedSchemaFile {
  int number;
  std::string name;
  std::string digest;  // Sha256Hex of the SQL
};

// By number. Generated from the folders.
const std::vector<SchemaFile>& SqliteSchemaFiles();
const std::vector<SchemaFile>& PostgresSchemaFiles();

// The files that are still to be applied. `applied` by number. FAILED_PRECONDITION where the
// database is newer than the program, or where a file was edited after it had been applied.
absl::StatusOr<std::vector<SchemaFile>> FilesToApply(const std::vector<AppliedSchemaFile>& applied,
                                                     const std::vector<SchemaFile>& files);

}  // namespace gate

#endif  // GATE_STORE_SCHEMA_H_
