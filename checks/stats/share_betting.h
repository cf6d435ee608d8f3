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

#include <span>
#include <vector>

#include "checks/stats/count_block.h"

namespace gate::stats {

// Fractions f of the largest bet: log-spaced from 0.02 to 0.98, equal weights.
inline constexpr int kBets = 16;

class ShareBetting {
 public:
  explicit ShareBetting(std::span<const CountBlock> blocks);

  // log E for the null edge `ratio` > 0 and the side of the alternatives. Monotone in `ratio`.
  double LogE(double ratio, Side side) const;

  // How many intervals have been bet on.
  int intervals() const { return static_cast<int>(intervals_.size()); }

 private:
  struct Interval {
    double exposure_share;
    double event_share;
  };
  std::vector<Interval> intervals_;
};

}  // namespace gate::stats

#endif  // CHECKS_STATS_SHARE_BETTING_H_
