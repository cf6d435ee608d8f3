#include "checks/capacity/mix.h"

#include <algorithm>
#include <numbers>
#include <utility>

#include "absl/strings/str_cat.h"
#include "checks/capacity/words.h"

namespace gate::capacity {
namespace {

constexpr size_t kMostEndpoints = 3;

// Relative; what is spread evenly differs by less.
constexpr double kRounding = 1e-9;

double Of(const Shares& shares, const std::string& endpoint) {
  const auto found = shares.find(endpoint);
  return found == shares.end() ? 0 : found->second;
}

double Requests(const Shares& requests) {
  double sum = 0;
  for (const auto& [endpoint, count] : requests) sum += count;
  return sum;
}

// What chance makes of the distance of two samples of the same requests: half the sum of the mean
// deviations of normal shares.
double ByChance(const Shares& shares, double one_count, double other_count) {
  double sum = 0;
  for (const auto& [endpoint, share] : shares) {
    const double variance = share * (1 - share) * (1 / one_count + 1 / other_count);
    sum += std::sqrt(2 / std::numbers::pi * variance);
  }
  return sum / 2;
}

// How far a sample of requests is from production's, beyond chance.
double Distance(const Shares& requests, const Shares& production) {
  const double all = Requests(production), seen = Requests(requests);
  if (!(all > 0 && seen > 0)) return 0;
  const Shares shares = SharesOf(production);
  return std::max(0.0, 1 - Overlap(shares, SharesOf(requests)) - ByChance(shares, all, seen));
}

bool CostsDiffer(const Spent& spent) {
  const auto cost = [](const auto& one) { return one.second.sum / one.second.count; };
  const auto [least, most] = std::ranges::minmax_element(spent, {}, cost);
  return !spent.empty() && cost(*most) - cost(*least) > kRounding * cost(*most);
}

// The mean of some endpoints' requests, each counted by its weight; those without one do not count.
Interval Sum(const Spent& spent, const Shares& weights) {
  Interval all;
  for (const auto& [endpoint, one] : spent) {
    const double weight = Of(weights, endpoint);
    all.sum += weight * one.sum;
    all.count += weight * one.count;
  }
  return all;
}

}  // namespace

double Overlap(const Shares& a, const Shares& b) {
  double overlap = 0;
  for (const auto& [name, share] : a) overlap += std::min(share, Of(b, name));
  return overlap;
}

std::vector<std::string> TooFew(const Shares& production, const Shares& seen,
                                const std::string& where) {
  std::vector<std::pair<double, std::string>> missed;
  for (const auto& [name, share] : production) {
    if (share - Of(seen, name) > 0.01) missed.emplace_back(Of(seen, name) - share, name);
  }
  std::ranges::sort(missed);
  if (missed.size() > kMostEndpoints) missed.resize(kMostEndpoints);
  std::vector<std::string> names;
  for (const auto& [lack, name] : missed) {
    names.push_back(absl::StrCat(name, " (", Percent(Of(production, name)), " in production, ",
                                 Percent(Of(seen, name)), " ", where, ")"));
  }
  return names;
}

ProductionsMix::ProductionsMix(const std::vector<ServedInterval>& intervals,
                               const std::map<std::string, double>& production) {
  Shares canary, old;
  for (const ServedInterval& interval : intervals) {
    for (const auto& [endpoint, one] : interval.canary) canary[endpoint] += one.count;
    for (const auto& [endpoint, one] : interval.old) old[endpoint] += one.count;
    by_endpoint_ = by_endpoint_ || CostsDiffer(interval.canary) || CostsDiffer(interval.old);
  }
  distance_ = std::max(Distance(canary, production), Distance(old, production));
  Weigh(SharesOf(canary), SharesOf(old), SharesOf(production));
  for (const ServedInterval& interval : intervals) {
    for (const auto& [endpoint, one] : interval.old) {
      if (canary.contains(endpoint)) continue;
      not_served_[endpoint].sum += one.sum;
      not_served_[endpoint].count += one.count;
    }
  }
}

void ProductionsMix::Weigh(const Shares& canary, const Shares& old, const Shares& production) {
  double not_served = 0, only_canary = 0;
  for (const auto& [endpoint, share] : old) {
    old_weights_[endpoint] = Of(production, endpoint) / share;
    if (!canary.contains(endpoint)) not_served += Of(production, endpoint);
  }
  for (const auto& [endpoint, share] : canary) {
    if (!production.contains(endpoint)) only_canary += share;
  }
  unseen_ = std::max(0.0, not_served - only_canary);
  const double common = 1 - not_served;
  for (const auto& [endpoint, share] : canary) {
    const double of_production = Of(production, endpoint);
    canary_weights_[endpoint] =
        of_production > 0 ? (1 - std::max(only_canary, not_served)) / common * of_production / share
                          : 1;
  }
}

stats::MeanBlock ProductionsMix::Weighted(const ServedInterval& interval) const {
  const Interval canary = Sum(interval.canary, canary_weights_);
  const Interval old = Sum(interval.old, old_weights_);
  double cost = canary.sum / canary.count;
  if (unseen_ > 0) {
    Spent now;
    for (const auto& [endpoint, one] : interval.old) {
      if (not_served_.contains(endpoint)) now.insert({endpoint, one});
    }
    const Interval kept = Sum(now.empty() ? not_served_ : now, old_weights_);
    cost = (1 - unseen_) * cost + unseen_ * kept.sum / kept.count;
  }
  return {cost, 1, old.sum / old.count, 1};
}

}  // namespace gate::capacity
