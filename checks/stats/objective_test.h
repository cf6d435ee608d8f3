// One cohort's rate of events against a fixed objective (SLO: at most the part `objective` of the
// requests may fail): proven to be over it by the margin, proven to be under it, or how much
// longer? However often one looks.
//
// Harm, null "in every interval, given the past, at most c = objective (1 + margin) events per
// exposure are expected". With the interval's rate X_n = y_n / N_n,
//
//   E = sum_j w_j prod_n (1 + f_j (X_n / c - 1)),   0 < f_j < 1,
//
// is an e-process whatever the events of an interval have to do with each other: the bets of
// share_betting.h, on the share of the requests that fail (Waudby-Smith & Ramdas, Estimating means
// of bounded random variables by betting, JRSS B 86 (2024), arXiv:2010.09686, section 4).
//
// Safety, null "at least `objective` are expected": rate_eprocess.h, which allows for bursts of
// five events, or as many as the interval would have at the objective; no bet on a share of
// failures could ever prove that few happen, for the next failures may come together. Once larger
// bursts have been seen it does not count.
//
// Both are theorems. Both speak of every interval since the test began: for what began later, and
// after days of health, there is change_detector.h.
#ifndef CHECKS_STATS_OBJECTIVE_TEST_H_
#define CHECKS_STATS_OBJECTIVE_TEST_H_

#include "checks/stats/dispersion.h"
#include "checks/stats/rate_eprocess.h"
#include "checks/stats/rate_interval.h"
#include "checks/stats/share_betting.h"

namespace gate::stats {

struct ObjectiveAnswer {
  bool harm = false;      // Proven: the rate is over objective (1 + margin).
  bool safe = false;      // Proven: the rate is under the objective. Never together with `harm`.
  double log_e_harm = 0;  // Log of the evidence for each; at least log(1/alpha) is proof.
  double log_e_safe = 0;
  double rate = 0;       // Events per exposure so far; NaN without exposure.
  double burn_rate = 0;  // The rate in units of the objective: at 1 a budget lasts its window.
  // As a rough estimate: intervals after which an answer may be expected if those to come are as
  // those seen. 0 where there is an answer; infinity where it cannot be told.
  double intervals_to_answer = 0;
};

// Takes intervals one by one; those without exposure say nothing. Invariant under the unit of
// exposure as long as it is the objective's.
class ObjectiveTest {
 public:
  // 0 < objective, events per exposure; margin >= 0.
  ObjectiveTest(double objective, double margin);

  void Add(const RateInterval& interval);

  ObjectiveAnswer Answer(double alpha_harm, double alpha_safe) const;

  // Visits all that has been seen.
  template <typename Visit>
  void EachNumber(Visit visit) {
    for (double* number : {&intervals_, &total_.exposure, &total_.events}) visit(*number);
    over_.EachNumber(visit);
    under_.EachNumber(visit);
    meter_.EachNumber(visit);
  }

 private:
  double objective_;
  double limit_;
  double intervals_ = 0;
  RateInterval total_;
  ShareBetting over_{Side::kAbove};
  RateEProcess under_;
  DispersionMeter meter_;
};

// What is left of an error budget: a window (thirty days, say) may have the part `objective` of its
// requests fail.
struct BudgetUse {
  double used = 0;       // Part of the window's budget; over 1: it is overdrawn.
  double projected = 0;  // ...at the end of the window, if the rest of it has the rate of now.
  // Exposure until nothing is left at that rate: 0 where it is used up, infinity at a rate of zero.
  double exposure_left = 0;
};

// `so_far`: of the window. `window_exposure`: what is expected of all of it, at least that of
// so_far, > 0. `rate`: events per exposure now. A projection, not a proof.
BudgetUse UseOfBudget(const RateInterval& so_far, double window_exposure, double objective,
                      double rate);

}  // namespace gate::stats

#endif  // CHECKS_STATS_OBJECTIVE_TEST_H_
