// The audit log in SQLite.
#ifndef GATE_STORE_SQLITE_AUDIT_H_
#define GATE_STORE_SQLITE_AUDIT_H_

#include <vector>

#include "absl/status/statusor.h"
#include "gate/store/audit.h"
#include "gate/store/connection_pool.h"
#include "gate/store/sqlite_database.h"
#include "gate/store/sqlite_reports.h"

namespace gate {

// INSERT of one entry, for those who prepare it once.
inline constexpr std::string_view kInsertSqliteAudit =
    "INSERT INTO audit (time, actor, action, resource, service, environment, outcome, detail,"
    " request_id) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
absl::Status RunInsert(SqliteStatement& insert, const EncodedAudit& entry);

// Adds an entry in the transaction that is under way.
absl::Status WriteAudit(SqliteDatabase& database, const EncodedAudit& entry);
absl::Status WriteAudit(SqliteDatabase& database, const v1::AuditEntry& entry);

class SqliteAudit final : public AuditStore {
 public:
  // Both outlive it.
  SqliteAudit(ConnectionPool<SqliteDatabase>& readers, SqliteReports& writer)
      : readers_(readers), writer_(writer) {}

  absl::Status Append(const std::vector<v1::AuditEntry>& entries) override;
  absl::StatusOr<std::vector<v1::AuditEntry>> List(const AuditFilter& filter, int64_t before,
                                                   int limit) override;
  absl::StatusOr<std::optional<v1::AuditEntry>> NewestPolicy() override;

 private:
  ConnectionPool<SqliteDatabase>& readers_;
  SqliteReports& writer_;
};

}  // namespace gate

#endif  // GATE_STORE_SQLITE_AUDIT_H_
