#include "checks/stats/quantile_test.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace gate::stats {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
// Requests of the baseline over a bound that it takes before the limit there is called known.
constexpr double kKnown = 3;

double Logit(double p) { return std::log(p / (1 - p)); }

// The part of the requests that took longer than x; as if half a request more had, and half a
// request less.
double Over(std::span<const double> bounds, std::span<const double> cumulative, double x) {
  const auto over = [&](size_t i) {
    return (cumulative.back() - cumulative[i] + 0.5) / (cumulative.back() + 1);
  };
  const auto right = static_cast<size_t>(std::ranges::lower_bound(bounds, x) - bounds.begin());
  if (right == bounds.size()) return over(right - 1);
  if (bounds[right] == x) return over(right);
  if (right == 0) return 1 - (1 - over(0)) * x / bounds[0];
  const double part = std::log(x / bounds[right - 1]) / std::log(bounds[right] / bounds[right - 1]);
  const double left = Logit(over(right - 1));
  return 1 / (1 + std::exp(-(left + part * (Logit(over(right)) - left))));
}

size_t Nearest(std::span<const double> bounds, double x) {
  const auto right = static_cast<size_t>(std::ranges::lower_bound(bounds, x) - bounds.begin());
  if (right == 0) return 0;
  if (right == bounds.size()) return right - 1;
  return x * x < bounds[right - 1] * bounds[right] ? right - 1 : right;
}

double LogBeta(double a, double b) { return std::lgamma(a) + std::lgamma(b) - std::lgamma(a + b); }

// Log of the mixture of binomial likelihoods over that at `p`: k of n took at most x. While it is
// under log(1/alpha), x may be the quantile p at any time (Howard & Ramdas, Sequential estimation
// of quantiles, Bernoulli 28 (2022), with a conjugate mixture that is narrowest at 1,000 requests
// over).
double LogMixture(double k, double n, double p) {
  const double variance = p * (1 - p), spread = 10 * variance;
  const double a = spread / (1 - p), b = spread / p;
  return LogBeta(a + k, b + n - k) - LogBeta(a, b) - k * std::log(p) - (n - k) * std::log1p(-p);
}

struct Range {
  double lower, upper;
};

// Bounds between which the quantile lies, at all times.
Range QuantileRange(std::span<const double> bounds, std::span<const double> cumulative, double p,
                    double alpha, double dispersion) {
  const double n = cumulative.back() / dispersion;
  const auto excluded = [&](size_t i) {
    return n > 0 && LogMixture(cumulative[i] / dispersion, n, p) >= -std::log(alpha);
  };
  const double wanted = p * cumulative.back();
  const auto above = static_cast<size_t>(
      std::ranges::lower_bound(cumulative.first(bounds.size()), wanted) - cumulative.begin());
  Range range{0, kInfinity};
  for (size_t i = above; i > 0 && range.lower == 0; --i) {
    if (excluded(i - 1)) range.lower = bounds[i - 1];
  }
  for (size_t i = above; i < bounds.size() && range.upper == kInfinity; ++i) {
    if (excluded(i)) range.upper = bounds[i];
  }
  return range;
}

}  // namespace

double Quantile(std::span<const double> bounds, std::span<const double> cumulative,
                double quantile) {
  const double total = cumulative.back();
  if (!(total > 0)) return std::numeric_limits<double>::quiet_NaN();
  const double wanted = quantile * total;
  const auto right = static_cast<size_t>(
      std::ranges::lower_bound(cumulative.first(bounds.size()), wanted) - cumulative.begin());
  if (right == bounds.size()) return kInfinity;
  if (right == 0) return bounds[0] * wanted / cumulative[0];
  const double over_left = total - cumulative[right - 1], over_right = total - cumulative[right];
  const double over = total - wanted;
  // A tail that ends in this bucket falls evenly.
  const double part = over_right > 0 ? std::log(over_left / over) / std::log(over_left / over_right)
                                     : (over_left - over) / over_left;
  return bounds[right - 1] * std::pow(bounds[right] / bounds[right - 1], part);
}

