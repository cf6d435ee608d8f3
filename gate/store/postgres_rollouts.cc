#include "gate/store/postgres_rollouts.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "gate/store/month.h"
#include "gate/store/postgres_audit.h"
#include "gate/store/postgres_transaction.h"
#include "gate/store/rollout_listing.h"
#include "gate/store/rollouts.h"

namespace gate {
namespace {

using std::chrono::steady_clock;

constexpr char kChannel[] = "gate_rollouts";
constexpr std::string_view kRow = "SELECT version, write_id, change, rollout FROM gate.rollouts";

RolloutRow RowOf(const PostgresRows& rows, int row) {
  return {rows.Number(row, 0), std::string(rows.Bytes(row, 1)), std::string(rows.Bytes(row, 2)),
          std::string(rows.Bytes(row, 3))};
}

PostgresParameter Flag(bool flag) { return PostgresParameter::Smallint(flag ? 1 : 0); }

class Tables final : public RolloutTables {
 public:
  explicit Tables(PostgresConnection& connection) : connection_(connection) {}

  absl::StatusOr<std::optional<RolloutRequestRow>> FindRequest(
      std::string_view request_id) override {
    const auto rows = Query(
        "SELECT request_digest, rollout, token FROM gate.rollout_requests WHERE request_id = $1",
        {PostgresParameter::Text(request_id)});
    if (!rows.ok()) return rows.status();
    if (rows->size() == 0) return std::nullopt;
    return RolloutRequestRow{std::string(rows->Bytes(0, 0)), std::string(rows->Bytes(0, 1)),
                             rows->Number(0, 2)};
  }

  absl::Status AddRequest(std::string_view request_id, const RolloutRequestRow& row,
                          int64_t create_time) override {
    return Query(
               "INSERT INTO gate.rollout_requests"
               " (request_id, request_digest, rollout, token, create_time)"
               " VALUES ($1, $2, $3, $4, $5)",
               {PostgresParameter::Text(request_id), PostgresParameter::Text(row.request_digest),
                PostgresParameter::Text(row.rollout), PostgresParameter::Bigint(row.token),
                PostgresParameter::Timestamp(create_time)})
        .status();
  }

  absl::StatusOr<int64_t> NextToken(std::string_view service,
                                    std::string_view environment) override {
    const auto rows = Query(
        "INSERT INTO gate.leases AS lease (service, environment, token) VALUES ($1, $2, 1)"
        " ON CONFLICT (service, environment) DO UPDATE SET token = lease.token + 1"
        " RETURNING token",
        {PostgresParameter::Text(service), PostgresParameter::Text(environment)});
    if (!rows.ok()) return rows.status();
    return rows->Number(0, 0);
  }

  absl::StatusOr<std::optional<RolloutRow>> FindActive(std::string_view service,
                                                       std::string_view environment) override {
    return One(" WHERE service = $1 AND environment = $2 AND active = 1 FOR UPDATE",
               {PostgresParameter::Text(service), PostgresParameter::Text(environment)});
  }

  absl::StatusOr<std::optional<RolloutRow>> Find(std::string_view id) override {
    return One(" WHERE id = $1", {PostgresParameter::Text(id)});
  }

  absl::Status AddBlob(const EncodedBlob& blob) override {
    return Query(
               "INSERT INTO gate.all_blobs (digest, content, month) VALUES ($1, $2, $3)"
               " ON CONFLICT DO NOTHING",
               {PostgresParameter::Text(blob.digest), PostgresParameter::Bytes(blob.content),
                PostgresParameter::Timestamp(blob.month)})
        .status();
  }

