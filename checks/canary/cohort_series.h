// One metric of two cohorts, from the points that were observed or reported to the blocks that the
// statistics want.
#ifndef CHECKS_CANARY_COHORT_SERIES_H_
#define CHECKS_CANARY_COHORT_SERIES_H_

#include <string>
#include <variant>
#include <vector>

#include "absl/time/time.h"
#include "checks/stats/count_block.h"
#include "checks/stats/mean_process.h"
#include "checks/stats/quantile_test.h"
#include "gate/v1/evidence.pb.h"

namespace gate {

struct CohortSeries {
  std::string old_cohort;  // which one the canary is compared with: "baseline" or "stable"
  // Blocks with both cohorts, by time, from the first traffic of the canary on.
  std::variant<std::vector<stats::CountBlock>, std::vector<stats::MeanBlock>,
               std::vector<stats::HistogramBlock>>
      blocks;
  std::vector<double> bounds;  // HISTOGRAM: of the buckets, without the last one, which has none
  absl::Duration length;       // of a block
  // What is wrong with it, a sentence each. Any of it forbids a PASS, none of it a FAIL.
  std::vector<std::string> defects;

  size_t size() const {
    return std::visit([](const auto& some) { return some.size(); }, blocks);
  }
};

// Points that are closer together than a minute are put together to blocks of one minute (UTC), or
// of the series' step where that is longer: so the answer does not depend on how an interval was
// split. What cannot be read is left out and told.
CohortSeries ReadCohorts(const v1::MetricSeries& series);

}  // namespace gate

#endif  // CHECKS_CANARY_COHORT_SERIES_H_
