#include "tests/bench/mann_whitney.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace gate::bench {
namespace {

constexpr double kQuantile = 2.326348;  // of the normal distribution, 1 - 0.02 / 2
constexpr double kTolerance = 0.25;     // of the estimated shift
constexpr double kPrecision = 1e-4;     // of roots, absolute

using Points = std::vector<double>;

// Mann and Whitney's statistic for a shift of the canary by `shift`, less `quantile`.
double Statistic(const Points& canary, const Points& baseline, double shift, double quantile) {
  std::vector<std::pair<double, bool>> pooled;
  for (const double x : canary) pooled.emplace_back(x - shift, true);
  for (const double y : baseline) pooled.emplace_back(y, false);
  std::ranges::sort(pooled);
  const auto m = static_cast<double>(canary.size()), n = static_cast<double>(baseline.size());
  double ranks = 0, ties = 0;
  for (size_t i = 0; i < pooled.size();) {
    size_t end = i;
    double ours = 0;
    while (end < pooled.size() && pooled[end].first == pooled[i].first)
      ours += pooled[end++].second;
    const auto alike = static_cast<double>(end - i);
    ranks += ours * (static_cast<double>(i + end) + 1) / 2;
    ties += alike * alike * alike - alike;
    i = end;
  }
  const double distance = ranks - m * (m + 1) / 2 - m * n / 2;
  const double correction = distance > 0 ? 0.5 : distance < 0 ? -0.5 : 0;
  const double variance = m * n / 12 * ((m + n + 1) - ties / ((m + n) * (m + n - 1)));
  if (!(variance > 0)) return std::nan("");
  return (distance - correction) / std::sqrt(variance) - quantile;
}

// Where the statistic, which falls with the shift, is zero.
double Root(const Points& canary, const Points& baseline, double low, double high,
            double quantile) {
  while (high - low > kPrecision) {
    const double middle = (low + high) / 2;
    (Statistic(canary, baseline, middle, quantile) > 0 ? low : high) = middle;
  }
  return (low + high) / 2;
}

bool Constant(const Points& points) {
  return std::ranges::all_of(points, [&](double x) { return x == points[0]; });
}

double Mean(const Points& points) {
  double sum = 0;
  for (const double x : points) sum += x;
  return sum / static_cast<double>(points.size());
}

}  // namespace

Label CompareAsKayenta(const std::vector<double>& canary, const std::vector<double>& baseline) {
  if (canary.empty() || baseline.empty()) return Label::kNoData;
  if (Constant(canary) && Constant(baseline)) {
    // It tells two different constants apart by adding noise of 1e-5; the outcome is the same.
    return canary[0] > baseline[0] && canary.size() > 1 ? Label::kHigh : Label::kPass;
  }
  const auto [canary_least, canary_most] = std::ranges::minmax(canary);
  const auto [baseline_least, baseline_most] = std::ranges::minmax(baseline);
  const double low = canary_least - baseline_most, high = canary_most - baseline_least;
  const double at_low = Statistic(canary, baseline, low, kQuantile);
  if (std::isnan(at_low) || std::isnan(Statistic(canary, baseline, high, kQuantile))) {
    return Label::kError;
  }
  const double lower = at_low <= 0 ? low : Root(canary, baseline, low, high, kQuantile);
  const double estimate = Root(canary, baseline, low, high, 0);
  const double ratio = Mean(canary) / Mean(baseline);
  const bool allowed = std::isnan(ratio) || Mean(canary) == 0 || Mean(baseline) == 0 || ratio >= 1;
  return lower > kTolerance * std::abs(estimate) && allowed ? Label::kHigh : Label::kPass;
}

}  // namespace gate::bench
