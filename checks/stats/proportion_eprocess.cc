#include "checks/stats/proportion_eprocess.h"

#include <algorithm>
#include <cmath>

namespace gate::stats {
namespace {

constexpr double kNotBet = 0.1;

// The baseline's proportion at the point of the edge that is nearest to (p, q).
double Nearest(double n, double m, double p, double q, double r) {
  const double events = n * p + m * q;
  const double b = (1 + r) * events + r * n * (1 - p) + m * (1 - q);
  const double root = std::sqrt(std::max(b * b - 4 * r * (n + m) * events, 0.0));
  return 2 * events / (b + root);
}

// Log likelihood of so many events where p is bet on, less that where it is `null`.
double Gain(double events, double requests, double p, double null) {
  const auto term = [](double count, double bet, double against) {
    return count > 0 ? count * std::log(bet / against) : 0;
  };
  return term(events, p, null) + term(requests - events, 1 - p, 1 - null);
}

}  // namespace

void ProportionEProcess::Add(const CountBlock& block) {
  if (!(block.canary_exposure > 0 && block.baseline_exposure > 0) ||
      block.canary_events > block.canary_exposure ||
      block.baseline_events > block.baseline_exposure) {
    return;
  }
  if (before_.canary_exposure > 0) {
    const double p = (before_.canary_events + 0.5) / (before_.canary_exposure + 1);
    const double q = (before_.baseline_events + 0.5) / (before_.baseline_exposure + 1);
    const double t = Nearest(block.canary_exposure, block.baseline_exposure, p, q, limit_);
    // At the corner there is nothing to divide by.
    if (t > 0 && t < 1 && limit_ * t < 1) {
      const double ratio = Gain(block.canary_events, block.canary_exposure, p, limit_ * t) +
                           Gain(block.baseline_events, block.baseline_exposure, q, t);
      const double largest = std::max(ratio, 0.0);
      const double log_e = largest + std::log(kNotBet * std::exp(-largest) +
                                              (1 - kNotBet) * std::exp(ratio - largest));
      (p > limit_ * q ? above_ : below_) += log_e;
    }
  }
  before_ += block;
}

double ProportionEProcess::Growth(const CountBlock& exposures, double canary, double baseline,
                                  Side side) const {
  const double n = exposures.canary_exposure, m = exposures.baseline_exposure;
  if ((canary > limit_ * baseline) != (side == Side::kAbove) || !(n > 0 && m > 0)) return 0;
  const double t = Nearest(n, m, canary, baseline, limit_);
  if (!(t > 0 && t < 1 && limit_ * t < 1)) return 0;
  return Gain(n * canary, n, canary, limit_ * t) + Gain(m * baseline, m, baseline, t);
}

}  // namespace gate::stats
