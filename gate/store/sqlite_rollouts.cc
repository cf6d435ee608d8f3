#include "gate/store/sqlite_rollouts.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "gate/base/digest.h"
#include "gate/store/month.h"
#include "gate/store/rollout_listing.h"
#include "gate/store/rollouts.h"
#include "gate/store/sqlite_audit.h"
#include "gate/store/sqlite_keeping.h"

namespace gate {
namespace {

constexpr std::string_view kRow = "SELECT version, write_id, change, rollout FROM rollouts";

RolloutRow RowOf(SqliteStatement& read) {
  return {read.Number(0), std::string(read.Bytes(1)), std::string(read.Bytes(2)),
          std::string(read.Bytes(3))};
}

absl::StatusOr<std::optional<RolloutRow>> OneRow(SqliteStatement& read) {
  const auto row = read.Step();
  if (!row.ok()) return row.status();
  if (!*row) return std::nullopt;
  return RowOf(read);
}

class Tables final : public RolloutTables {
 public:
  explicit Tables(SqliteDatabase& database) : database_(database) {}

  absl::StatusOr<std::optional<RolloutRequestRow>> FindRequest(
      std::string_view request_id) override {
    auto read = database_.Prepare(
        "SELECT request_digest, rollout, token FROM rollout_requests WHERE request_id = $1");
    if (!read.ok()) return read.status();
    read->Bind(1, request_id);
    const auto row = read->Step();
    if (!row.ok()) return row.status();
    if (!*row) return std::nullopt;
    return RolloutRequestRow{std::string(read->Bytes(0)), std::string(read->Bytes(1)),
                             read->Number(2)};
  }

  absl::Status AddRequest(std::string_view request_id, const RolloutRequestRow& row,
                          int64_t create_time) override {
    auto add = database_.Prepare(
        "INSERT INTO rollout_requests (request_id, request_digest, rollout, token, create_time)"
        " VALUES ($1, $2, $3, $4, $5)");
    if (!add.ok()) return add.status();
    add->Bind(1, request_id);
    add->Bind(2, row.request_digest);
    add->Bind(3, row.rollout);
    add->Bind(4, row.token);
    add->Bind(5, create_time);
    return add->Run();
  }

  absl::StatusOr<int64_t> NextToken(std::string_view service,
                                    std::string_view environment) override {
    auto next = database_.Prepare(
        "INSERT INTO leases (service, environment, token) VALUES ($1, $2, 1)"
        " ON CONFLICT (service, environment) DO UPDATE SET token = token + 1 RETURNING token");
    if (!next.ok()) return next.status();
    next->Bind(1, service);
    next->Bind(2, environment);
    const auto row = next->Step();
    if (!row.ok()) return row.status();
    return next->Number(0);
  }

  absl::StatusOr<std::optional<RolloutRow>> FindActive(std::string_view service,
                                                       std::string_view environment) override {
    auto read = database_.Prepare(
        absl::StrCat(std::string(kRow), " WHERE service = $1 AND environment = $2 AND active = 1"));
    if (!read.ok()) return read.status();
    read->Bind(1, service);
    read->Bind(2, environment);
    return OneRow(*read);
  }

  absl::StatusOr<std::optional<RolloutRow>> Find(std::string_view id) override {
    auto read = database_.Prepare(absl::StrCat(std::string(kRow), " WHERE id = $1"));
    if (!read.ok()) return read.status();
    read->Bind(1, id);
    return OneRow(*read);
  }

  absl::Status AddBlob(const EncodedBlob& blob) override {
    auto add = database_.Prepare(
        "INSERT INTO blobs (digest, content) VALUES ($1, $2) ON CONFLICT DO NOTHING");
    if (!add.ok()) return add.status();
    add->Bind(1, blob.digest);
    add->BindBlob(2, blob.content);
    if (absl::Status status = add->Run(); !status.ok()) return status;
    auto use = database_.Prepare(kUseSqliteBlob);
    if (!use.ok()) return use.status();
    use->Bind(1, blob.digest);
    use->Bind(2, blob.month);
    return use->Run();
  }

  absl::Status Add(const EncodedRollout& rollout) override {
    auto add = database_.Prepare(
        "INSERT INTO rollouts (id, create_time, service, environment, active, version, write_id,"
        " due_time, claimed_by, claimed_until, change, rollout, moving)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, '', 0, $9, $10, $11)");
    if (!add.ok()) return add.status();
    add->Bind(1, rollout.id);
    add->Bind(2, rollout.create_time);
    add->Bind(3, rollout.service);
    add->Bind(4, rollout.environment);
    add->Bind(5, int64_t{rollout.active});
    add->Bind(6, rollout.version);
    add->Bind(7, rollout.write_id);
    add->Bind(8, rollout.due_time);
    add->Bind(9, rollout.change);
    add->BindBlob(10, rollout.rollout);
    add->Bind(11, int64_t{rollout.moving});
    return add->Run();
  }

