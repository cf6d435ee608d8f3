// What the past of a cohort lets expect: its rate, and how events come.
#ifndef CHECKS_STATS_RATE_REFERENCE_H_
#define CHECKS_STATS_RATE_REFERENCE_H_

#include <span>

#include "checks/stats/rate_interval.h"

namespace gate::stats {

// What the past of a cohort lets expect.
struct RateReference {
  int intervals = 0;      // That it was measured on.
  double exposure = 0;    // Per interval.
  double rate = 0;        // Events per exposure...
  double rate_error = 0;  // ...and the standard error of that.
  double dispersion = 1;  // Variance to mean of sums of intervals, per interval; at least 1.
  double inflation = 1;   // Of the variance of such sums, by what neighbours have in common.

  // Whether it is enough to go by.
  bool Known() const { return intervals >= 180 && exposure > 0; }
};

// In the order of time; stretches of it (the same hour of each of four weeks) one after the other.
// The variance of sums as Newey & West estimate it (Econometrica 55 (1987), equation 5), over ten
// neighbours, and enlarged by its standard error.
RateReference MeasureReference(std::span<const RateInterval> past);

// How events came in the past.
struct PastNoise {
  enum Kind {
    kUnknown,
    kSingle,  // One by one, at a rate that hardly moves.
    kSwings,  // In bursts, or at a rate that swings by itself.
    kTides,   // The same, so much that it cannot hide on one side alone.
  };
  Kind kind = kUnknown;
  // kSwings and kTides: how many times fewer independent intervals there are than intervals, 1
  // to 5.
  double inflation = 1;
};

// A dispersion of up to 1.6 is single: two hundred and forty intervals of independent single events
// show less in 97 of a hundred cases.
// From eight on it is a tide: a cohort that swings by so much alone is seen to, in twenty intervals
// of both.
PastNoise NoiseOf(const RateReference& past);

}  // namespace gate::stats

#endif  // CHECKS_STATS_RATE_REFERENCE_H_
