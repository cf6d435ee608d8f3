#include "gate/store/sqlite_holds.h"

#include <optional>
#include <string>
#include <utility>

#include "gate/store/holds.h"
#include "gate/store/record.h"
#include "gate/store/sqlite_audit.h"

namespace gate {
namespace {

using Bytes = absl::StatusOr<std::optional<std::string>>;

// The first column of the one row with those keys.
Bytes Find(SqliteDatabase& database, std::string_view sql, std::string_view key,
           std::string_view second = {}) {
  auto read = database.Prepare(sql);
  if (!read.ok()) return read.status();
  read->Bind(1, key);
  if (!second.empty()) read->Bind(2, second);
  const auto row = read->Step();
  if (!row.ok()) return row.status();
  if (!*row) return std::nullopt;
  return std::string(read->Bytes(0));
}

class Tables final : public HoldTables {
 public:
  explicit Tables(SqliteDatabase& database) : database_(database) {}

  absl::StatusOr<std::optional<HoldRequestRow>> FindRequest(std::string_view request_id) override {
    auto read = database_.Prepare(
        "SELECT request_digest, resource FROM hold_requests WHERE request_id = $1");
    if (!read.ok()) return read.status();
    read->Bind(1, request_id);
    const auto row = read->Step();
    if (!row.ok()) return row.status();
    if (!*row) return std::nullopt;
    return HoldRequestRow{std::string(read->Bytes(0)), std::string(read->Bytes(1))};
  }

  absl::StatusOr<bool> AddRequest(std::string_view request_id, const HoldRequestRow& row,
                                  int64_t create_time) override {
    auto add = database_.Prepare(
        "INSERT INTO hold_requests (request_id, request_digest, resource, create_time)"
        " VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING");
    if (!add.ok()) return add.status();
    add->Bind(1, request_id);
    add->Bind(2, row.request_digest);
    add->Bind(3, row.resource);
    add->Bind(4, create_time);
    if (absl::Status status = add->Run(); !status.ok()) return status;
    return database_.Changes() == 1;
  }

  absl::Status AddFreeze(const FreezeRow& row) override {
    return WriteFreeze(
        "INSERT INTO freezes (id, start_time, over_time, lifted, content)"
        " VALUES ($1, $2, $3, $4, $5)",
        row);
  }
  absl::Status ReplaceFreeze(const FreezeRow& row) override {
    return WriteFreeze(
        "UPDATE freezes SET start_time = ?2, over_time = ?3, lifted = ?4, content = ?5"
        " WHERE id = ?1",
        row);
  }
  Bytes FindFreeze(std::string_view id) override {
    return Find(database_, "SELECT content FROM freezes WHERE id = $1", id);
  }

  absl::StatusOr<bool> AddIncident(const IncidentRow& row) override {
    auto add = database_.Prepare(
        "INSERT INTO incidents (id, open, incident, source, external_id, create_time)"
        " VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING");
    if (!add.ok()) return add.status();
    add->Bind(1, row.id);
    add->Bind(2, int64_t{row.open});
    add->BindBlob(3, row.incident);
    add->Bind(4, row.source);
    add->Bind(5, row.external_id);
    add->Bind(6, row.create_time);
    if (absl::Status status = add->Run(); !status.ok()) return status;
    return database_.Changes() == 1;
  }
  absl::Status ReplaceIncident(const IncidentRow& row) override {
    auto replace = database_.Prepare("UPDATE incidents SET open = ?2, incident = ?3 WHERE id = ?1");
    if (!replace.ok()) return replace.status();
    replace->Bind(1, row.id);
    replace->Bind(2, int64_t{row.open});
    replace->BindBlob(3, row.incident);
    return replace->Run();
  }
  Bytes FindIncident(std::string_view id) override {
    return Find(database_, "SELECT incident FROM incidents WHERE id = $1", id);
  }
  Bytes FindIncident(std::string_view source, std::string_view external_id) override {
    return Find(database_, "SELECT incident FROM incidents WHERE source = $1 AND external_id = $2",
                source, external_id);
  }

  absl::Status AddAudit(const v1::AuditEntry& entry) override {
    return WriteAudit(database_, entry);
  }

 private:
  absl::Status WriteFreeze(std::string_view sql, const FreezeRow& row) {
    auto write = database_.Prepare(sql);
    if (!write.ok()) return write.status();
    write->Bind(1, row.id);
    write->Bind(2, row.start_time);
    write->Bind(3, row.over_time);
    write->Bind(4, int64_t{row.lifted});
    write->BindBlob(5, row.freeze);
    return write->Run();
  }