  absl::StatusOr<bool> Replace(const EncodedRollout& rollout) override {
    auto replace = database_.Prepare(
        "UPDATE rollouts SET active = $1, version = $2, write_id = $3, due_time = $4,"
        " claimed_by = '', claimed_until = 0, rollout = $5, moving = $6"
        " WHERE id = $7 AND version = $8");
    if (!replace.ok()) return replace.status();
    replace->Bind(1, int64_t{rollout.active});
    replace->Bind(2, rollout.version);
    replace->Bind(3, rollout.write_id);
    replace->Bind(4, rollout.due_time);
    replace->BindBlob(5, rollout.rollout);
    replace->Bind(6, int64_t{rollout.moving});
    replace->Bind(7, rollout.id);
    replace->Bind(8, rollout.version - 1);
    if (absl::Status status = replace->Run(); !status.ok()) return status;
    return database_.Changes() == 1;
  }

  absl::Status AddEvents(const EncodedRollout& rollout) override {
    auto add = database_.Prepare(
        "INSERT INTO rollout_events (rollout, sequence, event) VALUES ($1, $2, $3)");
    if (!add.ok()) return add.status();
    for (const EncodedRollout::Event& event : rollout.events) {
      add->Bind(1, rollout.id);
      add->Bind(2, event.sequence);
      add->BindBlob(3, event.event);
      if (absl::Status status = add->Run(); !status.ok()) return status;
    }
    return absl::OkStatus();
  }

  // SQLite has one transaction that writes at a time.
  absl::Status LockCap(std::string_view) override { return absl::OkStatus(); }

  absl::StatusOr<std::vector<MovingRow>> FindMoving() override {
    auto read = database_.Prepare(
        "SELECT id, service, environment FROM rollouts WHERE moving = 1 ORDER BY id");
    if (!read.ok()) return read.status();
    std::vector<MovingRow> moving;
    auto row = read->Step();
    for (; row.ok() && *row; row = read->Step()) {
      moving.push_back(
          {std::string(read->Bytes(0)), std::string(read->Bytes(1)), std::string(read->Bytes(2))});
    }
    if (!row.ok()) return row.status();
    return moving;
  }
  absl::Status AddAudit(const EncodedAudit& entry) override { return WriteAudit(database_, entry); }

