#include "gate/evidence/cohort_counts.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "checks/proto_time.h"

namespace gate {
namespace {

// How long the last scrape of an interval may take to arrive.
constexpr absl::Duration kSettle = absl::Seconds(5);
// How far a Prometheus looks back for a sample; who was not seen for so long was not there.
constexpr absl::Duration kLookback = absl::Minutes(5);
constexpr int kMaxBoundaries = 11000;                 // A Prometheus answers no more per series.
constexpr double kLargestCount = 9007199254740992.0;  // 2^53: doubles count no further.
constexpr double kUnseen = -1;
constexpr double kBad = -2;

// One counter, by boundary: a value, kUnseen or kBad.
using Counter = std::vector<double>;

// What is added up for one cohort. Interval i ends at boundary i.
struct Cohort {
  explicit Cohort(int boundaries)
      : events(boundaries), exposure(boundaries), known(boundaries), excluded(boundaries) {}

  std::vector<double> events;
  std::vector<double> exposure;
  std::vector<bool> known;  // Its exposure was seen over the interval.
  std::vector<v1::FlawKind> excluded;
  bool seen = false;

  std::vector<double>& Sums(bool of_exposure) { return of_exposure ? exposure : events; }
  void Exclude(int interval, v1::FlawKind kind) {
    if (interval < static_cast<int>(excluded.size()) &&
        excluded[interval] == v1::FLAW_KIND_UNSPECIFIED) {
      excluded[interval] = kind;
    }
  }
};

// NaN, infinite, negative, beyond 2^53; for events also what is no whole number.
bool Bad(double value, bool whole) {
  if (!(value >= 0 && value <= kLargestCount)) return true;
  return whole && std::abs(value - std::round(value)) > 1e-6;
}

absl::StatusOr<Counter> OnGrid(const PrometheusSeries& series, const IntervalGrid& grid,
                               bool whole) {
  Counter counter(static_cast<size_t>(grid.boundaries), kUnseen);
  const int64_t first = absl::ToUnixMillis(grid.first);
  const int64_t step = absl::ToInt64Milliseconds(grid.step);
  for (const PrometheusSample& sample : series.samples) {
    const int64_t offset = sample.milliseconds - first;
    if (offset < 0 || offset % step != 0 || offset / step >= grid.boundaries) {
      return absl::InvalidArgumentError("a sample lies at another time than was asked for");
    }
    counter[static_cast<size_t>(offset / step)] = Bad(sample.value, whole) ? kBad
                                                  : whole ? std::round(sample.value)
                                                          : sample.value;
  }
  return counter;
}

bool Seen(double value) { return value != kUnseen; }

// One scraped process, and where its numbers go.
class Target {
 public:
  explicit Target(int boundaries) : continues_(static_cast<size_t>(boundaries)) {}

  void Add(Counter counter, bool is_exposure) {
    const auto seen = std::find_if(counter.begin(), counter.end(), Seen);
    first_ = std::min(first_, static_cast<int>(seen - counter.begin()));
    for (int i = static_cast<int>(counter.size()) - 1; i >= 0; --i) {
      if (Seen(counter[i])) last_ = std::max(last_, i);
      if (i > 0 && Seen(counter[i]) && Seen(counter[i - 1])) continues_[i] = true;
    }
    has_exposure_ = has_exposure_ || is_exposure;
    counters_.push_back({std::move(counter), is_exposure});
  }

  // Adds the increments of its counters to the cohort.
  void Count(Cohort& cohort) const {
    for (const Placed& placed : counters_) CountOne(placed, cohort);
    // Seen once and gone: what it did is not known, and may be why it is gone.
    const int newest = static_cast<int>(continues_.size()) - 1;
    if (first_ > 0 && first_ == last_ && last_ < newest) {
      cohort.Exclude(last_ + 1, v1::FLAW_KIND_GAP);
    }
  }

 private:
  struct Placed {
    Counter counter;
    bool is_exposure;
  };

