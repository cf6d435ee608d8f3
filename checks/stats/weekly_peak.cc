#include "checks/stats/weekly_peak.h"

#include <algorithm>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>

namespace gate::stats {
namespace {

constexpr double kWeekly = 0.08;  // standard deviation of a peak from week to week, relative
constexpr double kTrend = 0.04;   // of the trend per week
constexpr double kPriorDegrees = 2;
constexpr double kSeenPart = 0.8;
constexpr double kSteepest = 0.1;  // trend per week; two holidays in a row look like a steeper one
// How far under the others a week is low, as a logarithm: three standard deviations of theirs, as
// far as that is told by so few.
constexpr double kLowSpreads = 3;
constexpr double kLeastLow = 0.12;
const double kMostLow = -std::log(0.75);

struct Week {
  double x;  // -1: the last one
  double y;  // logarithm of its peak
};

double Median(std::vector<double> values) {
  std::ranges::sort(values);
  const size_t half = values.size() / 2;
  return values.size() % 2 == 1 ? values[half] : (values[half - 1] + values[half]) / 2;
}

// The robust line through some weeks, and how far under it a week is low.
struct Line {
  double level = 0, slope = 0, low = 0;

  bool IsLow(const Week& week) const { return week.y - slope * week.x - level < -low; }
};

Line LineThrough(const std::vector<Week>& weeks) {
  std::vector<double> slopes, levels, distances;
  for (size_t i = 0; i < weeks.size(); ++i) {
    for (size_t j = i + 1; j < weeks.size(); ++j) {
      slopes.push_back((weeks[j].y - weeks[i].y) / (weeks[j].x - weeks[i].x));
    }
  }
  Line line;
  line.slope = std::clamp(Median(std::move(slopes)), -kSteepest, kSteepest);
  for (const Week& week : weeks) levels.push_back(week.y - line.slope * week.x);
  line.level = Median(levels);
  for (const double level : levels) distances.push_back(std::abs(level - line.level));
  constexpr double kOfNormal = 1.4826;  // standard deviations to a median distance
  const double spread = kOfNormal * Median(std::move(distances));
  // Two weeks tell no spread.
  line.low = weeks.size() < 3 ? kMostLow : std::clamp(kLowSpreads * spread, kLeastLow, kMostLow);
  return line;
}

// Against the line through all, and against that through the others: among four, one week bends the
// line towards itself.
std::vector<Week> WithoutLow(const std::vector<Week>& weeks) {
  const Line all = LineThrough(weeks);
  std::vector<Week> kept;
  for (size_t i = 0; i < weeks.size(); ++i) {
    bool low = all.IsLow(weeks[i]);
    if (weeks.size() > 2) {
      std::vector<Week> others = weeks;
      others.erase(others.begin() + static_cast<std::ptrdiff_t>(i));
      low = low || LineThrough(others).IsLow(weeks[i]);
    }
    if (!low) kept.push_back(weeks[i]);
  }
  // Where each is low beside the others, none is.
  return kept.size() < 2 ? weeks : kept;
}

struct Prediction {
  double estimate, half_width;
};

Prediction Predict(const std::vector<Week>& weeks, double alpha) {
  const double n = static_cast<double>(weeks.size());
  const double row = kWeekly / kTrend;
  double x = 0, y = 0, xx = row * row, xy = 0;
  for (const Week& week : weeks) {
    x += week.x;
    y += week.y;
    xx += week.x * week.x;
    xy += week.x * week.y;
  }
  const double determinant = n * xx - x * x;
  const double level = (xx * y - x * xy) / determinant;
  const double slope = (n * xy - x * y) / determinant;
  double squares = slope * row * slope * row;
  for (const Week& week : weeks) {
    const double rest = week.y - level - slope * week.x;
    squares += rest * rest;
  }
  const double degrees = kPriorDegrees + n - 1;
  const double variance = (kPriorDegrees * kWeekly * kWeekly + squares) / degrees;
  const double t =
      boost::math::quantile(boost::math::complement(boost::math::students_t(degrees), alpha));
  return {level, t * std::sqrt(variance * (1 + xx / determinant))};
}

}  // namespace

std::vector<double> WeeklyPeaks(std::span<const double> values, size_t per_week) {
  std::vector<double> peaks(values.size() / per_week, std::numeric_limits<double>::quiet_NaN());
  for (size_t week = 0; week < peaks.size(); ++week) {
    size_t seen = 0;
    double highest = -std::numeric_limits<double>::infinity();
    const size_t begin = values.size() - (peaks.size() - week) * per_week;
    for (const double value : values.subspan(begin, per_week)) {
      if (!std::isfinite(value)) continue;
      ++seen;
      highest = std::max(highest, value);
    }
    if (static_cast<double>(seen) >= kSeenPart * static_cast<double>(per_week)) {
      peaks[week] = highest;
    }
  }
  return peaks;
}

PeakForecast ForecastWeeklyPeak(std::span<const double> peaks, double alpha) {
  std::vector<Week> weeks;
  double highest = 0;
  for (size_t i = 0; i < peaks.size(); ++i) {
    if (!(peaks[i] > 0) || !std::isfinite(peaks[i])) continue;
    weeks.push_back(
        {static_cast<double>(i) - static_cast<double>(peaks.size()), std::log(peaks[i])});
    highest = std::max(highest, peaks[i]);
  }
  PeakForecast forecast;
  forecast.weeks = static_cast<int>(weeks.size());
  if (!forecast.Known()) return forecast;
  const std::vector<Week> kept = WithoutLow(weeks);
  forecast.low_weeks = static_cast<int>(weeks.size() - kept.size());
  const Prediction usual = Predict(kept, alpha);
  forecast.estimate = std::exp(usual.estimate);
  forecast.lower = std::exp(usual.estimate - usual.half_width);
  forecast.upper = std::max(std::exp(usual.estimate + usual.half_width), highest);
  return forecast;
}

}  // namespace gate::stats
