#include "gate/store/postgres_overrides.h"

#include <optional>
#include <string>

#include "absl/strings/str_cat.h"
#include "gate/store/overrides.h"
#include "gate/store/postgres_audit.h"
#include "gate/store/postgres_transaction.h"
#include "gate/store/record.h"

namespace gate {
namespace {

using std::chrono::steady_clock;

OverrideRow RowOf(const PostgresRows& rows, int row) {
  return {static_cast<int>(rows.Number(row, 0)),
          rows.Timestamp(row, 1),
          std::string(rows.Bytes(row, 2)),
          rows.Timestamp(row, 3),
          rows.Number(row, 4),
          std::string(rows.Bytes(row, 5))};
}

constexpr std::string_view kTable = "gate.overrides";

std::string SelectWhere(std::string_view where) {
  return absl::StrCat("SELECT ", std::string(kOverrideColumns), " FROM ", std::string(kTable),
                      " WHERE ", std::string(where));
}

PostgresParameter ParameterOf(const OverrideSql::Value& value) {
  if (const auto* text = std::get_if<std::string>(&value)) return PostgresParameter::Text(*text);
  if (const auto* number = std::get_if<int64_t>(&value)) return PostgresParameter::Bigint(*number);
  return PostgresParameter::Timestamp(std::get<OverrideSql::Moment>(value).unix_micros);
}

absl::StatusOr<std::vector<OverrideRow>> ReadAll(PostgresSession& session, const OverrideSql& sql) {
  std::vector<PostgresParameter> parameters;
  for (const OverrideSql::Value& value : sql.values) parameters.push_back(ParameterOf(value));
  const auto rows = session.Read(sql.sql.c_str(), parameters);
  if (!rows.ok()) return rows.status();
  std::vector<OverrideRow> all;
  for (int row = 0; row < rows->size(); ++row) all.push_back(RowOf(*rows, row));
  return all;
}

class Tables final : public OverrideTables {
 public:
  explicit Tables(PostgresConnection& connection) : connection_(connection) {}

  absl::StatusOr<std::optional<OverrideRequestRow>> FindRequest(
      std::string_view request_id) override {
    const auto rows =
        Query("SELECT request_digest, override FROM gate.override_requests WHERE request_id = $1",
              {PostgresParameter::Text(request_id)});
    if (!rows.ok()) return rows.status();
    if (rows->size() == 0) return std::nullopt;
    return OverrideRequestRow{std::string(rows->Bytes(0, 0)), std::string(rows->Bytes(0, 1))};
  }

  absl::StatusOr<bool> AddRequest(std::string_view request_id, const OverrideRequestRow& row,
                                  int64_t create_time) override {
    const auto added = Query(
        "INSERT INTO gate.override_requests (request_id, request_digest, override, create_time)"
        " VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING RETURNING request_id",
        {PostgresParameter::Text(request_id), PostgresParameter::Text(row.request_digest),
         PostgresParameter::Text(row.override), PostgresParameter::Timestamp(create_time)});
    if (!added.ok()) return added.status();
    return added->size() == 1;
  }

  absl::StatusOr<std::optional<OverrideRow>> Lock(std::string_view id) override {
    const auto rows =
        Query(SelectWhere("id = $1 FOR UPDATE").c_str(), {PostgresParameter::Text(id)});
    if (!rows.ok()) return rows.status();
    if (rows->size() == 0) return std::nullopt;
    return RowOf(*rows, 0);
  }

  absl::Status Add(const EncodedOverride& override) override {
    return Query(
               "INSERT INTO gate.overrides (id, create_time, service, environment, subject, state,"
               " expire_time, awaiting_review, consumed_by, consume_time, version, override)"
               " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, '', 'epoch', $9, $10)",
               {PostgresParameter::Text(override.id),
                PostgresParameter::Timestamp(override.create_time),
                PostgresParameter::Text(override.service),
                PostgresParameter::Text(override.environment),
                PostgresParameter::Text(override.subject),
                PostgresParameter::Smallint(override.state),
                PostgresParameter::Timestamp(override.expire_time),
                PostgresParameter::Smallint(override.awaiting_review ? 1 : 0),
                PostgresParameter::Bigint(override.version),
                PostgresParameter::Bytes(override.override)})
        .status();
  }

