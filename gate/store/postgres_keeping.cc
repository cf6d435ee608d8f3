#include "gate/store/postgres_keeping.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/substitute.h"
#include "gate/store/month.h"
#include "gate/store/postgres_audit.h"
#include "gate/store/record.h"

namespace gate {
namespace {

using std::chrono::steady_clock;

// As many months are made beyond the one under way: a gate that could make none for so long says so
// all the time.
constexpr int kMonthsAhead = 3;
constexpr int kRowsAtOnce = 10000;

// "gatekeep" in ASCII.
constexpr char kLock[] = "SELECT pg_try_advisory_lock(7449363237189936496)";
constexpr char kUnlock[] = "SELECT pg_advisory_unlock(7449363237189936496)";
// Writers wait behind us for as long as we wait for a lock, so that is not long; an hour later we
// try again.
constexpr char kBegin[] = "BEGIN; SET LOCAL lock_timeout = '500ms'";

// One of the three tables by month.
struct Log {
  std::string_view name;    // of the first partition, and the stem of the others
  std::string_view column;  // of the time
  std::string_view key;     // of each partition
};
constexpr Log kVerdicts{"verdicts", "create_time", "id"};
constexpr Log kBlobs{"blobs", "month", "digest"};
constexpr Log kAudit{"audit", "time", "sequence"};

PostgresConnection::Deadline Deadline() { return steady_clock::now() + std::chrono::seconds(60); }

std::string UtcText(int64_t micros) {
  return absl::FormatTime("%Y-%m-%d %H:%M:%E6S+00", absl::FromUnixMicros(micros),
                          absl::UTCTimeZone());
}

// One partition that there is.
struct Partition {
  enum class Kind { kFirst, kMonth, kDefault };
  std::string name;
  Kind kind;
  int64_t start;  // of a month
  int64_t end;    // exclusive
  int64_t rows;   // about
  int64_t bytes;
};

class PostgresHouse {
 public:
  PostgresHouse(PostgresConnection& connection, absl::Time now, bool dry_run)
      : connection_(connection), now_(now), dry_run_(dry_run) {}

  absl::Status Keep(const Retention& retention) {
    const auto from = connection_.Query("SELECT partitions_from FROM gate.keeping", {}, Deadline());
    if (!from.ok()) return from.status();
    partitions_from_ = from->Timestamp(0, 0);
    if (!dry_run_) {
      for (const Log* log : {&kBlobs, &kVerdicts, &kAudit}) MakeMonths(*log);
    }
    const auto open = OpenMatters();
    if (!open.ok()) return open.status();
    const Horizon horizon = HorizonOf(retention, now_, *open);
    house_.held_by = horizon.held_by;
    const auto verdicts_from = Forget(kVerdicts, horizon.verdicts);
    if (!verdicts_from.ok()) return verdicts_from.status();
    if (absl::Status status = ForgetKeys(*verdicts_from); !status.ok()) return status;
    const auto blobs_from = Forget(kBlobs, horizon.blobs);
    if (!blobs_from.ok()) return blobs_from.status();
    return Forget(kAudit, horizon.audit).status();
  }

  Housekeeping Take() { return std::move(house_); }

 private:
  absl::StatusOr<PostgresRows> Query(const std::string& sql,
                                     const std::vector<PostgresParameter>& parameters = {}) {
    return connection_.Query(sql.c_str(), parameters, Deadline());
  }

  // All of it in one transaction, or none; then it is a problem, and the next time tries again.
  bool Do(const std::string& what, const std::string& sql, const v1::AuditEntry* entry = nullptr) {
    absl::Status status = connection_.Execute(kBegin, Deadline());
    if (status.ok()) status = connection_.Execute(sql.c_str(), Deadline());
    if (status.ok() && entry != nullptr) status = WriteAudit(connection_, *entry);
    if (connection_.alive()) {
      status.Update(connection_.Execute(status.ok() ? "COMMIT" : "ROLLBACK", Deadline()));
    }
    if (status.ok()) return true;
    house_.problems.push_back(absl::StrCat(what, ": ", std::string(status.message())));
    return false;
  }

  void MakeMonths(const Log& log) {
    const int64_t first = std::max(partitions_from_, MonthOf(Micros(now_)));
    for (int i = 0; i <= kMonthsAhead; ++i) {
      const int64_t month = MonthsLater(first, i);
      const std::string name = absl::StrCat(std::string(log.name), "_", MonthName(month));
      const auto there = Query(absl::StrCat("SELECT to_regclass('gate.", name, "') IS NOT NULL"));
      if (!there.ok() || there->Bytes(0, 0) == std::string_view("\1")) continue;
      // Attached when it is ready: others write on meanwhile. The default partition is locked, and
      // read, as well; it is empty but where nobody made months for a long time.
      Do(absl::StrCat("cannot make the partition gate.", name),
         absl::Substitute(
             "CREATE TABLE gate.$0 (LIKE gate.all_$1 INCLUDING DEFAULTS INCLUDING STORAGE,"
             " PRIMARY KEY ($2));"
             "CREATE TRIGGER $0_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON gate.$0"
             " FOR EACH STATEMENT EXECUTE FUNCTION gate.refuse_change();"
             "ALTER TABLE gate.all_$1 ATTACH PARTITION gate.$0 FOR VALUES FROM ('$3') TO ('$4')",
             name, std::string(log.name), std::string(log.key), UtcText(month),
             UtcText(MonthsLater(month, 1))));
    }
  }