QuantileTest::QuantileTest(std::vector<double> bounds, double quantile, double limit,
                           PastNoise past)
    : bounds_(std::move(bounds)),
      quantile_(quantile),
      limit_(limit),
      canary_(bounds_.size() + 1),
      baseline_(bounds_.size() + 1),
      counts_(/*limit=*/1, /*tolerated_rate=*/0, past, /*requests=*/false) {}

// The bound over which the part that is tolerated of the canary is nearest to that over the
// quantile, among those that the baseline has requests for.
QuantileTest::Cut QuantileTest::FindCut() const {
  const auto at_most = [&](size_t i) { return Over(bounds_, baseline_, bounds_[i] / limit_); };
  const auto known = [&](size_t i) {
    return baseline_.back() - baseline_[Nearest(bounds_, bounds_[i] / limit_)] >= kKnown;
  };
  // Both fall from bound to bound.
  size_t first = 0, end = bounds_.size();
  while (first < end) {
    const size_t middle = (first + end) / 2;
    if (known(middle) && at_most(middle) > 1 - quantile_) {
      first = middle + 1;
    } else {
      end = middle;
    }
  }
  const double wanted = Logit(1 - quantile_);
  const auto off = [&](size_t i) { return std::abs(Logit(at_most(i)) - wanted); };
  size_t best = bounds_.size();
  if (first < bounds_.size() && known(first)) best = first;
  if (first > 0 && (best == bounds_.size() || off(first - 1) < off(first))) best = first - 1;
  if (best == bounds_.size()) return {};
  const size_t nearest = Nearest(bounds_, bounds_[best] / limit_);
  return {best, nearest, at_most(best) / Over(bounds_, baseline_, bounds_[nearest])};
}

CountBlock QuantileTest::Cut::Slow(const Cumulative& canary_counts,
                                   const Cumulative& baseline_counts) const {
  return {canary_counts.back() * limit, baseline_counts.back(),
          canary_counts.back() - canary_counts[canary],
          baseline_counts.back() - baseline_counts[baseline]};
}

void QuantileTest::Add(const HistogramBlock& block) { Add(std::span(&block, 1)); }

void QuantileTest::Add(std::span<const HistogramBlock> strata) {
  const Cut cut = FindCut();
  if (cut.limit > 0) {
    slow_.clear();
    for (const HistogramBlock& block : strata) {
      slow_.push_back(cut.Slow(block.canary, block.baseline));
    }
    counts_.Add(slow_);
  }
  for (const HistogramBlock& block : strata) {
    for (size_t i = 0; i < canary_.size(); ++i) {
      canary_[i] += block.canary[i];
      baseline_[i] += block.baseline[i];
    }
  }
  // A ratio that is another one over another bound is no burst.
  const Cut next = FindCut();
  if (cut.limit > 0 && (next.canary != cut.canary || next.baseline != cut.baseline)) {
    counts_.Turn(next.Slow(canary_, baseline_));
  }
}

QuantileAnswer QuantileTest::Answer(double alpha_harm, double alpha_safe) const {
  QuantileAnswer answer;
  answer.counts = counts_.Answer(alpha_harm, alpha_safe);
  answer.canary = Quantile(bounds_, canary_, quantile_);
  answer.baseline = Quantile(bounds_, baseline_, quantile_);
  answer.estimate = answer.canary / answer.baseline;
  const double dispersion = std::max(1.0, answer.counts.dispersion.ratio);
  const auto range = [&](const Cumulative& counts, double alpha) {
    return QuantileRange(bounds_, counts, quantile_, alpha / 2, dispersion);
  };
  answer.lower = range(canary_, alpha_harm).lower / range(baseline_, alpha_harm).upper;
  answer.upper = range(canary_, alpha_safe).upper / range(baseline_, alpha_safe).lower;
  const Cut cut = FindCut();
  if (cut.limit == 0) return answer;
  const auto over = [&](const Cumulative& counts, size_t bound) {
    return counts.back() > 0 ? (counts.back() - counts[bound]) / counts.back() : 0;
  };
  answer.canary_bound = bounds_[cut.canary];
  answer.baseline_bound = bounds_[cut.baseline];
  answer.canary_over = over(canary_, cut.canary);
  answer.baseline_over = over(baseline_, cut.baseline);
  answer.resolution = cut.canary == 0 ? kInfinity : answer.canary_bound / bounds_[cut.canary - 1];
  return answer;
}

}  // namespace gate::stats
