#include "gate/store/postgres_qa.h"

#include <set>
#include <utility>

#include "gate/store/postgres_transaction.h"
#include "gate/store/qa.h"
#include "gate/store/record.h"

namespace gate {
namespace {

using std::chrono::steady_clock;

class Tables final : public QaTables {
 public:
  explicit Tables(PostgresConnection& connection) : connection_(connection) {}

  absl::StatusOr<std::string> EnterRequest(std::string_view request_id, std::string_view digest,
                                           absl::Time now) override {
    return EnterPostgresRequest(connection_, request_id, digest, now);
  }

  absl::StatusOr<bool> LockBuild(const EncodedRun& run) override {
    const std::vector<PostgresParameter> row = {PostgresParameter::Text(run.service),
                                                PostgresParameter::Text(run.build),
                                                PostgresParameter::Timestamp(run.finish_time)};
    const auto made = Query(
        "INSERT INTO gate.qa_builds (service, build, newest) VALUES ($1, $2, $3)"
        " ON CONFLICT DO NOTHING RETURNING build",
        row);
    if (!made.ok()) return made.status();
    const auto updated = Query(
        "UPDATE gate.qa_builds SET newest = greatest(newest, $3)"
        " WHERE service = $1 AND build = $2 RETURNING build",
        row);
    if (!updated.ok()) return updated.status();
    if (updated->size() == 0) return absl::AbortedError("the build was forgotten at this moment");
    return made->size() > 0;
  }

  absl::StatusOr<int64_t> CountBuilds() override {
    const auto count = Query("SELECT count(*) FROM gate.qa_builds", {});
    if (!count.ok()) return count.status();
    return count->Number(0, 0);
  }

  absl::StatusOr<int64_t> CountRuns(const EncodedRun& run) override {
    const auto count =
        Query("SELECT count(*) FROM gate.qa_runs WHERE service = $1 AND build = $2",
              {PostgresParameter::Text(run.service), PostgresParameter::Text(run.build)});
    if (!count.ok()) return count.status();
    return count->Number(0, 0);
  }

  absl::StatusOr<bool> AddRun(const EncodedRun& run, absl::Time now) override {
    const auto added = Query(
        "INSERT INTO gate.qa_runs"
        " (digest, service, build, finish_time, report_time, bytes, content)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING RETURNING digest",
        {PostgresParameter::Text(run.digest), PostgresParameter::Text(run.service),
         PostgresParameter::Text(run.build), PostgresParameter::Timestamp(run.finish_time),
         PostgresParameter::Timestamp(Micros(now)), PostgresParameter::Bigint(run.bytes),
         PostgresParameter::Bytes(run.content)});
    if (!added.ok()) return added.status();
    return added->size() > 0;
  }

  absl::Status ForgetRuns(absl::Time before) override {
    const auto forgotten = Query(
        "DELETE FROM gate.qa_runs WHERE digest IN (SELECT digest FROM gate.qa_runs AS run"
        " WHERE report_time < $1 AND NOT EXISTS (SELECT 1 FROM gate.flag_watches AS watch"
        " WHERE watch.service = run.service AND watch.build = run.build)"
        " ORDER BY report_time LIMIT $2 FOR UPDATE SKIP LOCKED) RETURNING service, build",
        {PostgresParameter::Timestamp(Micros(before)), PostgresParameter::Bigint(kForgetAtOnce)});
    if (!forgotten.ok()) return forgotten.status();
    std::set<std::pair<std::string, std::string>> builds;
    for (int row = 0; row < forgotten->size(); ++row) {
      builds.emplace(forgotten->Bytes(row, 0), forgotten->Bytes(row, 1));
    }
    for (const auto& [service, build] : builds) {
      // Skips a build of which something is reported at this moment.
      const auto gone = Query(
          "DELETE FROM gate.qa_builds WHERE (service, build) IN"
          " (SELECT service, build FROM gate.qa_builds WHERE service = $1 AND build = $2"
          " FOR UPDATE SKIP LOCKED)"
          " AND NOT EXISTS (SELECT 1 FROM gate.qa_runs WHERE service = $1 AND build = $2)",
          {PostgresParameter::Text(service), PostgresParameter::Text(build)});
      if (!gone.ok()) return gone.status();
    }
    return absl::OkStatus();
  }

