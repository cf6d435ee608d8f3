// What requests cost if each endpoint has its share of production's requests: like is compared with
// like, and what is projected is production.
//
// A canary that serves few of the dear requests looks cheaper than it is. So each request counts as
// often as production's share of its endpoint is larger than its cohort's own (direct
// standardisation). Endpoints that the canary has not served keep the cost that they have on the
// old version; those that only the canary serves take the place of these, as far as they go, and
// keep the canary's share. Shares are those of the whole time, while an interval with few requests
// has other ones: that is noise of the cost, and the bounds have it.
//
// Where what is spent is not counted by endpoint, sources spread it evenly over the requests, and
// nothing can be weighted: then the mixes have to be alike.
#ifndef CHECKS_CAPACITY_MIX_H_
#define CHECKS_CAPACITY_MIX_H_

#include <cmath>
#include <map>
#include <string>
#include <vector>

#include "checks/stats/mean_process.h"

namespace gate::capacity {

// A sum, and how many it is the sum of.
struct Interval {
  double sum = 0, count = 0;
};

// By endpoint; "" where endpoints are not told apart.
using Spent = std::map<std::string, Interval>;
using Shares = std::map<std::string, double>;

// What both versions spent in an interval, and for how many requests.
struct ServedInterval {
  Spent canary, old;
};

// Shares that sum to 1; empty where there is nothing.
template <typename Counts>
Shares SharesOf(const Counts& counts) {
  Shares shares;
  double sum = 0;
  for (const auto& [name, count] : counts) {
    if (!(count > 0) || !std::isfinite(count)) continue;
    shares[name] = count;
    sum += count;
  }
  for (auto& [name, share] : shares) share /= sum;
  return shares;
}

// The part of the requests that two mixes have in common: one less their total variation distance.
double Overlap(const Shares& a, const Shares& b);

// "/save (60 % in production, 20 % in the test)": what there is too little of, the worst first.
std::vector<std::string> TooFew(const Shares& production, const Shares& seen,
                                const std::string& where);

// Both cohorts as production would have it.
class ProductionsMix {
 public:
  // `production` has the requests of old code. Intervals outlive it.
  ProductionsMix(const std::vector<ServedInterval>& intervals,
                 const std::map<std::string, double>& production);

  // Cost per request of both in one of the intervals.
  stats::MeanBlock Weighted(const ServedInterval& interval) const;

  // How far the canary's mix, or that of the old version beside it, is from production's, 0 to 1,
  // beyond what chance makes of so many single requests.
  double distance() const { return distance_; }
  // Whether what is spent is counted by endpoint.
  bool by_endpoint() const { return by_endpoint_; }
  // Production's share of endpoints whose cost on the canary is taken to be the old version's.
  double unseen() const { return unseen_; }

 private:
  void Weigh(const Shares& canary, const Shares& old, const Shares& production);

  Shares canary_weights_, old_weights_;
  Spent not_served_;  // by the canary, of the old version, in all intervals
  double unseen_ = 0;
  double distance_ = 0;
  bool by_endpoint_ = false;
};

}  // namespace gate::capacity

#endif  // CHECKS_CAPACITY_MIX_H_
