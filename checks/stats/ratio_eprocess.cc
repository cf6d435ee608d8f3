#include "checks/stats/ratio_eprocess.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace gate::stats {
namespace {

constexpr double kBurstsPerBlock = 3;

constexpr int kMiddle = kAlternatives;  // the node of r

using Nodes = std::array<double, kNodes>;

// log(R / r) at the nodes.
const Nodes& Distances() {
  static const Nodes& distances = *new Nodes([] {
    Nodes result{};
    for (int j = 0; j < kAlternatives; ++j) {
      result[kMiddle + 1 + j] = TheAlternatives().distance[j];
      result[kMiddle - 1 - j] = -TheAlternatives().distance[j];
    }
    return result;
  }());
  return distances;
}

// Nothing overlaps: two at a time.
void AddTimes(double factor, const double* __restrict row, double* __restrict sums) {
  for (int j = 0; j < kAlternatives; ++j) sums[j] += factor * row[j];
}

// The line through two nodes, at a third place.
double Line(double x0, double y0, double x1, double y1, double x) {
  return y1 + (y1 - y0) / (x1 - x0) * (x - x1);
}

}  // namespace

void RatioEProcess::Sums::Add(double events, double canary_share, const ShareRows& rows) {
  canary_events += events * canary_share;
  AddTimes(events, rows.up->log_above.data(), above.data());
  AddTimes(events, rows.down->log_below.data(), below.data());
}

void RatioEProcess::Add(const CountBlock& block, const ShareRows& rows) {
  const double events = block.events(), share = block.canary_events / events;
  if (events <= kLargestBurst * kBurstsPerBlock) {
    small_.Add(events, share, rows);
  } else {
    large_.Add(events, share, rows);
    capped_.Add(kBurstsPerBlock, share, rows);
  }
}

Nodes RatioEProcess::LogLikelihoods(Unit unit) const {
  const Sums& large = unit == Unit::kEvents ? large_ : capped_;
  const double small = unit == Unit::kEvents ? 1 : 1 / kLargestBurst;
  const double canary_events = small * small_.canary_events + large.canary_events;
  Nodes result{};
  for (int j = 0; j < kAlternatives; ++j) {
    const double of_canary = canary_events * TheAlternatives().distance[j];
    result[kMiddle + 1 + j] = of_canary - (small * small_.above[j] + large.above[j]);
    result[kMiddle - 1 - j] = -of_canary - (small * small_.below[j] + large.below[j]);
  }
  return result;
}

RatioEvidence::RatioEvidence(const RatioEProcess& process, Unit unit, Side side)
    : side_(side), log_likelihoods_(process.LogLikelihoods(unit)) {
  const Alternatives& alternatives = TheAlternatives();
  std::array<double, kAlternatives> logs;
  double largest = -std::numeric_limits<double>::infinity();
  for (int j = 0; j < kAlternatives; ++j) {
    const int node = side == Side::kAbove ? kMiddle + 1 + j : kMiddle - 1 - j;
    logs[j] = alternatives.log_weight[j] + log_likelihoods_[node];
    largest = std::max(largest, logs[j]);
  }
  double sum = 0;
  log_sums_[kAlternatives] = -std::numeric_limits<double>::infinity();
  for (int j = kAlternatives - 1; j >= 0; --j) {
    sum += std::exp(logs[j] - largest);
    log_sums_[j] = largest + std::log(sum);
  }
}

// Between two nodes a concave function lies under the lines that go on from either side.
double RatioEvidence::LargestLogLikelihood(double distance) const {
  const Nodes& at = Distances();
  const auto right = static_cast<int>(std::ranges::lower_bound(at, distance) - at.begin());
  const auto line = [&](int first) {
    if (first < 0 || first + 1 >= kNodes) return std::numeric_limits<double>::infinity();
    return Line(at[first], log_likelihoods_[first], at[first + 1], log_likelihoods_[first + 1],
                distance);
  };
  return std::min(line(right - 2), line(right));
}

double RatioEvidence::LogEAt(double distance) const {
  const auto& distances = TheAlternatives().distance;
  const double beyond = side_ == Side::kAbove ? distance : -distance;
  const auto first = std::ranges::upper_bound(distances, beyond) - distances.begin();
  return log_sums_[static_cast<size_t>(first)] -
         (distance == 0 ? 0 : LargestLogLikelihood(distance));
}

}  // namespace gate::stats
