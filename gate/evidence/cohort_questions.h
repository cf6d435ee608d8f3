// A CohortMetricQuery -> PromQL, and what came back -> a series.
//
// One range query of raw counters for each selector, whatever the number of cohorts; one more for
// each earlier week.
#ifndef GATE_EVIDENCE_COHORT_QUESTIONS_H_
#define GATE_EVIDENCE_COHORT_QUESTIONS_H_

#include <functional>
#include <string>
#include <vector>

#include "gate/evidence/interval_grid.h"
#include "gate/evidence/prometheus_response.h"
#include "gate/v1/evidence.pb.h"

namespace gate {

// Reads one PromQL expression on the grid of the question. False: the absence says why.
using ReadRange =
    std::function<bool(const std::string& promql, std::vector<PrometheusSeries>&, v1::Absence&)>;

// What is wrong with a question; empty: it can be asked.
std::string ProblemOf(const v1::CohortMetricQuery& query);

// False: `absence` says why. `native`: whether the histogram was seen to be a native one, which is
// asked first; set to what was found.
bool AskCohorts(const v1::CohortMetricQuery& query, const IntervalGrid& grid, const ReadRange& read,
                bool& native, v1::MetricSeries& series, v1::Absence& absence);

}  // namespace gate

#endif  // GATE_EVIDENCE_COHORT_QUESTIONS_H_
