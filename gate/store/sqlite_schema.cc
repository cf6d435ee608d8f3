#include "gate/store/sqlite_schema.h"

#include "absl/strings/str_cat.h"
#include "gate/base/digest.h"

namespace gate {
namespace {

absl::StatusOr<std::vector<AppliedSchemaFile>> Applied(SqliteDatabase& database) {
  std::vector<AppliedSchemaFile> applied;
  auto tables = database.Prepare("SELECT name FROM sqlite_schema WHERE type = 'table'");
  if (!tables.ok()) return tables.status();
  auto row = tables->Step();
  if (!row.ok() || !*row)
    return row.ok() ? applied : absl::StatusOr<std::vector<AppliedSchemaFile>>(row.status());
  auto files = database.Prepare("SELECT number, name, digest FROM schema_files ORDER BY number");
  if (!files.ok()) {
    return absl::FailedPreconditionError(
        "the file is the SQLite database of another program; name a file of the gate's own");
  }
  for (row = files->Step(); row.ok() && *row; row = files->Step()) {
    applied.push_back({static_cast<int>(files->Number(0)), std::string(files->Bytes(1)),
                       std::string(files->Bytes(2))});
  }
  if (!row.ok()) return row.status();
  return applied;
}

absl::Status Apply(SqliteDatabase& database, const SchemaFile& file) {
  if (absl::Status status = database.Execute(file.sql); !status.ok()) {
    return absl::Status(status.code(), absl::StrCat("schema file ", std::string(file.name), ": ",
                                                    std::string(status.message())));
  }
  auto record = database.Prepare(
      "INSERT INTO schema_files (number, name, digest, apply_time)"
      " VALUES ($1, $2, $3, strftime('%Y-%m-%dT%H:%M:%SZ', 'now'))");
  if (!record.ok()) return record.status();
  const std::string digest = Sha256Hex(file.sql);
  record->Bind(1, file.number);
  record->Bind(2, file.name);
  record->Bind(3, digest);
  return record->Run();
}

absl::Status ApplyMissing(SqliteDatabase& database, const std::vector<SchemaFile>& files) {
  auto applied = Applied(database);
  if (!applied.ok()) return applied.status();
  auto missing = FilesToApply(*applied, files);
  if (!missing.ok()) return missing.status();
  for (const SchemaFile& file : *missing) {
    if (absl::Status status = Apply(database, file); !status.ok()) return status;
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status UpgradeSqlite(SqliteDatabase& database, const std::vector<SchemaFile>& files) {
  absl::Status status = database.Execute("BEGIN EXCLUSIVE");
  if (!status.ok()) return status;
  status = ApplyMissing(database, files);
  if (status.ok()) status = database.Execute("COMMIT");
  if (!status.ok()) (void)database.Execute("ROLLBACK");
  return status;
}

}  // namespace gate
