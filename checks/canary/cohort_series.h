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
#include "checks/stats/rate_interval.h"
#include "gate/v1/evidence.pb.h"
#include "gate/v1/judge.pb.h"

namespace gate {

// What of a series counts, and how old it may be.
struct SeriesWindow {
  explicit SeriesWindow(const v1::JudgeRequest& request);

  absl::Time start;  // Infinite past: the first traffic of the canary.
  absl::Duration warm_up;
  absl::Time as_of;         // Infinite past: recorded, it does not grow old.
  absl::Duration max_age;   // Zero: the default.
  double canary_share = 0;  // 0: not told.

  bool Recorded() const { return as_of == absl::InfinitePast(); }
};

struct CohortSeries {
  std::string old_cohort;  // which one the canary is compared with: "baseline", "stable"...
  // Blocks with both cohorts, by time, from the first traffic of the canary on. Counts and
  // histograms: those of each stratum, `strata` for each block of time.
  std::variant<std::vector<stats::CountBlock>, std::vector<stats::MeanBlock>,
               std::vector<stats::HistogramBlock>>
      blocks;
  size_t strata = 1;
  std::vector<double> bounds;  // HISTOGRAM: of the buckets, without the last one, which has none
  absl::Duration length;       // of a block
  // Of the first block and of the last; the infinite past where there is none.
  absl::Time first = absl::InfinitePast(), last = absl::InfinitePast();
  // What is wrong with it. Any of it forbids a PASS, none of it a FAIL.
  std::vector<v1::SeriesFlaw> defects;

  // Blocks of time.
  size_t size() const {
    return std::visit([](const auto& some) { return some.size(); }, blocks) / strata;
  }
};

// The cohorts of old code that the canary is to be compared with: the baseline, of its size and
// age; else all that run old code; else each of the earlier weeks.
std::vector<std::string> OldCohorts(const v1::MetricSeries& series);

CohortSeries ReadCohorts(const v1::MetricSeries& series, const std::string& old_cohort,
                         const SeriesWindow& window);

// The same of one stratum alone, without a word about what is wrong with it.
CohortSeries ReadStratum(const v1::MetricSeries& series, const std::string& old_cohort,
                         const std::string& stratum, const SeriesWindow& window);

// All strata, sorted; one without a name where nothing was told apart.
std::vector<std::string> StrataOf(const v1::MetricSeries& series, const std::string& old_cohort);

}  // namespace gate

#endif  // CHECKS_CANARY_COHORT_SERIES_H_
