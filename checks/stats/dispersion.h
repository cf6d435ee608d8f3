// Whether events come one by one or in bursts: the ratio of the variance that is seen to the one
// that single, independent events would have. 1 for single events, D for bursts of D.
//
// Two measures (Pearson's statistic over its degrees of freedom; McCullagh & Nelder, Generalized
// Linear Models, 2nd ed. 1989, section 4.5):
//   of the shares: the canary's events in a block, given those of both. Not disturbed by a common
//   rate that moves, but blind where a block holds few events, or all on one side;
//   of the totals: the events of both, given the exposure. Sees bursts of two events already, and
//   takes a common rate that moves for bursts: it errs on the careful side only. Measured as if the
//   ratio were one, and with the one that the blocks before let expect: the first takes a share
//   that grows for bursts where old and new differ, the second what is not yet known of the ratio.
//   The smaller one counts.
//
// Each block is held against what the blocks before it let expect (recursive residuals: Brown,
// Durbin & Evans, JRSSB 37 (1975), section 2.2), so that nothing has to be kept of a block.
#ifndef CHECKS_STATS_DISPERSION_H_
#define CHECKS_STATS_DISPERSION_H_

#include <initializer_list>

#include "checks/stats/count_block.h"

namespace gate::stats {

// Blocks that it takes before dispersion is called measured.
inline constexpr int kBlocksForDispersion = 10;

struct Dispersion {
  double ratio = 0;  // Variance seen to variance expected; 0 where it could not be measured.
  int blocks = 0;    // How many it was measured on.

  // Whether it was measured on at least ten blocks, and lies not more than so many standard
  // deviations, of sqrt(2 / blocks), above what single events would show.
  bool UnderDeviations(double deviations) const;

  // Whether events have been seen to come one by one. At 1.25 deviations harm is found one or two
  // minutes earlier than at 1; at 2, dispersion of two to three brings more false alarms than
  // alpha.
  bool Single() const;

  // Whether bursts of more than `size` have been seen, on at least ten blocks.
  bool Over(double size) const { return blocks >= kBlocksForDispersion && ratio > size; }
};

// Takes blocks in the order of time, those with exposure on both sides.
class DispersionMeter {
 public:
  // `part`: of the variance that single events have, where it is known to be less: 1 - p of
  // outcomes that a part p of all requests has.
  void Add(const CountBlock& block, double part = 1);

  // Blocks from here on count something else (requests over another bound), of which there were so
  // many in the blocks before.
  void Turn(const CountBlock& before);

  // By the shares where at least ten blocks expect a variance of one event or more, else by the
  // totals.
  Dispersion Measured() const;
  Dispersion OfShares() const { return shares_.Result(); }
  Dispersion OfTotals() const;

  // Whether events are seen to come one by one in a way that luck cannot feign. A harmful canary
  // that looks safe by luck is one whose bursts have not come yet: its shares look single for that
  // very reason, in up to one of seven such canaries. So, for a verdict of safety, the shares are
  // measured on twenty groups of blocks that each expect a variance of one, and events of both
  // cohorts are held against those of the block before (which a common rate that moves slowly does
  // not disturb).
  bool SurelySingle() const;
  // The same by the shares alone, which a common rate does not disturb however it moves.
  bool SharesSurelySingle() const;

  // The rate ratio that fits best (Mantel & Haenszel, JNCI 22 (1959): blocks are strata); infinity
  // or NaN where one side has no event.
  double Ratio() const { return canary_weighted_ / baseline_weighted_; }

  // Visits all that it holds.
  template <typename Visit>
  void EachNumber(Visit visit) {
    for (double* number :
         {&canary_weighted_, &baseline_weighted_, &shares_.sum,     &shares_.blocks,
          &information_,     &groups_.sum,        &groups_.blocks,  &group_seen_,
          &group_expected_,  &group_variance_,    &neighbours_.sum, &neighbours_.blocks,
          &weight_before_,   &events_before_,     &at_one_.squares, &at_one_.weight,
          &fitted_.squares,  &fitted_.weight,     &totals_events_,  &totals_blocks_}) {
      visit(*number);
    }
  }

 private:
  // Pearson's statistic, term by term.
  struct Pearson {
    double sum = 0;
    double blocks = 0;

    void Add(double seen, double expected, double variance);
    Dispersion Result() const;
  };

  // Pearson's statistic of the events of both, block by block, around one rate.
  struct Totals {
    double squares = 0;  // of the events, over the exposure
    double weight = 0;   // all exposure, that of the canary times the ratio

    void Add(double events, double exposure);
    double Scattered(double events) const;
    // So that from here on they scatter around the rate of these blocks, and have scattered so far.
    void Restart(double scattered, double events, double exposure);
  };

  void AddShares(const CountBlock& block, double part);
  void AddTotals(const CountBlock& block, double part);
  double FittedRatio() const;

  double canary_weighted_ = 0, baseline_weighted_ = 0;  // Mantel & Haenszel's two sums
  Pearson shares_;
  double information_ = 0;  // about the logarithm of the ratio
  Pearson groups_;          // of blocks, put together until they can tell bursts from single events
  double group_seen_ = 0, group_expected_ = 0, group_variance_ = 0;
  Pearson neighbours_;  // the events of a block, given those of it and the one before
  double weight_before_ = 0, events_before_ = 0;
  Totals at_one_, fitted_;  // as if the ratio were one; with the one that fits
  double totals_events_ = 0, totals_blocks_ = 0;
};

}  // namespace gate::stats

#endif  // CHECKS_STATS_DISPERSION_H_
