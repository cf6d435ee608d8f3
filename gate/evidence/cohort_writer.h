// Tallies of cohorts -> points, kinds of event and flaws of a series.
#ifndef GATE_EVIDENCE_COHORT_WRITER_H_
#define GATE_EVIDENCE_COHORT_WRITER_H_

#include <map>
#include <string>
#include <vector>

#include "gate/evidence/cohort_tally.h"
#include "gate/evidence/interval_grid.h"
#include "gate/v1/evidence.pb.h"

namespace gate {

using Cohorts = std::map<std::string, Cohort>;  // By name.

struct CountedCohorts {
  const v1::CohortMetricQuery& query;
  const std::vector<double>& bounds;  // HISTOGRAM: of the buckets.
  const IntervalGrid& grid;
  Cohorts judged;  // On grid.Judged().
  Cohorts past;    // On grid.Past().
};

v1::MetricSeries WriteSeries(CountedCohorts counted);

}  // namespace gate

#endif  // GATE_EVIDENCE_COHORT_WRITER_H_
