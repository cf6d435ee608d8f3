#include "gate/evidence/reported_series.h"

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "checks/proto_time.h"
#include "gate/evidence/cohort_writer.h"

namespace gate {
namespace {

constexpr char kCanary[] = "canary";
// Whoever reports may be down for so long and still catch up.
constexpr absl::Duration kCatchUp = absl::Hours(1);
// Replicas that answer and that take reports may disagree on the time, and a report may be on its
// way to the disk.
constexpr absl::Duration kOnItsWay = absl::Minutes(5);
// As long as the canary check waits for the newest values, where its policy says nothing.
constexpr absl::Duration kArrival = absl::Minutes(3);

class Writer {
 public:
  Writer(const v1::CohortMetricQuery& query, const IntervalGrid& grid, absl::Time now)
      : query_(query), grid_(grid), began_(grid.At(grid.judged_from)), now_(now) {
    series_.set_name(query.metric());
    series_.set_kind(query.kind());
    *series_.mutable_step() = ToProto(grid.step);
  }

  absl::Status Add(const ReportedPoint& point) {
    const bool past = point.time <= began_;
    if (past && point.cohort == kCanary) return absl::OkStatus();
    v1::CohortPoint content;
    if (!content.ParseFromString(point.content)) {
      return absl::DataLossError(absl::StrCat("the stored point of ", point.cohort, " at ",
                                              Rfc3339(point.time), " cannot be read"));
    }
    if (!past) seen_[point.cohort].push_back(point.time);
    const int last = series_.points_size() - 1;
    v1::MetricPoint& interval = last >= 0 && FromProto(series_.points(last).time()) == point.time
                                    ? *series_.mutable_points(last)
                                    : *series_.add_points();
    *interval.mutable_time() = ToProto(point.time);
    (*interval.mutable_cohorts())[point.cohort] = std::move(content);
    return absl::OkStatus();
  }

  v1::MetricSeries Write() && {
    for (const auto& [cohort, times] : seen_) WriteGaps(cohort, times);
    const bool canary = seen_.contains(kCanary);
    if (!canary) WriteSilence(kCanary);
    if (seen_.size() == (canary ? 1u : 0u)) {
      for (const char* cohort : {"baseline", "stable"}) WriteSilence(cohort);
    }
    return std::move(series_);
  }

 private:
  void WriteGaps(const std::string& cohort, const std::vector<absl::Time>& times) {
    const absl::Time due = now_ - std::max(kArrival, 2 * grid_.step);
    int missing = 0;
    absl::Time first;
    size_t next = 0;
    for (absl::Time time = times.front(); time <= grid_.end(); time += grid_.step) {
      if (next < times.size() && times[next] == time) {
        ++next;
      } else if (next < times.size() || time <= due) {
        if (missing++ == 0) first = time;
      }
    }
    if (missing == 0) return;
    WriteFlaw(v1::FLAW_KIND_GAP, cohort, first, missing,
              FlawDetail(v1::FLAW_KIND_GAP, query_.kind(), cohort, missing, first));
  }

  void WriteSilence(const std::string& cohort) {
    WriteFlaw(v1::FLAW_KIND_SILENT_COHORT, cohort, began_, grid_.boundaries - 1 - grid_.judged_from,
              SilenceDetail(query_, cohort));
  }

  void WriteFlaw(v1::FlawKind kind, const std::string& cohort, absl::Time time, int intervals,
                 std::string detail) {
    v1::SeriesFlaw& flaw = *series_.add_flaws();
    flaw.set_kind(kind);
    flaw.set_cohort(cohort);
    *flaw.mutable_time() = ToProto(time);
    flaw.set_intervals(intervals);
    flaw.set_detail(std::move(detail));
  }

  const v1::CohortMetricQuery& query_;
  const IntervalGrid& grid_;
  const absl::Time began_;  // The intervals that count end after it.
  const absl::Time now_;
  v1::MetricSeries series_;
  std::map<std::string, std::vector<absl::Time>> seen_;  // By cohort, of intervals that count.
};

}  // namespace

SeriesRange RangeFor(const v1::CohortMetricQuery& query, const IntervalGrid& grid,
                     std::string_view service, std::string_view environment) {
  SeriesRange range;
  range.key = {std::string(service), std::string(environment), query.metric(), query.kind(),
               grid.step};
  range.after = grid.At(grid.judged_from - grid.past);
  range.until = grid.end();
  return range;
}

absl::Time SettledAt(absl::Time now) { return now - kCatchUp; }

absl::StatusOr<v1::MetricSeries> SeriesOf(const StoredSeries& stored,
                                          const v1::CohortMetricQuery& query,
                                          const IntervalGrid& grid, absl::Time now) {
  Writer writer(query, grid, now);
  for (const ReportedPoint& point : stored.points) {
    if (absl::Status status = writer.Add(point); !status.ok()) return status;
  }
  v1::MetricSeries series = std::move(writer).Write();
  *series.mutable_settled_until() = ToProto(std::min(SettledAt(now) - kOnItsWay, stored.newest));
  return series;
}

}  // namespace gate
