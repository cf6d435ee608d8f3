#include "gate/store/postgres_reports.h"

#include <charconv>
#include <string>
#include <utility>
#include <vector>

#include "gate/store/postgres_transaction.h"
#include "gate/store/record.h"
#include "gate/store/report.h"

namespace gate {
namespace {

using std::chrono::steady_clock;

std::vector<PostgresParameter> Parameters(const SeriesKey& key) {
  return {PostgresParameter::Text(key.service), PostgresParameter::Text(key.environment),
          PostgresParameter::Text(key.metric), PostgresParameter::Smallint(key.kind),
          PostgresParameter::Bigint(absl::ToInt64Microseconds(key.step))};
}

PostgresParameter Moment(absl::Time time) { return PostgresParameter::Timestamp(Micros(time)); }

class Tables final : public ReportTables {
 public:
  explicit Tables(PostgresConnection& connection) : connection_(connection) {}

  absl::StatusOr<std::string> EnterRequest(std::string_view request_id, std::string_view digest,
                                           absl::Time now) override {
    return EnterPostgresRequest(connection_, request_id, digest, now);
  }

  absl::StatusOr<Row> LockSeries(const SeriesKey& key, absl::Time now) override {
    std::vector<PostgresParameter> make = Parameters(key);
    make.push_back(Moment(now));
    const auto made = Query(
        "INSERT INTO gate.reported_series"
        " (service, environment, metric, kind, step, points, newest)"
        " VALUES ($1, $2, $3, $4, $5, 0, $6) ON CONFLICT DO NOTHING RETURNING id",
        make);
    if (!made.ok()) return made.status();
    const auto found = Query(
        "SELECT id, points, newest FROM gate.reported_series WHERE service = $1"
        " AND environment = $2 AND metric = $3 AND kind = $4 AND step = $5 FOR UPDATE",
        Parameters(key));
    if (!found.ok()) return found.status();
    if (found->size() == 0) return absl::AbortedError("the series was forgotten at this moment");
    return Row{found->Number(0, 0), found->Number(0, 1),
               absl::FromUnixMicros(found->Timestamp(0, 2)), made->size() > 0};
  }

  absl::StatusOr<int64_t> CountSeries() override {
    const auto count = Query("SELECT count(*) FROM gate.reported_series", {});
    if (!count.ok()) return count.status();
    return count->Number(0, 0);
  }

  absl::Status UpdateSeries(const Row& row) override {
    return Query("UPDATE gate.reported_series SET points = $2, newest = $3 WHERE id = $1",
                 {PostgresParameter::Bigint(row.id), PostgresParameter::Bigint(row.points),
                  Moment(row.newest)})
        .status();
  }

  absl::StatusOr<int64_t> ForgetPoints(int64_t series, absl::Time before) override {
    const auto forgotten = Query("DELETE FROM gate.reported_points WHERE series = $1 AND time < $2",
                                 {PostgresParameter::Bigint(series), Moment(before)});
    if (!forgotten.ok()) return forgotten.status();
    std::string_view tag = forgotten->Tag();  // "DELETE 12"
    tag.remove_prefix(tag.rfind(' ') + 1);
    int64_t count = 0;
    std::from_chars(tag.data(), tag.data() + tag.size(), count);
    return count;
  }

  absl::Status ForgetOthers(absl::Time before) override {
    const auto requests = Query(
        "DELETE FROM gate.reported_requests WHERE request_id IN (SELECT request_id"
        " FROM gate.reported_requests WHERE create_time < $1 LIMIT 1000"
        " FOR UPDATE SKIP LOCKED)",
        {Moment(before)});
    if (!requests.ok()) return requests.status();
    const auto found = Query(
        "SELECT id FROM gate.reported_series WHERE newest < $1 LIMIT 1 FOR UPDATE SKIP LOCKED",
        {Moment(before)});
    if (!found.ok() || found->size() == 0) return found.status();
    const std::vector<PostgresParameter> id = {PostgresParameter::Bigint(found->Number(0, 0))};
    const auto points = Query("DELETE FROM gate.reported_points WHERE series = $1", id);
    if (!points.ok()) return points.status();
    return Query("DELETE FROM gate.reported_series WHERE id = $1", id).status();
  }

