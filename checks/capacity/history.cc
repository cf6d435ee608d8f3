#include "checks/capacity/history.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "absl/strings/str_cat.h"
#include "checks/capacity/parameters.h"
#include "checks/evidence.h"
#include "checks/proto_time.h"

namespace gate::capacity {
namespace {

constexpr double kNothing = std::numeric_limits<double>::quiet_NaN();

// Of twenty weeks one has a higher peak than the upper bound, and one a lower one than the lower.
constexpr double kForecastAlpha = 0.05;

stats::PeakForecast Scaled(stats::PeakForecast peak, double by) {
  peak.estimate *= by;
  peak.lower *= by;
  peak.upper *= by;
  return peak;
}

}  // namespace

size_t History::PerWeek() const {
  return static_cast<size_t>(std::max(1.0, std::round(absl::FDivDuration(kWeek, step))));
}

double History::Highest(absl::Time from, absl::Time to) const {
  double highest = kNothing;
  absl::Time cell_end = end;
  for (auto value = values.rbegin(); value != values.rend(); ++value, cell_end -= step) {
    if (cell_end <= from) break;
    if (cell_end - step >= to || std::isnan(*value)) continue;
    highest = std::isnan(highest) ? *value : std::max(highest, *value);
  }
  return highest;
}

std::vector<double> History::Seen() const {
  std::vector<double> seen;
  std::ranges::copy_if(values, std::back_inserter(seen), [](double v) { return !std::isnan(v); });
  return seen;
}

double History::Last() const {
  const std::vector<double> seen = Seen();
  return seen.empty() ? kNothing : seen.back();
}

History::Stay History::Over(double limit) const {
  Stay stay;
  absl::Time cell_end = end;
  for (auto value = values.rbegin(); value != values.rend(); ++value, cell_end -= step) {
    if (std::isnan(*value)) continue;
    if (*value <= limit) break;
    stay.since = cell_end;
    ++stay.intervals;
  }
  return stay;
}

std::optional<History> ReadHistory(const v1::Observation& observation, absl::Time now,
                                   absl::Duration span, absl::Duration step, absl::Duration max_age,
                                   std::string& why) {
  if (!observation.has_series()) {
    why = Describe(observation.absence(), observation.source());
    return std::nullopt;
  }
  History history{now, std::max(step, FromProto(observation.series().step())), {}};
  const auto cells = static_cast<int64_t>(std::ceil(absl::FDivDuration(span, history.step)));
  history.values.assign(static_cast<size_t>(cells), kNothing);
  absl::Time newest = absl::InfinitePast();
  for (const v1::ValuePoint& point : observation.series().points()) {
    const absl::Time time = FromProto(point.time());
    if (!(point.value() >= 0) || !std::isfinite(point.value()) || time > now) continue;
    const auto back = static_cast<int64_t>(absl::FDivDuration(now - time, history.step));
    if (back >= cells) continue;
    double& cell = history.values[static_cast<size_t>(cells - 1 - back)];
    cell = std::isnan(cell) ? point.value() : std::max(cell, point.value());
    newest = std::max(newest, time);
  }
  if (newest == absl::InfinitePast()) {
    why = absl::StrCat(observation.source(), " has no values of it");
    return std::nullopt;
  }
  if (now - newest > std::max(max_age, 2 * history.step)) {
    why = absl::StrCat("its newest value is of ", Rfc3339(newest), ", too old to judge by");
    return std::nullopt;
  }
  return history;
}

stats::PeakForecast PeakOf(const History& history) {
  return stats::ForecastWeeklyPeak(stats::WeeklyPeaks(history.values, history.PerWeek()),
                                   kForecastAlpha);
}

std::optional<double> UsualWeeklyPeak(const History& history) {
  std::vector<double> peaks = stats::WeeklyPeaks(history.values, history.PerWeek());
  std::erase_if(peaks, [](double peak) { return std::isnan(peak); });
  if (peaks.size() < 2) return std::nullopt;
  std::ranges::sort(peaks);
  return peaks[(peaks.size() - 1) / 2];
}

bool WasOver(const History& recent, const History* weeks, absl::Time start, double limit) {
  const double just_before = recent.Highest(start - 3 * recent.step, start);
  if (!std::isnan(just_before)) return just_before > limit;
  return weeks != nullptr && weeks->Highest(start - weeks->step, start) > limit;
}

Demand::Demand(const History& load, const History* total, absl::Time complete)
    : load_(load), total_(total), complete_(complete), load_peak_(PeakOf(load)) {}

stats::PeakForecast Demand::Peak(double old_cost, double cost, double share) const {
  // A cost that may be anything is of no account where nothing has it.
  const double new_part = share > 0 ? share * cost : 0;
  const double old_part = share < 1 ? (1 - share) * old_cost : 0;
  if (total_ == nullptr) return Scaled(load_peak_, new_part + old_part);
  const double added = share > 0 ? share * (cost - old_cost) : 0;
  // What the old version would have less, where all of it was the new one's.
  const double replaced = share < 1 ? (share - 1) * (cost - old_cost) : 0;
  // What is seen of the one but not of the other is not known of both.
  History both = load_;
  const size_t common = std::min(load_.values.size(), total_->values.size());
  for (size_t i = 0; i < both.values.size(); ++i) {
    double& value = both.values[both.values.size() - 1 - i];
    const bool was_new = both.end - static_cast<double>(i + 1) * both.step >= complete_;
    const double more = value * (was_new ? replaced : added);
    value =
        i < common ? std::max(0.0, total_->values[total_->values.size() - 1 - i] + more) : kNothing;
  }
  return PeakOf(both);
}

}  // namespace gate::capacity
