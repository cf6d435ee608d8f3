#include "checks/capacity/cost.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <set>

#include "absl/strings/str_cat.h"
#include "checks/proto_time.h"

namespace gate::capacity {
namespace {

// Intervals may be missing without harm: what a request costs is not a sum. More than this part of
// them is no chance.
constexpr double kMostGaps = 0.1;

// Adds what a cohort spent in an interval; false where that cannot be read.
bool AddTo(Interval& interval, const v1::CohortPoint& point) {
  const bool weighted = !point.weights().empty();
  if (weighted && point.weights_size() != point.values_size()) return false;
  for (int i = 0; i < point.values_size(); ++i) {
    const double weight = weighted ? point.weights(i) : 1;
    const double sum = point.values(i) * weight;
    if (!(weight >= 0) || !std::isfinite(weight) || !std::isfinite(sum) || sum < 0) return false;
    // No request, no cost: a host that only starts has none.
    if (weight == 0) continue;
    interval.sum += sum;
    interval.count += weight;
  }
  return true;
}

std::optional<Spent> Read(const v1::CohortPoint& point) {
  Spent spent;
  const auto add = [&](const std::string& endpoint, const v1::CohortPoint& part) {
    Interval one;
    if (!AddTo(one, part)) return false;
    if (one.count > 0) spent[endpoint] = one;
    return true;
  };
  if (!add("", point)) return std::nullopt;
  for (const auto& [endpoint, part] : point.strata()) {
    if (!add(endpoint, part)) return std::nullopt;
  }
  return spent;
}

Interval Whole(const Spent& spent) {
  Interval whole;
  for (const auto& [endpoint, one] : spent) {
    whole.sum += one.sum;
    whole.count += one.count;
  }
  return whole;
}

// A mean against a constant that is about as large: bounds are as exact as they can be there.
stats::MeanBlock AgainstConstant(const Interval& interval, double constant) {
  return {interval.sum, interval.count, constant * interval.count, interval.count};
}

double MeanOf(const std::vector<Interval>& intervals) {
  double sum = 0;
  for (const Interval& interval : intervals) sum += interval.sum / interval.count;
  return sum / static_cast<double>(intervals.size());
}

class Reader {
 public:
  Reader(const v1::MetricSeries& series, const Parameters& parameters, absl::Time start,
         absl::Time now, bool alone)
      : series_(series), parameters_(parameters), now_(now) {
    for (const v1::MetricPoint& point : series.points()) {
      if (FromProto(point.time()) > start) points_.push_back(&point);
    }
    std::ranges::stable_sort(points_, {}, [](const auto* p) { return FromProto(p->time()); });
    const bool baseline = std::ranges::any_of(
        points_, [](const auto* point) { return point->cohorts().contains("baseline"); });
    cost_.old_cohort = baseline ? "baseline" : "stable";
    if (alone && !IsSeenOfLate(cost_.old_cohort)) {
      cost_.old_cohort = absl::StrCat(
          "earlier-", std::max(1.0, std::ceil(absl::FDivDuration(now - start, kWeek))), "w");
    }
    cost_.length = std::max(parameters.step, FromProto(series.step()));
  }

  Cost Run() && {
    for (const v1::MetricPoint* point : points_) Add(*point);
    cost_.intervals = static_cast<int>(served_.size());
    if (!served_.empty()) {
      // What has all of the traffic has production's mix.
      if (cost_.IsAgainstEarlier()) cost_.endpoints = cost_.canary_endpoints;
      Weigh();
      Bound();
    }
    FindDefects();
    return std::move(cost_);
  }

 private:
  bool IsSeenOfLate(const std::string& cohort) const {
    return std::ranges::any_of(points_, [&](const v1::MetricPoint* point) {
      const auto found = point->cohorts().find(cohort);
      if (found == point->cohorts().end()) return false;
      const std::optional<Spent> spent = Read(found->second);
      return spent && !spent->empty() && now_ - FromProto(point->time()) <= parameters_.max_age;
    });
  }

  void Add(const v1::MetricPoint& point) {
    const absl::Time time = FromProto(point.time());
    const auto canary = point.cohorts().find("canary");
    const auto old = point.cohorts().find(cost_.old_cohort);
    if (!times_.insert(time).second) {
      ++twice_;
      return;
    }
    if (canary == point.cohorts().end() || old == point.cohorts().end()) return;
    const std::optional<Spent> c = Read(canary->second), b = Read(old->second);
    if (!c || !b) {
      ++unreadable_;
      return;
    }
    if (c->empty() || b->empty()) return;
    if (served_.empty()) cost_.first = time;
    cost_.last = time;
    served_.push_back({*c, *b});
    Count(*c, cost_.canary_endpoints);
    Count(*b, cost_.endpoints);
    // Old code of the canary's size and age is compared, all of it is production.
    const auto stable = point.cohorts().find("stable");
    if (cost_.old_cohort != "baseline" || stable == point.cohorts().end()) return;
    if (const std::optional<Spent> rest = Read(stable->second)) Count(*rest, cost_.endpoints);
  }

  static void Count(const Spent& spent, Shares& endpoints) {
    for (const auto& [endpoint, one] : spent) endpoints[endpoint] += one.count;
  }

