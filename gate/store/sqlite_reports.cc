#include "gate/store/sqlite_reports.h"

#include <string>
#include <utility>

#include "gate/store/record.h"
#include "gate/store/report.h"

namespace gate {
namespace {

// As the writer of verdicts has it.
constexpr int kCheckpointPages = 1024;

void BindKey(const SeriesKey& key, SqliteStatement& statement) {
  statement.Bind(1, key.service);
  statement.Bind(2, key.environment);
  statement.Bind(3, key.metric);
  statement.Bind(4, int64_t{key.kind});
  statement.Bind(5, absl::ToInt64Microseconds(key.step));
}

class Tables final : public ReportTables {
 public:
  explicit Tables(SqliteDatabase& database) : database_(database) {}

  absl::StatusOr<std::string> EnterRequest(std::string_view request_id, std::string_view digest,
                                           absl::Time now) override {
    return EnterSqliteRequest(database_, request_id, digest, now);
  }

  absl::StatusOr<Row> LockSeries(const SeriesKey& key, absl::Time now) override {
    auto make = database_.Prepare(
        "INSERT INTO reported_series (service, environment, metric, kind, step, points, newest)"
        " VALUES ($1, $2, $3, $4, $5, 0, $6) ON CONFLICT DO NOTHING");
    if (!make.ok()) return make.status();
    BindKey(key, *make);
    make->Bind(6, Micros(now));
    if (absl::Status status = make->Run(); !status.ok()) return status;
    Row series;
    series.made = database_.Changes() == 1;
    auto find = database_.Prepare(
        "SELECT id, points, newest FROM reported_series WHERE service = $1 AND environment = $2"
        " AND metric = $3 AND kind = $4 AND step = $5");
    if (!find.ok()) return find.status();
    BindKey(key, *find);
    const auto row = find->Step();
    if (!row.ok()) return row.status();
    series.id = find->Number(0);
    series.points = find->Number(1);
    series.newest = absl::FromUnixMicros(find->Number(2));
    return series;
  }

  absl::StatusOr<int64_t> CountSeries() override {
    auto count = database_.Prepare("SELECT count(*) FROM reported_series");
    if (!count.ok()) return count.status();
    const auto row = count->Step();
    if (!row.ok()) return row.status();
    return count->Number(0);
  }

  absl::Status UpdateSeries(const Row& row) override {
    auto update =
        database_.Prepare("UPDATE reported_series SET points = $1, newest = $2 WHERE id = $3");
    if (!update.ok()) return update.status();
    update->Bind(1, row.points);
    update->Bind(2, Micros(row.newest));
    update->Bind(3, row.id);
    return update->Run();
  }

  absl::StatusOr<int64_t> ForgetPoints(int64_t series, absl::Time before) override {
    auto forget = database_.Prepare("DELETE FROM reported_points WHERE series = $1 AND time < $2");
    if (!forget.ok()) return forget.status();
    forget->Bind(1, series);
    forget->Bind(2, Micros(before));
    if (absl::Status status = forget->Run(); !status.ok()) return status;
    return database_.Changes();
  }

  absl::Status ForgetOthers(absl::Time before) override {
    auto requests = database_.Prepare("DELETE FROM reported_requests WHERE create_time < $1");
    if (!requests.ok()) return requests.status();
    requests->Bind(1, Micros(before));
    if (absl::Status status = requests->Run(); !status.ok()) return status;
    auto find = database_.Prepare("SELECT id FROM reported_series WHERE newest < $1 LIMIT 1");
    if (!find.ok()) return find.status();
    find->Bind(1, Micros(before));
    const auto row = find->Step();
    if (!row.ok() || !*row) return row.status();
    const int64_t id = find->Number(0);
    find->Reset();
    for (const char* sql : {"DELETE FROM reported_points WHERE series = $1",
                            "DELETE FROM reported_series WHERE id = $1"}) {
      auto forget = database_.Prepare(sql);
      if (!forget.ok()) return forget.status();
      forget->Bind(1, id);
      if (absl::Status status = forget->Run(); !status.ok()) return status;
    }
    return absl::OkStatus();
  }

  absl::StatusOr<std::vector<ReportedPoint>> PointsAt(
      int64_t series, const std::vector<absl::Time>& times) override {
    auto find = database_.Prepare(
        "SELECT cohort, content FROM reported_points WHERE series = $1 AND time = $2");
    if (!find.ok()) return find.status();
    std::vector<ReportedPoint> points;
    for (const absl::Time time : times) {
      find->Bind(1, series);
      find->Bind(2, Micros(time));
      auto row = find->Step();
      for (; row.ok() && *row; row = find->Step()) {
        points.push_back({time, std::string(find->Bytes(0)), std::string(find->Bytes(1))});
      }
      if (!row.ok()) return row.status();
      find->Reset();
    }
    return points;
  }

  absl::Status AddPoints(int64_t series, const std::vector<const ReportedPoint*>& points) override {
    auto add = database_.Prepare(
        "INSERT INTO reported_points (series, time, cohort, content) VALUES ($1, $2, $3, $4)");
    if (!add.ok()) return add.status();
    for (const ReportedPoint* point : points) {
      add->Bind(1, series);
      add->Bind(2, Micros(point->time));
      add->Bind(3, point->cohort);
      add->BindBlob(4, point->content);
      if (absl::Status status = add->Run(); !status.ok()) return status;
    }
    return absl::OkStatus();
  }

