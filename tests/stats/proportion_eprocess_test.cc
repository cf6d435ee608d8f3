// That the mean of the evidence is at most one, by going through all outcomes; and what it is for.
#include "checks/stats/proportion_eprocess.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <vector>

namespace gate::stats {
namespace {

double Binomial(double n, double y, double p) {
  return std::exp(std::lgamma(n + 1) - std::lgamma(y + 1) - std::lgamma(n - y + 1)) *
         std::pow(p, y) * std::pow(1 - p, n - y);
}

// The mean of the evidence of a second block, given the first, where the proportions are (a, b).
double MeanOfE(const CountBlock& first, double n, double m, double limit, double a, double b,
               Side side) {
  double mean = 0;
  for (double y = 0; y <= n; ++y) {
    for (double z = 0; z <= m; ++z) {
      ProportionEProcess process(limit);
      process.Add(first);
      process.Add({n, m, y, z});
      mean += Binomial(n, y, a) * Binomial(m, z, b) * std::exp(process.LogE(side));
    }
  }
  return mean;
}

TEST(ProportionEProcess, HasAMeanOfAtMostOneEverywhereInTheNull) {
  double largest = 0;
  for (const double limit : {0.8, 1.0, 1.3, 4.0}) {
    for (const auto& [n, m] : {std::pair(1.0, 1.0), {1.0, 9.0}, {5.0, 20.0}}) {
      for (const CountBlock& first : {CountBlock{10, 10, 9, 2}, {10, 40, 2, 39}, {3, 3, 3, 0}}) {
        for (double b = 0.05; b < 1; b += 0.15) {
          for (const double times : {0.3, 0.7, 1.0, 1.5, 3.0}) {
            const double a = std::min(limit * b * times, 1.0);
            const Side null = a <= limit * b ? Side::kAbove : Side::kBelow;
            const double mean = MeanOfE(first, n, m, limit, a, b, null);
            EXPECT_LE(mean, 1 + 1e-9) << limit << ' ' << n << ' ' << m << ' ' << a << ' ' << b;
            largest = std::max(largest, mean);
            if (a != limit * b) continue;  // On the edge both are null.
            EXPECT_LE(MeanOfE(first, n, m, limit, a, b, Side::kBelow), 1 + 1e-9);
          }
        }
      }
    }
  }
  EXPECT_GT(largest, 0.999);  // Nothing is given away at the nearest point.
}

TEST(ProportionEProcess, KnowsFailuresAmongManySuccesses) {
  ProportionEProcess process(1 / 0.99);  // baseline to canary
  for (int i = 0; i < 3; ++i) process.Add({1000, 1000, 999, 950});
  EXPECT_GT(process.LogE(Side::kAbove), 30);
  EXPECT_LE(process.LogE(Side::kBelow), 0);
}

TEST(ProportionEProcess, TheOrderOfSidesAndUnitsOfNothingMatters) {
  ProportionEProcess one(1.25), other(0.8);
  for (int i = 1; i < 20; ++i) {
    one.Add({100, 300, 70.0 + i, 150.0 + 2 * i});
    other.Add({300, 100, 150.0 + 2 * i, 70.0 + i});
  }
  EXPECT_NEAR(one.LogE(Side::kAbove), other.LogE(Side::kBelow), 1e-9);
  EXPECT_NEAR(one.LogE(Side::kBelow), other.LogE(Side::kAbove), 1e-9);
}

TEST(ProportionEProcess, AProportionOfBothThatMovesCostsATenthOfWhatWasKnownAndNoMore) {
  ProportionEProcess process(1);
  for (int i = 0; i < 3; ++i) process.Add({1000, 1000, 600, 500});
  const double before = process.LogE(Side::kAbove);
  process.Add({1000, 1000, 10, 10});
  EXPECT_GE(process.LogE(Side::kAbove), before + std::log(0.1) - 1e-9);
}

TEST(ProportionEProcess, Edges) {
  for (const CountBlock& block :
       {CountBlock{0, 10, 0, 5}, {10, 0, 5, 0}, {10, 10, 11, 0}, {10, 10, 0, 11}}) {
    ProportionEProcess process(1.2);
    for (int i = 0; i < 5; ++i) process.Add(block);
    EXPECT_EQ(process.LogE(Side::kAbove), 0);
    EXPECT_EQ(process.LogE(Side::kBelow), 0);
  }
  for (const double events : {0.0, 1e6}) {
    ProportionEProcess process(1.2);
    for (int i = 0; i < 5; ++i) process.Add({1e6, 1e6, events, events});
    EXPECT_TRUE(std::isfinite(process.LogE(Side::kAbove)));
    EXPECT_TRUE(std::isfinite(process.LogE(Side::kBelow)));
  }
}

}  // namespace
}  // namespace gate::stats
