#include "gate/store/sqlite_qa.h"

#include <algorithm>
#include <set>
#include <tuple>
#include <utility>

#include "gate/store/qa.h"
#include "gate/store/record.h"

namespace gate {
namespace {

class Tables final : public QaTables {
 public:
  explicit Tables(SqliteDatabase& database) : database_(database) {}

  absl::StatusOr<std::string> EnterRequest(std::string_view request_id, std::string_view digest,
                                           absl::Time now) override {
    return EnterSqliteRequest(database_, request_id, digest, now);
  }

  absl::StatusOr<bool> LockBuild(const EncodedRun& run) override {
    auto make = database_.Prepare(
        "INSERT INTO qa_builds (service, build, newest) VALUES ($1, $2, $3) ON CONFLICT DO "
        "NOTHING");
    if (!make.ok()) return make.status();
    make->Bind(1, run.service);
    make->Bind(2, run.build);
    make->Bind(3, run.finish_time);
    if (absl::Status status = make->Run(); !status.ok()) return status;
    const bool made = database_.Changes() == 1;
    auto update = database_.Prepare(
        "UPDATE qa_builds SET newest = max(newest, $3) WHERE service = $1 AND build = $2");
    if (!update.ok()) return update.status();
    update->Bind(1, run.service);
    update->Bind(2, run.build);
    update->Bind(3, run.finish_time);
    if (absl::Status status = update->Run(); !status.ok()) return status;
    return made;
  }

  absl::StatusOr<int64_t> CountBuilds() override {
    auto count = database_.Prepare("SELECT count(*) FROM qa_builds");
    return count.ok() ? NumberOf(*count) : count.status();
  }

  absl::StatusOr<int64_t> CountRuns(const EncodedRun& run) override {
    auto count =
        database_.Prepare("SELECT count(*) FROM qa_runs WHERE service = $1 AND build = $2");
    if (!count.ok()) return count.status();
    count->Bind(1, run.service);
    count->Bind(2, run.build);
    return NumberOf(*count);
  }

  absl::StatusOr<bool> AddRun(const EncodedRun& run, absl::Time now) override {
    auto add = database_.Prepare(
        "INSERT INTO qa_runs (digest, service, build, finish_time, report_time, bytes, content)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING");
    if (!add.ok()) return add.status();
    add->Bind(1, run.digest);
    add->Bind(2, run.service);
    add->Bind(3, run.build);
    add->Bind(4, run.finish_time);
    add->Bind(5, Micros(now));
    add->Bind(6, run.bytes);
    add->BindBlob(7, run.content);
    if (absl::Status status = add->Run(); !status.ok()) return status;
    return database_.Changes() == 1;
  }

  absl::Status ForgetRuns(absl::Time before) override {
    auto find = database_.Prepare(
        "SELECT digest, service, build FROM qa_runs AS run WHERE report_time < $1"
        " AND NOT EXISTS (SELECT 1 FROM flag_watches AS watch"
        " WHERE watch.service = run.service AND watch.build = run.build)"
        " ORDER BY report_time LIMIT $2");
    if (!find.ok()) return find.status();
    find->Bind(1, Micros(before));
    find->Bind(2, int64_t{kForgetAtOnce});
    std::vector<std::string> digests;
    std::set<std::pair<std::string, std::string>> builds;
    auto row = find->Step();
    for (; row.ok() && *row; row = find->Step()) {
      digests.emplace_back(find->Bytes(0));
      builds.emplace(find->Bytes(1), find->Bytes(2));
    }
    if (!row.ok()) return row.status();
    find->Reset();
    for (const std::string& digest : digests) {
      auto forget = database_.Prepare("DELETE FROM qa_runs WHERE digest = $1");
      if (!forget.ok()) return forget.status();
      forget->Bind(1, digest);
      if (absl::Status status = forget->Run(); !status.ok()) return status;
    }
    for (const auto& [service, build] : builds) {
      auto forget = database_.Prepare(
          "DELETE FROM qa_builds WHERE service = $1 AND build = $2"
          " AND NOT EXISTS (SELECT 1 FROM qa_runs WHERE service = $1 AND build = $2)");
      if (!forget.ok()) return forget.status();
      forget->Bind(1, service);
      forget->Bind(2, build);
      if (absl::Status status = forget->Run(); !status.ok()) return status;
    }
    return absl::OkStatus();
  }