  absl::StatusOr<std::vector<OpenMatter>> OpenMatters() {
    std::vector<OpenMatter> open;
    const auto rollouts = Query(
        "SELECT id, create_time FROM gate.rollouts WHERE active = 1"
        " ORDER BY create_time LIMIT 1");
    if (!rollouts.ok()) return rollouts.status();
    for (int row = 0; row < rollouts->size(); ++row) {
      open.push_back({absl::StrCat("rollouts/", std::string(rollouts->Bytes(row, 0))),
                      rollouts->Timestamp(row, 1)});
    }
    const auto overrides = Query(
        "SELECT id, create_time, override, consumed_by FROM gate.overrides"
        " WHERE expire_time > $1 OR awaiting_review = 1",
        {PostgresParameter::Timestamp(Micros(now_))});
    if (!overrides.ok()) return overrides.status();
    const VerdictTimes time_of =
        [this](std::string_view id) -> absl::StatusOr<std::optional<int64_t>> {
      const auto time = Query(
          "SELECT create_time FROM gate.verdict_keys WHERE id = $1"
          " UNION ALL SELECT create_time FROM gate.verdicts WHERE id = $1",
          {PostgresParameter::Text(id)});
      if (!time.ok()) return time.status();
      return time->size() == 0 ? std::nullopt : std::optional(time->Timestamp(0, 0));
    };
    for (int row = 0; row < overrides->size(); ++row) {
      auto matter = OpenOverride(overrides->Bytes(row, 0), overrides->Timestamp(row, 1),
                                 overrides->Bytes(row, 2), overrides->Bytes(row, 3), time_of);
      if (!matter.ok()) return matter.status();
      open.push_back(*std::move(matter));
    }
    const auto incidents =
        Query("SELECT id, create_time, incident FROM gate.incidents WHERE open = 1");
    if (!incidents.ok()) return incidents.status();
    for (int row = 0; row < incidents->size(); ++row) {
      auto matter = OpenIncident(incidents->Bytes(row, 0), incidents->Timestamp(row, 1),
                                 incidents->Bytes(row, 2));
      if (!matter.ok()) return matter.status();
      open.push_back(*std::move(matter));
    }
    return open;
  }

  absl::StatusOr<std::vector<Partition>> Partitions(const Log& log) {
    const std::string name(log.name);
    const auto rows = Query(absl::Substitute(
        "SELECT c.relname::text, greatest(c.reltuples, 0)::bigint, pg_total_relation_size(c.oid)"
        " FROM pg_inherits AS i JOIN pg_class AS c ON c.oid = i.inhrelid"
        " WHERE i.inhparent = 'gate.all_$0'::regclass ORDER BY 1",
        name));
    if (!rows.ok()) return rows.status();
    std::vector<Partition> partitions;
    for (int row = 0; row < rows->size(); ++row) {
      Partition part{std::string(rows->Bytes(row, 0)),
                     Partition::Kind::kMonth,
                     0,
                     0,
                     rows->Number(row, 1),
                     rows->Number(row, 2)};
      absl::CivilMonth month;
      if (part.name == name) {
        part.kind = Partition::Kind::kFirst;
        part.end = partitions_from_;
      } else if (part.name == name + "_default") {
        part.kind = Partition::Kind::kDefault;
      } else if (absl::ParseCivilTime(MonthText(part.name), &month)) {
        part.start = absl::ToUnixMicros(absl::FromCivil(month, absl::UTCTimeZone()));
        part.end = MonthsLater(part.start, 1);
      } else {
        continue;  // Somebody's own.
      }
      partitions.push_back(std::move(part));
    }
    return partitions;
  }

  // "2027-02" of "verdicts_2027_02".
  static std::string MonthText(const std::string& name) {
    if (name.size() < 8) return "";
    std::string text = name.substr(name.size() - 7);
    std::ranges::replace(text, '_', '-');
    return text;
  }

