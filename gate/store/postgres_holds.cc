#include "gate/store/postgres_holds.h"

#include <optional>
#include <string>
#include <utility>

#include "gate/store/holds.h"
#include "gate/store/postgres_audit.h"
#include "gate/store/postgres_transaction.h"
#include "gate/store/record.h"

namespace gate {
namespace {

using Bytes = absl::StatusOr<std::optional<std::string>>;
using Parameters = std::vector<PostgresParameter>;
using std::chrono::steady_clock;

PostgresParameter Flag(bool flag) { return PostgresParameter::Smallint(flag ? 1 : 0); }

// Text that PostgreSQL can hold; no key that was stored is other text.
PostgresParameter Key(std::string_view key) {
  return PostgresParameter::Text(key.find('\0') == key.npos ? key : std::string_view());
}

class Tables final : public HoldTables {
 public:
  explicit Tables(PostgresConnection& connection) : connection_(connection) {}

  absl::StatusOr<std::optional<HoldRequestRow>> FindRequest(std::string_view request_id) override {
    const auto rows =
        Query("SELECT request_digest, resource FROM gate.hold_requests WHERE request_id = $1",
              {Key(request_id)});
    if (!rows.ok()) return rows.status();
    if (rows->size() == 0) return std::nullopt;
    return HoldRequestRow{std::string(rows->Bytes(0, 0)), std::string(rows->Bytes(0, 1))};
  }

  absl::StatusOr<bool> AddRequest(std::string_view request_id, const HoldRequestRow& row,
                                  int64_t create_time) override {
    const auto rows = Query(
        "INSERT INTO gate.hold_requests (request_id, request_digest, resource, create_time)"
        " VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING RETURNING request_id",
        {PostgresParameter::Text(request_id), PostgresParameter::Text(row.request_digest),
         PostgresParameter::Text(row.resource), PostgresParameter::Timestamp(create_time)});
    if (!rows.ok()) return rows.status();
    return rows->size() == 1;
  }

  absl::Status AddFreeze(const FreezeRow& row) override {
    return WriteFreeze(
        "INSERT INTO gate.freezes (id, start_time, over_time, lifted, content)"
        " VALUES ($1, $2, $3, $4, $5)",
        row);
  }
  absl::Status ReplaceFreeze(const FreezeRow& row) override {
    return WriteFreeze(
        "UPDATE gate.freezes SET start_time = $2, over_time = $3, lifted = $4, content = $5"
        " WHERE id = $1",
        row);
  }
  Bytes FindFreeze(std::string_view id) override {
    return One("SELECT content FROM gate.freezes WHERE id = $1 FOR UPDATE", {Key(id)});
  }

  absl::StatusOr<bool> AddIncident(const IncidentRow& row) override {
    const auto rows = Query(
        "INSERT INTO gate.incidents (id, open, incident, source, external_id, create_time)"
        " VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING RETURNING id",
        {PostgresParameter::Text(row.id), Flag(row.open), PostgresParameter::Bytes(row.incident),
         PostgresParameter::Text(row.source), PostgresParameter::Text(row.external_id),
         PostgresParameter::Timestamp(row.create_time)});
    if (!rows.ok()) return rows.status();
    return rows->size() == 1;
  }
  absl::Status ReplaceIncident(const IncidentRow& row) override {
    return Query("UPDATE gate.incidents SET open = $2, incident = $3 WHERE id = $1",
                 {PostgresParameter::Text(row.id), Flag(row.open),
                  PostgresParameter::Bytes(row.incident)})
        .status();
  }
  Bytes FindIncident(std::string_view id) override {
    return One("SELECT incident FROM gate.incidents WHERE id = $1 FOR UPDATE", {Key(id)});
  }
  Bytes FindIncident(std::string_view source, std::string_view external_id) override {
    return One(
        "SELECT incident FROM gate.incidents WHERE source = $1 AND external_id = $2 FOR UPDATE",
        {Key(source), Key(external_id)});
  }

  absl::Status AddAudit(const v1::AuditEntry& entry) override {
    return WriteAudit(connection_, entry);
  }

 private:
  absl::StatusOr<PostgresRows> Query(const char* sql, const Parameters& parameters) {
    return connection_.Query(sql, parameters, steady_clock::now() + kPostgresTimeout);
  }
  Bytes One(const char* sql, const Parameters& parameters) {
    const auto rows = Query(sql, parameters);
    if (!rows.ok()) return rows.status();
    if (rows->size() == 0) return std::nullopt;
    return std::string(rows->Bytes(0, 0));
  }
  absl::Status WriteFreeze(const char* sql, const FreezeRow& row) {
    return Query(sql,
                 {PostgresParameter::Text(row.id), PostgresParameter::Timestamp(row.start_time),
                  PostgresParameter::Timestamp(row.over_time), Flag(row.lifted),
                  PostgresParameter::Bytes(row.freeze)})
        .status();
  }

