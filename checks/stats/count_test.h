// Is harm beyond the margin proven? Is safety proven? Else: how much longer?
//
// Puts three e-processes for the rate ratio together, with fixed weights:
//
//   E = 3/4 [events come one by one] E_events + 1/8 [in no large bursts] E_bursts + 1/8 E_shares
//
// E_events (ratio_eprocess.h) is the strongest, and right only for single events: under bursts of
// five it raises a false alarm in a quarter of all healthy canaries at alpha = 0.01. So it counts
// while the dispersion (dispersion.h) has been measured on ten blocks and shows single events.
// E_bursts holds for bursts of up to ten events, or a third of the block's, and counts until larger
// ones have been measured; E_shares (share_betting.h) for any burst that ends with its interval.
//
// Why this keeps its promise. For single events all three are e-processes and the brackets only
// take away, so E is at most an e-process: P(E >= 1/alpha ever) <= alpha is a theorem. For bursts
// the sum of the other two still is one, under their assumptions; what the first bracket lets
// through is the part of the runs in which bursts have pushed E_events to 4/3 alpha^-1 while no
// burst could be seen in the very same counts. That part is measured, not proven:
// tests/stats/promise_test.cc simulates it for dispersion 1 to 5, and it stays below alpha.
//
// Safety asks for more than harm before E_events counts: SurelySingle in dispersion.h. A false PASS
// is the dearer mistake, and the luck that brings one about also hides the bursts.
//
// Where a tenth of all requests or more have an event, single events count with 1/8 instead of 3/4,
// and common_events.h puts its terms in their place.
//
// With a tolerated rate, what is harmful has a ratio of at least the limit and a rate of at least
// the tolerated one. E of safety is then 1/2 E above + 1/2 E_rate (rate_eprocess.h): each is an
// e-process where both hold, so their mean is. E_rate does not count once bursts of more than
// five have been measured. Harm is judged by the ratio alone, as without it.
#ifndef CHECKS_STATS_COUNT_TEST_H_
#define CHECKS_STATS_COUNT_TEST_H_

#include <initializer_list>
#include <span>

#include "checks/stats/common_events.h"
#include "checks/stats/count_block.h"
#include "checks/stats/dispersion.h"
#include "checks/stats/rate_eprocess.h"
#include "checks/stats/rate_reference.h"
#include "checks/stats/ratio_eprocess.h"
#include "checks/stats/share_betting.h"

namespace gate::stats {

// What to test.
struct CountQuestion {
  double limit = 1;          // The rate ratio up to which there is no harm, > 0.
  double alpha_harm = 0.01;  // Chance of ever calling harm where the ratio is at most the limit.
  double alpha_safe = 0.01;  // Chance of ever calling safe where it is at least the limit.
  // Events per exposure of the canary that nobody minds, whatever the ratio. 0: there is none.
  double tolerated_rate = 0;
  PastNoise past;
};

// What the counts say. Ratios are canary to baseline.
struct CountAnswer {
  bool harm = false;      // Proven: the ratio is over the limit.
  bool safe = false;      // Proven: it is under the limit, or the canary's rate is under the
                          // tolerated one. Never together with `harm`.
  bool by_rate = false;   // What proves safety, or is expected to prove it first, is the rate.
  double log_e_harm = 0;  // Log of the evidence for each; at least log(1/alpha) is proof.
  double log_e_safe = 0;
  double estimate = 0;    // Best single value; infinity or NaN where a side has no events.
  double lower = 0;       // The ratio is at least this, at level alpha_harm, at all times.
  double upper = 0;       // The ratio is at most this, at level alpha_safe, at all times.
  Dispersion dispersion;  // Of the rarer outcome, where events are common.
  // Blocks after which an answer may be expected, as a rough estimate: the missing evidence over
  // the growth per block if the ratio stays at the estimate (where that is over the limit) or is 1,
  // at the present traffic; or until the rate is proven, if it stays, where that is sooner. 0 where
  // there is an answer; infinity where it cannot be told.
  double blocks_to_answer = 0;
};

// Takes blocks one by one and keeps what they say in 172 numbers (210 where events are common),
// however many there are: a judgement may go on where another one ended. Invariant under the unit
// of exposure; the order of blocks matters to dispersion only, which wants that of time. A block
// takes about 100 ns, an answer 4 us.
class CountTest {
 public:
  // limit > 0; tolerated_rate >= 0, 0 for none. `requests`: whether each unit of exposure is one
  // that may have an event.
  CountTest(double limit, double tolerated_rate, PastNoise past = {}, bool requests = true);

  void Add(const CountBlock& block);

  // An interval by strata (hosters, regions): each is compared with itself, so that another mix of
  // traffic on the canary is no harm. How events scatter is measured, and bets are made, on the
  // whole interval: given the events of each stratum those of the canary are a sum of binomials,
  // which scatters no more than one binomial of the same mean (Hoeffding, On the distribution of
  // the number of successes in independent trials, Ann. Math. Statist. 27 (1956), theorem 3).
  void Add(std::span<const CountBlock> strata);

  // Intervals from here on count something else, of which there was so much in those before: how
  // events scatter is measured around that.
  void Turn(const CountBlock& before) { meter_.Turn(before); }

  // For a question with that limit and tolerated rate.
  CountAnswer Answer(double alpha_harm, double alpha_safe) const;

  // CountAnswer.log_e_harm alone.
  double LogEOfHarm() const;

  // Whether the ratio is over the limit as it looks: where it is not, no harm is about to be
  // proven.
  bool LooksHarmful() const { return meter_.Ratio() > limit_; }

  // All blocks, also those that say nothing about the ratio.
  const CountBlock& total() const { return total_; }
  int blocks() const { return static_cast<int>(blocks_); }

  // Visits all that has been seen: what a later judgement has to know, beside the question.
  template <typename Visit>
  void EachNumber(Visit visit) {
    for (double* number : {&total_.canary_exposure, &total_.baseline_exposure,
                           &total_.canary_events, &total_.baseline_events, &blocks_,
                           &paired_exposure_share_, &paired_events_, &paired_blocks_}) {
      visit(*number);
    }
    ratios_.EachNumber(visit);
    above_.EachNumber(visit);
    below_.EachNumber(visit);
    meter_.EachNumber(visit);
    rate_.EachNumber(visit);
    common_.EachNumber(visit);
  }

 private:
  // What an informative block says of the ratio; the share of its events that the limit lets
  // expect on the canary.
  double AddRatio(const CountBlock& block);

  // Whether events are taken to come one by one.
  bool Single() const;

  double limit_;
  double tolerated_rate_;
  PastNoise past_;
  CountBlock total_;
  double blocks_ = 0;
  // Of blocks that say something about the ratio.
  double paired_exposure_share_ = 0, paired_events_ = 0, paired_blocks_ = 0;
  RatioEProcess ratios_;
  ShareBetting above_{Side::kAbove}, below_{Side::kBelow};
  DispersionMeter meter_;
  RateEProcess rate_;
  CommonEvents common_;
};

// All blocks at once.
CountAnswer TestCounts(std::span<const CountBlock> blocks, const CountQuestion& question);

}  // namespace gate::stats

#endif  // CHECKS_STATS_COUNT_TEST_H_