 private:
  static absl::StatusOr<int64_t> NumberOf(SqliteStatement& count) {
    const auto row = count.Step();
    if (!row.ok()) return row.status();
    return count.Number(0);
  }

  SqliteDatabase& database_;
};

// When a run ended and was reported, and its name: by this runs are sorted.
using RunOrder = std::tuple<int64_t, int64_t, std::string>;

// Reads one build's runs with a statement that takes service and build.
absl::Status ReadBuild(SqliteStatement& read, const std::string& service, const std::string& build,
                       int64_t& bytes, std::vector<std::pair<RunOrder, v1::QaRun>>& runs) {
  const SqliteReset reset(read);
  read.Bind(1, service);
  read.Bind(2, build);
  auto row = read.Step();
  for (; row.ok() && *row; row = read.Step()) {
    absl::Status status = CountRead(service, read.Number(3), bytes);
    if (!status.ok()) return status;
    const int64_t finished = read.Number(1), reported = read.Number(2);
    auto run = DecodeRun(read.Bytes(0), read.Bytes(4), absl::FromUnixMicros(finished),
                         absl::FromUnixMicros(reported));
    if (!run.ok()) return run.status();
    runs.emplace_back(RunOrder(finished, reported, run->name()), *std::move(run));
  }
  return row.status();
}

absl::Status ReadOtherBuilds(SqliteDatabase& database, const std::string& service,
                             const std::set<std::string>& asked, v1::QaRuns& runs) {
  auto read = database.Prepare(
      "SELECT build FROM qa_builds WHERE service = $1 ORDER BY newest DESC, build LIMIT $2");
  if (!read.ok()) return read.status();
  read->Bind(1, service);
  read->Bind(2, static_cast<int64_t>(asked.size()) + kOtherBuilds);
  auto row = read->Step();
  for (; row.ok() && *row && runs.other_builds_size() < kOtherBuilds; row = read->Step()) {
    std::string build(read->Bytes(0));
    if (!asked.contains(build)) runs.add_other_builds(std::move(build));
  }
  return row.status();
}

}  // namespace

absl::StatusOr<ReportedRun> TakeInSqlite(const QaReport& report, const QaBounds& bounds,
                                         SqliteReports& reports) {
  const auto run = EncodeRun(report);
  if (!run.ok()) return run.status();
  absl::StatusOr<ReportedRun> reported;
  const absl::Status committed = reports.Commit([&](SqliteDatabase& database) {
    Tables tables(database);
    reported = TakeIn(report, *run, bounds, tables);
    return reported.status();
  });
  return committed.ok() ? reported : committed;
}

absl::StatusOr<v1::QaRuns> ReadSqliteQaRuns(SqliteDatabase& database, const std::string& service,
                                            const std::vector<std::string>& builds) {
  const std::set<std::string> asked(builds.begin(), builds.end());
  std::vector<std::pair<RunOrder, v1::QaRun>> found;
  auto read = database.Prepare(
      "SELECT digest, finish_time, report_time, bytes, content FROM qa_runs"
      " WHERE service = $1 AND build = $2");
  if (!read.ok()) return read.status();
  int64_t bytes = 0;
  for (const std::string& build : asked) {
    absl::Status status = ReadBuild(*read, service, build, bytes, found);
    if (!status.ok()) return status;
  }
  std::ranges::sort(found, {}, [](const auto& one) -> const RunOrder& { return one.first; });
  v1::QaRuns runs;
  for (auto& [order, run] : found) *runs.add_runs() = std::move(run);
  absl::Status status = ReadOtherBuilds(database, service, asked, runs);
  if (!status.ok()) return status;
  return runs;
}

absl::StatusOr<std::vector<v1::FlagWatch>> ReadSqliteWatches(SqliteDatabase& database,
                                                             const std::string& environment,
                                                             const std::string& flag) {
  auto read = database.Prepare(
      "SELECT watch FROM flag_watches WHERE environment = $1 AND flag = $2"
      " ORDER BY service, ticket");
  if (!read.ok()) return read.status();
  read->Bind(1, environment);
  read->Bind(2, flag);
  std::vector<v1::FlagWatch> watches;
  auto row = read->Step();
  for (; row.ok() && *row; row = read->Step()) {
    if (watches.size() == kMaxWatches) return TooManyWatches(flag);
    auto watch = DecodeWatch(read->Bytes(0));
    if (!watch.ok()) return watch.status();
    watches.push_back(*std::move(watch));
  }
  if (!row.ok()) return row.status();
  return watches;
}

}  // namespace gate
