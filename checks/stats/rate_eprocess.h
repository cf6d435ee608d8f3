// Is the canary's own rate of events proven to be under one that nobody minds? The way to a PASS
// where both cohorts have so few events that their ratio says nothing.
//
// Null: in every interval, given the past, at least `tolerated` events per exposure are expected.
// With N_n the canary's exposure of interval n, y_n its events, and alternatives x_j < 1 times the
// tolerated rate t,
//
//   E = sum_j w_j prod_n exp((y_n log x_j + (1 - x_j) t N_n) / s_n),   s_n = max(5, t N_n)
//
// is an e-process. For s_n = 1 a factor is the likelihood ratio of two Poisson distributions, whose
// mean is at most one for Poisson and for binomial counts (Howard, Ramdas, McAuliffe & Sekhon,
// Time-uniform Chernoff bounds via nonnegative supermartingales, Probability Surveys 17 (2020),
// section 3, sub-Poisson case). The root s_n is for bursts: no errors at all may mean that none
// happen, or that the next five come together, and nothing in the counts tells which. A burst of
// u events adds at most (x^(u / s) - 1) / u <= (x - 1) / s to the logarithm of a factor's mean
// wherever u <= s, so that it holds for independent bursts of up to five events, or as many as the
// interval would have at the tolerated rate: an interval counts as one burst at the most, and no
// answer takes fewer than six. The same is true of negative binomial counts whose variance is up
// to five times their mean.
//
// The price: it takes about 30 / t exposure without an event at alpha = 0.01 (count_test.h gives it
// half of the weight), five times what independent events would need.
#ifndef CHECKS_STATS_RATE_EPROCESS_H_
#define CHECKS_STATS_RATE_EPROCESS_H_

#include "checks/stats/count_block.h"

namespace gate::stats {

// The burst that is allowed for in any interval.
inline constexpr double kLargestQuietBurst = 5;

class RateEProcess {
 public:
  // `tolerated` > 0, in events per exposure.
  explicit RateEProcess(double tolerated) : tolerated_(tolerated) {}

  // Only the canary's side is read.
  void Add(const CountBlock& block);

  double LogE() const { return LogEAfter(1); }

  // As if all that has been seen had been seen `times` over.
  double LogEAfter(double times) const;

  // The smallest `times` >= 1 for which LogEAfter reaches `threshold`; infinity where none does.
  double TimesUntil(double threshold) const;

  // Visits all that it holds but the tolerated rate.
  template <typename Visit>
  void EachNumber(Visit visit) {
    visit(expected_);
    visit(seen_);
  }

 private:
  double tolerated_;
  double expected_ = 0;  // Bursts at the tolerated rate...
  double seen_ = 0;      // ...and those there were.
};

}  // namespace gate::stats

#endif  // CHECKS_STATS_RATE_EPROCESS_H_