  void CountOne(const Placed& placed, Cohort& cohort) const {
    int last = -1;  // Boundary at which it was seen last.
    bool after_bad = false;
    for (int i = 0; i < static_cast<int>(placed.counter.size()); ++i) {
      const double value = placed.counter[i];
      if (!Seen(value)) continue;
      if (value == kBad) {
        cohort.Exclude(i, v1::FLAW_KIND_NOT_A_NUMBER);
        cohort.Exclude(i + 1, v1::FLAW_KIND_NOT_A_NUMBER);
        last = -1;
        after_bad = true;
        continue;
      }
      if (last >= 0) {
        Continue(placed, last, i, cohort);
      } else if (i > 0 && !after_bad) {
        Born(placed, i, cohort);
      }
      after_bad = false;
      last = i;
    }
  }

  static void Continue(const Placed& placed, int last, int i, Cohort& cohort) {
    const double increment = placed.counter[i] - placed.counter[last];
    if (increment < 0) cohort.Exclude(i, v1::FLAW_KIND_COUNTER_RESET);
    if (last < i - 1 && increment != 0) {
      for (int j = last + 1; j <= i; ++j) cohort.Exclude(j, v1::FLAW_KIND_GAP);
    }
    if (increment > 0) cohort.Sums(placed.is_exposure)[i] += increment;
    if (placed.is_exposure && last == i - 1) cohort.known[i] = true;
  }

  void Born(const Placed& placed, int i, Cohort& cohort) const {
    if (continues_[i]) {
      cohort.Sums(placed.is_exposure)[i] += placed.counter[i];
      if (placed.is_exposure) cohort.known[i] = true;
    } else if (i > first_ || !has_exposure_) {
      // It was away, or is another one under the same name, or nobody can tell whether it is new.
      cohort.Exclude(i, v1::FLAW_KIND_GAP);
    }
  }

  std::vector<Placed> counters_;
  std::vector<bool> continues_;  // Something of it was seen at the boundary and the one before.
  int first_ = std::numeric_limits<int>::max();  // Boundaries at which it was seen.
  int last_ = -1;
  bool has_exposure_ = false;
};

// A sentence per kind; `from` is where it was first seen.
std::string Detail(v1::FlawKind kind, const std::string& cohort, int intervals, absl::Time from) {
  const std::string where =
      absl::StrCat(" of ", cohort, " in ", intervals, intervals == 1 ? " interval" : " intervals",
                   ", first at ", absl::FormatTime("%H:%M:%S", from, absl::UTCTimeZone()), " UTC");
  switch (kind) {
    case v1::FLAW_KIND_COUNTER_RESET:
      return "a counter fell" + where + ": a process restarted";
    case v1::FLAW_KIND_GAP:
      return "there are no samples" + where;
    case v1::FLAW_KIND_IMPOSSIBLE:
      return "there are more events than exposure" + where;
    default:
      return "a value is not a whole number" + where;
  }
}

// Writes points and flaws.
class Writer {
 public:
  explicit Writer(const IntervalGrid& grid) : grid_(grid) {
    *series_.mutable_step() = ToProto(grid.step);
    series_.set_kind(v1::METRIC_KIND_COUNTS);
  }

  v1::MetricSeries Write(std::array<std::pair<std::string, Cohort*>, 2> cohorts) {
    for (const auto& [name, cohort] : cohorts) FindGaps(*cohort);
    for (int i = grid_.judged_from + 1; i < grid_.boundaries; ++i) {
      v1::MetricPoint point;
      *point.mutable_time() = ToProto(grid_.At(i));
      for (const auto& [name, cohort] : cohorts) AddTo(point, i, name, *cohort);
      if (!point.cohorts().empty()) *series_.add_points() = std::move(point);
    }
    for (const auto& [name, cohort] : cohorts) {
      if (!cohort->seen) AddSilence(name);
    }
    return std::move(series_);
  }

 private:
  // A cohort that was there and has no samples now. Before it was born it has no gap.
  void FindGaps(Cohort& cohort) const {
    bool begun = false;
    for (int i = 1; i < grid_.boundaries; ++i) {
      begun = begun || cohort.known[i];
      if (begun && !cohort.known[i]) cohort.Exclude(i, v1::FLAW_KIND_GAP);
    }
  }

