// The boundaries of the intervals of a question: first, first + step, ... The same for every
// question with that step, so that a later question sees the same intervals.
#ifndef GATE_EVIDENCE_INTERVAL_GRID_H_
#define GATE_EVIDENCE_INTERVAL_GRID_H_

#include "absl/time/time.h"

namespace gate {

// Interval i ends at boundary i. In this order: boundaries that only tell which series were there
// already, intervals of the past, intervals that count.
struct IntervalGrid {
  absl::Time first;     // Of all boundaries that are asked for.
  absl::Duration step;  // Whole seconds.
  int boundaries = 0;
  int judged_from = 0;  // Boundary at which the first interval that counts begins.
  int past = 0;         // Intervals of the past.

  absl::Time At(int boundary) const { return first + boundary * step; }
  absl::Time end() const { return At(boundaries - 1); }

  // The part that counts, and the past, each as a grid of its own: what is counted in one is the
  // same with and without the other.
  IntervalGrid Judged() const;
  IntervalGrid Past() const;
};

// The complete intervals at `now`: those that ended some seconds ago, so that the last scrape has
// arrived, from `begin` (rounded up) on, and before it `past`, as far as a Prometheus answers in
// one query. Fewer than two boundaries: there is none yet.
IntervalGrid GridFor(absl::Time begin, absl::Duration step, absl::Time now,
                     absl::Duration past = absl::ZeroDuration());

// The newest boundary at `now`.
absl::Time LastBoundary(absl::Duration step, absl::Time now);

}  // namespace gate

#endif  // GATE_EVIDENCE_INTERVAL_GRID_H_
