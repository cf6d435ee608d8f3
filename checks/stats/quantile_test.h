// Whether a quantile of the canary (its p99) is worse than the baseline's by more than a factor,
// from histograms. Percentiles that others have worked out cannot be added up or compared; counts
// of requests over a bucket's bound can.
//
// Null of harm: the canary is no slower than the baseline times r, S_c(r x) <= S_b(x) for the part
// S of the requests that takes longer. So the question is one of counts (count_test.h): requests of
// the canary over a bound e, near r times the baseline's quantile, against those of the baseline
// over the bound f that lies nearest to e / r, with a limit of S_b(e / r) / S_b(f). Where buckets
// are fine that is about one, and where they are coarse, f = e. The bounds and the limit come from
// the intervals before (what is predictable keeps an e-process an e-process; the first interval
// only tells where to look), the limit by interpolation: between two bounds log(S / (1 - S)) is
// taken for a line in log x, as it is for a log-logistic distribution. How far apart the bounds are
// is told.
//
// What it asks for beside what count_test.h asks for: that S_b(e / r) / S_b(f) stays as it was
// while the test runs. Where the baseline has hardly any request over f, nothing is bet.
#ifndef CHECKS_STATS_QUANTILE_TEST_H_
#define CHECKS_STATS_QUANTILE_TEST_H_

#include <span>
#include <vector>

#include "checks/stats/count_test.h"

namespace gate::stats {

// Cumulative counts of one cohort: how many took at most bounds[i], and the last: how many in all.
using Cumulative = std::vector<double>;

// One interval. Both of bounds.size() + 1 numbers that do not fall, finite, not negative.
struct HistogramBlock {
  Cumulative canary, baseline;
};

struct QuantileAnswer {
  CountAnswer counts;               // Of slow requests: estimate, lower and upper are to the limit.
  double canary = 0, baseline = 0;  // The quantiles, interpolated. Infinity: over all bounds.
  double estimate = 0, lower = 0, upper = 0;  // Their ratio, with bounds at each alpha.
  // Where requests are called slow now (e and f above), and the parts that took longer. 0: nobody
  // knows yet.
  double canary_bound = 0, baseline_bound = 0;
  double canary_over = 0, baseline_over = 0;
  double resolution = 0;  // The next lower bound than the canary's is that many times smaller.
};

class QuantileTest {
 public:
  // bounds ascending, over 0, finite, at least one; 0 < quantile < 1; limit >= 1: the r above.
  QuantileTest(std::vector<double> bounds, double quantile, double limit, PastNoise past = {});

  void Add(const HistogramBlock& block);

  // An interval by strata, each compared with itself. Requests are called slow at the same bounds
  // in all of them.
  void Add(std::span<const HistogramBlock> strata);

  QuantileAnswer Answer(double alpha_harm, double alpha_safe) const;

  // QuantileAnswer.counts.log_e_harm alone; and whether the ratio is over the limit as it looks.
  double LogEOfHarm() const { return counts_.LogEOfHarm(); }
  bool LooksHarmful() const { return counts_.LooksHarmful(); }

  const Cumulative& canary() const { return canary_; }
  const Cumulative& baseline() const { return baseline_; }

  // Visits all that has been seen: what a later judgement has to know, beside the question.
  template <typename Visit>
  void EachNumber(Visit visit) {
    for (double& count : canary_) visit(count);
    for (double& count : baseline_) visit(count);
    counts_.EachNumber(visit);
  }

 private:
  // Where requests are slow, and how many times more of them the canary may have.
  struct Cut {
    size_t canary = 0, baseline = 0;  // bounds
    double limit = 0;                 // 0: nothing can be said yet.

    // One interval, or many, as counts of slow requests.
    CountBlock Slow(const Cumulative& canary_counts, const Cumulative& baseline_counts) const;
  };
  Cut FindCut() const;

  std::vector<double> bounds_;
  double quantile_, limit_;
  Cumulative canary_, baseline_;  // totals
  CountTest counts_;
  std::vector<CountBlock> slow_;  // of the interval that is being added
};

// Of the counts, between bounds interpolated as above (in the first bucket: from 0, evenly).
// Infinity where it lies over the last bound, NaN where nothing was counted.
double Quantile(std::span<const double> bounds, std::span<const double> cumulative,
                double quantile);

}  // namespace gate::stats

#endif  // CHECKS_STATS_QUANTILE_TEST_H_