  absl::Status Add(const EncodedRollout& rollout) override {
    return Query(
               "INSERT INTO gate.rollouts (id, create_time, service, environment, active, version,"
               " write_id, due_time, claimed_by, claimed_until, change, rollout, moving)"
               " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, '', '-infinity', $9, $10, $11)",
               {PostgresParameter::Text(rollout.id),
                PostgresParameter::Timestamp(rollout.create_time),
                PostgresParameter::Text(rollout.service),
                PostgresParameter::Text(rollout.environment), Flag(rollout.active),
                PostgresParameter::Bigint(rollout.version),
                PostgresParameter::Text(rollout.write_id),
                PostgresParameter::Timestamp(rollout.due_time),
                PostgresParameter::Text(rollout.change), PostgresParameter::Bytes(rollout.rollout),
                Flag(rollout.moving)})
        .status();
  }

  absl::StatusOr<bool> Replace(const EncodedRollout& rollout) override {
    const auto rows = Query(
        "UPDATE gate.rollouts SET active = $1, version = $2, write_id = $3, due_time = $4,"
        " claimed_by = '', claimed_until = '-infinity', rollout = $5, moving = $8"
        " WHERE id = $6 AND version = $7 RETURNING id",
        {Flag(rollout.active), PostgresParameter::Bigint(rollout.version),
         PostgresParameter::Text(rollout.write_id), PostgresParameter::Timestamp(rollout.due_time),
         PostgresParameter::Bytes(rollout.rollout), PostgresParameter::Text(rollout.id),
         PostgresParameter::Bigint(rollout.version - 1), Flag(rollout.moving)});
    if (!rows.ok()) return rows.status();
    return rows->size() == 1;
  }

  absl::Status AddEvents(const EncodedRollout& rollout) override {
    for (const EncodedRollout::Event& event : rollout.events) {
      const auto added =
          Query("INSERT INTO gate.rollout_events (rollout, sequence, event) VALUES ($1, $2, $3)",
                {PostgresParameter::Text(rollout.id), PostgresParameter::Bigint(event.sequence),
                 PostgresParameter::Bytes(event.event)});
      if (!added.ok()) return added.status();
    }
    if (rollout.events.empty()) return absl::OkStatus();
    return Query("SELECT pg_notify($1, $2)",
                 {PostgresParameter::Text(kChannel), PostgresParameter::Text(rollout.id)})
        .status();
  }

  // A row, and no advisory lock, which not every database that speaks PostgreSQL's protocol keeps.
  absl::Status LockCap(std::string_view name) override {
    return Query(
               "INSERT INTO gate.concurrency_caps AS cap (name, asked) VALUES ($1, 1)"
               " ON CONFLICT (name) DO UPDATE SET asked = cap.asked + 1",
               {PostgresParameter::Text(name)})
        .status();
  }

  absl::StatusOr<std::vector<MovingRow>> FindMoving() override {
    const auto rows = Query(
        "SELECT id, service, environment FROM gate.rollouts WHERE moving = 1 ORDER BY id", {});
    if (!rows.ok()) return rows.status();
    std::vector<MovingRow> moving;
    for (int row = 0; row < rows->size(); ++row) {
      moving.push_back({std::string(rows->Bytes(row, 0)), std::string(rows->Bytes(row, 1)),
                        std::string(rows->Bytes(row, 2))});
    }
    return moving;
  }

  absl::Status AddAudit(const EncodedAudit& entry) override {
    return WriteAudit(connection_, entry);
  }

 private:
  absl::StatusOr<PostgresRows> Query(const char* sql,
                                     const std::vector<PostgresParameter>& parameters) {
    return connection_.Query(sql, parameters, steady_clock::now() + kPostgresTimeout);
  }

  absl::StatusOr<std::optional<RolloutRow>> One(std::string_view where,
                                                const std::vector<PostgresParameter>& parameters) {
    const auto rows =
        Query(absl::StrCat(std::string(kRow), std::string(where)).c_str(), parameters);
    if (!rows.ok()) return rows.status();
    if (rows->size() == 0) return std::nullopt;
    return RowOf(*rows, 0);
  }