  // Forgets rows from before `before`. Returns from when on there may be rows still.
  absl::StatusOr<int64_t> Forget(const Log& log, int64_t before) {
    auto partitions = Partitions(log);
    if (!partitions.ok()) return partitions.status();
    int64_t from = before;
    for (const Partition& part : *partitions) {
      if (part.kind == Partition::Kind::kDefault) {
        if (absl::Status status = ForgetRows(log, part, before); !status.ok()) return status;
        continue;
      }
      const auto there = Query(absl::StrCat("SELECT EXISTS (SELECT FROM gate.", part.name, ")"));
      if (!there.ok()) return there.status();
      const bool empty = there->Bytes(0, 0) != std::string_view("\1");
      const bool first = part.kind == Partition::Kind::kFirst;
      if (first && empty) continue;
      if (part.end > before || !Drop(log, part, before)) {
        from = std::min(from, first ? std::numeric_limits<int64_t>::min() : part.start);
      }
    }
    return from;
  }

  bool Drop(const Log& log, const Partition& part, int64_t before) {
    const Housekeeping::Part gone{part.name, part.rows, part.bytes};
    const v1::AuditEntry entry = ForgottenEntry(gone, std::min(before, part.end), now_);
    // TRUNCATE frees the files at once, as DROP does.
    constexpr char kEmpty[] =
        "ALTER TABLE gate.$0 DISABLE TRIGGER USER; TRUNCATE gate.$0;"
        "ALTER TABLE gate.$0 ENABLE TRIGGER USER";
    constexpr char kDrop[] = "ALTER TABLE gate.all_$1 DETACH PARTITION gate.$0; DROP TABLE gate.$0";
    const bool first = part.kind == Partition::Kind::kFirst;
    const bool dropped =
        dry_run_ ||
        Do(absl::StrCat("cannot drop gate.", part.name),
           absl::Substitute(first ? kEmpty : kDrop, part.name, std::string(log.name)), &entry);
    if (dropped) house_.forgotten.push_back(gone);
    return dropped;
  }

  // Of the default partition.
  absl::Status ForgetRows(const Log& log, const Partition& part, int64_t before) {
    const auto count = Query(absl::Substitute("SELECT count(*) FROM gate.$0 WHERE $1 < '$2'",
                                              part.name, std::string(log.column), UtcText(before)));
    if (!count.ok()) return count.status();
    if (count->Number(0, 0) == 0) return absl::OkStatus();
    const Housekeeping::Part gone{part.name, count->Number(0, 0), 0};
    const v1::AuditEntry entry = ForgottenEntry(gone, before, now_);
    const bool dropped =
        dry_run_ || Do(absl::StrCat("cannot delete from gate.", part.name),
                       absl::Substitute("DELETE FROM gate.$0 WHERE $1 < '$2'", part.name,
                                        std::string(log.column), UtcText(before)),
                       &entry);
    if (dropped) house_.forgotten.push_back(gone);
    return absl::OkStatus();
  }

  // Of verdicts that are gone. Behind the partitions: a crash in between leaves keys without
  // verdicts, which the next time finds, and never a verdict without its key.
  absl::Status ForgetKeys(int64_t before) {
    if (dry_run_ || before == std::numeric_limits<int64_t>::min()) return absl::OkStatus();
    const PostgresParameter moment = PostgresParameter::Timestamp(before);
    for (;;) {
      const auto some =
          Query("SELECT EXISTS (SELECT FROM gate.verdict_keys WHERE create_time < $1)", {moment});
      if (!some.ok()) return some.status();
      if (some->Bytes(0, 0) != std::string_view("\1")) return absl::OkStatus();
      const auto deleted = Query(
          absl::StrCat("DELETE FROM gate.verdict_keys WHERE ctid = ANY (ARRAY (SELECT ctid FROM"
                       " gate.verdict_keys WHERE create_time < $1 LIMIT ",
                       kRowsAtOnce, "))"),
          {moment});
      if (!deleted.ok()) return deleted.status();
    }
  }

  PostgresConnection& connection_;
  const absl::Time now_;
  const bool dry_run_;
  int64_t partitions_from_ = 0;
  Housekeeping house_;
};

}  // namespace

absl::StatusOr<Housekeeping> KeepPostgresHouse(PostgresSession& session, const Retention& retention,
                                               absl::Time now, bool dry_run) {
  const auto connection = session.Connected();
  if (!connection.ok()) return connection.status();
  if (!dry_run) {
    const auto locked = (*connection)->Query(kLock, {}, Deadline());
    if (!locked.ok()) return locked.status();
    if (locked->Bytes(0, 0) != std::string_view("\1")) return Housekeeping{.elsewhere = true};
  }
  PostgresHouse house(**connection, now, dry_run);
  const absl::Status status = house.Keep(retention);
  // A connection that has ended has given the lock back.
  if (!dry_run && (*connection)->alive()) (void)(*connection)->Execute(kUnlock, Deadline());
  if (!status.ok()) return status;
  return house.Take();
}

}  // namespace gate
