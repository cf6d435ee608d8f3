#include "checks/stats/dispersion.h"

#include <algorithm>
#include <cmath>

namespace gate::stats {
namespace {

// Below this expected variance a block cannot tell bursts from single events.
constexpr double kInformativeVariance = 1;
constexpr double kSmallestRatio = 1e-9, kLargestRatio = 1e9;

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
  const double scattered = PearsonOfTotals();
  totals_events_ = before.events();
  totals_weight_ = before.canary_exposure + before.baseline_exposure;
  totals_squares_ = (scattered + totals_events_) * totals_events_ / totals_weight_;
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

void DispersionMeter::AddTotals(const CountBlock& block, double part) {
  // As if the ratio were one: where shares differ much from block to block and it is another, that
  // looks like bursts.
  const double weight = block.canary_exposure + block.baseline_exposure;
  const double events = block.events();
  totals_squares_ += events * events / weight;
  totals_events_ += events;
  totals_weight_ += weight;
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

double DispersionMeter::PearsonOfTotals() const {
  if (totals_events_ == 0) return 0;
  return totals_squares_ * totals_weight_ / totals_events_ - totals_events_;
}

Dispersion DispersionMeter::OfTotals() const {
  if (totals_blocks_ < 2 || totals_events_ == 0) return {};
  return {PearsonOfTotals() / (totals_blocks_ - 1), static_cast<int>(totals_blocks_)};
}

bool DispersionMeter::SharesSurelySingle() const {
  constexpr double kGroups = 20;
  return groups_.blocks >= kGroups && groups_.Result().UnderDeviations(1);
}

bool DispersionMeter::SurelySingle() const {
  return SharesSurelySingle() && neighbours_.Result().UnderDeviations(1);
}

}  // namespace gate::stats