  void AddTo(v1::MetricPoint& point, int i, const std::string& name, Cohort& cohort) {
    cohort.seen = cohort.seen || cohort.known[i];
    if (cohort.excluded[i] == v1::FLAW_KIND_UNSPECIFIED && cohort.known[i] &&
        cohort.events[i] > cohort.exposure[i]) {
      cohort.Exclude(i, v1::FLAW_KIND_IMPOSSIBLE);
    }
    if (cohort.excluded[i] != v1::FLAW_KIND_UNSPECIFIED) {
      AddFlaw(cohort.excluded[i], name, grid_.At(i));
      return;
    }
    if (!cohort.known[i]) return;
    v1::CohortPoint& values = (*point.mutable_cohorts())[name];
    values.set_events(cohort.events[i]);
    values.set_exposure(cohort.exposure[i]);
  }

  void AddFlaw(v1::FlawKind kind, const std::string& cohort, absl::Time time) {
    auto found = flaws_.find({kind, cohort});
    if (found == flaws_.end()) {
      v1::SeriesFlaw& flaw = *series_.add_flaws();
      flaw.set_kind(kind);
      flaw.set_cohort(cohort);
      *flaw.mutable_time() = ToProto(time);
      found = flaws_.emplace(std::pair(kind, cohort), series_.flaws_size() - 1).first;
    }
    v1::SeriesFlaw& flaw = *series_.mutable_flaws(found->second);
    flaw.set_intervals(flaw.intervals() + 1);
    flaw.set_detail(Detail(kind, cohort, flaw.intervals(), FromProto(flaw.time())));
  }

  void AddSilence(const std::string& name) {
    v1::SeriesFlaw& flaw = *series_.add_flaws();
    flaw.set_kind(v1::FLAW_KIND_SILENT_COHORT);
    flaw.set_cohort(name);
    *flaw.mutable_time() = ToProto(grid_.At(grid_.judged_from));
    flaw.set_intervals(grid_.boundaries - 1 - grid_.judged_from);
    flaw.set_detail(absl::StrCat("there is no exposure of ", name, " at all"));
  }

  const IntervalGrid& grid_;
  v1::MetricSeries series_;
  std::map<std::pair<v1::FlawKind, std::string>, int> flaws_;
};

absl::Time RoundUp(absl::Time time, absl::Duration step) {
  return absl::UnixEpoch() + absl::Ceil(time - absl::UnixEpoch(), step);
}

}  // namespace

IntervalGrid GridFor(absl::Time begin, absl::Duration step, absl::Time now) {
  IntervalGrid grid;
  grid.step = step;
  const absl::Time end = absl::UnixEpoch() + absl::Floor(now - kSettle - absl::UnixEpoch(), step);
  const int64_t intervals = std::max<int64_t>((end - RoundUp(begin, step)) / step, 0);
  const int64_t before = std::min<int64_t>(absl::Ceil(kLookback, step) / step, 60);
  const int64_t counted = std::min<int64_t>(intervals, kMaxBoundaries - 1 - before);
  grid.first = end - (counted + before) * step;
  grid.judged_from = static_cast<int>(before);
  grid.boundaries = counted == 0 ? 0 : static_cast<int>(before + counted + 1);
  return grid;
}

absl::StatusOr<v1::MetricSeries> CountCohorts(const std::vector<PrometheusSeries>& events,
                                              const std::vector<PrometheusSeries>& exposure,
                                              const std::string& canary,
                                              const std::string& baseline,
                                              const IntervalGrid& grid) {
  // By whether it is the canary, then by name.
  std::map<std::pair<bool, std::string>, Target> targets;
  for (const auto* part : {&events, &exposure}) {
    for (const PrometheusSeries& series : *part) {
      if (series.label != canary && series.label != baseline) continue;
      absl::StatusOr<Counter> counter = OnGrid(series, grid, /*whole=*/part == &events);
      if (!counter.ok()) return counter.status();
      const std::string name = absl::StrCat(series.job, "\n", series.instance, "\n", series.pod);
      Target& target =
          targets.try_emplace({series.label == canary, name}, grid.boundaries).first->second;
      target.Add(*std::move(counter), part == &exposure);
    }
  }
  Cohort new_code(grid.boundaries), old_code(grid.boundaries);
  for (const auto& [name, target] : targets) target.Count(name.first ? new_code : old_code);
  return Writer(grid).Write({{{"canary", &new_code}, {"baseline", &old_code}}});
}

}  // namespace gate
