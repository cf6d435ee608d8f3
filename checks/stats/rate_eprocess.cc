#include "checks/stats/rate_eprocess.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "checks/stats/log_sum.h"

namespace gate::stats {
namespace {

// Half of the weight is for next to no events, which is what this is for.
struct Alternative {
  double part;  // Of the tolerated rate.
  double weight;
};
constexpr std::array<Alternative, 5> kParts = {
    {{0.01, 0.5}, {0.1, 0.125}, {0.25, 0.125}, {0.4, 0.125}, {0.6, 0.125}}};

}  // namespace

void RateEProcess::Add(const CountBlock& block) {
  const double expected = tolerated_ * block.canary_exposure;
  const double size = std::max(kLargestQuietBurst, expected);
  expected_ += expected / size;
  seen_ += block.canary_events / size;
}

double RateEProcess::LogEAfter(double times) const {
  std::array<double, kParts.size()> logs;
  for (size_t j = 0; j < kParts.size(); ++j) {
    const double gain = seen_ * std::log(kParts[j].part) + expected_ * (1 - kParts[j].part);
    logs[j] = std::log(kParts[j].weight) + times * gain;
  }
  return LogSumExp(logs);
}

double RateEProcess::TimesUntil(double threshold) const {
  constexpr double kForEver = 1e9;
  if (LogEAfter(kForEver) < threshold) return std::numeric_limits<double>::infinity();
  // Convex in `times`: once over the threshold it stays there.
  double low = 1, high = kForEver;
  if (LogEAfter(low) >= threshold) return low;
  while (high / low > 1.001) {
    const double middle = std::sqrt(low * high);
    (LogEAfter(middle) < threshold ? low : high) = middle;
  }
  return high;
}

}  // namespace gate::stats