  PostgresConnection& connection_;
};

absl::StatusOr<std::vector<ListedRollout>> ListOne(PostgresSession& session,
                                                   const RolloutListQuery& query) {
  std::vector<PostgresParameter> parameters = {Flag(query.active)};
  if (!query.service.empty()) parameters.push_back(PostgresParameter::Text(query.service));
  if (!query.environment.empty()) parameters.push_back(PostgresParameter::Text(query.environment));
  parameters.push_back(PostgresParameter::Timestamp(query.before.create_time));
  parameters.push_back(PostgresParameter::Text(query.before.id));
  parameters.push_back(PostgresParameter::Bigint(query.limit));
  const auto rows = session.Read(RolloutListSql("gate.rollouts", query).c_str(), parameters);
  if (!rows.ok()) return rows.status();
  std::vector<ListedRollout> listed;
  for (int row = 0; row < rows->size(); ++row) {
    listed.push_back({{rows->Timestamp(row, 0), std::string(rows->Bytes(row, 1))},
                      std::string(rows->Bytes(row, 2))});
  }
  return listed;
}

// For what costs nothing but time where a crash loses it.
absl::Status DoNotWaitForDisk(PostgresConnection& connection) {
  return connection.Execute("SET LOCAL synchronous_commit = off",
                            steady_clock::now() + kPostgresTimeout);
}

}  // namespace

absl::StatusOr<v1::Rollout> PostgresRollouts::Start(const RolloutStart& start,
                                                    const DecideStart& decide) {
  auto change = EncodeBlob(start.change);
  if (!change.ok()) return change.status();
  change->month = MonthOf(Micros(start.now));
  absl::StatusOr<v1::Rollout> started;
  const absl::Status committed =
      CommitInPostgres(*writer_.Take(), [&](PostgresConnection& connection) {
        Tables tables(connection);
        started = StartIn(start, decide, *change, tables);
        return started.status();
      });
  return committed.ok() ? started : committed;
}

absl::Status PostgresRollouts::Move(const RolloutMove& move) {
  const auto encoded = EncodeRollout(move, NewWriteId());
  if (!encoded.ok()) return encoded.status();
  absl::StatusOr<bool> moved = false;
  const absl::Status committed =
      CommitInPostgres(*writer_.Take(), [&](PostgresConnection& connection) {
        Tables tables(connection);
        moved = MoveIn(*encoded, tables);
        // Not ABORTED, which would be tried again.
        if (IsCapFull(moved.status())) return absl::CancelledError();
        if (!moved.ok()) return moved.status();
        return *moved ? absl::OkStatus() : absl::CancelledError();
      });
  if (IsCapFull(moved.status())) return moved.status();
  if (moved.ok() && !*moved) return HasMoved(encoded->id);
  return committed;
}

absl::Status PostgresRollouts::Commit(const char* sql,
                                      const std::vector<PostgresParameter>& parameters) {
  return CommitInPostgres(*writer_.Take(), [&](PostgresConnection& connection) {
    if (absl::Status status = DoNotWaitForDisk(connection); !status.ok()) return status;
    return connection.Query(sql, parameters, steady_clock::now() + kPostgresTimeout).status();
  });
}

absl::Status PostgresRollouts::KeepClaims(std::string_view owner, absl::Time until) {
  return Commit(
      "UPDATE gate.rollouts SET claimed_until = $1 WHERE active = 1 AND due_time <= $1"
      " AND claimed_by = $2",
      {PostgresParameter::Timestamp(Micros(until)), PostgresParameter::Text(owner)});
}

absl::Status PostgresRollouts::PutOff(const std::vector<RolloutDue>& rollouts) {
  PostgresArray ids = PostgresArray::Texts(rollouts.size());
  PostgresArray versions = PostgresArray::Bigints(rollouts.size());
  PostgresArray times = PostgresArray::Timestamps(rollouts.size());
  for (const RolloutDue& rollout : rollouts) {
    ids.Add(IdOf(rollout));
    versions.AddBigint(rollout.version);
    times.AddTimestamp(Micros(rollout.due));
  }
  return Commit(
      "UPDATE gate.rollouts SET due_time = off.due_time, claimed_by = '',"
      " claimed_until = '-infinity' FROM unnest($1::text[], $2::bigint[], $3::timestamptz[])"
      " AS off (id, version, due_time)"
      " WHERE rollouts.id = off.id AND rollouts.version = off.version",
      {std::move(ids).Take(), std::move(versions).Take(), std::move(times).Take()});
}

void PostgresRollouts::Listen(Heard heard) {
  listener_.reset();
  if (heard) listener_ = std::make_unique<PostgresListener>(url_, kChannel, std::move(heard));
}

absl::StatusOr<std::vector<StoredRollout>> PostgresRollouts::Claim(std::string_view owner,
                                                                   absl::Time now, absl::Time until,
                                                                   int limit) {
  std::vector<StoredRollout> claimed;
  const absl::Status committed =
      CommitInPostgres(*writer_.Take(), [&](PostgresConnection& connection) {
        claimed.clear();
        if (absl::Status status = DoNotWaitForDisk(connection); !status.ok()) return status;
        const auto rows = connection.Query(
            "UPDATE gate.rollouts SET claimed_by = $1, claimed_until = $2 WHERE id IN"
            " (SELECT id FROM gate.rollouts WHERE active = 1 AND due_time <= $3"
            " AND claimed_until <= $3 ORDER BY due_time LIMIT $4 FOR UPDATE SKIP LOCKED)"
            " RETURNING version, write_id, change, rollout",
            {PostgresParameter::Text(owner), PostgresParameter::Timestamp(Micros(until)),
             PostgresParameter::Timestamp(Micros(now)), PostgresParameter::Bigint(limit)},
            steady_clock::now() + kPostgresTimeout);
        if (!rows.ok()) return rows.status();
        for (int row = 0; row < rows->size(); ++row) {
          auto stored = DecodeRow(RowOf(*rows, row));
          if (!stored.ok()) return stored.status();
          claimed.push_back(*std::move(stored));
        }
        return absl::OkStatus();
      });
  if (!committed.ok()) return committed;
  return claimed;
}

absl::StatusOr<StoredRollout> PostgresRollouts::Get(std::string_view id) {
  const auto rows = readers_.Take()->Read(absl::StrCat(std::string(kRow), " WHERE id = $1").c_str(),
                                          {PostgresParameter::Text(id)});
  if (!rows.ok()) return rows.status();
  if (rows->size() == 0) return NoSuchRollout(id);
  return DecodeRow(RowOf(*rows, 0));
}

absl::StatusOr<std::vector<v1::Rollout>> PostgresRollouts::List(const RolloutFilter& filter,
                                                                std::string_view before,
                                                                int limit) {
  std::optional<ListPosition> position;
  if (!before.empty()) {
    const auto rows = readers_.Take()->Read("SELECT create_time FROM gate.rollouts WHERE id = $1",
                                            {PostgresParameter::Text(before)});
    if (!rows.ok()) return rows.status();
    if (rows->size() == 0) return UnknownRolloutPosition(before);
    position = ListPosition{rows->Timestamp(0, 0), std::string(before)};
  }
  return ListMergedRollouts(filter, position, limit, [&](const RolloutListQuery& query) {
    return ListOne(*readers_.Take(), query);
  });
}

absl::StatusOr<std::vector<v1::WatchRolloutResponse>> PostgresRollouts::ReadEvents(
    std::string_view id, int64_t after, int limit) {
  const auto rows = readers_.Take()->Read(
      "SELECT event FROM gate.rollout_events WHERE rollout = $1 AND sequence > $2"
      " ORDER BY sequence LIMIT $3",
      {PostgresParameter::Text(id), PostgresParameter::Bigint(after),
       PostgresParameter::Bigint(limit)});
  if (!rows.ok()) return rows.status();
  std::vector<v1::WatchRolloutResponse> events;
  for (int row = 0; row < rows->size(); ++row) {
    auto event = DecodeRolloutEvent(rows->Bytes(row, 0));
    if (!event.ok()) return event.status();
    events.push_back(*std::move(event));
  }
  return events;
}

}  // namespace gate
