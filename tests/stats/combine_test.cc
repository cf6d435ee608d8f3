// Closed testing against all subsets one by one, the list against its definition, and the promise.
#include "checks/stats/combine.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <random>
#include <vector>

namespace gate::stats {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

std::vector<WeightedEvidence> RandomMetrics(std::mt19937_64& random, int count) {
  std::vector<WeightedEvidence> metrics;
  std::normal_distribution<double> log_e(3, 3);
  for (int i = 0; i < count; ++i) {
    const double weight = random() % 6 == 0 ? 0 : 1 + static_cast<double>(random() % 5);
    metrics.push_back({random() % 15 == 0 ? -kInfinity : log_e(random), weight});
  }
  return metrics;
}

// Whether every set that holds `metric` and has a weight has a mean of at least 1/alpha.
bool HarmedByAllSubsets(const std::vector<WeightedEvidence>& metrics, size_t metric, double alpha) {
  for (unsigned set = 0; set < 1u << metrics.size(); ++set) {
    if ((set >> metric & 1) == 0) continue;
    double sum = 0, weight = 0;
    for (size_t j = 0; j < metrics.size(); ++j) {
      if ((set >> j & 1) == 0) continue;
      sum += metrics[j].weight * std::exp(metrics[j].log_e);
      weight += metrics[j].weight;
    }
    if (weight > 0 && sum / weight < 1 / alpha) return false;
  }
  return metrics[metric].weight > 0;
}

TEST(CombineMetrics, AgreesWithAllSubsets) {
  std::mt19937_64 random(20261121);
  int harmed = 0, only_some = 0;
  for (int i = 0; i < 2000; ++i) {
    const auto metrics = RandomMetrics(random, 1 + static_cast<int>(random() % 8));
    const CombinedAnswer answer = CombineMetrics(metrics, 0.05);
    double sum = 0, weight = 0;
    bool any = false;
    for (size_t j = 0; j < metrics.size(); ++j) {
      EXPECT_EQ(answer.metrics[j].harmed, HarmedByAllSubsets(metrics, j, 0.05)) << i << ' ' << j;
      harmed += answer.metrics[j].harmed;
      any = any || answer.metrics[j].harmed;
      sum += metrics[j].weight * std::exp(metrics[j].log_e);
      weight += metrics[j].weight;
    }
    EXPECT_EQ(answer.some, weight > 0 && sum / weight >= 20);
    only_some += answer.some && !any;
    if (weight > 0) {
      EXPECT_NEAR(std::exp(answer.log_e), sum / weight, 1e-12 * sum / weight);
    }
  }
  EXPECT_GT(harmed, 500);   // Neither is rare here:
  EXPECT_GT(only_some, 5);  // harm may be known before it is known where.
}

TEST(CombineMetrics, FindsAllThatWeightedBonferroniFindsAndMore) {
  std::mt19937_64 random(7);
  int more = 0;
  for (int i = 0; i < 2000; ++i) {
    auto metrics = RandomMetrics(random, 2 + static_cast<int>(random() % 20));
    metrics[0].weight = 1;
    double weight = 0;
    for (WeightedEvidence& metric : metrics) {
      metric.log_e += 3;  // Harm is common.
      weight += metric.weight;
    }
    const CombinedAnswer answer = CombineMetrics(metrics, 0.01);
    for (size_t j = 0; j < metrics.size(); ++j) {
      const bool bonferroni = metrics[j].weight / weight * std::exp(metrics[j].log_e) >= 100;
      if (bonferroni) {
        EXPECT_TRUE(answer.metrics[j].harmed);
      }
      more += answer.metrics[j].harmed && !bonferroni;
    }
  }
  EXPECT_GT(more, 500);
}

TEST(CombineMetrics, ByHand) {
  // The second lacks 100 - 10 = 90, so that the first needs 100 + 90 / 3.
  const std::vector<WeightedEvidence> metrics = {{std::log(129.0), 3}, {std::log(10.0), 1}};
  const CombinedAnswer answer = CombineMetrics(metrics, 0.01);
  EXPECT_FALSE(answer.metrics[0].harmed);
  EXPECT_NEAR(answer.metrics[0].log_e_needed, std::log(130.0), 1e-12);
  EXPECT_NEAR(answer.metrics[1].log_e_needed, std::log(100.0), 1e-12);
  EXPECT_NEAR(answer.log_e, std::log((3 * 129 + 10) / 4.0), 1e-12);
  EXPECT_FALSE(answer.some);
}

TEST(CombineMetrics, WhatIsNeededIsEnough) {
  std::mt19937_64 random(11);
  for (int i = 0; i < 500; ++i) {
    auto metrics = RandomMetrics(random, 6);
    const auto needed = CombineMetrics(metrics, 0.01).metrics[2].log_e_needed;
    if (metrics[2].weight == 0) {
      EXPECT_EQ(needed, kInfinity);
      continue;
    }
    metrics[2].log_e = needed + 1e-9;
    EXPECT_TRUE(CombineMetrics(metrics, 0.01).metrics[2].harmed);
    metrics[2].log_e = needed - 1e-9;
    EXPECT_FALSE(CombineMetrics(metrics, 0.01).metrics[2].harmed);
  }
}

TEST(CombineMetrics, TheLargestAndTheSmallestNumbers) {
  const std::vector<WeightedEvidence> metrics = {
      {kInfinity, 1}, {1e6, 1}, {-kInfinity, 1}, {-1e6, 1}, {kInfinity, 0}};
  const CombinedAnswer answer = CombineMetrics(metrics, 0.01);
  EXPECT_TRUE(answer.some && answer.metrics[0].harmed && answer.metrics[1].harmed);
  EXPECT_FALSE(answer.metrics[2].harmed || answer.metrics[3].harmed);
  EXPECT_FALSE(answer.metrics[4].harmed);  // Muted.
  EXPECT_EQ(answer.log_e, kInfinity);
  EXPECT_NEAR(answer.metrics[1].log_e_needed, std::log(300), 1e-12);

  const std::vector<WeightedEvidence> none = {{kInfinity, 0}};
  EXPECT_FALSE(CombineMetrics({}, 0.01).some);
  EXPECT_FALSE(CombineMetrics(none, 0.01).some);
  EXPECT_EQ(CombineMetrics(none, 0.01).log_e, 0);
  // Weights have no unit.
  std::vector<WeightedEvidence> heavy = metrics;
  for (WeightedEvidence& metric : heavy) metric.weight *= 1e12;
  EXPECT_NEAR(CombineMetrics(heavy, 0.01).metrics[1].log_e_needed, std::log(300), 1e-12);
}

TEST(StandingOut, AgreesWithItsDefinition) {
  std::mt19937_64 random(5);
  std::normal_distribution<double> normal(2, 3);
  int found = 0;
  for (int i = 0; i < 2000; ++i) {
    std::vector<double> log_e(random() % 12);
    for (double& value : log_e) value = random() % 10 == 0 ? kInfinity : normal(random);
    if (log_e.size() > 3) log_e[1] = log_e[2] = -kInfinity;
    const auto count = static_cast<double>(log_e.size());
    // The largest k for which at least k values are over count / (k rate).
    double least = kInfinity;
    size_t expected = 0;
    for (size_t k = 1; k <= log_e.size(); ++k) {
      const double needed = std::log(count / (static_cast<double>(k) * 0.05));
      const auto over = std::ranges::count_if(log_e, [&](double value) { return value >= needed; });
      if (over >= static_cast<int64_t>(k)) {
        expected = k;
        least = needed;
      }
    }
    const std::vector<bool> flags = StandingOut(log_e, 0.05);
    ASSERT_EQ(flags.size(), log_e.size());
    for (size_t j = 0; j < flags.size(); ++j)
      EXPECT_EQ(flags[j], log_e[j] >= least && expected > 0);
    found += static_cast<int>(expected);
  }
  EXPECT_GT(found, 2000);
}

// Capitals of bets on normal noise that is half common to all twenty; five of them weigh four times
// as much. Asked after each of sixty intervals, where none is harmed and where three are.
TEST(Promise, OneOfTwentyHealthyMetricsIsCalledHarmedInAtMostAlpha) {
  const char* given = std::getenv("GATE_PROMISE_RUNS");
  const int runs = given == nullptr ? 200 : 20 * std::atoi(given);
  constexpr int kMetrics = 20, kHarmed = 3, kIntervals = 60;
  constexpr double kAlpha = 0.05, kEffect = 0.5;
  std::mt19937_64 random(99);
  std::normal_distribution<double> normal;
  int wrong = 0, some_of_none = 0;
  for (const int harmed : {0, kHarmed}) {
    for (int run = 0; run < runs; ++run) {
      std::vector<WeightedEvidence> metrics(kMetrics);
      for (int j = 0; j < kMetrics; j += 4) metrics[static_cast<size_t>(j)].weight = 4;
      bool called = false, some = false;
      for (int i = 0; i < kIntervals; ++i) {
        const double common = normal(random);
        for (int j = 0; j < kMetrics; ++j) {
          const double x = std::sqrt(0.5) * (common + normal(random)) + (j < harmed ? 1 : 0);
          metrics[static_cast<size_t>(j)].log_e += kEffect * x - kEffect * kEffect / 2;
        }
        const CombinedAnswer answer = CombineMetrics(metrics, kAlpha);
        some = some || answer.some;
        for (size_t j = harmed; j < kMetrics; ++j) called = called || answer.metrics[j].harmed;
      }
      wrong += called;
      some_of_none += some && harmed == 0;
    }
  }
  const auto allowed = [](double mean) { return mean + 3.5 * std::sqrt(mean); };
  EXPECT_LE(wrong, allowed(2 * runs * kAlpha));
  EXPECT_LE(some_of_none, allowed(runs * kAlpha));
  std::printf("false FAIL among 20 metrics, alpha 0.05: %.4f; some of none: %.4f\n",
              wrong / (2.0 * runs), some_of_none / (1.0 * runs));
}

// Of fifty endpoints ten are harmed, by noise that is half common to all: the part of those that
// stand out for nothing, on the average.
TEST(Promise, OfWhatStandsOutAtMostThePartThatWasAskedForIsFalse) {
  const char* given = std::getenv("GATE_PROMISE_RUNS");
  const int runs = given == nullptr ? 500 : 50 * std::atoi(given);
  constexpr size_t kEndpoints = 50, kHarmed = 10;
  constexpr double kRate = 0.1, kEffect = 3;
  std::mt19937_64 random(123);
  std::normal_distribution<double> normal;
  double false_part = 0, squares = 0, found = 0;
  for (int run = 0; run < runs; ++run) {
    const double common = normal(random);
    std::vector<double> log_e;
    for (size_t j = 0; j < kEndpoints; ++j) {
      const double x = std::sqrt(0.5) * (common + normal(random)) + (j < kHarmed ? kEffect : 0);
      log_e.push_back(kEffect * x - kEffect * kEffect / 2);
    }
    const std::vector<bool> flags = StandingOut(log_e, kRate);
    const auto right = std::count(flags.begin(), flags.begin() + kHarmed, true);
    const auto all = std::count(flags.begin(), flags.end(), true);
    const double part = all > 0 ? static_cast<double>(all - right) / static_cast<double>(all) : 0;
    false_part += part / runs;
    squares += part * part / runs;
    found += static_cast<double>(right) / kHarmed / runs;
  }
  const double error = std::sqrt((squares - false_part * false_part) / runs);
  EXPECT_LE(false_part, kRate * (kEndpoints - kHarmed) / kEndpoints + 3.5 * error);
  EXPECT_GT(found, 0.3);
  std::printf("of 50, false among those that stand out at 0.1: %.4f; found of ten: %.3f\n",
              false_part, found);
}

}  // namespace
}  // namespace gate::stats
