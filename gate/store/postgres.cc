#include "gate/store/postgres.h"

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "checks/proto_time.h"
#include "gate/store/connection_pool.h"
#include "gate/store/group_commit.h"
#include "gate/store/known_digests.h"
#include "gate/store/month.h"
#include "gate/store/postgres_audit.h"
#include "gate/store/postgres_clock.h"
#include "gate/store/postgres_error.h"
#include "gate/store/postgres_history.h"
#include "gate/store/postgres_holds.h"
#include "gate/store/postgres_keeping.h"
#include "gate/store/postgres_overrides.h"
#include "gate/store/postgres_qa.h"
#include "gate/store/postgres_reports.h"
#include "gate/store/postgres_rollouts.h"
#include "gate/store/postgres_schema.h"
#include "gate/store/postgres_session.h"
#include "gate/store/postgres_writer.h"
#include "gate/store/record.h"

namespace gate {
namespace {

constexpr int kReadConnections = 4;
constexpr int kReportConnections = 2;
constexpr size_t kKnownDigests = 4096;

// They connect when they are first used.
std::vector<std::unique_ptr<PostgresSession>> Sessions(const std::string& url, int count) {
  std::vector<std::unique_ptr<PostgresSession>> sessions;
  for (int i = 0; i < count; ++i) sessions.push_back(std::make_unique<PostgresSession>(url));
  return sessions;
}

std::vector<std::unique_ptr<GroupWriter>> Writers(const std::string& url, int count,
                                                  KnownDigests& known, Outage& outage) {
  std::vector<std::unique_ptr<GroupWriter>> writers;
  for (int i = 0; i < count; ++i) {
    writers.push_back(std::make_unique<PostgresWriter>(url, known, outage));
  }
  return writers;
}

class PostgresStore final : public Store {
 public:
  PostgresStore(const std::string& url, const StoreOptions& options,
                std::unique_ptr<PostgresClock> clock)
      : clock_(std::move(clock)),
        known_(kKnownDigests),
        readers_(Sessions(url, kReadConnections)),
        reporters_(Sessions(url, kReportConnections)),
        history_(readers_, options.read_replica, options.on_listing),
        rollouts_(url, readers_, reporters_),
        commits_(Writers(url, options.write_connections, known_, outage_), known_,
                 options.max_group, options.max_waiting) {}

  void Append(VerdictRecord record, Done done) override {
    commits_.Append(std::move(record), std::move(done));
  }

  absl::StatusOr<v1::Verdict> GetVerdict(std::string_view id) override;

  absl::StatusOr<std::optional<Given>> FindRequest(std::string_view request_id) override {
    const auto rows = Find(
        "SELECT verdict, request_digest FROM gate.verdicts WHERE request_id = $1"
        " UNION ALL SELECT kept.verdict, kept.request_digest"
        " FROM gate.verdict_keys AS key JOIN gate.all_verdicts AS kept"
        " ON kept.id = key.id AND kept.create_time = key.create_time WHERE key.request_id = $1",
        request_id);
    if (!rows.ok()) return rows.status();
    if (rows->size() == 0) return std::nullopt;
    auto verdict = DecodeVerdict(rows->Bytes(0, 0));
    if (!verdict.ok()) return verdict.status();
    return Given{*std::move(verdict), std::string(rows->Bytes(0, 1))};
  }

  absl::StatusOr<std::vector<v1::Verdict>> ListVerdicts(const VerdictFilter& filter,
                                                        std::string_view before,
                                                        int limit) override;

  absl::StatusOr<std::string> GetBlob(std::string_view digest) override;

  absl::StatusOr<Reported> ReportMetrics(const MetricsReport& report,
                                         const ReportBounds& bounds) override {
    return TakeInPostgres(report, bounds, *reporters_.Take());
  }

  absl::StatusOr<StoredSeries> ReadSeries(const SeriesRange& range) override {
    return ReadPostgresSeries(*readers_.Take(), range);
  }

  absl::StatusOr<ReportedRun> ReportQaRun(const QaReport& report, const QaBounds& bounds) override {
    return TakeInPostgres(report, bounds, *reporters_.Take());
  }

  absl::StatusOr<v1::QaRuns> ReadQaRuns(const std::string& service,
                                        const std::vector<std::string>& builds) override {
    return ReadPostgresQaRuns(*readers_.Take(), service, builds);
  }

  absl::StatusOr<std::vector<v1::FlagWatch>> ReadFlagWatches(const std::string& environment,
                                                             const std::string& flag) override {
    return ReadPostgresWatches(*readers_.Take(), environment, flag);
  }

  RolloutStore& rollouts() override { return rollouts_; }
  HoldStore& holds() override { return holds_; }

  OverrideStore& overrides() override { return overrides_; }
  AuditStore& audit() override { return audit_; }

  Clock& clock() override { return *clock_; }

  absl::StatusOr<absl::Time> NewestVerdictTime() override {
    auto newest = ListVerdicts({}, "", 1);
    if (!newest.ok()) return newest.status();
    return newest->empty() ? absl::InfinitePast() : FromProto(newest->front().create_time());
  }

