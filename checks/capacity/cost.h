// What a request costs of one resource, on the new code and on the old, as far as it is known.
#ifndef CHECKS_CAPACITY_COST_H_
#define CHECKS_CAPACITY_COST_H_

#include <map>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "checks/canary/cohorts.h"
#include "checks/capacity/mix.h"
#include "checks/capacity/parameters.h"
#include "checks/stats/mean_process.h"
#include "gate/v1/evidence.pb.h"

namespace gate::capacity {

// From this distance on a mix is another one: with endpoints ten times as dear as others it may
// nearly double what a request costs.
inline constexpr double kOtherMix = 0.1;

// A number that is not known exactly.
struct Bounds {
  double lower = 0, estimate = 0, upper = 0;
};

// Cost per request in production's mix of endpoints (mix.h); the bounds hold however often one
// asks. All of it is counted from the first traffic of the canary on.
struct Cost {
  // Which one the canary is compared with: "baseline", "stable", or "earlier-1w", all traffic of
  // the same hours a week before.
  std::string old_cohort;
  int intervals = 0;       // in which both had requests
  absl::Duration length;   // of one
  absl::Time first, last;  // ends of the first and the last
  Bounds canary, old;
  Bounds ratio;  // canary to old
  // Means in the mix that each of them had.
  double canary_as_served = 0, old_as_served = 0;
  // Requests by endpoint, of all old code and of the canary; empty where they are not told apart.
  Shares endpoints, canary_endpoints;
  // How far the mix that was seen is from production's, and production's share that the canary has
  // not served: see mix.h.
  double mix_distance = 0, unseen = 0;
  bool by_endpoint = false;
  // What is wrong with it, a sentence each. Any of it forbids a PASS.
  std::vector<std::string> defects;

  // Whether the mix alone may be why the canary costs more or less: what each endpoint costs is not
  // known, and the mix is another one.
  bool IsConfounded() const { return !by_endpoint && HasOtherMix(); }
  bool HasOtherMix() const { return mix_distance > kOtherMix; }
  bool IsAgainstEarlier() const { return IsEarlierWeek(old_cohort); }
  // "on stable", "a week earlier".
  std::string OnOld() const { return OnCohort(old_cohort); }

  // Intervals until the canary's cost is proven to lie on its side of `cost`, roughly.
  double IntervalsToTell(double cost, const Parameters& parameters) const;

  std::vector<stats::MeanBlock> blocks;
};

// Fewest intervals that are worth a judgement: costs are at their lowest, and their noise at its
// smallest, before the first dear request has come.
inline constexpr int kFewestIntervals = 5;

// What ended by `start` was another canary's: it does not count. `alone`: the canary has all of the
// traffic; when the last of the old code's is too long ago, the last week before `start` tells.
Cost ReadCost(const v1::MetricSeries& series, const Parameters& parameters, absl::Time start,
              absl::Time now, bool alone);

// The bounds of a mean of intervals.
Bounds BoundsOfMean(const std::vector<Interval>& intervals, double alpha_lower, double alpha_upper);

}  // namespace gate::capacity

#endif  // CHECKS_CAPACITY_COST_H_
