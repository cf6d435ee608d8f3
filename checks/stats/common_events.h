// Events that are no exception: requests that succeed, reads that hit a cache, carts that are paid.
//
// count_test.h takes events for rare, so that their number varies as much as it is large. Where
// most requests have one it varies by far less, and what differs by a twentieth is seen at a
// glance; but not by a comparison that allows for chance as if it were a matter of errors. For one
// side of the limit this adds two terms, with weights that count_test.h takes from its own:
//
//   1/2 [outcomes come one by one] E_proportions + 1/8 E_means
//
// (proportion_eprocess.h and mean_process.h, which is right for outcomes in bursts as well).
// Whether they come one by one is asked of the rarer outcome, the failures where most succeed,
// whose number given that of both cohorts varies less by the part of requests that have the other
// one.
#ifndef CHECKS_STATS_COMMON_EVENTS_H_
#define CHECKS_STATS_COMMON_EVENTS_H_

#include <span>

#include "checks/stats/count_block.h"
#include "checks/stats/dispersion.h"
#include "checks/stats/mean_process.h"
#include "checks/stats/proportion_eprocess.h"
#include "checks/stats/rate_reference.h"

namespace gate::stats {

class CommonEvents {
 public:
  // `past`: how the rarer outcome came in the old version's past. `requests`: whether exposures are
  // numbers of requests; where they are not, events are called rare.
  CommonEvents(double limit, const PastNoise& past, bool requests)
      : limit_(limit), past_(past), kind_(requests ? kUnknown : kRare), proportions_(limit) {}

  // An interval, by strata.
  void Add(std::span<const CountBlock> strata);

  // Whether events are common: a tenth of all requests of the first interval had one, and in no
  // interval were there more events than requests.
  bool Common() const { return kind_ == kFewer || kind_ == kMost; }

  // log of the weighted sum above; minus infinity where events are rare.
  double LogE(Side side) const;

  // Of the rarer outcome.
  Dispersion Measured() const { return meter_.Measured(); }

  // Growth of the evidence in an interval like those seen, if the canary's proportion is `ratio`
  // times that of the baseline.
  double Growth(const CountBlock& total, double intervals, double ratio, Side side) const;

  template <typename Visit>
  void EachNumber(Visit visit) {
    visit(kind_);
    if (!Common()) return;
    proportions_.EachNumber(visit);
    meter_.EachNumber(visit);
    means_.EachNumber(visit);
  }

 private:
  static constexpr double kUnknown = 0, kRare = 1, kFewer = 2, kMost = 3;

  bool Single(Side side) const;
  // How many of the rarer outcome were to be expected at the limit, of the cohort that looks as if
  // the ratio were under it where some have not come yet.
  double MissedAtTheLimit() const;

  double limit_;
  PastNoise past_;
  double kind_;
  ProportionEProcess proportions_;
  DispersionMeter meter_;
  MeanProcess means_;
};

// The other outcome: requests without an event.
CountBlock Others(const CountBlock& block);

}  // namespace gate::stats

#endif  // CHECKS_STATS_COMMON_EVENTS_H_
