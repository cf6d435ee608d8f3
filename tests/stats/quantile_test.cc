// Quantiles from histograms: by hand, and what is promised of them by simulation. Figures of longer
// runs (GATE_PROMISE_RUNS) stand in checks/stats/README.md.
#include "checks/stats/quantile_test.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <random>
#include <string>
#include <vector>

namespace gate::stats {
namespace {

const std::vector<double> kPrometheus = {.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10};

std::vector<double> Bounds(double factor) {
  std::vector<double> bounds;
  for (double x = 0.002; x < 10; x *= factor) bounds.push_back(x);
  return bounds;
}

TEST(Quantile, IsInterpolatedBetweenBounds) {
  const std::vector<double> bounds = {0.1, 0.2, 0.4};
  // Half of 100 requests took over 0.1, a quarter over 0.2: over x took 50 * (x / 0.1)^-1.
  const Cumulative counts = {50, 75, 100, 100};
  EXPECT_DOUBLE_EQ(Quantile(bounds, counts, 0.5), 0.1);
  EXPECT_DOUBLE_EQ(Quantile(bounds, counts, 0.75), 0.2);
  EXPECT_NEAR(Quantile(bounds, counts, 0.6), 0.125, 1e-12);
  EXPECT_DOUBLE_EQ(Quantile(bounds, counts, 0.25), 0.05) << "from 0, evenly";
  EXPECT_DOUBLE_EQ(Quantile(bounds, counts, 1), 0.4) << "the tail ends in this bucket";
  EXPECT_EQ(Quantile(bounds, Cumulative{50, 75, 80, 100}, 0.9), INFINITY);
  EXPECT_TRUE(std::isnan(Quantile(bounds, Cumulative{0, 0, 0, 0}, 0.5)));
}

struct Load {
  std::vector<double> bounds;
  double quantile = 0.99;
  double limit = 1.2;
  double ratio = 1;                  // the canary's times to the baseline's
  int canary = 100, baseline = 100;  // requests per interval
  double spread = 0.5;               // of the logarithm
};

Cumulative Draw(std::mt19937_64& random, const Load& load, int requests, double ratio) {
  std::lognormal_distribution<double> seconds(std::log(0.08 * ratio), load.spread);
  Cumulative counts(load.bounds.size() + 1);
  for (int i = 0; i < requests; ++i) {
    const auto bucket = std::ranges::lower_bound(load.bounds, seconds(random));
    ++counts[static_cast<size_t>(bucket - load.bounds.begin())];
  }
  for (size_t i = 1; i < counts.size(); ++i) counts[i] += counts[i - 1];
  return counts;
}

HistogramBlock Interval(std::mt19937_64& random, const Load& load) {
  HistogramBlock block;
  block.canary = Draw(random, load, load.canary, load.ratio);
  block.baseline = Draw(random, load, load.baseline, 1);
  return block;
}

// Interval of the first answer of each kind within an hour; 0 for none.
struct Life {
  int harm = 0, safe = 0;
};

Life Live(const Load& load, int seed) {
  std::mt19937_64 random(static_cast<uint64_t>(seed));
  QuantileTest test(load.bounds, load.quantile, load.limit);
  Life life;
  for (int i = 1; i <= 60 && life.harm == 0; ++i) {
    test.Add(Interval(random, load));
    const QuantileAnswer answer = test.Answer(0.01, 0.01);
    if (answer.counts.harm) life.harm = i;
    if (answer.counts.safe && life.safe == 0) life.safe = i;
  }
  return life;
}

int Runs() {
  const char* runs = std::getenv("GATE_PROMISE_RUNS");
  return runs == nullptr ? 10 : std::atoi(runs);
}

// Where the canary is slower by just the factor that is tolerated.
TEST(QuantilePromise, NeitherHarmNorSafetyAtTheLimit) {
  const int runs = std::max(Runs() / 5, 1);
  int harm = 0, safe = 0, cells = 0;
  for (const std::vector<double>& bounds : {kPrometheus, Bounds(1.05), Bounds(1.0905)}) {
    for (const double quantile : {0.5, 0.95, 0.99}) {
      for (const double limit : {1.1, 1.2, 1.5}) {
        for (const auto& [canary, baseline] : {std::pair(100, 100), {50, 950}}) {
          ++cells;
          for (int run = 0; run < runs; ++run) {
            const Life life = Live({bounds, quantile, limit, limit, canary, baseline}, run);
            harm += life.harm > 0;
            safe += life.safe > 0;
          }
        }
      }
    }
  }
  const double allowed = 0.01 * cells * runs;
  EXPECT_LE(harm, allowed + 3 * std::sqrt(allowed));
  EXPECT_LE(safe, allowed + 3 * std::sqrt(allowed));
  std::printf("at the limit: %d harm, %d safe of %d\n", harm, safe, cells * runs);
}

struct Expected {
  Load load;
  int requests;  // of the canary, by which half of the runs have the answer
  bool harm = true;
};

class QuantileDetection : public ::testing::TestWithParam<Expected> {};

TEST_P(QuantileDetection, ComesInTime) {
  const Expected& expected = GetParam();
  const int runs = std::max(Runs(), 25);
  std::vector<int> at;
  for (int run = 0; run < runs; ++run) {
    const Life life = Live(expected.load, 300 + run);
    const int answer = expected.harm ? life.harm : life.safe;
    at.push_back(answer > 0 ? answer * expected.load.canary : 1 << 30);
    EXPECT_EQ(expected.harm ? life.safe : life.harm, 0);
  }
  std::ranges::sort(at);
  EXPECT_LE(at[at.size() / 2], expected.requests);
  std::printf("p%g x%g, limit %g, %zu bounds, %d/%d: %s by %d requests\n",
              100 * expected.load.quantile, expected.load.ratio, expected.load.limit,
              expected.load.bounds.size(), expected.load.canary, expected.load.baseline,
              expected.harm ? "harm" : "safe", at[at.size() / 2]);
}

INSTANTIATE_TEST_SUITE_P(Table, QuantileDetection,
                         ::testing::Values(Expected{{Bounds(1.05), .99, 1.1, 1.5}, 2000},
                                           Expected{{Bounds(1.05), .99, 1.2, 1.5}, 2600},
                                           Expected{{Bounds(1.0905), .99, 1.1, 1.5}, 2300},
                                           Expected{{kPrometheus, .99, 1.1, 1.5}, 1700},
                                           Expected{{kPrometheus, .99, 1.2, 1.5}, 2000},
                                           Expected{{Bounds(1.05), .95, 1.2, 1.5}, 1400},
                                           Expected{{Bounds(1.05), .99, 1.2, 1.5, 50, 950}, 1000},
                                           Expected{{Bounds(1.05), .5, 1.2, 1}, 2600, false},
                                           Expected{{Bounds(1.05), .95, 1.2, 1}, 4500, false}));

TEST(QuantileTest, TellsWhereItLooksAndBetweenWhichBounds) {
  std::mt19937_64 random(5);
  const Load load{kPrometheus, 0.99, 1.2, 1.5};
  QuantileTest test(load.bounds, load.quantile, load.limit);
  EXPECT_EQ(test.Answer(0.01, 0.01).canary_bound, 0) << "nothing was seen";
  for (int i = 0; i < 30; ++i) test.Add(Interval(random, load));
  const QuantileAnswer answer = test.Answer(0.01, 0.01);
  EXPECT_TRUE(answer.counts.harm);
  EXPECT_EQ(answer.canary_bound, 0.25);
  EXPECT_EQ(answer.baseline_bound, 0.25) << "0.25 / 1.2 is nearer to it than to 0.1";
  EXPECT_EQ(answer.resolution, 2.5);
  EXPECT_NEAR(answer.canary_over, 0.07, 0.02);
  EXPECT_NEAR(answer.baseline_over, 0.011, 0.005);
  EXPECT_NEAR(answer.baseline, 0.256, 0.05);
  EXPECT_NEAR(answer.canary, 0.384, 0.06);
  EXPECT_LT(answer.lower, 1.5);
  EXPECT_GT(answer.upper, 1.5);
}

TEST(QuantileTest, OverTheLastBoundNothingIsKnown) {
  QuantileTest test({0.1, 0.2}, 0.99, 1.2);
  for (int i = 0; i < 60; ++i) test.Add({{0, 0, 100}, {0, 0, 100}});
  const QuantileAnswer answer = test.Answer(0.01, 0.01);
  EXPECT_FALSE(answer.counts.harm || answer.counts.safe);
  EXPECT_EQ(answer.canary, INFINITY);
}

TEST(QuantileTest, GoesOnWhereItStoppedToTheLastBit) {
  std::mt19937_64 random(9);
  const Load load{Bounds(1.3), 0.9, 1.2, 1.1};
  QuantileTest whole(load.bounds, load.quantile, load.limit), other = whole;
  for (int i = 0; i < 40; ++i) {
    const HistogramBlock block = Interval(random, load);
    std::vector<double> kept;
    other.EachNumber([&](double& number) { kept.push_back(number); });
    QuantileTest taken_up(load.bounds, load.quantile, load.limit);
    size_t n = 0;
    taken_up.EachNumber([&](double& number) { number = kept[n++]; });
    other = taken_up;
    whole.Add(block);
    other.Add(block);
    EXPECT_EQ(whole.Answer(0.01, 0.01).counts.log_e_harm,
              other.Answer(0.01, 0.01).counts.log_e_harm);
    EXPECT_EQ(whole.Answer(0.01, 0.01).counts.log_e_safe,
              other.Answer(0.01, 0.01).counts.log_e_safe);
  }
}

}  // namespace
}  // namespace gate::stats
