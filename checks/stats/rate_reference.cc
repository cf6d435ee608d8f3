#include "checks/stats/rate_reference.h"

#include <algorithm>
#include <cmath>

namespace gate::stats {
namespace {

constexpr size_t kNeighbours = 10;
constexpr double kSingleDispersion = 1.6, kTidalDispersion = 8;
constexpr double kMostInflation = 5;

}  // namespace

RateReference MeasureReference(std::span<const RateInterval> past) {
  RateReference reference;
  double exposure = 0, events = 0;
  for (const RateInterval& interval : past) {
    if (!(interval.exposure > 0)) continue;
    ++reference.intervals;
    exposure += interval.exposure;
    events += interval.events;
  }
  if (reference.intervals == 0) return reference;
  reference.exposure = exposure / reference.intervals;
  // One more than were seen: a past without events is no proof that there can be none.
  reference.rate = (events + 1) / exposure;
  double alone = 0, together = 0;
  for (size_t i = 0; i < past.size(); ++i) {
    const auto residual = [&](size_t at) {
      return past[at].events - events / exposure * past[at].exposure;
    };
    alone += residual(i) * residual(i);
    for (size_t k = 1; k <= std::min(i, kNeighbours); ++k) {
      const double weight = 1 - static_cast<double>(k) / (kNeighbours + 1);
      together += 2 * weight * residual(i) * residual(i - k);
    }
  }
  if (events > 0) {
    const double seen = std::max({1.0, alone / events, (alone + together) / events});
    if (alone > 0) reference.inflation = std::max(1.0, (alone + together) / alone);
    // What is more than one is known only as well as such sums can tell: their relative standard
    // error (Priestley, Spectral Analysis and Time Series, 1981, section 6.2) is allowed for.
    const double error = std::sqrt(4.0 / 3 * (kNeighbours + 1) / reference.intervals);
    reference.dispersion = 1 + (seen - 1) * (1 + error);
  }
  reference.rate_error = std::sqrt(reference.dispersion * (events + 1)) / exposure;
  return reference;
}

PastNoise NoiseOf(const RateReference& past) {
  if (!past.Known()) return {};
  if (past.dispersion <= kSingleDispersion) return {PastNoise::kSingle, 1};
  return {past.dispersion < kTidalDispersion ? PastNoise::kSwings : PastNoise::kTides,
          std::min(past.inflation, kMostInflation)};
}

}  // namespace gate::stats
