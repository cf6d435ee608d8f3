#include "checks/stats/dispersion.h"

#include <algorithm>
#include <cmath>

namespace gate::stats {
namespace {

// Below this expected variance a block cannot tell bursts from single events.
constexpr double kInformativeVariance = 1;

// Pearson's statistic, term by term.
class Pearson {
 public:
  void Add(double seen, double expected, double variance) {
    sum_ += (seen - expected) * (seen - expected) / variance;
    ++blocks_;
  }
  // One degree of freedom has gone into the fitted rate.
  Dispersion Result() const { return {blocks_ > 1 ? sum_ / (blocks_ - 1) : 0, blocks_}; }

 private:
  double sum_ = 0;
  int blocks_ = 0;
};

// Baseline requests that would bring as many events as the block's.
double Weight(const CountBlock& block, double ratio) {
  return block.canary_exposure * ratio + block.baseline_exposure;
}

Dispersion OfShares(std::span<const CountBlock> blocks, double ratio) {
  Pearson pearson;
  for (const CountBlock& block : blocks) {
    if (!block.Informative()) continue;
    const double share = EventShare(block.CanaryShare(), ratio);
    const double expected = block.events() * share;
    const double variance = expected * (1 - share);
    if (variance >= kInformativeVariance) pearson.Add(block.canary_events, expected, variance);
  }
  return pearson.Result();
}

// Blocks are put together until they can tell bursts from single events.
Dispersion OfGroupedShares(std::span<const CountBlock> blocks, double ratio) {
  Pearson pearson;
  double seen = 0, expected = 0, variance = 0;
  for (const CountBlock& block : blocks) {
    if (!block.Informative()) continue;
    const double share = EventShare(block.CanaryShare(), ratio);
    seen += block.canary_events;
    expected += block.events() * share;
    variance += block.events() * share * (1 - share);
    if (variance < kInformativeVariance) continue;
    pearson.Add(seen, expected, variance);
    seen = expected = variance = 0;
  }
  return pearson.Result();
}

// The events of a block, given those of it and the one before.
Dispersion OfNeighbours(std::span<const CountBlock> blocks, double ratio) {
  Pearson pearson;
  const CountBlock* before = nullptr;
  for (const CountBlock& block : blocks) {
    if (before != nullptr) {
      const double weight = Weight(block, ratio), other = Weight(*before, ratio);
      const double share = weight + other > 0 ? weight / (weight + other) : 0;
      const double events = block.events() + before->events();
      const double variance = events * share * (1 - share);
      if (variance > 0) pearson.Add(block.events(), events * share, variance);
    }
    before = &block;
  }
  return pearson.Result();
}

Dispersion OfTotals(std::span<const CountBlock> blocks, double ratio) {
  double events = 0, weights = 0;
  for (const CountBlock& block : blocks) {
    events += block.events();
    weights += Weight(block, ratio);
  }
  Pearson pearson;
  for (const CountBlock& block : blocks) {
    const double expected = weights > 0 ? events * Weight(block, ratio) / weights : 0;
    if (expected > 0) pearson.Add(block.events(), expected, expected);
  }
  return pearson.Result();
}

}  // namespace

bool Dispersion::Single() const {
  return blocks >= kBlocksForDispersion && ratio <= 1 + std::sqrt(2.0 / blocks);
}

Dispersion MeasureDispersion(std::span<const CountBlock> blocks, double ratio) {
  const Dispersion shares = OfShares(blocks, ratio);
  return shares.blocks >= kBlocksForDispersion ? shares : OfTotals(blocks, ratio);
}

bool SurelySingle(std::span<const CountBlock> blocks, double ratio) {
  constexpr int kGroups = 20;
  const Dispersion shares = OfGroupedShares(blocks, ratio);
  return shares.blocks >= kGroups && shares.Single() && OfNeighbours(blocks, ratio).Single();
}

}  // namespace gate::stats
