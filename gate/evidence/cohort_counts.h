// Raw counters -> whole numbers of events and exposure, by cohort and interval.
//
// Why not rate() or increase(): they extrapolate to the edges of the range, so that 3 errors become
// 3.07, and guess across resets. Here a difference of two values of one series is taken only where
// both were seen, and what cannot be known is left out and flagged:
//   the value fell            the process restarted: COUNTER_RESET, the interval does not count
//   gone and back, higher     GAP: nobody knows in which interval it happened
//   NaN, half an event        NOT_A_NUMBER
//   more events than exposure IMPOSSIBLE
//   a cohort without series   SILENT_COHORT
//
// Where counting starts. A target is one scraped process: the labels job, instance and pod. Its
// first sample may be the total of years, if it was not scraped before, or of seconds, if it is
// new; nobody can tell. So a target counts from its first sample on, and at most one interval of a
// fresh process is lost. A series that appears on a target that goes on was born: it counts from 0,
// since the first error of a label is its first sample. What cannot be told apart is a GAP:
//   a target that was away, or changed all of its labels, and shows new series
//   a target that was seen once and is gone
//   a target that has events only: let events and exposure come from the same processes
// Series without these labels, as recording rules leave them, are one target per cohort.
#ifndef GATE_EVIDENCE_COHORT_COUNTS_H_
#define GATE_EVIDENCE_COHORT_COUNTS_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "gate/evidence/prometheus_response.h"
#include "gate/v1/evidence.pb.h"

namespace gate {

// The boundaries of the intervals: first, first + step, ... The same for every question with that
// step, so that a later question sees the same intervals.
struct IntervalGrid {
  absl::Time first;     // Of all boundaries that are asked for.
  absl::Duration step;  // Whole seconds.
  int boundaries = 0;
  int judged_from = 0;  // Boundary at which the first interval that counts begins; those before
                        // it only tell which series were there already.

  absl::Time At(int boundary) const { return first + boundary * step; }
  absl::Time end() const { return At(boundaries - 1); }
};

// The complete intervals at `now`: those that ended some seconds ago, so that the last scrape has
// arrived, from `begin` (rounded up) on. Fewer than two boundaries: there is none yet.
IntervalGrid GridFor(absl::Time begin, absl::Duration step, absl::Time now);

// `label` of a PrometheusSeries is the cohort: `canary` and `baseline` are its values.
// INVALID_ARGUMENT where samples do not lie on the grid. A series without points: nothing was seen
// at all.
absl::StatusOr<v1::MetricSeries> CountCohorts(const std::vector<PrometheusSeries>& events,
                                              const std::vector<PrometheusSeries>& exposure,
                                              const std::string& canary,
                                              const std::string& baseline,
                                              const IntervalGrid& grid);

}  // namespace gate

#endif  // GATE_EVIDENCE_COHORT_COUNTS_H_
