// The robust comparison: bets on the canary's share of the events, one bet per interval.
//
// In interval n, with N_n > 0 events of which the canary has the share X_n, and r the edge of the
// null rate ratio, E[X_n | past, N_n] <= theta_n(r) whatever the events inside of the interval have
// to do with each other: they may come in bursts of any size. So
//
//   E(r) = sum_j w_j prod_n (1 + f_j (X_n / theta_n(r) - 1)),   0 < f_j < 1,
//
// is an e-process for "R <= r", and with 1 - X and 1 - theta for "R >= r".
// Waudby-Smith & Ramdas, Estimating means of bounded random variables by betting, JRSSB 86 (2024),
// arXiv:2010.09686, section 4: the capital process with lambda = f / theta.
//
// What it asks for instead is that an interval is a unit: bursts end with it. It gives up power
// where an interval holds many events (an interval pays at most 1/theta), about a factor 1.3 to 1.8
// in time at a few events per interval. Splitting an interval therefore matters here.
#ifndef CHECKS_STATS_SHARE_BETTING_H_
#define CHECKS_STATS_SHARE_BETTING_H_

#include <array>

#include "checks/stats/count_block.h"

namespace gate::stats {

// Fractions f of the largest bet: log-spaced from 0.02 to 0.98, equal weights.
inline constexpr int kBets = 10;

// Bets for one null edge and one side of it.
class ShareBetting {
 public:
  explicit ShareBetting(Side side) : side_(side) { capital_.fill(1); }

  // One informative interval. `expected`: theta(r), the share of its events that the canary has at
  // the edge of the null.
  void Add(const CountBlock& block, double expected);

  // log E.
  double LogE() const;

  // Visits all that it holds but the side.
  template <typename Visit>
  void EachNumber(Visit visit) {
    for (double& capital : capital_) visit(capital);
    for (double& exponent : exponent_) visit(exponent);
    visit(since_scaled_);
  }

 private:
  Side side_;
  std::array<double, kBets> capital_;  // times 2^exponent_
  std::array<double, kBets> exponent_{};
  double since_scaled_ = 0;
};

}  // namespace gate::stats

#endif  // CHECKS_STATS_SHARE_BETTING_H_
