#include "gate/evidence/interval_grid.h"

#include <algorithm>
#include <cstdint>

namespace gate {
namespace {

// How long the last scrape of an interval may take to arrive.
constexpr absl::Duration kArrival = absl::Seconds(5);
// How far a Prometheus looks back for a sample; who was not seen for so long was not there.
constexpr absl::Duration kLookback = absl::Minutes(5);
constexpr int kMaxBoundaries = 11000;  // A Prometheus answers no more per series.

absl::Time RoundUp(absl::Time time, absl::Duration step) {
  return absl::UnixEpoch() + absl::Ceil(time - absl::UnixEpoch(), step);
}

}  // namespace

IntervalGrid IntervalGrid::Judged() const {
  return {At(past), step, boundaries - past, judged_from - past, 0};
}

IntervalGrid IntervalGrid::Past() const {
  return {first, step, judged_from + 1, judged_from - past, 0};
}

absl::Time LastBoundary(absl::Duration step, absl::Time now) {
  return absl::UnixEpoch() + absl::Floor(now - kArrival - absl::UnixEpoch(), step);
}

IntervalGrid GridFor(absl::Time begin, absl::Duration step, absl::Time now, absl::Duration past) {
  IntervalGrid grid;
  grid.step = step;
  const absl::Time end = LastBoundary(step, now);
  const int64_t intervals = std::max<int64_t>((end - RoundUp(begin, step)) / step, 0);
  const int64_t before = std::min<int64_t>(absl::Ceil(kLookback, step) / step, 60);
  const int64_t counted = std::min<int64_t>(intervals, kMaxBoundaries - 1 - before);
  const int64_t earlier =
      std::clamp<int64_t>(past / step, 0, kMaxBoundaries - 1 - before - counted);
  grid.first = end - (counted + before + earlier) * step;
  grid.past = static_cast<int>(earlier);
  grid.judged_from = static_cast<int>(before + earlier);
  grid.boundaries = counted == 0 ? 0 : static_cast<int>(grid.judged_from + counted + 1);
  return grid;
}

}  // namespace gate