  SqliteDatabase& database_;
};

// One transaction of the rules in holds.h.
template <typename Result, typename Write>
absl::StatusOr<Result> Commit(SqliteReports& writer, const Write& write,
                              absl::StatusOr<Result> (*rule)(const Write&, HoldTables&)) {
  absl::StatusOr<Result> written;
  const absl::Status committed = writer.Commit([&](SqliteDatabase& database) {
    Tables tables(database);
    written = rule(write, tables);
    return written.status();
  });
  return committed.ok() ? written : committed;
}

}  // namespace

absl::StatusOr<v1::Freeze> SqliteHolds::CreateFreeze(const FreezeCreation& creation) {
  return Commit<v1::Freeze>(writer_, creation, CreateIn);
}

absl::StatusOr<v1::Freeze> SqliteHolds::LiftFreeze(const FreezeLift& lift) {
  return Commit<v1::Freeze>(writer_, lift, LiftIn);
}

absl::StatusOr<v1::Freeze> SqliteHolds::GetFreeze(std::string_view id) {
  const auto bytes = Tables(*readers_.Take()).FindFreeze(id);
  if (!bytes.ok()) return bytes.status();
  if (!*bytes) return NoSuchFreeze(id);
  return DecodeFreeze(**bytes);
}

absl::StatusOr<std::vector<v1::Freeze>> SqliteHolds::ListFreezes(absl::Time start, absl::Time end) {
  auto reader = readers_.Take();
  auto read =
      reader->Prepare("SELECT content FROM freezes WHERE over_time > $1 AND start_time < $2");
  if (!read.ok()) return read.status();
  read->Bind(1, Micros(start));
  read->Bind(2, Micros(end));
  std::vector<v1::Freeze> freezes;
  auto row = read->Step();
  for (; row.ok() && *row; row = read->Step()) {
    auto freeze = DecodeFreeze(read->Bytes(0));
    if (!freeze.ok()) return freeze.status();
    freezes.push_back(*std::move(freeze));
  }
  if (!row.ok()) return row.status();
  return InSpan(std::move(freezes), start, end);
}

absl::StatusOr<v1::Incident> SqliteHolds::ReportIncident(const IncidentReport& report) {
  return Commit<v1::Incident>(writer_, report, ReportIn);
}

absl::StatusOr<v1::Incident> SqliteHolds::ResolveIncident(const IncidentResolution& resolution) {
  return Commit<v1::Incident>(writer_, resolution, ResolveIn);
}

absl::StatusOr<v1::Incident> SqliteHolds::GetIncident(std::string_view id) {
  const auto bytes = Tables(*readers_.Take()).FindIncident(id);
  if (!bytes.ok()) return bytes.status();
  if (!*bytes) return NoSuchIncident(id);
  return DecodeIncident(**bytes);
}

absl::StatusOr<std::vector<v1::Incident>> SqliteHolds::ListIncidents(const IncidentFilter& filter,
                                                                     std::string_view before,
                                                                     int limit) {
  auto reader = readers_.Take();
  std::optional<ListPosition> position;
  if (!before.empty()) {
    auto read = reader->Prepare("SELECT create_time FROM incidents WHERE id = $1");
    if (!read.ok()) return read.status();
    read->Bind(1, before);
    const auto row = read->Step();
    if (!row.ok()) return row.status();
    if (!*row) return UnknownIncidentPosition(before);
    position = ListPosition{read->Number(0), std::string(before)};
  }
  return PickIncidents(
      filter, std::move(position), limit,
      [&](const ListPosition& from, int most) -> absl::StatusOr<std::vector<ListedIncident>> {
        auto read = reader->Prepare(
            filter.open ? "SELECT create_time, id, incident FROM incidents WHERE open = 1"
                          " AND (create_time, id) < ($1, $2)"
                          " ORDER BY create_time DESC, id DESC LIMIT $3"
                        : "SELECT create_time, id, incident FROM incidents"
                          " WHERE (create_time, id) < ($1, $2)"
                          " ORDER BY create_time DESC, id DESC LIMIT $3");
        if (!read.ok()) return read.status();
        read->Bind(1, from.create_time);
        read->Bind(2, from.id);
        read->Bind(3, int64_t{most});
        std::vector<ListedIncident> listed;
        auto row = read->Step();
        for (; row.ok() && *row; row = read->Step()) {
          listed.push_back(
              {{read->Number(0), std::string(read->Bytes(1))}, std::string(read->Bytes(2))});
        }
        if (!row.ok()) return row.status();
        return listed;
      });
}

absl::StatusOr<v1::Holds> SqliteHolds::ReadHolds(absl::Time now, bool moving) {
  auto reader = readers_.Take();
  auto read = reader->Prepare(
      "SELECT 1, content, '', '', '' FROM freezes WHERE lifted = 0 AND over_time > $1"
      " UNION ALL SELECT 2, incident, '', '', '' FROM incidents WHERE open = 1"
      " UNION ALL SELECT 3, '', id, service, environment FROM rollouts"
      " WHERE moving = 1 AND $2 = 1");
  if (!read.ok()) return read.status();
  read->Bind(1, Micros(now));
  read->Bind(2, int64_t{moving});
  v1::Holds holds;
  auto row = read->Step();
  for (; row.ok() && *row; row = read->Step()) {
    const absl::Status added = AddHold(
        {read->Number(0), read->Bytes(1), read->Bytes(2), read->Bytes(3), read->Bytes(4)}, holds);
    if (!added.ok()) return added;
  }
  if (!row.ok()) return row.status();
  SortHolds(holds);
  return holds;
}

}  // namespace gate
