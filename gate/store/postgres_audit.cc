#include "gate/store/postgres_audit.h"

#include "gate/store/postgres_transaction.h"
#include "gate/store/record.h"

namespace gate {
namespace {

using std::chrono::steady_clock;

constexpr char kInsert[] =
    "INSERT INTO gate.all_audit (time, actor, action, resource, service, environment, outcome, "
    "detail,"
    " request_id) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";

v1::AuditEntry EntryOf(const PostgresRows& rows, int row) {
  std::array<std::string_view, 8> texts;
  for (size_t i = 0; i < texts.size(); ++i) texts[i] = rows.Bytes(row, static_cast<int>(i) + 2);
  return DecodeAudit(rows.Number(row, 0), rows.Timestamp(row, 1), texts);
}

}  // namespace

absl::Status WriteAudit(PostgresConnection& connection, const EncodedAudit& entry) {
  std::vector<PostgresParameter> parameters = {PostgresParameter::Timestamp(entry.time)};
  for (const std::string* text : entry.Texts()) {
    parameters.push_back(PostgresParameter::Text(*text));
  }
  return connection.Query(kInsert, parameters, steady_clock::now() + kPostgresTimeout).status();
}

absl::Status WriteAudit(PostgresConnection& connection, const v1::AuditEntry& entry) {
  return WriteAudit(connection, EncodeAudit(entry));
}

absl::Status PostgresAudit::Append(const std::vector<v1::AuditEntry>& entries) {
  return CommitInPostgres(*writer_.Take(), [&](PostgresConnection& connection) {
    absl::Status status;
    for (size_t i = 0; i < entries.size() && status.ok(); ++i) {
      status = WriteAudit(connection, entries[i]);
    }
    return status;
  });
}

absl::StatusOr<std::vector<v1::AuditEntry>> PostgresAudit::List(const AuditFilter& filter,
                                                                int64_t before, int limit) {
  std::vector<PostgresParameter> parameters = {PostgresParameter::Bigint(before)};
  for (std::string_view text : AuditListTexts(filter)) {
    // No text that was stored holds one; PostgreSQL would answer with an error.
    if (text.find('\0') != text.npos) return std::vector<v1::AuditEntry>();
    parameters.push_back(PostgresParameter::Text(text));
  }
  if (filter.start) parameters.push_back(PostgresParameter::Timestamp(Micros(*filter.start)));
  if (filter.end) parameters.push_back(PostgresParameter::Timestamp(Micros(*filter.end)));
  parameters.push_back(PostgresParameter::Bigint(limit));
  const std::string sql = AuditListSql("gate.all_audit", filter);
  std::vector<v1::AuditEntry> entries;
  const auto read = [&](PostgresSession& session) {
    entries.clear();
    const auto rows = session.Read(sql.c_str(), parameters);
    if (!rows.ok()) return rows.status();
    for (int row = 0; row < rows->size(); ++row) entries.push_back(EntryOf(*rows, row));
    return absl::OkStatus();
  };
  const absl::Status status = filter.for_people ? history_.Read(read) : read(*readers_.Take());
  if (!status.ok()) return status;
  return entries;
}

absl::StatusOr<std::optional<v1::AuditEntry>> PostgresAudit::NewestPolicy() {
  const auto rows = readers_.Take()->Read(NewestPolicySql("gate.all_audit").c_str(), {});
  if (!rows.ok()) return rows.status();
  if (rows->size() == 0) return std::nullopt;
  return EntryOf(*rows, 0);
}

}  // namespace gate
