// Did one cohort get worse against its own past, whenever that began? For what a comparison from
// the start is blind to: harm that sets in late, after days of health (the next weekly peak, a slow
// leak), and an old cohort that falls ill because of what the new one did.
//
// An e-detector (Shin, Ramdas & Rinaldo, E-detectors: a nonparametric framework for sequential
// change detection, New England Journal of Statistics in Data Science 2 (2023), arXiv:2203.03532,
// sections 2 and 3): bets that are begun anew at every interval, and added up (Shiryaev-Roberts) or
// only the best kept (CUSUM). With L_n the factor by which a bet pays in interval n,
//
//   SR_n = L_n (SR_{n-1} + 1),   CUSUM_n = L_n max(CUSUM_{n-1}, 1) <= SR_n,
//
// and a fixed mixture of bets. Where L_n has a mean of at most one given the past, SR_n - n is a
// supermartingale. So without a change the first SR_n >= c comes after c intervals or more on the
// average, and before the n-th with a chance of at most n / c. Hence thresholds: for a false alarm
// in one of a hundred watches of 120 intervals c = 12,000; of a week of minutes c = 1,008,000. A
// hundred times as many intervals cost log 100 more evidence, not a hundred times the delay.
//
// A bet is the likelihood ratio of two negative binomial counts of the same shape, the one with x
// times the mean mu of the other, whose variance is D times mu:
//
//   L = (x D / (1 + x (D - 1)))^y (D / (1 + x (D - 1)))^(mu / (D - 1))
//
// for D = 1 the one of Poisson counts. Its mean is one for such counts, and less for counts with a
// smaller mean or a smaller D. mu is the bar: margin times the upper 95 % bound of the rate of the
// past. D is the long-run dispersion of the past: not how much one interval differs from the mean,
// but how much sums of them do, so that ordinary swings of the rate that last for some intervals
// are no alarm. Where the traffic has grown D - 1 grows with it.
//
// An interval is a unit: a bet pays at most c^(2/3) in one, so that a burst that the past has not
// shown is no alarm by itself, and an outage takes two.
//
// What is measured rather than proven (tests/stats/change_detector_test.cc): that mu and D, taken
// from a past of some hundred intervals, keep the promise for bursts, for rates that swing, and for
// a day's swing where the past is the same hours of earlier weeks.
#ifndef CHECKS_STATS_CHANGE_DETECTOR_H_
#define CHECKS_STATS_CHANGE_DETECTOR_H_

#include <array>
#include <span>

#include "checks/stats/rate_interval.h"
#include "checks/stats/rate_reference.h"

namespace gate::stats {

// The threshold for a false alarm in at most the part `alpha` of all watches of so many intervals.
double ThresholdOfWatch(double intervals, double alpha);

struct ChangeAnswer {
  bool worse = false;  // The threshold was reached, now or earlier.
  double log_shiryaev_roberts = 0;
  double log_cusum = 0;
  // Intervals since it began, as CUSUM's best bet tells; 0 where nothing looks like a change.
  double since = 0;
  // Chance of ever having seen as much by now without a change, at most.
  double chance = 1;
};

// Takes intervals one by one. Invariant under the unit of exposure.
class ChangeDetector {
 public:
  static constexpr int kBets = 4;

  // margin >= 1: the ratio of the rate to that of the past up to which nothing is said. threshold:
  // the run length without a change, > 1.
  ChangeDetector(double margin, double threshold);

  // An interval, and the past that it is held against: the same for all of them, or that of its
  // hour. Says nothing where there is no exposure or the past is not Known.
  void Add(const RateInterval& interval, const RateReference& past);

  ChangeAnswer Answer() const;

  // ChangeAnswer.worse alone.
  bool Worse() const { return largest_ >= log_threshold_; }

  // Whether the interval that was added last is the first one of a bet; and the bet that looks best
  // now.
  bool BegunAnew(size_t bet) const { return bets_[bet].since == 1; }
  size_t BestBet() const;

  // Visits all that it holds but margin and threshold.
  template <typename Visit>
  void EachNumber(Visit visit) {
    visit(intervals_);
    visit(largest_);
    for (Bet& bet : bets_) {
      visit(bet.log_sum);
      visit(bet.log_best);
      visit(bet.since);
    }
  }

 private:
  struct Bet {
    double log_sum;   // log SR
    double log_best;  // log CUSUM
    double since = 0;
  };

  double LogShiryaevRoberts() const;

  double margin_;
  double log_threshold_;
  double intervals_ = 0;
  double largest_;
  std::array<Bet, kBets> bets_;
};

}  // namespace gate::stats

#endif  // CHECKS_STATS_CHANGE_DETECTOR_H_
