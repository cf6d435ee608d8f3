#include "checks/stats/change_detector.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "checks/stats/log_sum.h"

namespace gate::stats {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
// What bets expect, in units of the bar.
constexpr std::array<double, ChangeDetector::kBets> kTimes = {1.4, 2.2, 4.5, 20};
// Standard errors to a bound that is too low in one case of twenty.
constexpr double kErrors = 1.645;
// Closer to one than this and a count is taken for a Poisson one.
constexpr double kPoisson = 1e-6;

// log L of the header.
double LogFactor(double times, double events, double mean, double dispersion) {
  const double extra = dispersion - 1;
  if (extra < kPoisson) return events * std::log(times) - mean * (times - 1);
  const double log_part = std::log(dispersion / (1 + times * extra));
  return events * (std::log(times) + log_part) + mean / extra * log_part;
}

double LogMean(std::span<const double> logs) {
  return LogSumExp(logs) - std::log(static_cast<double>(logs.size()));
}

}  // namespace

double ThresholdOfWatch(double intervals, double alpha) { return intervals / alpha; }

ChangeDetector::ChangeDetector(double margin, double threshold)
    : margin_(margin), log_threshold_(std::log(threshold)), largest_(-kInfinity) {
  bets_.fill({-kInfinity, -kInfinity});
}

void ChangeDetector::Add(const RateInterval& interval, const RateReference& past) {
  if (!(interval.exposure > 0) || !past.Known()) return;
  ++intervals_;
  const double bar = margin_ * (past.rate + kErrors * past.rate_error);
  const double grown = std::max(1.0, interval.exposure / past.exposure);
  const double dispersion = 1 + (past.dispersion - 1) * grown;
  for (size_t j = 0; j < kBets; ++j) {
    Bet& bet = bets_[j];
    const double log_factor =
        std::min(LogFactor(kTimes[j], interval.events, bar * interval.exposure, dispersion),
                 log_threshold_ * 2 / 3);
    bet.since = bet.log_best > 0 ? bet.since + 1 : 1;
    bet.log_best = log_factor + std::max(bet.log_best, 0.0);
    // log(SR + 1), for any SR.
    const double log_more = bet.log_sum > 0 ? bet.log_sum + std::log1p(std::exp(-bet.log_sum))
                                            : std::log1p(std::exp(bet.log_sum));
    bet.log_sum = log_factor + log_more;
  }
  largest_ = std::max(largest_, LogShiryaevRoberts());
}

double ChangeDetector::LogShiryaevRoberts() const {
  std::array<double, kBets> logs;
  std::ranges::transform(bets_, logs.begin(), &Bet::log_sum);
  return LogMean(logs);
}

size_t ChangeDetector::BestBet() const {
  return static_cast<size_t>(std::ranges::max_element(bets_, {}, &Bet::log_best) - bets_.begin());
}

ChangeAnswer ChangeDetector::Answer() const {
  std::array<double, kBets> logs;
  std::ranges::transform(bets_, logs.begin(), &Bet::log_best);
  const Bet& best = bets_[BestBet()];
  ChangeAnswer answer;
  answer.worse = Worse();
  answer.log_shiryaev_roberts = LogShiryaevRoberts();
  answer.log_cusum = LogMean(logs);
  if (best.log_best > 0) answer.since = best.since;
  if (intervals_ > 0) answer.chance = std::min(1.0, intervals_ * std::exp(-largest_));
  return answer;
}

}  // namespace gate::stats
