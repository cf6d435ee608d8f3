#include "gate/store/postgres_history.h"

#include <algorithm>
#include <memory>
#include <thread>
#include <utility>

#include "gate/store/month.h"
#include "gate/store/postgres_error.h"
#include "gate/store/record.h"

namespace gate {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr int kReplicaConnections = 4;
// A replica that is this far behind is not waited for.
constexpr milliseconds kCatchUp{100};
constexpr milliseconds kPoll{5};
constexpr milliseconds kReplicaPatience{1000};
// One that does not answer is left alone for so long: a call in that time does not wait for it.
constexpr std::chrono::seconds kRest{5};

// How far the primary's log is on disk, which is behind all that anybody can see there, and which
// database this is.
constexpr char kWhereIsThePrimary[] =
    "SELECT pg_current_wal_flush_lsn()::text, system_identifier::text, current_database()::text"
    " FROM pg_control_system()";
constexpr char kIsThere[] =
    "SELECT pg_is_in_recovery() AND pg_last_wal_replay_lsn() >= $1::text::pg_lsn"
    " AND system_identifier::text = $2::text AND current_database()::text = $3::text"
    " FROM pg_control_system()";

absl::StatusOr<std::vector<ListedVerdict>> List(PostgresSession& session, const ListQuery& query) {
  std::vector<PostgresParameter> parameters;
  parameters.push_back(PostgresParameter::Smallint(query.decision));
  if (!query.service.empty()) parameters.push_back(PostgresParameter::Text(query.service));
  if (!query.environment.empty()) parameters.push_back(PostgresParameter::Text(query.environment));
  parameters.push_back(PostgresParameter::Timestamp(query.start));
  parameters.push_back(PostgresParameter::Timestamp(query.before.create_time));
  parameters.push_back(PostgresParameter::Text(query.before.id));
  parameters.push_back(PostgresParameter::Bigint(query.limit));
  const auto rows = session.Read(ListSql("gate.all_verdicts", query).c_str(), parameters);
  if (!rows.ok()) return rows.status();
  std::vector<ListedVerdict> listed;
  listed.reserve(rows->size());
  for (int row = 0; row < rows->size(); ++row) {
    listed.push_back({{rows->Timestamp(row, 0), std::string(rows->Bytes(row, 1))},
                      std::string(rows->Bytes(row, 2))});
  }
  return listed;
}

// The newest partitions first: a page is mostly found there, and the planner need not look at the
// others, of which there may be many.
absl::StatusOr<std::vector<ListedVerdict>> ListNewestFirst(PostgresSession& session,
                                                           const ListQuery& query) {
  ListQuery recent = query;
  const int64_t newest = std::min(query.before.create_time, Micros(absl::Now()));
  recent.start = std::max(query.start, MonthsLater(newest, -1));
  if (recent.start == query.start) return List(session, query);
  auto listed = List(session, recent);
  if (!listed.ok() || listed->size() == static_cast<size_t>(query.limit)) return listed;
  return List(session, query);
}

std::vector<std::unique_ptr<PostgresSession>> Sessions(const std::string& url) {
  std::vector<std::unique_ptr<PostgresSession>> sessions;
  for (int i = 0; i < kReplicaConnections && !url.empty(); ++i) {
    sessions.push_back(
        std::make_unique<PostgresSession>(url, nullptr, PostgresConnection::Use::kReplica));
  }
  return sessions;
}

}  // namespace

absl::StatusOr<std::optional<int64_t>> PostgresTimeOf(PostgresSession& session,
                                                      std::string_view id) {
  // No id that was stored holds one; PostgreSQL would answer with an error.
  if (id.find('\0') != id.npos) return std::nullopt;
  const auto rows = session.Read(
      "SELECT create_time FROM gate.verdict_keys WHERE id = $1"
      " UNION ALL SELECT create_time FROM gate.verdicts WHERE id = $1",
      {PostgresParameter::Text(id)});
  if (!rows.ok()) return rows.status();
  if (rows->size() == 0) return std::nullopt;
  return rows->Timestamp(0, 0);
}

absl::StatusOr<std::vector<v1::Verdict>> ListPostgresVerdicts(PostgresSession& session,
                                                              const VerdictFilter& filter,
                                                              std::string_view before, int limit) {
  std::optional<ListPosition> position;
  if (!before.empty()) {
    const auto time = PostgresTimeOf(session, before);
    if (!time.ok()) return time.status();
    if (!*time) return UnknownPosition(before);
    position = ListPosition{**time, std::string(before)};
  }
  return ListMerged(filter, position ? &*position : nullptr, limit,
                    [&](const ListQuery& query) { return ListNewestFirst(session, query); });
}

PostgresHistory::PostgresHistory(ConnectionPool<PostgresSession>& primary,
                                 const std::string& replica,
                                 std::function<void(bool from_replica)> observer)
    : primary_(primary),
      has_replica_(!replica.empty()),
      replicas_(Sessions(replica)),
      observer_(std::move(observer)) {}

absl::Status PostgresHistory::Read(const std::function<absl::Status(PostgresSession&)>& read) {
  if (!has_replica_) return read(*primary_.Take());
  if (!Rests() && ReadOnReplica(read).ok()) {
    if (observer_) observer_(true);
    return absl::OkStatus();
  }
  if (observer_) observer_(false);
  return read(*primary_.Take());
}

absl::Status PostgresHistory::ReadOnReplica(
    const std::function<absl::Status(PostgresSession&)>& read) {
  const auto primary = primary_.Take()->Read(kWhereIsThePrimary, {});
  if (!primary.ok()) return primary.status();
  auto replica = replicas_.Take();
  const auto until = steady_clock::now() + kCatchUp;
  for (;;) {
    const auto connection = replica->Connected();
    auto there = connection.ok() ? (*connection)
                                       ->Query(kIsThere,
                                               {PostgresParameter::Text(primary->Bytes(0, 0)),
                                                PostgresParameter::Text(primary->Bytes(0, 1)),
                                                PostgresParameter::Text(primary->Bytes(0, 2))},
                                               steady_clock::now() + kReplicaPatience)
                                 : connection.status();
    if (!there.ok()) {
      Rest();
      return there.status();
    }
    if (there->Bytes(0, 0) == std::string_view("\1")) return read(*replica);
    if (steady_clock::now() + kPoll > until) return PostgresGone("the replica is behind");
    std::this_thread::sleep_for(kPoll);
  }
}

bool PostgresHistory::Rests() {
  MutexLock lock(mu_);
  return steady_clock::now() < rests_until_;
}

void PostgresHistory::Rest() {
  MutexLock lock(mu_);
  rests_until_ = steady_clock::now() + kRest;
}

}  // namespace gate
