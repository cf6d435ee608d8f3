// Tallies of cohorts -> points, kinds of event and flaws of a series.
#ifndef GATE_EVIDENCE_COHORT_WRITER_H_
#define GATE_EVIDENCE_COHORT_WRITER_H_

#include <map>
#include <string>
#include <vector>

#include "absl/time/time.h"
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

// What a flaw of a cohort says, wherever it was found: "there are no samples of canary in 3
// intervals, first at 12:01:00 UTC".
std::string FlawDetail(v1::FlawKind kind, v1::MetricKind metric, const std::string& cohort,
                       int intervals, absl::Time from);
std::string SilenceDetail(const v1::CohortMetricQuery& query, const std::string& cohort);

}  // namespace gate

#endif  // GATE_EVIDENCE_COHORT_WRITER_H_