  PostgresConnection& connection_;
};

// One transaction of the rules in holds.h.
template <typename Result, typename Write>
absl::StatusOr<Result> Commit(ConnectionPool<PostgresSession>& writer, const Write& write,
                              absl::StatusOr<Result> (*rule)(const Write&, HoldTables&)) {
  absl::StatusOr<Result> written;
  const absl::Status committed =
      CommitInPostgres(*writer.Take(), [&](PostgresConnection& connection) {
        Tables tables(connection);
        written = rule(write, tables);
        return written.status();
      });
  return committed.ok() ? written : committed;
}

// The one row of a reader; empty where there is none.
Bytes ReadOne(PostgresSession& session, const char* sql, std::string_view id) {
  const auto rows = session.Read(sql, {Key(id)});
  if (!rows.ok()) return rows.status();
  if (rows->size() == 0) return std::nullopt;
  return std::string(rows->Bytes(0, 0));
}

}  // namespace

absl::StatusOr<v1::Freeze> PostgresHolds::CreateFreeze(const FreezeCreation& creation) {
  return Commit<v1::Freeze>(writer_, creation, CreateIn);
}

absl::StatusOr<v1::Freeze> PostgresHolds::LiftFreeze(const FreezeLift& lift) {
  return Commit<v1::Freeze>(writer_, lift, LiftIn);
}

absl::StatusOr<v1::Freeze> PostgresHolds::GetFreeze(std::string_view id) {
  const auto bytes =
      ReadOne(*readers_.Take(), "SELECT content FROM gate.freezes WHERE id = $1", id);
  if (!bytes.ok()) return bytes.status();
  if (!*bytes) return NoSuchFreeze(id);
  return DecodeFreeze(**bytes);
}

absl::StatusOr<std::vector<v1::Freeze>> PostgresHolds::ListFreezes(absl::Time start,
                                                                   absl::Time end) {
  const auto rows = readers_.Take()->Read(
      "SELECT content FROM gate.freezes WHERE over_time > $1 AND start_time < $2",
      {PostgresParameter::Timestamp(Micros(start)), PostgresParameter::Timestamp(Micros(end))});
  if (!rows.ok()) return rows.status();
  std::vector<v1::Freeze> freezes;
  for (int row = 0; row < rows->size(); ++row) {
    auto freeze = DecodeFreeze(rows->Bytes(row, 0));
    if (!freeze.ok()) return freeze.status();
    freezes.push_back(*std::move(freeze));
  }
  return InSpan(std::move(freezes), start, end);
}

absl::StatusOr<v1::Incident> PostgresHolds::ReportIncident(const IncidentReport& report) {
  return Commit<v1::Incident>(writer_, report, ReportIn);
}

absl::StatusOr<v1::Incident> PostgresHolds::ResolveIncident(const IncidentResolution& resolution) {
  return Commit<v1::Incident>(writer_, resolution, ResolveIn);
}

absl::StatusOr<v1::Incident> PostgresHolds::GetIncident(std::string_view id) {
  const auto bytes =
      ReadOne(*readers_.Take(), "SELECT incident FROM gate.incidents WHERE id = $1", id);
  if (!bytes.ok()) return bytes.status();
  if (!*bytes) return NoSuchIncident(id);
  return DecodeIncident(**bytes);
}

absl::StatusOr<std::vector<v1::Incident>> PostgresHolds::ListIncidents(const IncidentFilter& filter,
                                                                       std::string_view before,
                                                                       int limit) {
  auto reader = readers_.Take();
  std::optional<ListPosition> position;
  if (!before.empty()) {
    const auto rows =
        reader->Read("SELECT create_time FROM gate.incidents WHERE id = $1", {Key(before)});
    if (!rows.ok()) return rows.status();
    if (rows->size() == 0) return UnknownIncidentPosition(before);
    position = ListPosition{rows->Timestamp(0, 0), std::string(before)};
  }
  return PickIncidents(
      filter, std::move(position), limit,
      [&](const ListPosition& from, int most) -> absl::StatusOr<std::vector<ListedIncident>> {
        const auto rows = reader->Read(
            filter.open ? "SELECT create_time, id, incident FROM gate.incidents WHERE open = 1"
                          " AND (create_time, id) < ($1, $2)"
                          " ORDER BY create_time DESC, id DESC LIMIT $3"
                        : "SELECT create_time, id, incident FROM gate.incidents"
                          " WHERE (create_time, id) < ($1, $2)"
                          " ORDER BY create_time DESC, id DESC LIMIT $3",
            {PostgresParameter::Timestamp(from.create_time), PostgresParameter::Text(from.id),
             PostgresParameter::Bigint(most)});
        if (!rows.ok()) return rows.status();
        std::vector<ListedIncident> listed;
        for (int row = 0; row < rows->size(); ++row) {
          listed.push_back({{rows->Timestamp(row, 0), std::string(rows->Bytes(row, 1))},
                            std::string(rows->Bytes(row, 2))});
        }
        return listed;
      });
}

absl::StatusOr<v1::Holds> PostgresHolds::ReadHolds(absl::Time now, bool moving) {
  // One statement: one round trip, and one moment.
  const auto rows = readers_.Take()->ReadPrepared(
      "holds",
      "SELECT 1::bigint, content, ''::text, ''::text, ''::text FROM gate.freezes"
      " WHERE lifted = 0 AND over_time > $1::timestamptz"
      " UNION ALL SELECT 2, incident, '', '', '' FROM gate.incidents WHERE open = 1"
      " UNION ALL SELECT 3, ''::bytea, id, service, environment FROM gate.rollouts"
      " WHERE moving = 1 AND $2::smallint = 1",
      {PostgresParameter::Timestamp(Micros(now)), Flag(moving)});
  if (!rows.ok()) return rows.status();
  v1::Holds holds;
  for (int row = 0; row < rows->size(); ++row) {
    const absl::Status added =
        AddHold({rows->Number(row, 0), rows->Bytes(row, 1), rows->Bytes(row, 2),
                 rows->Bytes(row, 3), rows->Bytes(row, 4)},
                holds);
    if (!added.ok()) return added;
  }
  SortHolds(holds);
  return holds;
}

}  // namespace gate
