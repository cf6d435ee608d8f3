#include "checks/stats/share_betting.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "checks/stats/log_sum.h"

namespace gate::stats {
namespace {

constexpr double kSmallestBet = 0.02;
constexpr double kLargestBet = 0.98;
// A product of so many factors, each at least 1 - 0.98 and at most 1/theta, stays within a double;
// then its logarithm is taken. Sixteen times fewer logarithms than one per factor.
constexpr size_t kFactorsPerLog = 16;

const std::array<double, kBets>& Bets() {
  static const std::array<double, kBets>& bets = *new auto([] {
    std::array<double, kBets> result;
    const double spacing = std::log(kLargestBet / kSmallestBet) / (kBets - 1);
    for (int j = 0; j < kBets; ++j) result[j] = kSmallestBet * std::exp(j * spacing);
    return result;
  }());
  return bets;
}

// A share so small that its inverse says nothing sensible any more.
constexpr double kSmallestShare = 1e-12;

}  // namespace

ShareBetting::ShareBetting(std::span<const CountBlock> blocks) {
  intervals_.reserve(blocks.size());
  for (const CountBlock& block : blocks) {
    if (!block.Informative()) continue;
    intervals_.push_back({block.CanaryShare(), block.canary_events / block.events()});
  }
  // The same sum, to the last bit, for every order.
  std::sort(intervals_.begin(), intervals_.end(), [](const Interval& a, const Interval& b) {
    return a.exposure_share != b.exposure_share ? a.exposure_share < b.exposure_share
                                                : a.event_share < b.event_share;
  });
}

double ShareBetting::LogE(double ratio, Side side) const {
  const auto& bets = Bets();
  std::array<double, kBets> logs{};
  std::array<double, kBets> products;
  products.fill(1);
  size_t in_product = 0;
  const auto take_logs = [&] {
    for (int j = 0; j < kBets; ++j) logs[j] += std::log(products[j]);
    products.fill(1);
    in_product = 0;
  };
  for (const Interval& interval : intervals_) {
    const double expected = EventShare(interval.exposure_share, ratio);
    const double gain =
        side == Side::kAbove
            ? interval.event_share / std::max(expected, kSmallestShare) - 1
            : (1 - interval.event_share) / std::max(1 - expected, kSmallestShare) - 1;
    for (int j = 0; j < kBets; ++j) products[j] *= 1 + bets[j] * gain;
    if (++in_product == kFactorsPerLog) take_logs();
  }
  take_logs();
  return LogSumExp(logs) - std::log(kBets);
}

}  // namespace gate::stats
