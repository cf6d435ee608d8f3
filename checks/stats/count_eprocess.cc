#include "checks/stats/count_eprocess.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "checks/stats/log_sum.h"

namespace gate::stats {
namespace {

constexpr double kNearest = 0.02;
constexpr double kFarthest = 4.0;
constexpr double kBurstsPerBlock = 3;
constexpr double kInfinity = std::numeric_limits<double>::infinity();

double Signed(double distance, Side side) { return side == Side::kAbove ? distance : -distance; }

Alternatives MakeAlternatives() {
  Alternatives result;
  const double spacing = std::log(kFarthest / kNearest) / (kAlternatives - 1);
  double sum = 0;
  for (int j = 0; j < kAlternatives; ++j) {
    result.distance[j] = kNearest * std::exp(j * spacing);
    sum += std::sqrt(result.distance[j]);
  }
  for (int j = 0; j < kAlternatives; ++j) {
    result.log_weight[j] = std::log(std::sqrt(result.distance[j]) / sum);
  }
  return result;
}

}  // namespace

const Alternatives& TheAlternatives() {
  static const Alternatives& alternatives = *new Alternatives(MakeAlternatives());
  return alternatives;
}

RatioLikelihood RatioLikelihood::OfEvents(std::span<const CountBlock> blocks) {
  return RatioLikelihood(blocks, /*in_bursts=*/false);
}

RatioLikelihood RatioLikelihood::OfBursts(std::span<const CountBlock> blocks) {
  return RatioLikelihood(blocks, /*in_bursts=*/true);
}

RatioLikelihood::RatioLikelihood(std::span<const CountBlock> blocks, bool in_bursts) {
  terms_.reserve(blocks.size());
  for (const CountBlock& block : blocks) {
    if (!block.Informative()) continue;
    const double counted =
        in_bursts ? std::min(block.events() / kLargestBurst, kBurstsPerBlock) : block.events();
    const double canary = counted * (block.canary_events / block.events());
    canary_events_ += in_bursts ? canary : block.canary_events;
    baseline_events_ += in_bursts ? counted - canary : block.baseline_events;
    terms_.push_back({block.CanaryShare(), counted});
  }
  // Blocks of equal share are one block: fewer logarithms, and a sum that hardly depends on order.
  std::sort(terms_.begin(), terms_.end(), [](const Term& a, const Term& b) {
    return a.share != b.share ? a.share < b.share : a.events < b.events;
  });
  size_t kept = 0;
  for (const Term& term : terms_) {
    if (kept > 0 && terms_[kept - 1].share == term.share) {
      terms_[kept - 1].events += term.events;
    } else {
      terms_[kept++] = term;
    }
  }
  terms_.resize(kept);
}

double RatioLikelihood::LogRatio(double ratio, double null) const {
  double sum = canary_events_ > 0 ? canary_events_ * std::log(ratio / null) : 0;
  for (const Term& term : terms_) {
    const double at_null = term.share * null + (1 - term.share);
    // log, not log1p: the error that it adds is one unit in the last place of 1, and it is twice as
    // fast, which is most of what a judgement costs.
    sum -= term.events * std::log(1 + term.share * (ratio - null) / at_null);
  }
  return sum;
}

double RatioLikelihood::Estimate() const {
  if (terms_.empty()) return std::numeric_limits<double>::quiet_NaN();
  if (canary_events_ == 0) return 0;
  if (baseline_events_ == 0) return kInfinity;
  // The score, canary events minus expected ones, falls monotonically in log(ratio): Newton's
  // method, kept inside the bracket that its own signs have established.
  double low = -700, high = 700, at = 0;
  for (int i = 0; i < 100; ++i) {
    double score = canary_events_, information = 0;
    const double ratio = std::exp(at);
    for (const Term& term : terms_) {
      const double share = EventShare(term.share, ratio);
      score -= term.events * share;
      information += term.events * share * (1 - share);
    }
    (score > 0 ? low : high) = at;
    double next = information > 0 ? at + score / information : (low + high) / 2;
    if (!(next > low && next < high)) next = (low + high) / 2;
    if (std::abs(next - at) < 1e-12) break;
    at = next;
  }
  return std::exp(at);
}

RatioEProcess::RatioEProcess(const RatioLikelihood& likelihood, double r, Side side)
    : likelihood_(likelihood), r_(r), side_(side) {
  const Alternatives& alternatives = TheAlternatives();
  for (int j = 0; j < kAlternatives; ++j) {
    const double ratio = r * std::exp(Signed(alternatives.distance[j], side));
    weighted_[j] = alternatives.log_weight[j] + likelihood.LogRatio(ratio, r);
  }
  log_e_ = LogSumExp(weighted_);
}

double RatioEProcess::LogEAt(double ratio) const {
  const double beyond = Signed(std::log(ratio / r_), side_);
  const auto& distances = TheAlternatives().distance;
  const auto first = std::upper_bound(distances.begin(), distances.end(), beyond);
  const auto used = std::span(weighted_).subspan(static_cast<size_t>(first - distances.begin()));
  return LogSumExp(used) - likelihood_.LogRatio(ratio, r_);
}

}  // namespace gate::stats
