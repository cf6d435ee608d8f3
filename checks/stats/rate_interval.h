// What is known of one cohort in one interval.
#ifndef CHECKS_STATS_RATE_INTERVAL_H_
#define CHECKS_STATS_RATE_INTERVAL_H_

namespace gate::stats {

// Exposure (requests) and events (errors). Finite and not negative; events are whole numbers.
struct RateInterval {
  double exposure = 0;
  double events = 0;
};

}  // namespace gate::stats

#endif  // CHECKS_STATS_RATE_INTERVAL_H_
