#include "gate/store/report.h"

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"
#include "checks/proto_time.h"
#include "gate/base/field_error.h"

namespace gate {
namespace {

std::string Describe(const SeriesKey& key) {
  return absl::StrCat(key.metric, " of ", key.service, " in ", key.environment);
}

std::string Describe(const SeriesKey& key, const ReportedPoint& point) {
  return absl::StrCat(Describe(key), ": ", point.cohort, " at ", Rfc3339(point.time));
}

absl::Status Otherwise(const SeriesKey& key, const ReportedPoint& point) {
  return WithReason(
      absl::FailedPreconditionError(absl::StrCat(
          Describe(key, point),
          " was reported before, with another content, which stands; nothing of this report was "
          "taken. Report an interval once, when it is over, from one place for each cohort")),
      "REPORTED_OTHERWISE");
}

absl::Status TooLate(const SeriesKey& key, const ReportedPoint& point) {
  return WithReason(
      absl::FailedPreconditionError(absl::StrCat(
          Describe(key, point),
          " comes too late: later intervals were reported, and verdicts may rest on them; nothing "
          "of this report was taken. Report old intervals oldest first, all cohorts together")),
      "REPORTED_TOO_LATE");
}

// Takes in one series.
class SeriesReport {
 public:
  SeriesReport(const MetricsReport::Series& series, const ReportBounds& bounds,
               ReportTables& tables)
      : series_(series), bounds_(bounds), tables_(tables) {}

  absl::Status TakeIn(Reported& reported) {
    auto row = tables_.LockSeries(series_.key, bounds_.now);
    if (!row.ok()) return row.status();
    absl::Status status = MakeRoom(*row);
    if (!status.ok()) return status;
    auto fresh = Fresh(*row);
    if (!fresh.ok()) return fresh.status();
    reported.points += static_cast<int64_t>(series_.points.size());
    reported.known += static_cast<int64_t>(series_.points.size() - fresh->size());
    return fresh->empty() ? tables_.UpdateSeries(*row) : Add(*fresh, *row);
  }

 private:
  absl::Status MakeRoom(ReportTables::Row& row) {
    if (row.made) {
      const auto count = tables_.CountSeries();
      if (!count.ok()) return count.status();
      if (*count <= bounds_.max_series) return absl::OkStatus();
      return WithReason(absl::ResourceExhaustedError(
                            absl::StrCat("there are ", bounds_.max_series,
                                         " series of reported metrics, the most that are "
                                         "kept (reported_metrics.max_series); no place for ",
                                         Describe(series_.key))),
                        "TOO_MANY_SERIES");
    }
    const auto forgotten = tables_.ForgetPoints(row.id, bounds_.forget_before);
    if (!forgotten.ok()) return forgotten.status();
    row.points -= *forgotten;
    return absl::OkStatus();
  }

  // Those of which nothing is known yet.
  absl::StatusOr<std::vector<const ReportedPoint*>> Fresh(const ReportTables::Row& row) {
    std::vector<absl::Time> times;
    for (const ReportedPoint& point : series_.points) times.push_back(point.time);
    std::ranges::sort(times);
    times.erase(std::unique(times.begin(), times.end()), times.end());
    std::map<std::pair<absl::Time, std::string>, std::string> known;
    if (!row.made) {
      auto stored = tables_.PointsAt(row.id, times);
      if (!stored.ok()) return stored.status();
      for (ReportedPoint& point : *stored) {
        known.emplace(std::pair(point.time, std::move(point.cohort)), std::move(point.content));
      }
    }
    std::vector<const ReportedPoint*> fresh;
    for (const ReportedPoint& point : series_.points) {
      const auto found = known.find({point.time, point.cohort});
      if (found == known.end()) {
        const bool behind_all = row.made || point.time > row.newest;
        if (point.time <= bounds_.settled && !behind_all) return TooLate(series_.key, point);
        fresh.push_back(&point);
      } else if (found->second != point.content) {
        return Otherwise(series_.key, point);
      }
    }
    return fresh;
  }

  absl::Status Add(const std::vector<const ReportedPoint*>& fresh, ReportTables::Row& row) {
    if (row.made) row.newest = absl::InfinitePast();
    for (const ReportedPoint* point : fresh) row.newest = std::max(row.newest, point->time);
    row.points += static_cast<int64_t>(fresh.size());
    if (row.points > bounds_.max_points_per_series) {
      return WithReason(
          absl::ResourceExhaustedError(absl::StrCat(
              Describe(series_.key), " would have ", row.points, " points; at most ",
              bounds_.max_points_per_series,
              " are kept (reported_metrics.max_points_per_series): report longer intervals, or "
              "keep them for less time")),
          "TOO_MANY_POINTS");
    }
    absl::Status status = tables_.AddPoints(row.id, fresh);
    return status.ok() ? tables_.UpdateSeries(row) : status;
  }

  const MetricsReport::Series& series_;
  const ReportBounds& bounds_;
  ReportTables& tables_;
};

bool Before(const SeriesKey& a, const SeriesKey& b) {
  return std::tie(a.service, a.environment, a.metric, a.kind, a.step) <
         std::tie(b.service, b.environment, b.metric, b.kind, b.step);
}

}  // namespace

absl::Status TooMuchToRead(const SeriesKey& key) {
  return absl::ResourceExhaustedError(absl::StrCat(
      Describe(key), " has more than ", kMaxReadBytes >> 20,
      " MiB in the time that is asked for: report longer intervals, or fewer strata and "
      "buckets"));
}

absl::StatusOr<Reported> TakeIn(const MetricsReport& report, const ReportBounds& bounds,
                                ReportTables& tables) {
  Reported reported;
  if (!report.request_id.empty()) {
    const auto digest = tables.EnterRequest(report.request_id, report.request_digest, bounds.now);
    if (!digest.ok()) return digest.status();
    if (*digest != report.request_digest) {
      return WithReason(absl::AlreadyExistsError(
                            absl::StrCat("request_id ", report.request_id,
                                         " was used for another report; use a new request_id")),
                        "REQUEST_ID_REUSED");
    }
  }
  // In one order, so that two reports of the same series cannot wait for each other in a circle.
  std::vector<const MetricsReport::Series*> ordered;
  for (const MetricsReport::Series& series : report.series) ordered.push_back(&series);
  std::ranges::sort(ordered, [](const auto* a, const auto* b) { return Before(a->key, b->key); });
  for (const MetricsReport::Series* series : ordered) {
    absl::Status status = SeriesReport(*series, bounds, tables).TakeIn(reported);
    if (!status.ok()) return status;
  }
  if (absl::Status status = tables.ForgetOthers(bounds.forget_before); !status.ok()) return status;
  return reported;
}

}  // namespace gate
