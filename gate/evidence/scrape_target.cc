#include "gate/evidence/scrape_target.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <utility>

namespace gate {
namespace {

constexpr double kLargestCount = 9007199254740992.0;  // 2^53: doubles count no further.

bool Bad(double value, bool whole) {
  if (!(value >= 0 && value <= kLargestCount)) return true;
  return whole && std::abs(value - std::round(value)) > 1e-6;
}

bool Seen(double value) { return value != kUnseen; }

// Nothing where it is no boundary.
std::optional<int> BoundaryOf(int64_t milliseconds, const IntervalGrid& grid) {
  const int64_t offset = milliseconds - absl::ToUnixMillis(grid.first);
  const int64_t step = absl::ToInt64Milliseconds(grid.step);
  if (offset < 0 || offset % step != 0 || offset / step >= grid.boundaries) return std::nullopt;
  return static_cast<int>(offset / step);
}

void AddIncrement(const Sink& sink, int i, double increment) {
  sink.tally->sums[sink.slot][i] += increment;
  if (sink.by_type != nullptr && increment > 0) (*sink.by_type)[i] += increment;
}

}  // namespace

Counter OnGrid(const std::vector<PrometheusSample>& samples, const IntervalGrid& grid, bool whole) {
  Counter counter(static_cast<size_t>(grid.boundaries), kUnseen);
  for (const PrometheusSample& sample : samples) {
    const std::optional<int> i = BoundaryOf(sample.milliseconds, grid);
    if (!i) continue;
    counter[*i] = Bad(sample.value, whole) ? kBad : whole ? std::round(sample.value) : sample.value;
  }
  return counter;
}

bool AllOnGrid(const PrometheusSeries& series, const IntervalGrid& grid) {
  const auto on_grid = [&](const auto& sample) {
    return BoundaryOf(sample.milliseconds, grid).has_value();
  };
  return std::ranges::all_of(series.samples, on_grid) &&
         std::ranges::all_of(series.histograms, on_grid);
}

void ScrapeTarget::Add(Counter counter, Sink sink) {
  const auto seen = std::find_if(counter.begin(), counter.end(), Seen);
  if (seen == counter.end()) return;
  first_ = std::min(first_, static_cast<int>(seen - counter.begin()));
  for (int i = static_cast<int>(counter.size()) - 1; i >= 0; --i) {
    if (Seen(counter[i])) last_ = std::max(last_, i);
    if (i > 0 && Seen(counter[i]) && Seen(counter[i - 1])) continues_[i] = true;
  }
  has_exposure_ = has_exposure_ || sink.is_exposure;
  counters_.push_back({std::move(counter), sink});
}

void ScrapeTarget::Count(Cohort& cohort) const {
  for (const Placed& placed : counters_) CountOne(placed, cohort);
  // Seen once and gone: what it did is not known, and may be why it is gone.
  const int newest = static_cast<int>(continues_.size()) - 1;
  if (first_ > 0 && first_ == last_ && last_ < newest) {
    cohort.Exclude(last_ + 1, v1::FLAW_KIND_GAP);
  }
}

void ScrapeTarget::CountOne(const Placed& placed, Cohort& cohort) const {
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

void ScrapeTarget::Continue(const Placed& placed, int last, int i, Cohort& cohort) {
  const double increment = placed.counter[i] - placed.counter[last];
  if (increment < 0) cohort.Exclude(i, v1::FLAW_KIND_COUNTER_RESET);
  if (last < i - 1 && increment != 0) {
    for (int j = last + 1; j <= i; ++j) cohort.Exclude(j, v1::FLAW_KIND_GAP);
  }
  if (increment > 0) AddIncrement(placed.sink, i, increment);
  if (placed.sink.is_exposure && last == i - 1) placed.sink.tally->known[i] = true;
}

void ScrapeTarget::Born(const Placed& placed, int i, Cohort& cohort) const {
  if (continues_[i]) {
    AddIncrement(placed.sink, i, placed.counter[i]);
    if (placed.sink.is_exposure) placed.sink.tally->known[i] = true;
  } else if (i > first_ || !has_exposure_) {
    // It was away, or is another one under the same name, or nobody can tell whether it is new.
    cohort.Exclude(i, v1::FLAW_KIND_GAP);
  }
}

}  // namespace gate
