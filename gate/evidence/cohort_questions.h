// A CohortMetricQuery -> questions for samples, and what came back -> a series.
//
// One question for the raw counters of each selector, whatever the number of cohorts; one more for
// each earlier week.
#ifndef GATE_EVIDENCE_COHORT_QUESTIONS_H_
#define GATE_EVIDENCE_COHORT_QUESTIONS_H_

#include <functional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "checks/canary/selector.h"
#include "gate/evidence/interval_grid.h"
#include "gate/evidence/prometheus_response.h"
#include "gate/v1/evidence.pb.h"

namespace gate {

// Samples of the series that a selector selects, one at each boundary of the grid at the most.
struct SampleQuestion {
  MetricSelector selector;
  // The last sample that is not older than this at the boundary; 0: as far as a Prometheus looks
  // back.
  absl::Duration within;
  int weeks_before = 0;  // The samples of so many weeks before, as if they were of now.

  // last_over_time(queue_depth{job="shop"}[60s] offset 1w)
  std::string PromQl() const;
};

// Reads on the grid of the question. False: the absence says why.
using ReadRange =
    std::function<bool(const SampleQuestion&, std::vector<PrometheusSeries>&, v1::Absence&)>;

// What is wrong with a question; empty: it can be asked.
std::string ProblemOf(const v1::CohortMetricQuery& query);

// The intervals that it asks for.
IntervalGrid GridOf(const v1::CohortMetricQuery& query, absl::Time now);

// False: `absence` says why. `native`: whether the histogram was seen to be a native one, which is
// asked first; set to what was found.
bool AskCohorts(const v1::CohortMetricQuery& query, const IntervalGrid& grid, const ReadRange& read,
                bool& native, v1::MetricSeries& series, v1::Absence& absence);

}  // namespace gate

#endif  // GATE_EVIDENCE_COHORT_QUESTIONS_H_