  // What both cost in production's mix, interval by interval.
  void Weigh() {
    const ProductionsMix mix(served_, cost_.endpoints);
    for (const ServedInterval& interval : served_) {
      const stats::MeanBlock block = mix.Weighted(interval);
      canary_.push_back({block.canary_cost, block.canary_exposure});
      old_.push_back({block.baseline_cost, block.baseline_exposure});
      cost_.blocks.push_back(block);
    }
    cost_.mix_distance = mix.distance();
    cost_.by_endpoint = mix.by_endpoint();
    cost_.unseen = mix.unseen();
    cost_.canary_as_served = AsServed(&ServedInterval::canary);
    cost_.old_as_served = AsServed(&ServedInterval::old);
    const auto told_apart = [](const Shares& endpoints) {
      return endpoints.size() > 1 || !endpoints.contains("");
    };
    if (told_apart(cost_.endpoints) || told_apart(cost_.canary_endpoints)) return;
    cost_.endpoints.clear();
    cost_.canary_endpoints.clear();
  }

  double AsServed(Spent ServedInterval::*cohort) const {
    std::vector<Interval> intervals;
    for (const ServedInterval& interval : served_) intervals.push_back(Whole(interval.*cohort));
    return MeanOf(intervals);
  }

  void Bound() {
    cost_.canary = BoundsOfMean(canary_, parameters_.alpha_harm, parameters_.alpha_safe);
    cost_.old = BoundsOfMean(old_, parameters_.alpha_harm, parameters_.alpha_safe);
    stats::MeanProcess process;
    for (const stats::MeanBlock& block : cost_.blocks) process.Add(block);
    const stats::MeanAnswer answer =
        process.Answer({1, parameters_.alpha_harm, parameters_.alpha_safe});
    cost_.ratio = {answer.lower, answer.estimate, answer.upper};
    // Where both of these hold this does, and it is often closer.
    if (cost_.ratio.lower > 0) {
      cost_.old.upper = std::min(cost_.old.upper, cost_.canary.upper / cost_.ratio.lower);
    }
    // Of nothing but zeros it is known how little they are only beside the other cohort.
    if (cost_.canary.estimate == 0 && cost_.old.estimate > 0) {
      cost_.canary.upper = cost_.ratio.upper * cost_.old.upper;
    }
  }

  void FindDefects() {
    auto& defects = cost_.defects;
    for (const v1::SeriesFlaw& flaw : series_.flaws()) {
      // These lose intervals, which are counted below.
      if (flaw.kind() == v1::FLAW_KIND_GAP || flaw.kind() == v1::FLAW_KIND_COUNTER_RESET) continue;
      defects.push_back(flaw.detail().empty() ? "the metrics server's series has a flaw"
                                              : flaw.detail());
    }
    if (unreadable_ > 0) {
      defects.push_back(absl::StrCat(unreadable_,
                                     unreadable_ == 1 ? " interval has" : " intervals have",
                                     " a cost that is not a number over zero"));
    }
    if (twice_ > 0) {
      defects.push_back(absl::StrCat(twice_, twice_ == 1 ? " point has" : " points have",
                                     " the time of another one; only the first counts"));
    }
    if (served_.empty()) return;
    const double expected =
        std::round(absl::FDivDuration(cost_.last - cost_.first, cost_.length)) + 1;
    if (cost_.intervals < (1 - kMostGaps) * expected) {
      defects.push_back(absl::StrCat("requests of both versions were seen in ", cost_.intervals,
                                     " of ", expected, " intervals only"));
    }
    if (now_ - cost_.last > parameters_.max_age) {
      defects.push_back(
          absl::StrCat("requests of both versions were last seen at ", Rfc3339(cost_.last)));
    }
  }

  const v1::MetricSeries& series_;
  const Parameters& parameters_;
  const absl::Time now_;
  std::vector<const v1::MetricPoint*> points_;  // by time
  std::vector<ServedInterval> served_;
  std::vector<Interval> canary_, old_;  // in production's mix
  std::set<absl::Time> times_;
  int unreadable_ = 0, twice_ = 0;
  Cost cost_;
};

}  // namespace

Bounds BoundsOfMean(const std::vector<Interval>& intervals, double alpha_lower,
                    double alpha_upper) {
  Bounds bounds{0, MeanOf(intervals), std::numeric_limits<double>::infinity()};
  if (!(bounds.estimate > 0)) return bounds;
  stats::MeanProcess process;
  for (const Interval& interval : intervals) {
    process.Add(AgainstConstant(interval, bounds.estimate));
  }
  const stats::MeanAnswer answer = process.Answer({1, alpha_lower, alpha_upper});
  bounds.lower = answer.lower * bounds.estimate;
  bounds.upper = answer.upper * bounds.estimate;
  return bounds;
}

double Cost::IntervalsToTell(double cost, const Parameters& parameters) const {
  if (!(canary.estimate > 0) || !(cost > 0)) return std::numeric_limits<double>::infinity();
  stats::MeanProcess process;
  for (const stats::MeanBlock& block : blocks) {
    process.Add(AgainstConstant({block.canary_cost, block.canary_exposure}, canary.estimate));
  }
  return process.Answer({cost / canary.estimate, parameters.alpha_harm, parameters.alpha_safe})
      .intervals_to_answer;
}

Cost ReadCost(const v1::MetricSeries& series, const Parameters& parameters, absl::Time start,
              absl::Time now, bool alone) {
  return Reader(series, parameters, start, now, alone).Run();
}

}  // namespace gate::capacity