  absl::StatusOr<std::vector<ReportedPoint>> PointsAt(
      int64_t series, const std::vector<absl::Time>& times) override {
    PostgresArray moments = PostgresArray::Timestamps(times.size());
    for (const absl::Time time : times) moments.AddTimestamp(Micros(time));
    const auto rows = Query(
        "SELECT time, cohort, content FROM gate.reported_points"
        " WHERE series = $1 AND time = ANY ($2)",
        {PostgresParameter::Bigint(series), std::move(moments).Take()});
    if (!rows.ok()) return rows.status();
    return PointsOf(*rows);
  }

  absl::Status AddPoints(int64_t series, const std::vector<const ReportedPoint*>& points) override {
    PostgresArray times = PostgresArray::Timestamps(points.size());
    PostgresArray cohorts = PostgresArray::Texts(points.size());
    PostgresArray contents = PostgresArray::Bytes(points.size());
    for (const ReportedPoint* point : points) {
      times.AddTimestamp(Micros(point->time));
      cohorts.Add(point->cohort);
      contents.Add(point->content);
    }
    return Query(
               "INSERT INTO gate.reported_points (series, time, cohort, content)"
               " SELECT $1, * FROM unnest($2::timestamptz[], $3::text[], $4::bytea[])",
               {PostgresParameter::Bigint(series), std::move(times).Take(),
                std::move(cohorts).Take(), std::move(contents).Take()})
        .status();
  }

  static std::vector<ReportedPoint> PointsOf(const PostgresRows& rows) {
    std::vector<ReportedPoint> points;
    points.reserve(static_cast<size_t>(rows.size()));
    for (int row = 0; row < rows.size(); ++row) {
      points.push_back({absl::FromUnixMicros(rows.Timestamp(row, 0)),
                        std::string(rows.Bytes(row, 1)), std::string(rows.Bytes(row, 2))});
    }
    return points;
  }

 private:
  absl::StatusOr<PostgresRows> Query(const char* sql,
                                     const std::vector<PostgresParameter>& parameters) {
    return connection_.Query(sql, parameters, steady_clock::now() + kPostgresTimeout);
  }

  PostgresConnection& connection_;
};

}  // namespace

absl::StatusOr<Reported> TakeInPostgres(const MetricsReport& report, const ReportBounds& bounds,
                                        PostgresSession& session) {
  absl::StatusOr<Reported> reported;
  const absl::Status committed = CommitInPostgres(session, [&](PostgresConnection& connection) {
    Tables tables(connection);
    reported = TakeIn(report, bounds, tables);
    return reported.status();
  });
  return committed.ok() ? reported : committed;
}

absl::StatusOr<StoredSeries> ReadPostgresSeries(PostgresSession& session,
                                                const SeriesRange& range) {
  StoredSeries series;
  const auto found = session.Read(
      "SELECT id, newest FROM gate.reported_series WHERE service = $1 AND environment = $2"
      " AND metric = $3 AND kind = $4 AND step = $5",
      Parameters(range.key));
  if (!found.ok()) return found.status();
  series.found = found->size() > 0;
  if (!series.found) {
    std::vector<PostgresParameter> name = Parameters(range.key);
    name.resize(3);
    const auto others = session.Read(
        "SELECT kind::bigint, step FROM gate.reported_series WHERE service = $1"
        " AND environment = $2 AND metric = $3 ORDER BY kind, step LIMIT 10",
        name);
    if (!others.ok()) return others.status();
    for (int row = 0; row < others->size(); ++row) {
      SeriesKey other = range.key;
      other.kind = static_cast<v1::MetricKind>(others->Number(row, 0));
      other.step = absl::Microseconds(others->Number(row, 1));
      series.others.push_back(std::move(other));
    }
    return series;
  }
  series.newest = absl::FromUnixMicros(found->Timestamp(0, 1));
  const std::vector<PostgresParameter> which = {PostgresParameter::Bigint(found->Number(0, 0)),
                                                Moment(range.after), Moment(range.until)};
  const auto bytes = session.Read(
      "SELECT coalesce(sum(length(content)), 0)::bigint FROM gate.reported_points"
      " WHERE series = $1 AND time > $2 AND time <= $3",
      which);
  if (!bytes.ok()) return bytes.status();
  if (bytes->Number(0, 0) > kMaxReadBytes) return TooMuchToRead(range.key);
  const auto rows = session.Read(
      "SELECT time, cohort, content FROM gate.reported_points"
      " WHERE series = $1 AND time > $2 AND time <= $3 ORDER BY time, cohort",
      which);
  if (!rows.ok()) return rows.status();
  series.points = Tables::PointsOf(*rows);
  return series;
}

}  // namespace gate
