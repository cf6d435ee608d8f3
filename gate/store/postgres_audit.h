// The audit log in PostgreSQL.
#ifndef GATE_STORE_POSTGRES_AUDIT_H_
#define GATE_STORE_POSTGRES_AUDIT_H_

#include <vector>

#include "absl/status/statusor.h"
#include "gate/store/audit.h"
#include "gate/store/connection_pool.h"
#include "gate/store/postgres_history.h"
#include "gate/store/postgres_session.h"

namespace gate {

// Adds an entry in the transaction that is under way.
absl::Status WriteAudit(PostgresConnection& connection, const EncodedAudit& entry);
absl::Status WriteAudit(PostgresConnection& connection, const v1::AuditEntry& entry);

class PostgresAudit final : public AuditStore {
 public:
  // All outlive it.
  PostgresAudit(ConnectionPool<PostgresSession>& readers, ConnectionPool<PostgresSession>& writer,
                PostgresHistory& history)
      : readers_(readers), writer_(writer), history_(history) {}

  absl::Status Append(const std::vector<v1::AuditEntry>& entries) override;
  absl::StatusOr<std::vector<v1::AuditEntry>> List(const AuditFilter& filter, int64_t before,
                                                   int limit) override;
  absl::StatusOr<std::optional<v1::AuditEntry>> NewestPolicy() override;

 private:
  ConnectionPool<PostgresSession>& readers_;
  ConnectionPool<PostgresSession>& writer_;
  PostgresHistory& history_;
};

}  // namespace gate

#endif  // GATE_STORE_POSTGRES_AUDIT_H_
