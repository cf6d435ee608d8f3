#include "gate/store/sqlite_overrides.h"

#include <optional>
#include <string>

#include "absl/strings/str_cat.h"
#include "gate/store/overrides.h"
#include "gate/store/record.h"
#include "gate/store/sqlite_audit.h"

namespace gate {
namespace {

OverrideRow RowOf(SqliteStatement& read) {
  return {static_cast<int>(read.Number(0)),
          read.Number(1),
          std::string(read.Bytes(2)),
          read.Number(3),
          read.Number(4),
          std::string(read.Bytes(5))};
}

absl::StatusOr<std::optional<OverrideRow>> Find(SqliteDatabase& database, std::string_view id) {
  auto read = database.Prepare(
      absl::StrCat("SELECT ", std::string(kOverrideColumns), " FROM overrides WHERE id = $1"));
  if (!read.ok()) return read.status();
  read->Bind(1, id);
  const auto row = read->Step();
  if (!row.ok()) return row.status();
  if (!*row) return std::nullopt;
  return RowOf(*read);
}

absl::StatusOr<std::vector<OverrideRow>> ReadAll(SqliteDatabase& database, const OverrideSql& sql) {
  auto read = database.Prepare(sql.sql);
  if (!read.ok()) return read.status();
  int parameter = 0;
  for (const OverrideSql::Value& value : sql.values) {
    ++parameter;
    if (const auto* text = std::get_if<std::string>(&value)) {
      read->Bind(parameter, *text);
    } else if (const auto* number = std::get_if<int64_t>(&value)) {
      read->Bind(parameter, *number);
    } else {
      read->Bind(parameter, std::get<OverrideSql::Moment>(value).unix_micros);
    }
  }
  std::vector<OverrideRow> rows;
  auto row = read->Step();
  for (; row.ok() && *row; row = read->Step()) rows.push_back(RowOf(*read));
  if (!row.ok()) return row.status();
  return rows;
}

class Tables final : public OverrideTables {
 public:
  explicit Tables(SqliteDatabase& database) : database_(database) {}

  absl::StatusOr<std::optional<OverrideRequestRow>> FindRequest(
      std::string_view request_id) override {
    auto read = database_.Prepare(
        "SELECT request_digest, override FROM override_requests WHERE request_id = $1");
    if (!read.ok()) return read.status();
    read->Bind(1, request_id);
    const auto row = read->Step();
    if (!row.ok()) return row.status();
    if (!*row) return std::nullopt;
    return OverrideRequestRow{std::string(read->Bytes(0)), std::string(read->Bytes(1))};
  }

  absl::StatusOr<bool> AddRequest(std::string_view request_id, const OverrideRequestRow& row,
                                  int64_t create_time) override {
    auto add = database_.Prepare(
        "INSERT INTO override_requests (request_id, request_digest, override, create_time)"
        " VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING");
    if (!add.ok()) return add.status();
    add->Bind(1, request_id);
    add->Bind(2, row.request_digest);
    add->Bind(3, row.override);
    add->Bind(4, create_time);
    if (absl::Status status = add->Run(); !status.ok()) return status;
    return database_.Changes() == 1;
  }

  // The transaction is the only one that writes.
  absl::StatusOr<std::optional<OverrideRow>> Lock(std::string_view id) override {
    return Find(database_, id);
  }

  absl::Status Add(const EncodedOverride& override) override {
    auto add = database_.Prepare(
        "INSERT INTO overrides (id, create_time, service, environment, subject, state,"
        " expire_time, awaiting_review, consumed_by, consume_time, version, override)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, '', 0, $9, $10)");
    if (!add.ok()) return add.status();
    add->Bind(1, override.id);
    add->Bind(2, override.create_time);
    add->Bind(3, override.service);
    add->Bind(4, override.environment);
    add->Bind(5, override.subject);
    add->Bind(6, int64_t{override.state});
    add->Bind(7, override.expire_time);
    add->Bind(8, int64_t{override.awaiting_review});
    add->Bind(9, override.version);
    add->BindBlob(10, override.override);
    return add->Run();
  }

  absl::Status Replace(const EncodedOverride& override) override {
    auto replace = database_.Prepare(
        "UPDATE overrides SET state = $1, awaiting_review = $2, version = $3, override = $4"
        " WHERE id = $5");
    if (!replace.ok()) return replace.status();
    replace->Bind(1, int64_t{override.state});
    replace->Bind(2, int64_t{override.awaiting_review});
    replace->Bind(3, override.version);
    replace->BindBlob(4, override.override);
    replace->Bind(5, override.id);
    return replace->Run();
  }

  absl::Status AddAudit(const v1::AuditEntry& entry) override {
    return WriteAudit(database_, entry);
  }

 private:
  SqliteDatabase& database_;
};

absl::StatusOr<OverridePosition> PositionOf(SqliteDatabase& database, std::string_view id) {
  auto read = database.Prepare("SELECT create_time FROM overrides WHERE id = $1");
  if (!read.ok()) return read.status();
  read->Bind(1, id);
  const auto row = read->Step();
  if (!row.ok()) return row.status();
  if (!*row) return UnknownOverridePosition(id);
  return OverridePosition{read->Number(0), std::string(id)};
}

}  // namespace

absl::StatusOr<v1::Override> SqliteOverrides::Create(const NewOverride& made) {
  absl::StatusOr<v1::Override> created;
  const absl::Status committed = writer_.Commit([&](SqliteDatabase& database) {
    Tables tables(database);
    created = CreateOverrideIn(made, tables);
    return created.status();
  });
  return committed.ok() ? created : committed;
}

absl::StatusOr<v1::Override> SqliteOverrides::Change(const OverrideChange& change,
                                                     const DecideOverride& decide) {
  absl::StatusOr<v1::Override> changed;
  const absl::Status committed = writer_.Commit([&](SqliteDatabase& database) {
    Tables tables(database);
    changed = ChangeOverrideIn(change, decide, tables);
    return changed.status();
  });
  return committed.ok() ? changed : committed;
}

absl::StatusOr<v1::Override> SqliteOverrides::Get(std::string_view id, absl::Time now) {
  const auto row = Find(*readers_.Take(), id);
  if (!row.ok()) return row.status();
  if (!*row) return NoSuchOverride(id);
  return DecodeOverride(**row, now);
}

absl::StatusOr<std::vector<v1::Override>> SqliteOverrides::List(const OverrideFilter& filter,
                                                                std::string_view before, int limit,
                                                                absl::Time now) {
  auto reader = readers_.Take();
  std::optional<OverridePosition> position;
  if (!before.empty()) {
    auto found = PositionOf(*reader, before);
    if (!found.ok()) return found.status();
    position = *std::move(found);
  }
  const auto rows = ReadAll(*reader, ListOverridesSql("overrides", filter, position, limit, now));
  if (!rows.ok()) return rows.status();
  return DecodeOverrides(*rows, now);
}

absl::StatusOr<std::vector<v1::Override>> SqliteOverrides::Live(const v1::OverridesQuery& query,
                                                                absl::Time now) {
  const auto rows = ReadAll(*readers_.Take(), LiveOverridesSql("overrides", query, now));
  if (!rows.ok()) return rows.status();
  return DecodeLive(*rows, now);
}

}  // namespace gate
