#include "checks/stats/share_table.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <memory>

namespace gate::stats {
namespace {

constexpr double kNearest = 0.02;
constexpr double kFarthest = 4.0;
constexpr int kFinest = -12, kCoarsest = -4;  // widths of the grid, as powers of two
constexpr size_t kRows = 1024;

Alternatives MakeAlternatives() {
  Alternatives result;
  const double spacing = std::log(kFarthest / kNearest) / (kAlternatives - 1);
  double sum = 0;
  for (int j = 0; j < kAlternatives; ++j) {
    result.distance[j] = kNearest * std::exp(j * spacing);
    sum += result.distance[j];
  }
  for (int j = 0; j < kAlternatives; ++j) {
    result.log_weight[j] = std::log(result.distance[j] / sum);
  }
  return result;
}

// Of the grid for shares whose log odds have that variance: 2^power, a tenth of its root or less.
struct Width {
  int power;
  double per_unit;
};
Width WidthFor(double variance) {
  static constexpr double kPerUnit[] = {16, 32, 64, 128, 256, 512, 1024, 2048, 4096};
  const int power = std::clamp((std::ilogb(0.01 * variance) - 1) / 2, kFinest, kCoarsest);
  return {power, kPerUnit[kCoarsest - power]};
}

// One place of the grid.
struct Place {
  int width = 0;      // 2^width in log odds
  int64_t index = 0;  // log odds are index * 2^width
  double null_ratio = 0;

  bool operator==(const Place&) const = default;
  // Neighbours never share one.
  size_t Slot() const {
    const uint64_t which = std::bit_cast<uint64_t>(null_ratio) + static_cast<uint64_t>(width);
    return ((which * 0x9E3779B97F4A7C15u >> 32) + static_cast<uint64_t>(index)) % kRows;
  }
};

ShareRow MakeRow(const Place& place) {
  const double odds = std::exp(std::ldexp(static_cast<double>(place.index), place.width));
  const double share = odds / (1 + odds);
  const double at_null = share * place.null_ratio + (1 - share);
  const auto ratio_to_null = [&](double ratio) {
    return std::log1p(share * (ratio - place.null_ratio) / at_null);
  };
  ShareRow row;
  for (int j = 0; j < kAlternatives; ++j) {
    const double factor = std::exp(TheAlternatives().distance[j]);
    row.log_above[j] = ratio_to_null(place.null_ratio * factor);
    row.log_below[j] = ratio_to_null(place.null_ratio / factor);
  }
  return row;
}

// Remembers rows; a newer one takes the slot of an older one.
class Rows {
 public:
  const ShareRow& At(const Place& place) {
    Kept& kept = kept_[place.Slot()];
    if (kept.place != place) kept = {place, MakeRow(place)};
    return kept.row;
  }

 private:
  struct Kept {
    Place place;
    ShareRow row;
  };
  std::unique_ptr<Kept[]> kept_ = std::make_unique<Kept[]>(kRows);
};

}  // namespace

const Alternatives& TheAlternatives() {
  static const Alternatives& alternatives = *new Alternatives(MakeAlternatives());
  return alternatives;
}

ShareRows RowsFor(const CountBlock& block, double null_ratio) {
  thread_local Rows rows;
  const double log_odds = std::log(block.canary_exposure / block.baseline_exposure);
  const double variance = 1 / block.canary_exposure + 1 / block.baseline_exposure;
  const Width width = WidthFor(variance);
  const double at = log_odds * width.per_unit;
  auto down = static_cast<int64_t>(at);
  if (static_cast<double>(down) > at) --down;
  const bool between = static_cast<double>(down) < at;
  const ShareRow& below = rows.At({width.power, down, null_ratio});
  return {between ? &rows.At({width.power, down + 1, null_ratio}) : &below, &below};
}

}  // namespace gate::stats
