#include "checks/stats/share_betting.h"

#include <algorithm>
#include <cmath>

#include "checks/stats/log_sum.h"

namespace gate::stats {
namespace {

constexpr double kSmallestBet = 0.02;
constexpr double kLargestBet = 0.98;
// So many factors, each at least 1 - 0.98 and at most 1/theta, on top of what is kept between
// 2^-kScale and 2^kScale, stay within a double.
constexpr double kFactorsUnscaled = 16;
constexpr int kScale = 300;
// A share so small that its inverse says nothing sensible any more.
constexpr double kSmallestShare = 1e-12;

const std::array<double, kBets>& Bets() {
  static const std::array<double, kBets>& bets = *new auto([] {
    std::array<double, kBets> result;
    const double spacing = std::log(kLargestBet / kSmallestBet) / (kBets - 1);
    for (int j = 0; j < kBets; ++j) result[j] = kSmallestBet * std::exp(j * spacing);
    return result;
  }());
  return bets;
}

// Nothing overlaps: two at a time.
void PayOut(double gain, const double* __restrict bets, double* __restrict capital) {
  for (int j = 0; j < kBets; ++j) capital[j] *= 1 + bets[j] * gain;
}

}  // namespace

void ShareBetting::Add(const CountBlock& block, double expected) {
  const double share = block.canary_events / block.events();
  const double gain = side_ == Side::kAbove
                          ? share / std::max(expected, kSmallestShare) - 1
                          : (1 - share) / std::max(1 - expected, kSmallestShare) - 1;
  PayOut(gain, Bets().data(), capital_.data());
  if (++since_scaled_ < kFactorsUnscaled) return;
  since_scaled_ = 0;
  for (int j = 0; j < kBets; ++j) {
    const double up = std::ldexp(1, kScale), down = std::ldexp(1, -kScale);
    if (capital_[j] > up) {
      capital_[j] *= down;
      exponent_[j] += kScale;
    } else if (capital_[j] < down) {
      capital_[j] *= up;
      exponent_[j] -= kScale;
    }
  }
}

double ShareBetting::LogE() const {
  std::array<double, kBets> logs;
  for (int j = 0; j < kBets; ++j) {
    logs[j] = std::log(capital_[j]) + exponent_[j] * std::log(2.0);
  }
  return LogSumExp(logs) - std::log(kBets);
}

}  // namespace gate::stats
