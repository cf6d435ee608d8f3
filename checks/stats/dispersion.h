// Whether events come one by one or in bursts: the ratio of the variance that is seen to the one
// that single, independent events would have. 1 for single events, D for bursts of D.
//
// Two measures (Pearson's statistic over its degrees of freedom; McCullagh & Nelder, Generalized
// Linear Models, 2nd ed. 1989, section 4.5):
//   of the shares: the canary's events in a block, given those of both. Not disturbed by a common
//   rate that moves, but blind where a block holds few events, or all on one side;
//   of the totals: the events of both, given the exposure. Sees bursts of two events already, and
//   takes a common rate that moves for bursts: it errs on the careful side only.
#ifndef CHECKS_STATS_DISPERSION_H_
#define CHECKS_STATS_DISPERSION_H_

#include <span>

#include "checks/stats/count_block.h"

namespace gate::stats {

// Blocks that it takes before dispersion is called measured.
inline constexpr int kBlocksForDispersion = 10;

struct Dispersion {
  double ratio = 0;  // Variance seen to variance expected; 0 where it could not be measured.
  int blocks = 0;    // How many it was measured on.

  // Whether events have been seen to come one by one: at least ten blocks, and not more than one
  // standard deviation, sqrt(2 / blocks), above what single events would show.
  bool Single() const;

  // Whether bursts of more than `size` have been seen, on at least ten blocks.
  bool Over(double size) const { return blocks >= kBlocksForDispersion && ratio > size; }
};

// By the shares where at least ten blocks expect a variance of one event or more, else by the
// totals. `ratio`: the rate ratio that fits best, finite.
Dispersion MeasureDispersion(std::span<const CountBlock> blocks, double ratio);

// Whether events are seen to come one by one in a way that luck cannot feign. A harmful canary that
// looks safe by luck is one whose bursts have not come yet: its shares look single for that very
// reason, in up to one of seven such canaries. So, for a verdict of safety, the shares are measured
// on twenty groups of blocks that each expect a variance of one, and events of both cohorts are
// held against those of the block before (which a common rate that moves slowly does not disturb).
// `blocks` in the order of time.
bool SurelySingle(std::span<const CountBlock> blocks, double ratio);

}  // namespace gate::stats

#endif  // CHECKS_STATS_DISPERSION_H_
