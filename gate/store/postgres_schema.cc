#include "gate/store/postgres_schema.h"

#include <charconv>

#include "absl/strings/str_cat.h"
#include "gate/base/digest.h"

namespace gate {
namespace {

// An index on a large table takes its time.
constexpr std::chrono::minutes kTimeout{30};

// The key of the advisory lock is "gateschm" in ASCII. It is taken before a transaction begins:
// only then does that see for certain what the holder before us has made.
constexpr char kLock[] = "SET statement_timeout = 0; SELECT pg_advisory_lock(7449363237723924589)";
constexpr char kUnlock[] =
    "SELECT pg_advisory_unlock(7449363237723924589); RESET statement_timeout";

PostgresConnection::Deadline Deadline() { return std::chrono::steady_clock::now() + kTimeout; }

absl::StatusOr<std::vector<SchemaFile>> Missing(PostgresConnection& connection,
                                                const std::vector<SchemaFile>& files) {
  std::vector<AppliedSchemaFile> applied;
  const auto exists =
      connection.Query("SELECT to_regclass('gate.schema_files') IS NOT NULL", {}, Deadline());
  if (!exists.ok()) return exists.status();
  if (exists->Bytes(0, 0) != std::string_view("\1")) return files;
  // By the column: what is selected has its name, and sorts as text.
  const auto rows = connection.Query(
      "SELECT file.number::text, name, digest FROM gate.schema_files AS file ORDER BY file.number",
      {}, Deadline());
  if (!rows.ok()) return rows.status();
  for (int row = 0; row < rows->size(); ++row) {
    const std::string_view number = rows->Bytes(row, 0);
    AppliedSchemaFile file{0, std::string(rows->Bytes(row, 1)), std::string(rows->Bytes(row, 2))};
    std::from_chars(number.data(), number.data() + number.size(), file.number);
    applied.push_back(std::move(file));
  }
  return FilesToApply(applied, files);
}

absl::Status ApplyInTransaction(PostgresConnection& connection, const SchemaFile& file) {
  absl::Status status = connection.Execute(std::string(file.sql).c_str(), Deadline());
  if (!status.ok()) {
    return absl::Status(status.code(), absl::StrCat("schema file ", std::string(file.name), ": ",
                                                    std::string(status.message())));
  }
  return connection
      .Query("INSERT INTO gate.schema_files (number, name, digest) VALUES ($1, $2, $3)",
             {PostgresParameter::Bigint(file.number), PostgresParameter::Text(file.name),
              PostgresParameter::Text(Sha256Hex(file.sql))},
             Deadline())
      .status();
}

// A transaction for each file, so that a lock which one takes for a moment is not held while
// another one reads a table. What a file that failed would have done is left to the next start.
absl::Status Apply(PostgresConnection& connection, const SchemaFile& file) {
  absl::Status status = connection.Execute("BEGIN", Deadline());
  if (status.ok()) status = ApplyInTransaction(connection, file);
  if (connection.alive()) {
    status.Update(connection.Execute(status.ok() ? "COMMIT" : "ROLLBACK", Deadline()));
  }
  return status;
}

absl::Status ApplyMissing(PostgresConnection& connection, const std::vector<SchemaFile>& files) {
  // Another replica may have been first.
  const auto missing = Missing(connection, files);
  if (!missing.ok()) return missing.status();
  for (const SchemaFile& file : *missing) {
    if (absl::Status status = Apply(connection, file); !status.ok()) return status;
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status UpgradePostgres(PostgresConnection& connection, const std::vector<SchemaFile>& files) {
  const auto missing = Missing(connection, files);
  if (!missing.ok()) return missing.status();
  if (missing->empty()) return absl::OkStatus();
  absl::Status status = connection.Execute(kLock, Deadline());
  if (status.ok()) status = ApplyMissing(connection, files);
  if (connection.alive()) status.Update(connection.Execute(kUnlock, Deadline()));
  return status;
}

}  // namespace gate
