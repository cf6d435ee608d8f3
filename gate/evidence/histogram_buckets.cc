#include "gate/evidence/histogram_buckets.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "absl/strings/numbers.h"

namespace gate {
namespace {

constexpr size_t kMaxBounds = 200;

bool IsNative(const PrometheusSeries& series) { return !series.histograms.empty(); }

// Nothing where it is no bucket.
std::optional<double> BoundOf(const PrometheusSeries& series) {
  double bound = 0;
  const std::string text(series.labels.Get("le"));
  if (!absl::SimpleAtod(text, &bound) || std::isnan(bound)) return std::nullopt;
  return bound;
}

bool IsUsable(double bound) { return bound > 0 && std::isfinite(bound); }

// No bound that lies within a bucket can be read.
void RemoveInside(const NativeBucket& bucket, std::set<double>& bounds) {
  auto inside = bounds.upper_bound(bucket.lower);
  while (inside != bounds.end() && *inside < bucket.upper) inside = bounds.erase(inside);
}

// A bound that a process has had for a part of the time only would seem empty before.
void RemoveOthers(const std::map<double, size_t>& own, std::set<double>& bounds) {
  size_t most = 0;
  for (const auto& [bound, samples] : own) most = std::max(most, samples);
  std::erase_if(bounds, [&](double bound) {
    const auto found = own.find(bound);
    return found == own.end() || found->second < most;
  });
}

std::vector<double> Thinned(const std::set<double>& bounds) {
  std::vector<double> kept(bounds.begin(), bounds.end());
  while (kept.size() > kMaxBounds) {
    for (size_t i = 0; 2 * i < kept.size(); ++i) kept[i] = kept[2 * i];
    kept.resize((kept.size() + 1) / 2);
  }
  return kept;
}

// One counter for each bound, and the one of all.
void AddNative(const PrometheusSeries& series, const std::vector<double>& bounds,
               std::vector<BucketCounter>& counters) {
  const size_t first = counters.size();
  for (size_t slot = 0; slot <= bounds.size(); ++slot) {
    counters.push_back({series.labels, static_cast<int>(slot), {}});
  }
  for (const PrometheusHistogram& histogram : series.histograms) {
    std::vector<double> counts(bounds.size());
    for (const NativeBucket& bucket : histogram.buckets) {
      const auto slot = std::ranges::lower_bound(bounds, bucket.upper);
      if (slot != bounds.end()) counts[static_cast<size_t>(slot - bounds.begin())] += bucket.count;
    }
    double under = 0;
    for (size_t slot = 0; slot < bounds.size(); ++slot) {
      under += counts[slot];
      counters[first + slot].samples.push_back({histogram.milliseconds, under});
    }
    counters.back().samples.push_back({histogram.milliseconds, histogram.count});
  }
}

}  // namespace

absl::StatusOr<std::vector<double>> CommonBounds(const std::vector<const SeriesList*>& lists) {
  std::set<double> bounds;
  std::map<Labels, std::map<double, size_t>> classic;  // How often each bound was seen.
  for (const SeriesList* list : lists) {
    for (const PrometheusSeries& series : *list) {
      for (const PrometheusHistogram& histogram : series.histograms) {
        for (const NativeBucket& bucket : histogram.buckets) {
          for (const double bound : {bucket.lower, bucket.upper}) {
            if (IsUsable(bound)) bounds.insert(bound);
          }
        }
      }
      if (IsNative(series)) continue;
      const std::optional<double> bound = BoundOf(series);
      if (!bound) {
        return absl::InvalidArgumentError("a series is no histogram: it has no bound (label le)");
      }
      classic[series.labels.Without("le")][*bound] += series.samples.size();
      if (IsUsable(*bound)) bounds.insert(*bound);
    }
  }
  for (const auto& [labels, own] : classic) RemoveOthers(own, bounds);
  for (const SeriesList* list : lists) {
    for (const PrometheusSeries& series : *list) {
      for (const PrometheusHistogram& histogram : series.histograms) {
        for (const NativeBucket& bucket : histogram.buckets) RemoveInside(bucket, bounds);
      }
    }
  }
  return Thinned(bounds);
}

std::vector<BucketCounter> BucketCounters(const SeriesList& series,
                                          const std::vector<double>& bounds) {
  std::vector<BucketCounter> counters;
  for (const PrometheusSeries& one : series) {
    if (IsNative(one)) {
      AddNative(one, bounds, counters);
      continue;
    }
    const double bound = BoundOf(one).value_or(0);
    const auto slot = std::ranges::lower_bound(bounds, bound);
    const bool all = bound > 0 && std::isinf(bound);
    if (!all && (slot == bounds.end() || *slot != bound)) continue;
    counters.push_back(
        {one.labels.Without("le"), static_cast<int>(slot - bounds.begin()), one.samples});
  }
  return counters;
}

}  // namespace gate
