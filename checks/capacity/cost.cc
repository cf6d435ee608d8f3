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

using Endpoints = std::map<std::string, double>;

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

std::optional<Interval> Read(const v1::CohortPoint& point, Endpoints& endpoints) {
  Interval interval;
  if (!AddTo(interval, point)) return std::nullopt;
  for (const auto& [endpoint, part] : point.strata()) {
    Interval one;
    if (!AddTo(one, part)) return std::nullopt;
    interval.sum += one.sum;
    interval.count += one.count;
    if (one.count > 0) endpoints[endpoint] += one.count;
  }
  return interval;
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
         absl::Time now)
      : series_(series), parameters_(parameters), now_(now) {
    for (const v1::MetricPoint& point : series.points()) {
      if (FromProto(point.time()) > start) points_.push_back(&point);
    }
    std::ranges::stable_sort(points_, {}, [](const auto* p) { return FromProto(p->time()); });
    const bool baseline = std::ranges::any_of(
        points_, [](const auto* point) { return point->cohorts().contains("baseline"); });
    cost_.old_cohort = baseline ? "baseline" : "stable";
    cost_.length = std::max(parameters.step, FromProto(series.step()));
  }

  Cost Run() && {
    for (const v1::MetricPoint* point : points_) Add(*point);
    cost_.intervals = static_cast<int>(canary_.size());
    Bound();
    FindDefects();
    return std::move(cost_);
  }

 private:
  void Add(const v1::MetricPoint& point) {
    const absl::Time time = FromProto(point.time());
    const auto canary = point.cohorts().find("canary");
    const auto old = point.cohorts().find(cost_.old_cohort);
    if (!times_.insert(time).second) {
      ++twice_;
      return;
    }
    if (canary == point.cohorts().end() || old == point.cohorts().end()) return;
    Endpoints canary_endpoints, old_endpoints;
    const std::optional<Interval> c = Read(canary->second, canary_endpoints);
    const std::optional<Interval> b = Read(old->second, old_endpoints);
    if (!c || !b) {
      ++unreadable_;
      return;
    }
    if (!(c->count > 0) || !(b->count > 0)) return;
    if (canary_.empty()) cost_.first = time;
    cost_.last = time;
    canary_.push_back(*c);
    old_.push_back(*b);
    cost_.blocks.push_back({c->sum, c->count, b->sum, b->count});
    cost_.canary_requests += c->count;
    cost_.old_requests += b->count;
    for (const auto& [endpoint, count] : canary_endpoints) {
      cost_.canary_endpoints[endpoint] += count;
    }
    for (const auto& [endpoint, count] : old_endpoints) cost_.endpoints[endpoint] += count;
  }

  void Bound() {
    if (canary_.empty()) return;
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
    if (canary_.empty()) return;
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
  std::vector<Interval> canary_, old_;
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
              absl::Time now) {
  return Reader(series, parameters, start, now).Run();
}

}  // namespace gate::capacity