 private:
  SqliteDatabase& database_;
};

absl::StatusOr<ListPosition> PositionOf(SqliteDatabase& database, std::string_view id) {
  auto read = database.Prepare("SELECT create_time FROM rollouts WHERE id = $1");
  if (!read.ok()) return read.status();
  read->Bind(1, id);
  const auto row = read->Step();
  if (!row.ok()) return row.status();
  if (!*row) return UnknownRolloutPosition(id);
  return ListPosition{read->Number(0), std::string(id)};
}

absl::StatusOr<std::vector<ListedRollout>> ListOne(SqliteDatabase& database,
                                                   const RolloutListQuery& query) {
  auto read = database.Prepare(RolloutListSql("rollouts", query));
  if (!read.ok()) return read.status();
  int parameter = 0;
  read->Bind(++parameter, int64_t{query.active});
  if (!query.service.empty()) read->Bind(++parameter, query.service);
  if (!query.environment.empty()) read->Bind(++parameter, query.environment);
  read->Bind(++parameter, query.before.create_time);
  read->Bind(++parameter, query.before.id);
  read->Bind(++parameter, int64_t{query.limit});
  std::vector<ListedRollout> listed;
  auto row = read->Step();
  for (; row.ok() && *row; row = read->Step()) {
    listed.push_back({{read->Number(0), std::string(read->Bytes(1))}, std::string(read->Bytes(2))});
  }
  if (!row.ok()) return row.status();
  return listed;
}

}  // namespace

absl::StatusOr<v1::Rollout> SqliteRollouts::Start(const RolloutStart& start,
                                                  const DecideStart& decide) {
  auto change = EncodeBlob(start.change);
  if (!change.ok()) return change.status();
  change->month = MonthOf(Micros(start.now));
  absl::StatusOr<v1::Rollout> started;
  const absl::Status committed = writer_.Commit([&](SqliteDatabase& database) {
    Tables tables(database);
    started = StartIn(start, decide, *change, tables);
    return started.status();
  });
  if (!committed.ok()) return committed;
  Tell(std::string_view(started->name()).substr(started->name().find('/') + 1));
  return started;
}

absl::Status SqliteRollouts::Move(const RolloutMove& move) {
  const auto encoded = EncodeRollout(move, NewWriteId());
  if (!encoded.ok()) return encoded.status();
  const absl::Status committed = writer_.Commit([&](SqliteDatabase& database) {
    Tables tables(database);
    const auto moved = MoveIn(*encoded, tables);
    if (!moved.ok()) return moved.status();
    return *moved ? absl::OkStatus() : HasMoved(encoded->id);
  });
  if (committed.ok() && !encoded->events.empty()) Tell(encoded->id);
  return committed;
}

absl::Status SqliteRollouts::KeepClaims(std::string_view owner, absl::Time until) {
  return writer_.Commit([&](SqliteDatabase& database) {
    auto keep = database.Prepare(
        "UPDATE rollouts SET claimed_until = $1 WHERE active = 1 AND due_time <= $1"
        " AND claimed_by = $2");
    if (!keep.ok()) return keep.status();
    keep->Bind(1, Micros(until));
    keep->Bind(2, owner);
    return keep->Run();
  });
}

absl::Status SqliteRollouts::PutOff(const std::vector<RolloutDue>& rollouts) {
  return writer_.Commit([&](SqliteDatabase& database) {
    auto put_off = database.Prepare(
        "UPDATE rollouts SET due_time = $1, claimed_by = '', claimed_until = 0"
        " WHERE id = $2 AND version = $3");
    if (!put_off.ok()) return put_off.status();
    for (const RolloutDue& rollout : rollouts) {
      put_off->Bind(1, Micros(rollout.due));
      put_off->Bind(2, IdOf(rollout));
      put_off->Bind(3, rollout.version);
      if (absl::Status status = put_off->Run(); !status.ok()) return status;
    }
    return absl::OkStatus();
  });
}

void SqliteRollouts::Listen(Heard heard) {
  MutexLock lock(mu_);
  heard_ = std::move(heard);
}

void SqliteRollouts::Tell(std::string_view id) {
  MutexLock lock(mu_);
  if (heard_) heard_(id);
}

absl::StatusOr<std::vector<StoredRollout>> SqliteRollouts::Claim(std::string_view owner,
                                                                 absl::Time now, absl::Time until,
                                                                 int limit) {
  std::vector<StoredRollout> claimed;
  const absl::Status committed = writer_.Commit([&](SqliteDatabase& database) {
    claimed.clear();
    auto claim = database.Prepare(
        "UPDATE rollouts SET claimed_by = $1, claimed_until = $2 WHERE id IN"
        " (SELECT id FROM rollouts WHERE active = 1 AND due_time <= $3 AND claimed_until <= $3"
        " ORDER BY due_time LIMIT $4) RETURNING version, write_id, change, rollout");
    if (!claim.ok()) return claim.status();
    claim->Bind(1, owner);
    claim->Bind(2, Micros(until));
    claim->Bind(3, Micros(now));
    claim->Bind(4, int64_t{limit});
    auto row = claim->Step();
    for (; row.ok() && *row; row = claim->Step()) {
      auto stored = DecodeRow(RowOf(*claim));
      if (!stored.ok()) return stored.status();
      claimed.push_back(*std::move(stored));
    }
    return row.status();
  });
  if (!committed.ok()) return committed;
  return claimed;
}

absl::StatusOr<StoredRollout> SqliteRollouts::Get(std::string_view id) {
  const auto row = Tables(*readers_.Take()).Find(id);
  if (!row.ok()) return row.status();
  if (!*row) return NoSuchRollout(id);
  return DecodeRow(**row);
}

absl::StatusOr<std::vector<v1::Rollout>> SqliteRollouts::List(const RolloutFilter& filter,
                                                              std::string_view before, int limit) {
  auto reader = readers_.Take();
  std::optional<ListPosition> position;
  if (!before.empty()) {
    auto found = PositionOf(*reader, before);
    if (!found.ok()) return found.status();
    position = *std::move(found);
  }
  return ListMergedRollouts(filter, position, limit,
                            [&](const RolloutListQuery& query) { return ListOne(*reader, query); });
}

absl::StatusOr<std::vector<v1::WatchRolloutResponse>> SqliteRollouts::ReadEvents(
    std::string_view id, int64_t after, int limit) {
  auto reader = readers_.Take();
  auto read = reader->Prepare(
      "SELECT event FROM rollout_events WHERE rollout = $1 AND sequence > $2"
      " ORDER BY sequence LIMIT $3");
  if (!read.ok()) return read.status();
  read->Bind(1, id);
  read->Bind(2, after);
  read->Bind(3, int64_t{limit});
  std::vector<v1::WatchRolloutResponse> events;
  auto row = read->Step();
  for (; row.ok() && *row; row = read->Step()) {
    auto event = DecodeRolloutEvent(read->Bytes(0));
    if (!event.ok()) return event.status();
    events.push_back(*std::move(event));
  }
  if (!row.ok()) return row.status();
  return events;
}

}  // namespace gate
