// One metric, from the points that were observed or reported to what is known of it: the canary
// against each cohort of old code that it may be compared with, and the old version against its own
// past. Reads every point once, in the order of time, and may go on where an earlier reading ended.
#ifndef CHECKS_CANARY_METRIC_COURSE_H_
#define CHECKS_CANARY_METRIC_COURSE_H_

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "checks/canary/block_reader.h"
#include "checks/canary/comparison.h"
#include "checks/canary/past_watch.h"
#include "checks/canary/series_window.h"
#include "gate/v1/evidence.pb.h"

namespace gate {

// The chances of one metric's errors: of harm and of safety in vain, and of saying in vain that the
// old version got worse than it was.
struct Levels {
  double harm, safe, past;
};

// `metric` and `window` outlive it.
class MetricCourse {
 public:
  // Reads all blocks that end by `until`, behind those of the metric's state. Where that state
  // cannot be gone on from, nothing is read, and it is a defect: later points alone would deceive.
  MetricCourse(const v1::MetricSeries& metric, const SeriesWindow& window, const Levels& levels,
               absl::Time until = absl::InfiniteFuture());

  // The cohorts of old code that the canary is to be compared with, of those that have had traffic
  // beside it: the baseline, of its size and age; else all that run old code; else each of the
  // earlier weeks. At least one, if only to say that there is none.
  const std::vector<Comparison>& comparisons() const { return comparisons_; }
  std::vector<v1::SeriesFlaw> Defects(const Comparison& comparison) const;
  std::optional<PastAnswer> past() const {
    return lost_ ? std::nullopt : past_.Answer(levels_.safe);
  }

  // To go on from; nothing before the canary's first traffic, or where blocks have no length that
  // is told.
  std::optional<v1::MetricState> State();

 private:
  bool Restore(const v1::MetricState& state);
  void Each(StateArchive& archive);
  void AddBlock();
  void OpenComparisons();

  const v1::MetricSeries& metric_;
  const SeriesWindow& window_;
  const Levels levels_;
  BlockReader reader_;
  PastWatch past_;
  std::vector<Comparison> comparisons_;
  std::array<bool, kCohorts> beside_{};      // Who has had traffic since the canary began.
  size_t opened_for_ = 0;                    // How many of them.
  absl::Time began_ = absl::InfinitePast();  // First block with traffic of the canary.
  absl::Time future_ = absl::InfinitePast();
  std::optional<v1::SeriesFlaw> lost_;  // What earlier blocks came to.
};

}  // namespace gate

#endif  // CHECKS_CANARY_METRIC_COURSE_H_
