// Values computed by hand, and the promise of the bounds, simulated.
#include "checks/stats/weekly_peak.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <vector>

namespace gate::stats {
namespace {

constexpr double kNothing = std::numeric_limits<double>::quiet_NaN();
constexpr double kAlpha = 0.05;

// By hand: s^2 = 2 0.08^2 / 3, V = 9 / 9, t_3(0.05) = 2.353363, so log upper is
// log 1000 + 2.353363 sqrt(0.00426667 2) = log 1000 + 0.217395.
TEST(WeeklyPeak, TwoEqualWeeks) {
  const std::vector<double> peaks = {1000, 1000};
  const PeakForecast forecast = ForecastWeeklyPeak(peaks, kAlpha);
  EXPECT_EQ(forecast.weeks, 2);
  EXPECT_NEAR(forecast.estimate, 1000, 1e-6);
  EXPECT_NEAR(forecast.upper, 1242.83, 0.01);
  EXPECT_NEAR(forecast.lower, 804.61, 0.01);
}

// By hand: x = -3, -2, -1; sum of squares 14 + 4; slope = 2 log(1.1) / (18 - 36 / 3)
// = 0.0317701; level = log 1100 + 2 slope = log 1172.16.
TEST(WeeklyPeak, ATrendIsFollowedAsFarAsItIsBelieved) {
  const std::vector<double> peaks = {1000, 1100, 1210};
  const PeakForecast forecast = ForecastWeeklyPeak(peaks, kAlpha);
  EXPECT_NEAR(forecast.estimate, 1172.16, 0.01);
  EXPECT_GE(forecast.upper, 1331) << "where it goes if the trend lasts";
  std::vector<double> longer;
  for (int week = 0; week < 12; ++week) longer.push_back(1000 * std::pow(1.1, week));
  EXPECT_NEAR(ForecastWeeklyPeak(longer, kAlpha).estimate, 1000 * std::pow(1.1, 12), 100);
}

TEST(WeeklyPeak, AHolidayLowersNothing) {
  const std::vector<double> plain = {1000, 1010, 990, 1000, 1005};
  const PeakForecast usual = ForecastWeeklyPeak(plain, kAlpha);
  for (size_t holiday = 0; holiday < plain.size(); ++holiday) {
    for (const double low : {400, 700, 850}) {
      std::vector<double> peaks = plain;
      peaks[holiday] = low;
      const PeakForecast forecast = ForecastWeeklyPeak(peaks, kAlpha);
      EXPECT_EQ(forecast.low_weeks, 1) << holiday;
      EXPECT_NEAR(forecast.estimate, usual.estimate, 15) << holiday;
      EXPECT_GE(forecast.upper, 0.99 * usual.upper) << holiday;
      EXPECT_GE(forecast.lower, 0.95 * usual.lower) << holiday;
    }
  }
  for (size_t holiday = 0; holiday < 4; ++holiday) {
    std::vector<double> four = {1000, 1010, 990, 1000};
    four[holiday] = 700;
    EXPECT_NEAR(ForecastWeeklyPeak(four, kAlpha).estimate, 1000, 25) << holiday;
  }
  // Nor do two in a row, which look like a trend.
  for (size_t holiday = 0; holiday + 1 < plain.size(); ++holiday) {
    std::vector<double> peaks = plain;
    peaks[holiday] = peaks[holiday + 1] = 400;
    const PeakForecast forecast = ForecastWeeklyPeak(peaks, kAlpha);
    EXPECT_EQ(forecast.low_weeks, 2) << holiday;
    EXPECT_NEAR(forecast.estimate, usual.estimate, 25) << holiday;
  }
  // With few weeks nobody knows which one is odd: the highest still counts.
  EXPECT_GE(ForecastWeeklyPeak(std::vector<double>{1000, 400}, kAlpha).upper, 1000);
  EXPECT_GE(ForecastWeeklyPeak(std::vector<double>{400, 1000}, kAlpha).upper, 1000);
  EXPECT_GE(ForecastWeeklyPeak(std::vector<double>{1000, 400, 400}, kAlpha).upper, 1000);
}

TEST(WeeklyPeak, IsNotKnownOfLessThanTwoWeeks) {
  for (const std::vector<double>& peaks :
       {std::vector<double>{}, {1000}, {kNothing, 1000}, {0, 1000}, {-5, 1000}}) {
    const PeakForecast forecast = ForecastWeeklyPeak(peaks, kAlpha);
    EXPECT_FALSE(forecast.Known());
    EXPECT_EQ(forecast.lower, 0);
    EXPECT_EQ(forecast.upper, std::numeric_limits<double>::infinity());
  }
}

TEST(WeeklyPeak, IsInvariantUnderTheUnit) {
  const std::vector<double> peaks = {900, 1100, kNothing, 1000};
  std::vector<double> millions = peaks;
  for (double& peak : millions) peak *= 1e6;
  const PeakForecast small = ForecastWeeklyPeak(peaks, kAlpha);
  const PeakForecast large = ForecastWeeklyPeak(millions, kAlpha);
  EXPECT_NEAR(large.estimate / small.estimate, 1e6, 1);
  EXPECT_NEAR(large.upper / small.upper, 1e6, 1);
  EXPECT_NEAR(large.lower / small.lower, 1e6, 1);
}

TEST(WeeklyPeak, TakesTheHighestOfEachWholeWeek) {
  // 10 values to a week; the first two are of a week of which no more is known.
  std::vector<double> values = {99, 99};
  for (const double base : {10.0, 20.0, 30.0}) {
    for (int i = 0; i < 10; ++i) values.push_back(base + (i * 7) % 10);
  }
  EXPECT_THAT(WeeklyPeaks(values, 10), testing::ElementsAre(19, 29, 39));
  // Of a week with holes the peak may be in one of them.
  for (int i = 0; i < 2; ++i) values[12 + i] = kNothing;
  EXPECT_THAT(WeeklyPeaks(values, 10), testing::ElementsAre(19, 29, 39));
  values[14] = kNothing;
  EXPECT_THAT(WeeklyPeaks(values, 10), testing::ElementsAre(19, testing::IsNan(), 39));
}

struct Service {
  double noise, trend, holidays;  // of a week, relative; per week; part of the weeks
};

// How often the peak of the coming week is higher than the upper bound, and lower than the lower.
std::pair<double, double> Passed(const Service& service, int weeks, std::mt19937_64& random) {
  constexpr int kRuns = 2000;
  std::normal_distribution<double> normal;
  std::uniform_real_distribution<double> uniform;
  int over = 0, under = 0;
  for (int run = 0; run < kRuns; ++run) {
    const auto peak = [&](int week) {
      return 1000 * std::exp(service.trend * week + service.noise * normal(random));
    };
    std::vector<double> peaks;
    for (int week = 0; week < weeks; ++week) {
      peaks.push_back(peak(week) * (uniform(random) < service.holidays ? 0.5 : 1));
    }
    const PeakForecast forecast = ForecastWeeklyPeak(peaks, kAlpha);
    const double next = peak(weeks);
    over += next > forecast.upper;
    under += next < forecast.lower;
  }
  return {static_cast<double>(over) / kRuns, static_cast<double>(under) / kRuns};
}

// 2,000 runs: a rate of 0.05 is seen as 0.065 and more in one of a thousand cells.
TEST(WeeklyPeakPromise, BoundsArePassedAsSeldomAsTheySay) {
  std::mt19937_64 random(20261122);
  for (const double noise : {0.02, 0.05, 0.1}) {
    for (const double trend : {-0.02, 0.0, 0.02}) {
      for (const double holidays : {0.0, 0.1}) {
        for (const int weeks : {2, 3, 5, 8}) {
          const auto [over, under] = Passed({noise, trend, holidays}, weeks, random);
          const bool moves = noise > 0.05;
          EXPECT_LE(over, moves ? 0.11 : 0.065)
              << noise << " " << trend << " " << holidays << " " << weeks;
          EXPECT_LE(under, moves ? 0.15 : 0.065)
              << noise << " " << trend << " " << holidays << " " << weeks;
        }
      }
    }
  }
}

}  // namespace
}  // namespace gate::stats
