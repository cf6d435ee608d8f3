// One metric of a canary: from the series that was observed to what it says.
#ifndef CHECKS_CANARY_METRIC_JUDGEMENT_H_
#define CHECKS_CANARY_METRIC_JUDGEMENT_H_

#include <string>
#include <vector>

#include "absl/time/time.h"
#include "checks/canary/parameters.h"
#include "checks/stats/count_block.h"
#include "checks/stats/count_test.h"
#include "gate/v1/change.pb.h"
#include "gate/v1/evidence.pb.h"
#include "gate/v1/policy.pb.h"

namespace gate {

// What is wrong with a series. Any of it forbids a PASS, none of it a FAIL.
struct SeriesDefect {
  std::string rule;     // "canary.counter_reset"
  std::string message;  // A sentence, without the metric's name.
  std::string instead;  // What to do.
};

// The series as the statistics want it.
struct CountSeries {
  std::vector<stats::CountBlock> blocks;  // From the first exposure of the canary on.
  stats::CountBlock total;
  absl::Time first = absl::InfiniteFuture();      // End of the first block.
  absl::Time last_canary = absl::InfinitePast();  // End of the last with exposure.
  absl::Time last_baseline = absl::InfinitePast();
  std::vector<SeriesDefect> defects;
};

// Drops what cannot be counted, and says so. Evidence may come from a record or from a reporter:
// nothing about it is taken for granted. `change.canary.started_at` is the start where it is set.
CountSeries ReadSeries(const v1::MetricSeries& series, const v1::Change& change,
                       const CanaryParameters& parameters, absl::Time now);

// What one metric came to, in the direction in which it is worse.
struct MetricJudgement {
  bool harm = false;
  bool safe = false;
  bool reversed = false;  // Judged as baseline to canary: less is worse.
  double limit = 1;       // On the ratio that was judged.
  stats::CountAnswer answer;
};

// `alpha_harm` is the metric's part of alpha. PASS needs every metric, so each may use the whole
// alpha for it (intersection-union test: a harmful canary passes only if its harmful metric does).
MetricJudgement JudgeCounts(const CountSeries& series, const v1::CanaryMetric& metric,
                            double alpha_harm, double alpha_safe);

}  // namespace gate

#endif  // CHECKS_CANARY_METRIC_JUDGEMENT_H_
