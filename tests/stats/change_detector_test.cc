// The e-detector against its definition, its bets by enumeration, and the promise, simulated: how
// long it takes to an alarm without a change, and with one.
//
// GATE_PROMISE_RUNS sets the runs per cell (default 10). Figures of a longer run stand in
// checks/stats/README.md.
#include "checks/stats/change_detector.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <numbers>
#include <random>
#include <string>
#include <vector>

namespace gate::stats {
namespace {

constexpr std::array<double, ChangeDetector::kBets> kTimes = {1.4, 2.2, 4.5, 20};
constexpr double kFar = 1e300;  // A threshold that caps no bet.

// A past that is known to the last digit.
RateReference Known(double rate, double dispersion) { return {1000, 1000, rate, 0, dispersion}; }

double LogNegativeBinomial(double y, double mean, double shape) {
  return std::lgamma(y + shape) - std::lgamma(shape) - std::lgamma(y + 1) +
         shape * std::log(shape / (shape + mean)) + y * std::log(mean / (shape + mean));
}

double LogPoisson(double y, double mean) { return y * std::log(mean) - mean - std::lgamma(y + 1); }

double LogSum(const std::vector<double>& logs) {
  double sum = 0;
  for (const double x : logs) sum += std::exp(x);
  return std::log(sum);
}

TEST(ChangeDetector, AgreesWithItsDefinition) {
  std::mt19937_64 random(20261121);
  for (const double dispersion : {1.0, 1.3, 4.0}) {
    ChangeDetector detector(1.2, kFar);
    std::vector<std::vector<double>> log_factors(kTimes.size());
    for (int n = 0; n < 40; ++n) {
      const RateInterval interval = {500.0 + static_cast<double>(random() % 500),
                                     static_cast<double>(random() % 8)};
      detector.Add(interval, Known(0.002, dispersion));
      const double mean = 1.2 * 0.002 * interval.exposure, shape = mean / (dispersion - 1);
      std::vector<double> sums, bests;
      for (size_t j = 0; j < kTimes.size(); ++j) {
        log_factors[j].push_back(
            dispersion > 1 ? LogNegativeBinomial(interval.events, kTimes[j] * mean, shape) -
                                 LogNegativeBinomial(interval.events, mean, shape)
                           : LogPoisson(interval.events, kTimes[j] * mean) -
                                 LogPoisson(interval.events, mean));
        // Bets that were begun at each interval so far.
        std::vector<double> begun;
        double log_product = 0;
        for (size_t k = log_factors[j].size(); k > 0; --k) {
          begun.push_back(log_product += log_factors[j][k - 1]);
        }
        sums.push_back(LogSum(begun));
        bests.push_back(*std::ranges::max_element(begun));
      }
      const ChangeAnswer answer = detector.Answer();
      EXPECT_NEAR(answer.log_shiryaev_roberts, LogSum(sums) - std::log(4), 1e-9) << n;
      EXPECT_NEAR(answer.log_cusum, LogSum(bests) - std::log(4), 1e-9) << n;
      EXPECT_LE(answer.log_cusum, answer.log_shiryaev_roberts);
    }
  }
}

// Of the first interval's SR, which is the mixture of the bets.
double MeanOfBets(double mean, double dispersion, double assumed) {
  double sum = 0;
  for (int y = 0; y < 3000; ++y) {
    ChangeDetector detector(1, kFar);
    detector.Add({1000, static_cast<double>(y)}, Known(0.005, assumed));
    const double log_chance = dispersion > 1 ? LogNegativeBinomial(y, mean, mean / (dispersion - 1))
                                             : LogPoisson(y, mean);
    sum += std::exp(log_chance + detector.Answer().log_shiryaev_roberts);
  }
  return sum;
}

TEST(ChangeDetector, ABetHasAMeanOfAtMostOne) {
  for (const double assumed : {1.0, 1.5, 5.0}) {
    EXPECT_NEAR(MeanOfBets(5, assumed, assumed), 1, 1e-6);
    EXPECT_LT(MeanOfBets(4, assumed, assumed), 1);
    EXPECT_LE(MeanOfBets(5, 1, assumed), 1 + 1e-9);
  }
  EXPECT_LE(MeanOfBets(5, 3, 5), 1);
  // Larger bursts than were assumed, and a higher rate, do win.
  EXPECT_GT(MeanOfBets(5, 1.5, 1), 1.05);
  EXPECT_GT(MeanOfBets(6, 1, 1), 1.05);
}

TEST(ChangeDetector, OneIntervalIsNoAlarmAndTwoAre) {
  ChangeDetector detector(1.2, ThresholdOfWatch(120, 0.01));
  for (int i = 0; i < 100; ++i) detector.Add({1000, 1}, Known(0.001, 1));
  detector.Add({1000, 500}, Known(0.001, 1));
  EXPECT_FALSE(detector.Answer().worse);
  ChangeDetector outage = detector;
  detector.Add({1000, 1}, Known(0.001, 1));
  EXPECT_FALSE(detector.Answer().worse);
  outage.Add({1000, 500}, Known(0.001, 1));
  EXPECT_TRUE(outage.Answer().worse);
  EXPECT_EQ(outage.Answer().since, 2);
  EXPECT_LE(outage.Answer().chance, 0.01);
  // What has been seen is not forgotten when it is over.
  for (int i = 0; i < 1000; ++i) outage.Add({1000, 0}, Known(0.001, 1));
  EXPECT_TRUE(outage.Answer().worse);
  EXPECT_EQ(outage.Answer().since, 0);
}

TEST(ChangeDetector, WithoutExposureOrPastNothingIsSaid) {
  ChangeDetector detector(1.2, 100);
  detector.Add({0, 0}, Known(0.001, 1));
  detector.Add({1000, 900}, RateReference{});
  detector.Add({1000, 900}, MeasureReference(std::vector<RateInterval>(179, {1000, 1})));
  EXPECT_FALSE(detector.Answer().worse);
  EXPECT_EQ(detector.Answer().chance, 1);
  detector.Add({1000, 900}, MeasureReference(std::vector<RateInterval>(180, {1000, 1})));
  EXPECT_GT(detector.Answer().log_shiryaev_roberts, 2);
}

TEST(ChangeDetector, ExposureHasNoUnit) {
  ChangeDetector requests(1.2, 100), thousands(1.2, 100);
  std::vector<RateInterval> past, past_of_thousands;
  for (int i = 0; i < 200; ++i) {
    past.push_back({2000.0 + i, static_cast<double>(i * i % 11)});
    past_of_thousands.push_back({past.back().exposure / 1024, past.back().events});
  }
  for (int i = 0; i < 50; ++i) {
    const RateInterval interval = {3000.0 - i, static_cast<double>(i * i % 23)};
    requests.Add(interval, MeasureReference(past));
    thousands.Add({interval.exposure / 1024, interval.events}, MeasureReference(past_of_thousands));
  }
  EXPECT_NEAR(requests.Answer().log_shiryaev_roberts, thousands.Answer().log_shiryaev_roberts,
              1e-9);
}

TEST(ChangeDetector, GoesOnWhereItEnded) {
  ChangeDetector once(1.2, 100), first(1.2, 100), second(1.2, 100);
  const auto interval = [](int i) { return RateInterval{1000, static_cast<double>(i * i % 5)}; };
  for (int i = 0; i < 50; ++i) once.Add(interval(i), Known(0.001, 1.5));
  for (int i = 0; i < 20; ++i) first.Add(interval(i), Known(0.001, 1.5));
  std::vector<double> state;
  first.EachNumber([&](double& number) { state.push_back(number); });
  size_t at = 0;
  second.EachNumber([&](double& number) { number = state[at++]; });
  for (int i = 20; i < 50; ++i) second.Add(interval(i), Known(0.001, 1.5));
  EXPECT_EQ(once.Answer().log_shiryaev_roberts, second.Answer().log_shiryaev_roberts);
  EXPECT_EQ(once.Answer().log_cusum, second.Answer().log_cusum);
  EXPECT_EQ(once.Answer().chance, second.Answer().chance);
  EXPECT_EQ(once.Answer().since, second.Answer().since);
}

int Runs() {
  const char* runs = std::getenv("GATE_PROMISE_RUNS");
  return runs == nullptr ? 10 : std::atoi(runs);
}

double Poisson(std::mt19937_64& random, double mean) {
  if (mean <= 0) return 0;
  return static_cast<double>(std::poisson_distribution<int64_t>(mean)(random));
}

// How the events of a cohort come: negative binomial counts of so many times their mean as
// variance, around a rate whose logarithm swings as an autoregressive process does (correlation
// from interval to interval, standard deviation).
struct Coming {
  double exposure, rate;
  double dispersion = 1, correlation = 0, deviation = 0;