  absl::Status Replace(const EncodedOverride& override) override {
    return Query(
               "UPDATE gate.overrides SET state = $1, awaiting_review = $2, version = $3,"
               " override = $4 WHERE id = $5",
               {PostgresParameter::Smallint(override.state),
                PostgresParameter::Smallint(override.awaiting_review ? 1 : 0),
                PostgresParameter::Bigint(override.version),
                PostgresParameter::Bytes(override.override), PostgresParameter::Text(override.id)})
        .status();
  }

  absl::Status AddAudit(const v1::AuditEntry& entry) override {
    return WriteAudit(connection_, entry);
  }

 private:
  absl::StatusOr<PostgresRows> Query(const char* sql,
                                     const std::vector<PostgresParameter>& parameters) {
    return connection_.Query(sql, parameters, steady_clock::now() + kPostgresTimeout);
  }

  PostgresConnection& connection_;
};

}  // namespace

absl::StatusOr<v1::Override> PostgresOverrides::Create(const NewOverride& made) {
  absl::StatusOr<v1::Override> created;
  const absl::Status committed =
      CommitInPostgres(*writer_.Take(), [&](PostgresConnection& connection) {
        Tables tables(connection);
        created = CreateOverrideIn(made, tables);
        return created.status();
      });
  return committed.ok() ? created : committed;
}

absl::StatusOr<v1::Override> PostgresOverrides::Change(const OverrideChange& change,
                                                       const DecideOverride& decide) {
  absl::StatusOr<v1::Override> changed;
  absl::Status refused;
  const DecideOverride remember = [&](const v1::Override& current) {
    auto decided = decide(current);
    refused = decided.status();
    return decided;
  };
  const absl::Status committed =
      CommitInPostgres(*writer_.Take(), [&](PostgresConnection& connection) {
        Tables tables(connection);
        refused = absl::OkStatus();
        changed = ChangeOverrideIn(change, remember, tables);
        // Not ABORTED, which would be tried again.
        return refused.ok() ? changed.status() : absl::CancelledError();
      });
  if (!refused.ok()) return refused;
  return committed.ok() ? changed : committed;
}

absl::StatusOr<v1::Override> PostgresOverrides::Get(std::string_view id, absl::Time now) {
  const auto rows =
      readers_.Take()->Read(SelectWhere("id = $1").c_str(), {PostgresParameter::Text(id)});
  if (!rows.ok()) return rows.status();
  if (rows->size() == 0) return NoSuchOverride(id);
  return DecodeOverride(RowOf(*rows, 0), now);
}

absl::StatusOr<std::vector<v1::Override>> PostgresOverrides::List(const OverrideFilter& filter,
                                                                  std::string_view before,
                                                                  int limit, absl::Time now) {
  std::optional<OverridePosition> position;
  if (!before.empty()) {
    const auto rows = readers_.Take()->Read("SELECT create_time FROM gate.overrides WHERE id = $1",
                                            {PostgresParameter::Text(before)});
    if (!rows.ok()) return rows.status();
    if (rows->size() == 0) return UnknownOverridePosition(before);
    position = OverridePosition{rows->Timestamp(0, 0), std::string(before)};
  }
  const auto rows =
      ReadAll(*readers_.Take(), ListOverridesSql(kTable, filter, position, limit, now));
  if (!rows.ok()) return rows.status();
  return DecodeOverrides(*rows, now);
}

absl::StatusOr<std::vector<v1::Override>> PostgresOverrides::Live(const v1::OverridesQuery& query,
                                                                  absl::Time now) {
  const auto rows = ReadAll(*readers_.Take(), LiveOverridesSql(kTable, query, now));
  if (!rows.ok()) return rows.status();
  return DecodeLive(*rows, now);
}

}  // namespace gate
