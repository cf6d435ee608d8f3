// Samples of a metrics server -> what each cohort did in each interval.
//
//   COUNTS     whole numbers of events, and exposure
//   VALUES     cost per exposure, with the exposure as its weight; gauges: the last sample of each
//              series
//   HISTOGRAM  observations by bucket, on the bounds that all histograms have
//
// Counters become increments as scrape_target.h says. On top of what is flagged there:
//   more events than exposure           IMPOSSIBLE
//   a cohort that was there and is gone GAP
//   a cohort without series             SILENT_COHORT; of old cohorts only where there is none at
//   all no bound in common                  OTHER_BOUNDS more than 1,000 kinds of event LEFT_OUT
// The past and earlier weeks are yardsticks: what cannot be known of them is left out without a
// flaw, and what the canary did before its first moment is no part of it.
//
// A cost in an interval without exposure counts with the next interval that has some: the sum of
// costs stays what it was.
#ifndef GATE_EVIDENCE_COHORT_COUNTS_H_
#define GATE_EVIDENCE_COHORT_COUNTS_H_

#include <vector>

#include "absl/status/statusor.h"
#include "gate/evidence/interval_grid.h"
#include "gate/evidence/prometheus_response.h"
#include "gate/v1/evidence.pb.h"

namespace gate {

// Series by the part that they play, ascending by labels.
struct MetricSamples {
  std::vector<PrometheusSeries> events;  // VALUES: cost or gauge. HISTOGRAM: the histogram.
  std::vector<PrometheusSeries> exposure;
};

struct CohortSamples {
  MetricSamples cohorts;
  std::vector<MetricSamples> earlier;  // All traffic 1, 2, ... weeks before, at the times of now.
};

// INVALID_ARGUMENT where samples do not lie on the grid or are of another form than the query's
// kind; RESOURCE_EXHAUSTED where there are too many strata. A series without points: nothing was
// seen at all.
absl::StatusOr<v1::MetricSeries> CountCohorts(const CohortSamples& samples,
                                              const v1::CohortMetricQuery& query,
                                              const IntervalGrid& grid);

}  // namespace gate

#endif  // GATE_EVIDENCE_COHORT_COUNTS_H_