  std::string Name() const {
    char name[200];
    std::snprintf(name, sizeof name, "%g requests, rate %g, dispersion %g, swings %g (AR %g)",
                  exposure, rate, dispersion, deviation, correlation);
    return name;
  }
};

class Cohort {
 public:
  Cohort(const Coming& coming, int seed)
      : coming_(coming), random_(static_cast<uint64_t>(seed)), swing_(normal_(random_)) {}

  RateInterval Next(double times) {
    const double phi = coming_.correlation, sd = coming_.deviation;
    swing_ = phi * swing_ + std::sqrt(1 - phi * phi) * normal_(random_);
    const double rate = coming_.rate * times * std::exp(sd * swing_ - sd * sd / 2);
    const double exposure = Poisson(random_, coming_.exposure);
    double mean = exposure * rate;
    if (coming_.dispersion > 1) {
      const double scale = coming_.dispersion - 1;
      mean = std::gamma_distribution<double>(mean / scale, scale)(random_);
    }
    return {exposure, std::min(exposure, Poisson(random_, mean))};
  }

  std::vector<RateInterval> Past(int intervals) {
    std::vector<RateInterval> past;
    for (int i = 0; i < intervals; ++i) past.push_back(Next(1));
    return past;
  }

 private:
  Coming coming_;
  std::mt19937_64 random_;
  std::normal_distribution<double> normal_;
  double swing_;
};

TEST(MeasureReference, FindsWhatIsThere) {
  // Of sums: 1 + (variance of the rate times mean) (1 + phi) / (1 - phi), less what ten neighbours
  // do not show.
  const double mean = 100, phi = 0.5, deviation = 0.2;
  const double of_rate = std::exp(deviation * deviation) - 1;
  double correlations = 0;
  for (int k = 1; k <= 10; ++k) {
    const double of_lag = (std::exp(deviation * deviation * std::pow(phi, k)) - 1) / of_rate;
    correlations += 2 * (1 - k / 11.0) * of_lag;
  }
  const double expected = 1 + mean * of_rate * (1 + correlations);
  Cohort cohort({10000, 0.01, 1, phi, deviation}, 3);
  const RateReference reference = MeasureReference(cohort.Past(200000));
  EXPECT_NEAR(reference.dispersion, expected, 0.03 * expected);
  EXPECT_NEAR(reference.rate, 0.01, 1e-4);
  EXPECT_NEAR(reference.exposure, 10000, 1);
  EXPECT_NEAR(reference.rate_error, std::sqrt(expected * 0.01 / 10000 / 200000),
              0.03 * reference.rate_error);
  // Bursts alone.
  EXPECT_NEAR(MeasureReference(Cohort({10000, 0.01, 4}, 5).Past(50000)).dispersion, 4, 0.2);
  // Whether its error is what it is said to be.
  int over = 0;
  for (int run = 0; run < 400; ++run) {
    const RateReference some = MeasureReference(Cohort({1000, 0.01, 3, 0.5, 0.2}, run).Past(240));
    over += some.rate + 1.645 * some.rate_error < 0.01;
  }
  EXPECT_LE(over, 400 * 0.09);
}

TEST(MeasureReference, APastWithoutEvents) {
  const RateReference reference = MeasureReference(std::vector<RateInterval>(200, {1000, 0}));
  EXPECT_EQ(reference.dispersion, 1);
  EXPECT_NEAR(reference.rate, 1 / 2e5, 1e-15);
  EXPECT_NEAR(reference.rate_error, 1 / 2e5, 1e-15);
  EXPECT_FALSE(MeasureReference({}).Known());
  EXPECT_FALSE(MeasureReference(std::vector<RateInterval>(200, {0, 0})).Known());
}

constexpr double kMargin = 1.2;

std::vector<Coming> AllComings() {
  std::vector<Coming> all;
  for (const auto& [exposure, rate] : {std::pair(1000.0, 0.001), {1000.0, 0.01}, {20000.0, 0.01}}) {
    for (const double dispersion : {1.0, 2.0, 5.0}) {
      all.push_back({exposure, rate, dispersion});
      for (const double correlation : {0.0, 0.3, 0.6}) {
        all.push_back({exposure, rate, dispersion, correlation, 0.3});
      }
    }
  }
  return all;
}

// Intervals to the alarm where nothing changes; `longest` where there is none by then.
int RunLength(const Coming& coming, int past, double threshold, int longest, int seed) {
  Cohort cohort(coming, seed);
  const RateReference reference = MeasureReference(cohort.Past(past));
  ChangeDetector detector(kMargin, threshold);
  for (int i = 1; i <= longest; ++i) {
    detector.Add(cohort.Next(1), reference);
    if (detector.Answer().worse) return i;
  }
  return longest;
}

TEST(Promise, WithoutAChangeTheRunLengthIsAtLeastTheThreshold) {
  double shortest = 1e9;
  std::string where;
  for (const int past : {180, 240}) {
    for (const Coming& coming : AllComings()) {
      double sum = 0;
      for (int run = 0; run < Runs(); ++run) sum += RunLength(coming, past, 100, 1000, run);
      if (sum / Runs() < shortest) {
        shortest = sum / Runs();
        where = std::to_string(past) + " intervals of past, " + coming.Name();
      }
    }
  }
  EXPECT_GE(shortest, 100);
  std::printf("shortest mean run length, ended at 1000, threshold 100: %.0f (%s)\n", shortest,
              where.c_str());
}

// A binomial count that would be exceeded by luck in one of a thousand cells only.
double Allowed(double runs, double alpha) {
  return std::ceil(runs * alpha + 3.5 * std::sqrt(runs * alpha));
}

struct Watch {
  double threshold;
  int intervals;
  int part;  // One of so many of the runs, for a long one.
};

class FalseAlarm : public ::testing::TestWithParam<Watch> {};

TEST_P(FalseAlarm, EndsAWatchInAtMostAlpha) {
  const Watch& watch = GetParam();
  const double alpha = watch.intervals / watch.threshold;
  const int runs = std::max(1, Runs() / watch.part);
  int all = 0, worst = 0, cells = 0;
  std::string where = "-";
  for (const int past : {180, 240}) {
    for (const Coming& coming : AllComings()) {
      int alarms = 0;
      for (int run = 0; run < runs; ++run) {
        const int longest = watch.intervals + 1;
        alarms += RunLength(coming, past, watch.threshold, longest, run) < longest;
      }
      ++cells;
      all += alarms;
      if (alarms > worst) {
        worst = alarms;
        where = std::to_string(past) + " intervals of past, " + coming.Name();
      }
    }
  }
  EXPECT_LE(worst, Allowed(runs, alpha)) << where;
  EXPECT_LE(all, Allowed(cells * runs, alpha));
  std::printf(
      "false alarms in %d intervals, threshold %.0f: %d of %d; worst of %d cells %.4f (%s)\n",
      watch.intervals, watch.threshold, all, cells * runs, cells, static_cast<double>(worst) / runs,
      where.c_str());
}

INSTANTIATE_TEST_SUITE_P(Table, FalseAlarm,
                         ::testing::Values(Watch{1000, 120, 1}, Watch{12000, 120, 1},
                                           Watch{1008000, 10080, 10}));

// A week of minutes, with a rate that swings by 30 % in a day and traffic that does by half; each
// hour is held against the same hour of four earlier weeks.
TEST(Promise, ADaysSwingIsNoAlarmWhereThePastIsTheSameHour) {
  constexpr int kDay = 1440, kHour = 60;
  int of_week = 0, of_hundred = 0;
  double intervals = 0;
  const auto at = [](int minute, double part) {
    return 1 + part * std::sin(2 * std::numbers::pi * minute / kDay);
  };
  const int runs = std::max(1, Runs() / 10);
  for (int run = 0; run < runs; ++run) {
    const Coming coming = {2000, 0.005, 2, 0.3, 0.1};
    std::vector<Cohort> weeks;
    for (int week = 0; week < 5; ++week) weeks.emplace_back(coming, 10 * run + week);
    ChangeDetector patient(kMargin, ThresholdOfWatch(7 * kDay, 0.01)), hasty(kMargin, 100);
    for (int hour = 0; hour < 7 * 24; ++hour) {
      std::vector<RateInterval> past;
      for (int week = 0; week < 4; ++week) {
        for (int i = 0; i < kHour; ++i) {
          past.push_back(weeks[static_cast<size_t>(week)].Next(at(hour * kHour + i, 0.3)));
        }
      }
      const RateReference reference = MeasureReference(past);
      for (int i = 0; i < kHour; ++i) {
        const RateInterval interval = weeks[4].Next(at(hour * kHour + i, 0.3));
        patient.Add(interval, reference);
        if (!hasty.Answer().worse) {
          hasty.Add(interval, reference);
          ++intervals;
        }
      }
    }
    of_week += patient.Answer().worse;
    of_hundred += hasty.Answer().worse;
  }
  EXPECT_LE(of_week, Allowed(runs, 0.01));
  EXPECT_GE(intervals / std::max(1, of_hundred), 100);
  std::printf(
      "a week with a day's swing of 30 %%: false alarms at 1,008,000: %d of %d; at 100: %d, "
      "one in %.0f intervals\n",
      of_week, runs, of_hundred, intervals / std::max(1, of_hundred));
}

struct Change {
  Coming coming;
  double times;
  double threshold;
  int median;  // intervals to the alarm
};

class ChangeFound : public ::testing::TestWithParam<Change> {};

// After three hours of health.
TEST_P(ChangeFound, InTime) {
  const Change& change = GetParam();
  constexpr int kHealthy = 180, kLongest = 240;
  std::vector<int> at;
  const int runs = std::max(Runs(), 25);
  int early = 0;
  for (int run = 0; run < runs; ++run) {
    Cohort cohort(change.coming, 5000 + run);
    const RateReference reference = MeasureReference(cohort.Past(240));
    ChangeDetector detector(kMargin, change.threshold);
    for (int i = 0; i < kHealthy; ++i) detector.Add(cohort.Next(1), reference);
    if (detector.Answer().worse) {
      ++early;
      continue;
    }
    int delay = 0;
    while (!detector.Answer().worse && delay < kLongest) {
      detector.Add(cohort.Next(change.times), reference);
      ++delay;
    }
    at.push_back(delay);
  }
  ASSERT_FALSE(at.empty());
  std::ranges::sort(at);
  const int median = at[at.size() / 2];
  EXPECT_LE(median, change.median);
  std::printf("%s, x%g, threshold %.0f: median %d, nine of ten by %d; early %d of %d\n",
              change.coming.Name().c_str(), change.times, change.threshold, median,
              at[at.size() * 9 / 10], early, runs);
}

constexpr double kWatch = 12000, kWeek = 1008000;

INSTANTIATE_TEST_SUITE_P(
    Table, ChangeFound,
    ::testing::Values(Change{{1000, .001}, 200, kWatch, 2}, Change{{1000, .001}, 200, kWeek, 2},
                      Change{{1000, .001, 5}, 200, kWatch, 2}, Change{{1000, .001}, 500, kWatch, 2},
                      Change{{1000, .001}, 10, kWatch, 3}, Change{{1000, .001}, 5, kWatch, 7},
                      Change{{1000, .001}, 3, 100, 10}, Change{{1000, .001}, 3, 1000, 14},
                      Change{{1000, .001}, 3, kWatch, 20}, Change{{1000, .001}, 2, kWatch, 90},
                      Change{{1000, .01}, 3, kWatch, 4}, Change{{1000, .01}, 3, kWeek, 5},
                      Change{{1000, .01}, 2, kWatch, 10}, Change{{1000, .01, 5}, 3, kWatch, 12},
                      Change{{1000, .01, 1, .6, .3}, 3, kWatch, 10},
                      Change{{20000, .001, 1, .6, .3}, 2, kWatch, 40},
                      Change{{20000, .01}, 2, kWeek, 3}));

}  // namespace
}  // namespace gate::stats