  absl::StatusOr<Housekeeping> KeepHouse(const Retention& retention, absl::Time now,
                                         bool dry_run) override {
    auto kept = KeepPostgresHouse(*reporters_.Take(), retention, now, dry_run);
    // What was known to be stored may be gone.
    if (!dry_run && (!kept.ok() || !kept->forgotten.empty())) known_.Clear();
    return kept;
  }

  absl::Status Ready() override {
    if (absl::Status status = commits_.HasRoom(); !status.ok()) return status;
    const auto rows = readers_.Take()->Read("SELECT current_setting('transaction_read_only')", {});
    if (!rows.ok()) return rows.status();
    if (rows->Bytes(0, 0) != "off") return PostgresGone("the server takes no writes");
    outage_.End();  // Whoever is told so may write: a writer that still pauses is waited for.
    return absl::OkStatus();
  }

 private:
  // The rows with that key.
  absl::StatusOr<PostgresRows> Find(const char* sql, std::string_view key) {
    // No key that was stored holds one; PostgreSQL would answer with an error.
    if (key.find('\0') != key.npos) key = "";
    return readers_.Take()->Read(sql, {PostgresParameter::Text(key)});
  }

  const std::unique_ptr<PostgresClock> clock_;
  KnownDigests known_;
  Outage outage_;
  ConnectionPool<PostgresSession> readers_;
  ConnectionPool<PostgresSession> reporters_;
  PostgresHistory history_;
  PostgresRollouts rollouts_;
  PostgresOverrides overrides_{readers_, reporters_};
  PostgresHolds holds_{readers_, reporters_};
  PostgresAudit audit_{readers_, reporters_, history_};
  GroupCommit commits_;  // last: its threads use the others
};

absl::StatusOr<std::vector<v1::Verdict>> PostgresStore::ListVerdicts(const VerdictFilter& filter,
                                                                     std::string_view before,
                                                                     int limit) {
  if (!filter.for_people) return ListPostgresVerdicts(*readers_.Take(), filter, before, limit);
  std::vector<v1::Verdict> listed;
  const absl::Status status = history_.Read([&](PostgresSession& session) {
    auto page = ListPostgresVerdicts(session, filter, before, limit);
    if (page.ok()) listed = *std::move(page);
    return page.status();
  });
  if (!status.ok()) return status;
  return listed;
}

// The newest months first: what is asked for all the time is there, and the planner need not look
// at all other partitions.
absl::StatusOr<std::string> PostgresStore::GetBlob(std::string_view digest) {
  // No digest that was stored holds one; PostgreSQL would answer with an error.
  if (digest.find('\0') != digest.npos) digest = "";
  auto session = readers_.Take();
  for (const char* where : {" AND month >= $2", " AND month < $2"}) {
    const auto rows = session->Read(
        absl::StrCat("SELECT content FROM gate.all_blobs WHERE digest = $1", where, " LIMIT 1")
            .c_str(),
        {PostgresParameter::Text(digest),
         PostgresParameter::Timestamp(MonthsLater(Micros(absl::Now()), -1))});
    if (!rows.ok()) return rows.status();
    if (rows->size() > 0) return DecodeBlob(digest, rows->Bytes(0, 0));
  }
  return absl::NotFoundError(absl::StrCat("nothing is stored as ", std::string(digest)));
}

absl::StatusOr<v1::Verdict> PostgresStore::GetVerdict(std::string_view id) {
  auto session = readers_.Take();
  const auto time = PostgresTimeOf(*session, id);
  if (!time.ok()) return time.status();
  if (*time) {
    const auto rows =
        session->Read("SELECT verdict FROM gate.all_verdicts WHERE id = $1 AND create_time = $2",
                      {PostgresParameter::Text(id), PostgresParameter::Timestamp(**time)});
    if (!rows.ok()) return rows.status();
    if (rows->size() > 0) return DecodeVerdict(rows->Bytes(0, 0));
  }
  return absl::NotFoundError(absl::StrCat("there is no verdict ", std::string(id)));
}

}  // namespace

absl::StatusOr<std::unique_ptr<Store>> OpenPostgres(const std::string& url,
                                                    const StoreOptions& options) {
  if (absl::Status status = PostgresConnection::CheckUrl(url); !status.ok()) return status;
  if (!options.read_replica.empty()) {
    const absl::Status status = PostgresConnection::CheckUrl(options.read_replica);
    if (!status.ok()) {
      return absl::Status(status.code(),
                          absl::StrCat("store.read_replica: ", std::string(status.message())));
    }
  }
  auto connection = PostgresConnection::Open(url);
  if (!connection.ok()) return connection.status();
  if (absl::Status status = UpgradePostgres(**connection, PostgresSchemaFiles()); !status.ok()) {
    return status;
  }
  auto clock = std::make_unique<PostgresClock>(url);
  if (absl::Status status = clock->Start(**connection); !status.ok()) return status;
  return std::make_unique<PostgresStore>(url, options, std::move(clock));
}

}  // namespace gate
