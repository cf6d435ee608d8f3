#include "checks/stats/dispersion.h"

#include <algorithm>
#include <cmath>

namespace gate::stats {
namespace {

// Below this expected variance a block cannot tell bursts from single events.
constexpr double kInformativeVariance = 1;
constexpr double kSmallestRatio = 1e-9, kLargestRatio = 1e9;

// The exposure of both cohorts, that of the canary times the ratio.
double WeightOf(const CountBlock& block, double ratio) {
  return ratio * block.canary_exposure + block.baseline_exposure;
}

}  // namespace

void DispersionMeter::Pearson::Add(double seen, double expected, double variance) {
  sum += (seen - expected) * (seen - expected) / variance;
  ++blocks;
}

Dispersion DispersionMeter::Pearson::Result() const {
  return {blocks > 0 ? sum / blocks : 0, static_cast<int>(blocks)};
}

bool Dispersion::UnderDeviations(double deviations) const {
  return blocks >= kBlocksForDispersion && ratio <= 1 + deviations * std::sqrt(2.0 / blocks);
}

bool Dispersion::Single() const { return UnderDeviations(1.25); }

// Half an event on each side keeps the first blocks from being taken for certain.
double DispersionMeter::FittedRatio() const {
  constexpr double kPrior = 0.125;
  return std::clamp((canary_weighted_ + kPrior) / (baseline_weighted_ + kPrior), kSmallestRatio,
                    kLargestRatio);
}

void DispersionMeter::Add(const CountBlock& block, double part) {
  if (block.Informative()) AddShares(block, part);
  AddTotals(block, part);
  const double share = block.CanaryShare();
  canary_weighted_ += block.canary_events * (1 - share);
  baseline_weighted_ += block.baseline_events * share;
}

void DispersionMeter::Turn(const CountBlock& before) {
  const double share = before.CanaryShare();
  canary_weighted_ = before.canary_events * (1 - share);
  baseline_weighted_ = before.baseline_events * share;
  const double expected = EventShare(share, FittedRatio());
  information_ = before.events() * expected * (1 - expected);
  weight_before_ = 0;
  // What the totals have scattered so far, around another rate.
  const double at_one = at_one_.Scattered(totals_events_);
  const double fitted = fitted_.Scattered(totals_events_);
  totals_events_ = before.events();
  at_one_.Restart(at_one, totals_events_, WeightOf(before, 1));
  fitted_.Restart(fitted, totals_events_, WeightOf(before, FittedRatio()));
}

void DispersionMeter::AddShares(const CountBlock& block, double part) {
  const double share = EventShare(block.CanaryShare(), FittedRatio());
  const double expected = block.events() * share;
  const double variance = part * expected * (1 - share);
  // What is expected is itself known only as well as the blocks before tell.
  const double of_ratio = information_ > 0 ? variance / information_ : 0;
  if (variance >= kInformativeVariance && information_ >= kInformativeVariance) {
    shares_.Add(block.canary_events, expected, variance * (1 + of_ratio));
  }
  information_ += variance;
  group_seen_ += block.canary_events;
  group_expected_ += expected;
  group_variance_ += variance;
  if (group_variance_ < kInformativeVariance) return;
  const double before = information_ - group_variance_;
  if (before >= kInformativeVariance) {
    groups_.Add(group_seen_, group_expected_, group_variance_ * (1 + group_variance_ / before));
  }
  group_seen_ = group_expected_ = group_variance_ = 0;
}

void DispersionMeter::Totals::Add(double events, double exposure) {
  squares += events * events / exposure;
  weight += exposure;
}

double DispersionMeter::Totals::Scattered(double events) const {
  return events > 0 ? squares * weight / events - events : 0;
}

void DispersionMeter::Totals::Restart(double scattered, double events, double exposure) {
  weight = exposure;
  squares = (scattered + events) * events / exposure;
}

void DispersionMeter::AddTotals(const CountBlock& block, double part) {
  const double events = block.events();
  const double weight = WeightOf(block, 1);
  at_one_.Add(events, weight);
  fitted_.Add(events, WeightOf(block, FittedRatio()));
  totals_events_ += events;
  ++totals_blocks_;
  if (weight_before_ > 0) {
    const double share = weight / (weight + weight_before_);
    const double both = events + events_before_;
    const double variance = part * both * share * (1 - share);
    if (variance > 0) neighbours_.Add(events, both * share, variance);
  }
  weight_before_ = weight;
  events_before_ = events;
}

Dispersion DispersionMeter::Measured() const {
  return shares_.blocks >= kBlocksForDispersion ? OfShares() : OfTotals();
}

Dispersion DispersionMeter::OfTotals() const {
  if (totals_blocks_ < 2 || totals_events_ == 0) return {};
  const double scattered =
      std::min(at_one_.Scattered(totals_events_), fitted_.Scattered(totals_events_));
  return {scattered / (totals_blocks_ - 1), static_cast<int>(totals_blocks_)};
}

bool DispersionMeter::SharesSurelySingle() const {
  constexpr double kGroups = 20;
  return groups_.blocks >= kGroups && groups_.Result().UnderDeviations(1);
}

bool DispersionMeter::SurelySingle() const {
  return SharesSurelySingle() && neighbours_.Result().UnderDeviations(1);
}

}  // namespace gate::stats
