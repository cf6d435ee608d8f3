// Logarithms of likelihood ratios by the canary's share of the exposure, worked out once.
//
// A block with the share rho of the exposure and N events, S of them on the canary, multiplies the
// likelihood of a rate ratio R over that of the null ratio r by
//
//   (R/r)^S ((rho R + 1 - rho) / (rho r + 1 - rho))^-N
//
// The first factor needs only the sum of all S. For the second one, shares are rounded in log odds
// to a grid ten times finer than the chance with which requests fall on one side or the other, and
// away from the evidence: up where harm is to be proven, down where safety is. With a larger share
// an event on the canary was to be expected sooner, so what was an e-process still is one; the loss
// is about a twentieth of the noise of a single block.
#ifndef CHECKS_STATS_SHARE_TABLE_H_
#define CHECKS_STATS_SHARE_TABLE_H_

#include <array>

#include "checks/stats/count_block.h"

namespace gate::stats {

// Alternatives lie at R_j = r e^d or r e^-d: 16 distances d, log-spaced from 2 % to a factor of 55,
// with weights proportional to d. What is not known before costs one to two in log E at large
// effects, which are the ones that have to be found in minutes, and three at the smallest.
inline constexpr int kAlternatives = 16;
struct Alternatives {
  std::array<double, kAlternatives> distance;
  std::array<double, kAlternatives> log_weight;
};
const Alternatives& TheAlternatives();

using PerAlternative = std::array<double, kAlternatives>;

// For one rounded share and one null ratio.
struct ShareRow {
  PerAlternative log_above;  // log((rho R_j + 1 - rho) / (rho r + 1 - rho)), R_j = r e^d
  PerAlternative log_below;  // the same for R_j = r e^-d
};

// The rows on both sides of a block's share. They stay where they are until the next call.
struct ShareRows {
  const ShareRow* up;    // share rounded up
  const ShareRow* down;  // share rounded down
};

// `block` has exposure on both sides; `null_ratio` > 0. Keeps what it has worked out, by thread.
ShareRows RowsFor(const CountBlock& block, double null_ratio);

}  // namespace gate::stats

#endif  // CHECKS_STATS_SHARE_TABLE_H_
