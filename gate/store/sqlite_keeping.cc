#include "gate/store/sqlite_keeping.h"

#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gate/store/record.h"
#include "gate/store/sqlite_audit.h"

namespace gate {
namespace {

// One of the three tables, and how its old rows are found: by an index, but for the audit log,
// whose oldest rows are its first ones.
struct Log {
  std::string_view name;
  std::string_view column;  // in `keeping`
  std::string_view count;   // $1: from before when
  // Deletes some rows from before $1.
  std::vector<std::string_view> forget;
};

// A row of the log that is older than one before it, since a clock stood wrong, goes with that one.
const Log kLogs[] = {
    {"verdicts",
     "verdicts_from",
     "SELECT count(*) FROM verdicts WHERE decision IN (0, 1, 2, 3) AND create_time < $1",
     {"DELETE FROM verdicts WHERE rowid IN (SELECT rowid FROM verdicts"
      " WHERE decision IN (0, 1, 2, 3) AND create_time < $1 LIMIT 500)"}},
    {"blobs",
     "blobs_from",
     "SELECT count(*) FROM blob_months WHERE month < $1",
     {"DELETE FROM blobs WHERE digest IN"
      " (SELECT digest FROM blob_months WHERE month < $1 ORDER BY month, digest LIMIT 500)",
      "DELETE FROM blob_months WHERE digest IN"
      " (SELECT digest FROM blob_months WHERE month < $1 ORDER BY month, digest LIMIT 500)"}},
    {"audit",
     "audit_from",
     "SELECT count(*) FROM audit WHERE sequence <"
     " coalesce((SELECT sequence FROM audit WHERE time >= $1 ORDER BY sequence LIMIT 1),"
     " 9223372036854775807)",
     {"DELETE FROM audit WHERE sequence IN (SELECT sequence FROM audit WHERE sequence <"
      " coalesce((SELECT sequence FROM audit WHERE time >= $1 ORDER BY sequence LIMIT 1),"
      " 9223372036854775807) ORDER BY sequence LIMIT 500)"}},
};

absl::StatusOr<std::optional<int64_t>> NumberOf(SqliteDatabase& database, std::string_view sql,
                                                std::string_view key) {
  auto read = database.Prepare(sql);
  if (!read.ok()) return read.status();
  read->Bind(1, key);
  const auto row = read->Step();
  if (!row.ok()) return row.status();
  return *row ? std::optional(read->Number(0)) : std::nullopt;
}

absl::StatusOr<int64_t> Count(SqliteDatabase& database, const Log& log, int64_t before) {
  auto count = database.Prepare(log.count);
  if (!count.ok()) return count.status();
  count->Bind(1, before);
  const auto row = count->Step();
  if (!row.ok()) return row.status();
  return count->Number(0);
}

absl::StatusOr<std::vector<OpenMatter>> OpenMatters(SqliteDatabase& database, absl::Time now) {
  std::vector<OpenMatter> open;
  auto rollouts = database.Prepare(
      "SELECT id, create_time FROM rollouts WHERE active = 1 ORDER BY create_time LIMIT 1");
  if (!rollouts.ok()) return rollouts.status();
  auto row = rollouts->Step();
  for (; row.ok() && *row; row = rollouts->Step()) {
    open.push_back(
        {absl::StrCat("rollouts/", std::string(rollouts->Bytes(0))), rollouts->Number(1)});
  }
  if (!row.ok()) return row.status();
  auto overrides = database.Prepare(
      "SELECT id, create_time, override, consumed_by FROM overrides"
      " WHERE expire_time > $1 OR awaiting_review = 1");
  if (!overrides.ok()) return overrides.status();
  overrides->Bind(1, Micros(now));
  const VerdictTimes time_of = [&](std::string_view id) {
    return NumberOf(database, "SELECT create_time FROM verdicts WHERE id = $1", id);
  };
  for (row = overrides->Step(); row.ok() && *row; row = overrides->Step()) {
    auto matter = OpenOverride(overrides->Bytes(0), overrides->Number(1), overrides->Bytes(2),
                               overrides->Bytes(3), time_of);
    if (!matter.ok()) return matter.status();
    open.push_back(*std::move(matter));
  }
  if (!row.ok()) return row.status();
  auto incidents =
      database.Prepare("SELECT id, create_time, incident FROM incidents WHERE open = 1");
  if (!incidents.ok()) return incidents.status();
  for (row = incidents->Step(); row.ok() && *row; row = incidents->Step()) {
    auto matter = OpenIncident(incidents->Bytes(0), incidents->Number(1), incidents->Bytes(2));
    if (!matter.ok()) return matter.status();
    open.push_back(*std::move(matter));
  }
  if (!row.ok()) return row.status();
  return open;
}

// Says, on record, that what is older may go. Where the moment was set before, it was said then.
absl::Status Announce(SqliteDatabase& database, const Log& log, int64_t before,
                      const v1::AuditEntry& entry) {
  auto move = database.Prepare(absl::StrCat("UPDATE keeping SET ", std::string(log.column),
                                            " = $1 WHERE ", std::string(log.column), " < $1"));
  if (!move.ok()) return move.status();
  move->Bind(1, before);
  if (absl::Status status = move->Run(); !status.ok()) return status;
  return database.Changes() == 0 ? absl::OkStatus() : WriteAudit(database, entry);
}

// Some rows; whether there may be more.
absl::StatusOr<bool> ForgetSome(SqliteDatabase& database, const Log& log, int64_t before) {
  for (std::string_view sql : log.forget) {
    auto forget = database.Prepare(sql);
    if (!forget.ok()) return forget.status();
    forget->Bind(1, before);
    if (absl::Status status = forget->Run(); !status.ok()) return status;
  }
  return database.Changes() > 0;
}

}  // namespace

absl::StatusOr<Housekeeping> KeepSqliteHouse(SqliteDatabase& reader, SqliteReports& writer,
                                             const Retention& retention, absl::Time now,
                                             bool dry_run) {
  const auto open = OpenMatters(reader, now);
  if (!open.ok()) return open.status();
  const Horizon horizon = HorizonOf(retention, now, *open);
  Housekeeping house{.held_by = horizon.held_by};
  const int64_t moments[] = {horizon.verdicts, horizon.blobs, horizon.audit};
  for (int i = 0; i < 3; ++i) {
    const Log& log = kLogs[i];
    const int64_t before = moments[i];
    const auto count = Count(reader, log, before);
    if (!count.ok()) return count.status();
    if (*count == 0) continue;
    const Housekeeping::Part gone{std::string(log.name), *count, 0};
    house.forgotten.push_back(gone);
    if (dry_run) continue;
    const v1::AuditEntry entry = ForgottenEntry(gone, before, now);
    absl::Status status = writer.Commit(
        [&](SqliteDatabase& database) { return Announce(database, log, before, entry); });
    for (bool more = status.ok(); more;) {
      status = writer.Commit([&](SqliteDatabase& database) {
        const auto some = ForgetSome(database, log, before);
        more = some.ok() && *some;
        return some.status();
      });
      if (!status.ok()) break;
    }
    if (!status.ok()) return status;
  }
  return house;
}

}  // namespace gate
