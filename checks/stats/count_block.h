// What the comparisons of counts in this folder start from.
#ifndef CHECKS_STATS_COUNT_BLOCK_H_
#define CHECKS_STATS_COUNT_BLOCK_H_

namespace gate::stats {

// One interval: exposure (requests) and events (errors) of new and old code. Events are whole
// numbers; everything is finite and not negative.
struct CountBlock {
  double canary_exposure = 0;
  double baseline_exposure = 0;
  double canary_events = 0;
  double baseline_events = 0;

  CountBlock& operator+=(const CountBlock& other) {
    canary_exposure += other.canary_exposure;
    baseline_exposure += other.baseline_exposure;
    canary_events += other.canary_events;
    baseline_events += other.baseline_events;
    return *this;
  }

  double events() const { return canary_events + baseline_events; }
  // The canary's share of the exposure.
  double CanaryShare() const { return canary_exposure / (canary_exposure + baseline_exposure); }
  // Whether it says anything about the ratio of the rates: an event is only news where it could
  // have happened on either side.
  bool Informative() const { return canary_exposure > 0 && baseline_exposure > 0 && events() > 0; }
};

// On which side of a rate ratio the alternatives lie.
enum class Side { kAbove, kBelow };

// Share of the events that fall on the canary where its rate is `ratio` times the baseline's and it
// has `share` of the exposure.
inline double EventShare(double share, double ratio) {
  const double weighted = share * ratio;
  return weighted / (weighted + (1 - share));
}

}  // namespace gate::stats

#endif  // CHECKS_STATS_COUNT_BLOCK_H_
