#include "checks/stats/combine.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>

#include "checks/stats/log_sum.h"

namespace gate::stats {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

// alpha w (1/alpha - e)^+: at most the weight, so that no e-value is too large to be added up.
double Lack(const WeightedEvidence& metric, double proof) {
  return metric.log_e < proof ? -metric.weight * std::expm1(metric.log_e - proof) : 0;
}

double LogWeightedMean(std::span<const WeightedEvidence> metrics) {
  double weight = 0;
  std::vector<double> logs;
  for (const WeightedEvidence& metric : metrics) {
    if (metric.weight == 0) continue;
    weight += metric.weight;
    logs.push_back(std::log(metric.weight) + metric.log_e);
  }
  return logs.empty() ? 0 : LogSumExp(logs) - std::log(weight);
}

}  // namespace

CombinedAnswer CombineMetrics(std::span<const WeightedEvidence> metrics, double alpha) {
  const double proof = -std::log(alpha);
  double lack = 0;
  for (const WeightedEvidence& metric : metrics) lack += Lack(metric, proof);
  CombinedAnswer answer;
  answer.log_e = LogWeightedMean(metrics);
  answer.some = answer.log_e >= proof;
  for (const WeightedEvidence& metric : metrics) {
    CombinedAnswer::Metric& result = answer.metrics.emplace_back();
    result.log_e_needed = kInfinity;
    if (metric.weight == 0) continue;
    const double of_others = std::max(0.0, lack - Lack(metric, proof));
    result.log_e_needed = proof + std::log1p(of_others / metric.weight);
    result.harmed = metric.log_e >= result.log_e_needed;
    // The set of all is one of those that were rejected: rounding must not tell otherwise.
    answer.some = answer.some || result.harmed;
  }
  return answer;
}

std::vector<bool> StandingOut(std::span<const double> log_e, double rate) {
  std::vector<double> sorted(log_e.begin(), log_e.end());
  std::ranges::sort(sorted, std::greater<>());
  const double needed_of_one = std::log(static_cast<double>(sorted.size())) - std::log(rate);
  double least = kInfinity;
  bool found = false;
  for (size_t i = sorted.size(); i > 0 && !found; --i) {
    found = sorted[i - 1] >= needed_of_one - std::log(static_cast<double>(i));
    least = sorted[i - 1];
  }
  std::vector<bool> stands_out;
  for (const double value : log_e) stands_out.push_back(found && value >= least);
  return stands_out;
}

}  // namespace gate::stats
