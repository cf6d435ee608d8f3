#include "gate/store/postgres.h"

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "checks/proto_time.h"
#include "gate/store/connection_pool.h"
#include "gate/store/group_commit.h"
#include "gate/store/known_digests.h"
#include "gate/store/listing.h"
#include "gate/store/postgres_audit.h"
#include "gate/store/postgres_clock.h"
#include "gate/store/postgres_error.h"
#include "gate/store/postgres_holds.h"
#include "gate/store/postgres_overrides.h"
#include "gate/store/postgres_qa.h"
#include "gate/store/postgres_reports.h"
#include "gate/store/postgres_rollouts.h"
#include "gate/store/postgres_schema.h"
#include "gate/store/postgres_session.h"
#include "gate/store/postgres_writer.h"

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
        rollouts_(url, readers_, reporters_),
        commits_(Writers(url, options.write_connections, known_, outage_), known_,
                 options.max_group, options.max_waiting) {}

  void Append(VerdictRecord record, Done done) override {
    commits_.Append(std::move(record), std::move(done));
  }

  absl::StatusOr<v1::Verdict> GetVerdict(std::string_view id) override {
    const auto rows = Find("SELECT verdict FROM gate.verdicts WHERE id = $1", id);
    if (!rows.ok()) return rows.status();
    if (rows->size() == 0) {
      return absl::NotFoundError(absl::StrCat("there is no verdict ", std::string(id)));
    }
    return DecodeVerdict(rows->Bytes(0, 0));
  }

  absl::StatusOr<std::optional<Given>> FindRequest(std::string_view request_id) override {
    const auto rows =
        Find("SELECT verdict, request_digest FROM gate.verdicts WHERE request_id = $1", request_id);
    if (!rows.ok()) return rows.status();
    if (rows->size() == 0) return std::nullopt;
    auto verdict = DecodeVerdict(rows->Bytes(0, 0));
    if (!verdict.ok()) return verdict.status();
    return Given{*std::move(verdict), std::string(rows->Bytes(0, 1))};
  }

  absl::StatusOr<std::vector<v1::Verdict>> ListVerdicts(const VerdictFilter& filter,
                                                        std::string_view before,
                                                        int limit) override;

  absl::StatusOr<std::string> GetBlob(std::string_view digest) override {
    const auto rows = Find("SELECT content FROM gate.blobs WHERE digest = $1", digest);
    if (!rows.ok()) return rows.status();
    if (rows->size() == 0) {
      return absl::NotFoundError(absl::StrCat("nothing is stored as ", std::string(digest)));
    }
    return DecodeBlob(digest, rows->Bytes(0, 0));
  }

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
  absl::StatusOr<std::vector<ListedVerdict>> List(const ListQuery& query);

  const std::unique_ptr<PostgresClock> clock_;
  KnownDigests known_;
  Outage outage_;
  ConnectionPool<PostgresSession> readers_;
  ConnectionPool<PostgresSession> reporters_;
  PostgresRollouts rollouts_;
  PostgresOverrides overrides_{readers_, reporters_};
  PostgresHolds holds_{readers_, reporters_};
  PostgresAudit audit_{readers_, reporters_};
  GroupCommit commits_;  // last: its threads use the others
};

absl::StatusOr<std::vector<v1::Verdict>> PostgresStore::ListVerdicts(const VerdictFilter& filter,
                                                                     std::string_view before,
                                                                     int limit) {
  std::optional<ListPosition> position;
  if (!before.empty()) {
    const auto rows = Find("SELECT create_time FROM gate.verdicts WHERE id = $1", before);
    if (!rows.ok()) return rows.status();
    if (rows->size() == 0) return UnknownPosition(before);
    position = ListPosition{rows->Timestamp(0, 0), std::string(before)};
  }
  return ListMerged(filter, position ? &*position : nullptr, limit,
                    [this](const ListQuery& query) { return List(query); });
}

absl::StatusOr<std::vector<ListedVerdict>> PostgresStore::List(const ListQuery& query) {
  std::vector<PostgresParameter> parameters;
  parameters.push_back(PostgresParameter::Smallint(query.decision));
  if (!query.service.empty()) parameters.push_back(PostgresParameter::Text(query.service));
  if (!query.environment.empty()) parameters.push_back(PostgresParameter::Text(query.environment));
  parameters.push_back(PostgresParameter::Timestamp(query.start));
  parameters.push_back(PostgresParameter::Timestamp(query.before.create_time));
  parameters.push_back(PostgresParameter::Text(query.before.id));
  parameters.push_back(PostgresParameter::Bigint(query.limit));
  const auto rows = readers_.Take()->Read(ListSql("gate.verdicts", query).c_str(), parameters);
  if (!rows.ok()) return rows.status();
  std::vector<ListedVerdict> listed;
  listed.reserve(rows->size());
  for (int row = 0; row < rows->size(); ++row) {
    listed.push_back({{rows->Timestamp(row, 0), std::string(rows->Bytes(row, 1))},
                      std::string(rows->Bytes(row, 2))});
  }
  return listed;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Store>> OpenPostgres(const std::string& url,
                                                    const StoreOptions& options) {
  if (absl::Status status = PostgresConnection::CheckUrl(url); !status.ok()) return status;
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