 private:
  absl::StatusOr<PostgresRows> Query(const char* sql,
                                     const std::vector<PostgresParameter>& parameters) {
    return connection_.Query(sql, parameters, steady_clock::now() + kPostgresTimeout);
  }

  PostgresConnection& connection_;
};

PostgresParameter Texts(const std::set<std::string>& texts) {
  PostgresArray array = PostgresArray::Texts(texts.size());
  for (const std::string& text : texts) array.Add(text);
  return std::move(array).Take();
}

absl::Status ReadRuns(PostgresSession& session, const std::string& service,
                      const std::set<std::string>& builds, v1::QaRuns& runs) {
  const std::vector<PostgresParameter> which = {PostgresParameter::Text(service), Texts(builds)};
  // No more is sent than is wanted.
  const auto size = session.Read(
      "SELECT coalesce(sum(bytes), 0)::bigint FROM gate.qa_runs"
      " WHERE service = $1 AND build = ANY ($2)",
      which);
  if (!size.ok()) return size.status();
  int64_t bytes = 0;
  absl::Status status = CountRead(service, size->Number(0, 0), bytes);
  if (!status.ok()) return status;
  const auto rows = session.Read(
      "SELECT digest, finish_time, report_time, content FROM gate.qa_runs"
      " WHERE service = $1 AND build = ANY ($2) ORDER BY finish_time, report_time, digest",
      which);
  if (!rows.ok()) return rows.status();
  for (int row = 0; row < rows->size(); ++row) {
    auto run = DecodeRun(rows->Bytes(row, 0), rows->Bytes(row, 3),
                         absl::FromUnixMicros(rows->Timestamp(row, 1)),
                         absl::FromUnixMicros(rows->Timestamp(row, 2)));
    if (!run.ok()) return run.status();
    *runs.add_runs() = *std::move(run);
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<ReportedRun> TakeInPostgres(const QaReport& report, const QaBounds& bounds,
                                           PostgresSession& session) {
  const auto run = EncodeRun(report);
  if (!run.ok()) return run.status();
  absl::StatusOr<ReportedRun> reported;
  const absl::Status committed = CommitInPostgres(session, [&](PostgresConnection& connection) {
    Tables tables(connection);
    reported = TakeIn(report, *run, bounds, tables);
    return reported.status();
  });
  return committed.ok() ? reported : committed;
}

absl::StatusOr<v1::QaRuns> ReadPostgresQaRuns(PostgresSession& session, const std::string& service,
                                              const std::vector<std::string>& builds) {
  const std::set<std::string> asked(builds.begin(), builds.end());
  v1::QaRuns runs;
  absl::Status status = ReadRuns(session, service, asked, runs);
  if (!status.ok()) return status;
  const auto others = session.Read(
      "SELECT build FROM gate.qa_builds WHERE service = $1 AND NOT build = ANY ($2)"
      " ORDER BY newest DESC, build LIMIT $3",
      {PostgresParameter::Text(service), Texts(asked), PostgresParameter::Bigint(kOtherBuilds)});
  if (!others.ok()) return others.status();
  for (int row = 0; row < others->size(); ++row) {
    runs.add_other_builds(std::string(others->Bytes(row, 0)));
  }
  return runs;
}

absl::StatusOr<std::vector<v1::FlagWatch>> ReadPostgresWatches(PostgresSession& session,
                                                               const std::string& environment,
                                                               const std::string& flag) {
  const auto rows = session.Read(
      "SELECT watch FROM gate.flag_watches WHERE environment = $1 AND flag = $2"
      " ORDER BY service, ticket LIMIT $3",
      {PostgresParameter::Text(environment), PostgresParameter::Text(flag),
       PostgresParameter::Bigint(kMaxWatches + 1)});
  if (!rows.ok()) return rows.status();
  if (rows->size() > kMaxWatches) return TooManyWatches(flag);
  std::vector<v1::FlagWatch> watches;
  for (int row = 0; row < rows->size(); ++row) {
    auto watch = DecodeWatch(rows->Bytes(row, 0));
    if (!watch.ok()) return watch.status();
    watches.push_back(*std::move(watch));
  }
  return watches;
}

}  // namespace gate
