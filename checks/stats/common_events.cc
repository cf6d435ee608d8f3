#include "checks/stats/common_events.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "checks/stats/log_sum.h"

namespace gate::stats {
namespace {

constexpr double kCommon = 0.1;
// Standard deviations at which what is measured outweighs a past of single outcomes.
constexpr double kSurprise = 2.5;
// Of the rarer outcome, before means say that a canary is safe: bursts that have not come yet make
// it look so.
constexpr double kFewestAtTheLimit = 200;
const double kLogHalf = std::log(0.5), kLogEighth = std::log(1.0 / 8);

bool Paired(const CountBlock& block) {
  return block.canary_exposure > 0 && block.baseline_exposure > 0;
}

// The means of both, at the same mix of strata.
MeanBlock Standardised(std::span<const CountBlock> strata) {
  MeanBlock block{0, 1, 0, 1};
  double weights = 0;
  for (const CountBlock& stratum : strata) {
    if (!Paired(stratum)) continue;
    const double weight = stratum.canary_exposure + stratum.baseline_exposure;
    weights += weight;
    block.canary_cost += weight * stratum.canary_events / stratum.canary_exposure;
    block.baseline_cost += weight * stratum.baseline_events / stratum.baseline_exposure;
  }
  block.canary_cost /= weights;
  block.baseline_cost /= weights;
  return block;
}

}  // namespace

CountBlock Others(const CountBlock& block) {
  CountBlock others = block;
  others.canary_events = block.canary_exposure - block.canary_events;
  others.baseline_events = block.baseline_exposure - block.baseline_events;
  return others;
}

void CommonEvents::Add(std::span<const CountBlock> strata) {
  if (kind_ == kRare) return;
  CountBlock whole;
  for (const CountBlock& stratum : strata) {
    if (!Paired(stratum)) continue;
    if (stratum.canary_events > stratum.canary_exposure ||
        stratum.baseline_events > stratum.baseline_exposure) {
      kind_ = kRare;
      return;
    }
    whole += stratum;
  }
  if (!Paired(whole)) return;
  const double requests = whole.canary_exposure + whole.baseline_exposure;
  if (kind_ == kUnknown) {
    const double part = whole.events() / requests;
    kind_ = part < kCommon ? kRare : part <= 0.5 ? kFewer : kMost;
    if (kind_ == kRare) return;
  }
  for (const CountBlock& stratum : strata) proportions_.Add(stratum);
  CountBlock rarer;
  double share = 0;  // of the rarer outcome that the strata let expect on the canary, as a sum
  for (const CountBlock& stratum : strata) {
    if (!Paired(stratum)) continue;
    const CountBlock block = kind_ == kMost ? Others(stratum) : stratum;
    rarer += block;
    share += block.CanaryShare() * block.events();
  }
  const double part_of_variance = 1 - rarer.events() / requests;
  if (strata.size() > 1 && rarer.events() > 0) {
    rarer.canary_exposure = requests * share / rarer.events();
    rarer.baseline_exposure = requests - rarer.canary_exposure;
  }
  meter_.Add(rarer, part_of_variance);
  means_.Add(Standardised(strata));
}

bool CommonEvents::Single(Side side) const {
  const Dispersion measured = meter_.Measured();
  bool single = measured.UnderDeviations(1);
  if (past_.kind == PastNoise::kSingle) {
    single = measured.blocks < kBlocksForDispersion || measured.UnderDeviations(kSurprise);
  } else if (past_.kind == PastNoise::kSwings) {
    single = meter_.SurelySingle();
  }
  return single && (side == Side::kAbove || meter_.SurelySingle());
}

double CommonEvents::MissedAtTheLimit() const {
  const CountBlock& all = proportions_.before();
  const double canary = all.canary_events / all.canary_exposure;
  const double baseline = all.baseline_events / all.baseline_exposure;
  return kind_ == kMost ? all.baseline_exposure * (1 - std::min(canary / limit_, 1.0))
                        : all.canary_exposure * std::min(limit_ * baseline, 1.0);
}

double CommonEvents::LogE(Side side) const {
  constexpr double kNothing = -std::numeric_limits<double>::infinity();
  if (!Common()) return kNothing;
  double of_means = kNothing;
  if (side == Side::kAbove) of_means = means_.LogEOfHarm(limit_);
  if (side == Side::kBelow && MissedAtTheLimit() >= kFewestAtTheLimit) {
    of_means = means_.LogEOfSafety(limit_);
  }
  return LogSumExp(std::array{Single(side) ? kLogHalf + proportions_.LogE(side) : kNothing,
                              kLogEighth + of_means});
}

double CommonEvents::Growth(const CountBlock& total, double intervals, double ratio,
                            Side side) const {
  if (!Common() || !Single(side)) return 0;
  CountBlock each;
  each.canary_exposure = total.canary_exposure / intervals;
  each.baseline_exposure = total.baseline_exposure / intervals;
  const double baseline = total.baseline_events / total.baseline_exposure;
  return proportions_.Growth(each, std::min(ratio * baseline, 1.0), baseline, side);
}

}  // namespace gate::stats