 private:
  SqliteDatabase& database_;
};

absl::Status ReadOthers(SqliteDatabase& database, const SeriesKey& key, StoredSeries& series) {
  auto find = database.Prepare(
      "SELECT kind, step FROM reported_series WHERE service = $1 AND environment = $2"
      " AND metric = $3 ORDER BY kind, step LIMIT 10");
  if (!find.ok()) return find.status();
  find->Bind(1, key.service);
  find->Bind(2, key.environment);
  find->Bind(3, key.metric);
  auto row = find->Step();
  for (; row.ok() && *row; row = find->Step()) {
    SeriesKey other = key;
    other.kind = static_cast<v1::MetricKind>(find->Number(0));
    other.step = absl::Microseconds(find->Number(1));
    series.others.push_back(std::move(other));
  }
  return row.status();
}

}  // namespace

SqliteReports::SqliteReports(std::unique_ptr<SqliteDatabase> database, SqliteFile* file)
    : file_(file), database_(std::move(database)) {
  sqlite3_wal_hook(
      database_->handle(),
      [](void* pages, sqlite3*, const char*, int count) {
        *static_cast<int*>(pages) = count;
        return SQLITE_OK;
      },
      &log_pages_);
}

absl::Status SqliteReports::Commit(const std::function<absl::Status(SqliteDatabase&)>& work) {
  MutexLock lock(mu_);
  const absl::Status committed = CommitOnce(work);
  if (!committed.ok() && !sqlite3_get_autocommit(database_->handle())) {
    (void)database_->Execute("ROLLBACK");
  }
  if (!committed.ok()) return committed;
  if (log_pages_ >= kCheckpointPages) {
    // As SqliteWriter::Tidy: where it cannot be now, the next report tries again.
    const int code = sqlite3_wal_checkpoint_v2(database_->handle(), nullptr,
                                               SQLITE_CHECKPOINT_PASSIVE, nullptr, nullptr);
    if (code != SQLITE_OK) (void)SqliteError(database_->handle(), code);
    log_pages_ = 0;
  }
  return file_ == nullptr ? absl::OkStatus() : file_->StillThere();
}

absl::Status SqliteReports::CommitOnce(const std::function<absl::Status(SqliteDatabase&)>& work) {
  absl::Status status = database_->Execute("BEGIN IMMEDIATE");
  if (status.ok()) status = work(*database_);
  return status.ok() ? database_->Execute("COMMIT") : status;
}

absl::StatusOr<std::string> EnterSqliteRequest(SqliteDatabase& database,
                                               std::string_view request_id, std::string_view digest,
                                               absl::Time now) {
  auto enter = database.Prepare(
      "INSERT INTO reported_requests (request_id, request_digest, create_time)"
      " VALUES ($1, $2, $3) ON CONFLICT DO NOTHING");
  if (!enter.ok()) return enter.status();
  enter->Bind(1, request_id);
  enter->Bind(2, digest);
  enter->Bind(3, Micros(now));
  if (absl::Status status = enter->Run(); !status.ok()) return status;
  auto find =
      database.Prepare("SELECT request_digest FROM reported_requests WHERE request_id = $1");
  if (!find.ok()) return find.status();
  find->Bind(1, request_id);
  const auto row = find->Step();
  if (!row.ok()) return row.status();
  return std::string(find->Bytes(0));
}

absl::StatusOr<Reported> TakeInSqlite(const MetricsReport& report, const ReportBounds& bounds,
                                      SqliteReports& reports) {
  absl::StatusOr<Reported> reported;
  const absl::Status committed = reports.Commit([&](SqliteDatabase& database) {
    Tables tables(database);
    reported = TakeIn(report, bounds, tables);
    return reported.status();
  });
  return committed.ok() ? reported : committed;
}

absl::StatusOr<StoredSeries> ReadSqliteSeries(SqliteDatabase& database, const SeriesRange& range) {
  StoredSeries series;
  auto find = database.Prepare(
      "SELECT id, newest FROM reported_series WHERE service = $1 AND environment = $2"
      " AND metric = $3 AND kind = $4 AND step = $5");
  if (!find.ok()) return find.status();
  BindKey(range.key, *find);
  auto row = find->Step();
  if (!row.ok()) return row.status();
  series.found = *row;
  if (!series.found) {
    const absl::Status status = ReadOthers(database, range.key, series);
    return status.ok() ? series : absl::StatusOr<StoredSeries>(status);
  }
  const int64_t id = find->Number(0);
  series.newest = absl::FromUnixMicros(find->Number(1));
  find->Reset();
  auto read = database.Prepare(
      "SELECT time, cohort, content FROM reported_points"
      " WHERE series = $1 AND time > $2 AND time <= $3 ORDER BY time, cohort");
  if (!read.ok()) return read.status();
  read->Bind(1, id);
  read->Bind(2, Micros(range.after));
  read->Bind(3, Micros(range.until));
  int64_t bytes = 0;
  for (row = read->Step(); row.ok() && *row; row = read->Step()) {
    bytes += static_cast<int64_t>(read->Bytes(2).size());
    if (bytes > kMaxReadBytes) return TooMuchToRead(range.key);
    series.points.push_back({absl::FromUnixMicros(read->Number(0)), std::string(read->Bytes(1)),
                             std::string(read->Bytes(2))});
  }
  if (!row.ok()) return row.status();
  return series;
}

}  // namespace gate
