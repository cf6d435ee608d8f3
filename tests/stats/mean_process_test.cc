// The evidence against values that a script with dense matrices computes, and its edges.
#include "checks/stats/mean_process.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <functional>
#include <limits>
#include <random>
#include <sstream>
#include <string>
#include <vector>

namespace gate::stats {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();
const MeanQuestion kQuestion = {1.2, 0.01, 0.01};

MeanProcess Of(const std::vector<MeanBlock>& blocks, const MeanNoise& noise = {}) {
  MeanProcess process(noise);
  for (const MeanBlock& block : blocks) process.Add(block);
  return process;
}

MeanAnswer Answer(const std::vector<MeanBlock>& blocks) { return Of(blocks).Answer(kQuestion); }

std::vector<MeanBlock> Constant(double canary, double baseline, size_t count) {
  return std::vector<MeanBlock>(count, MeanBlock{canary, 1, baseline, 1});
}

// Costs around `canary` and `baseline` with a relative noise of `sd`, correlated by `phi`.
std::vector<MeanBlock> Noisy(std::mt19937_64& random, double canary, double baseline, double sd,
                             double phi, int count) {
  std::normal_distribution<double> normal;
  double c = normal(random), b = normal(random);
  std::vector<MeanBlock> blocks;
  for (int i = 0; i < count; ++i) {
    const double requests = 100 + static_cast<double>(random() % 900);
    blocks.push_back(
        {canary * (1 + sd * c) * requests, requests, baseline * (1 + sd * b) * 2000, 2000});
    c = phi * c + std::sqrt(1 - phi * phi) * normal(random);
    b = phi * b + std::sqrt(1 - phi * phi) * normal(random);
  }
  return blocks;
}

std::vector<double> AskOracle(const std::string& input) {
  const std::string path = ::testing::TempDir() + "/mean_oracle_input";
  FILE* file = std::fopen(path.c_str(), "w");
  std::fwrite(input.data(), 1, input.size(), file);
  std::fclose(file);
  FILE* pipe = popen(("/usr/bin/python3 stats/mean_oracle.py < " + path).c_str(), "r");
  std::vector<double> answers;
  double value = 0;
  while (std::fscanf(pipe, "%lf", &value) == 1) answers.push_back(value);
  EXPECT_EQ(pclose(pipe), 0);
  return answers;
}

TEST(MeanOracle, AgreesWithDenseMatrices) {
  std::mt19937_64 random(20261121);
  std::ostringstream input;
  input.precision(17);
  std::vector<double> ours;
  for (int i = 0; i < 60; ++i) {
    const double ratio = std::array{0.4, 1.0, 1.3, 2.5}[random() % 4];
    const double sd = std::array{0.01, 0.2, 0.6}[random() % 3];
    const double phi = std::array{0.0, 0.3, 0.8}[random() % 3];
    const auto blocks = Noisy(random, 7 * ratio, 7, sd, phi, 1 + static_cast<int>(random() % 40));
    const double limit = std::array{1.0, 1.2, 2.0}[random() % 3];
    MeanNoise noise;
    noise.known = i % 2 == 1;
    if (noise.known) noise.weights = {0.22, 0.175, 0.14, 0.05, 1e-4, 0, 0, 0.1, 0.02};
    for (const int side : {1, -1}) {
      input << limit << ' ' << side << (noise.known && side == 1 ? " 1" : " 0.5");
      for (size_t k = 0; k < noise.weights.size(); ++k) {
        // Safety only makes use of what delays it.
        const double least = side == 1 ? 0 : MeanNoise().weights[k];
        input << ' ' << std::max(noise.weights[k], least);
      }
      for (const MeanBlock& block : blocks) {
        input << ' ' << block.canary_cost / block.canary_exposure << ' '
              << block.baseline_cost / block.baseline_exposure;
      }
      input << '\n';
    }
    const MeanAnswer answer = Of(blocks, noise).Answer({limit, 0.01, 0.01});
    ours.push_back(answer.log_e_harm);
    ours.push_back(answer.log_e_safe);
  }
  const std::vector<double> theirs = AskOracle(input.str());
  ASSERT_EQ(theirs.size(), 2 * ours.size());
  for (size_t i = 0; i < ours.size(); ++i) {
    EXPECT_NEAR(ours[i], theirs[2 * i], 1e-6 * (1 + std::abs(ours[i]))) << "case " << i;
    EXPECT_LE(ours[i], theirs[2 * i + 1] + 1e-6) << "more than the t-test itself, case " << i;
  }
}

std::vector<double> Past(std::mt19937_64& random, double phi, int count) {
  std::vector<double> costs;
  for (const MeanBlock& block : Noisy(random, 7, 7, 0.2, phi, count)) {
    costs.push_back(block.baseline_cost / block.baseline_exposure);
  }
  return costs;
}

TEST(MeanNoise, CorrelationsThatThePastDoesNotShowLoseTheirWeight) {
  const MeanNoise unknown;
  for (uint64_t seed = 0; seed < 20; ++seed) {
    std::mt19937_64 random(seed);
    const MeanNoise none = NoiseOfMeans(Past(random, 0, 240));
    ASSERT_TRUE(none.known);
    EXPECT_EQ(none.weights[0], unknown.weights[0]);
    EXPECT_EQ(none.weights[1], unknown.weights[1]);  // One place more than is likely.
    EXPECT_LT(none.weights[4], 1e-4);
    EXPECT_LT(none.weights[7] + none.weights[8], 1e-9);
    EXPECT_NEAR(none.innovation, 1.96, 0.6);  // 7 * 0.2, squared
    const MeanNoise much = NoiseOfMeans(Past(random, 0.6, 240));
    EXPECT_GT(much.weights[4], 0.99 * unknown.weights[4]);
    EXPECT_LT(much.weights[6], 0.7 * unknown.weights[6]);
    EXPECT_NEAR(much.innovation, 1.25, 0.5);  // times 1 - 0.6^2
  }
}

TEST(MeanNoise, WhatHardlyMovesForAnHourIsKnownToDifferForAsLong) {
  std::mt19937_64 random(1);
  const MeanNoise noise = NoiseOfMeans(Past(random, 0.99, 240));
  EXPECT_GT(noise.weights[7] + noise.weights[8], 0.4);
  const auto harm = [](const std::vector<MeanBlock>& blocks, const MeanNoise& past) {
    return Of(blocks, past).Answer(kQuestion);
  };
  // Half an hour of a canary that costs half as much again, and hardly moves.
  const std::vector<MeanBlock> blocks = Noisy(random, 10.5, 7, 0.02, 0.9, 30);
  EXPECT_TRUE(Answer(blocks).harm);
  EXPECT_FALSE(harm(blocks, noise).harm);
  // Nothing moves: where it is known to, that is no proof.
  EXPECT_TRUE(Answer(Constant(8, 7, 12)).safe || Answer(Constant(9, 7, 12)).harm);
  EXPECT_FALSE(harm(Constant(8, 7, 12), noise).safe);
  EXPECT_FALSE(harm(Constant(9, 7, 12), noise).harm);
}

TEST(MeanNoise, IsNotToldFromLess) {
  std::mt19937_64 random(1);
  EXPECT_FALSE(NoiseOfMeans(Past(random, 0, 179)).known);
  EXPECT_FALSE(NoiseOfMeans({}).known);
  EXPECT_FALSE(NoiseOfMeans(std::vector<double>(240, kNaN)).known);
  // A past that never moved cannot tell how what moves now will.
  EXPECT_FALSE(NoiseOfMeans(std::vector<double>(240, 7)).known);
}

TEST(MeanNoise, ThatItEndsSoonIsOfNoUseForSafety) {
  std::mt19937_64 random(3);
  const std::vector<MeanBlock> blocks = Noisy(random, 8, 7, 0.2, 0.3, 20);
  MeanNoise noise = NoiseOfMeans(Past(random, 0, 240));
  const MeanAnswer with = Of(blocks, noise).Answer(kQuestion), without = Answer(blocks);
  EXPECT_NEAR(with.log_e_safe, without.log_e_safe, 1e-9);
  EXPECT_NEAR(with.upper, without.upper, 1e-9);
  EXPECT_GT(std::abs(with.log_e_harm - without.log_e_harm), 0.01);
  EXPECT_EQ(Of(blocks, noise).LogEOfHarm(kQuestion.limit), with.log_e_harm);
}

TEST(MeanState, GoesOnAfterABreakAsIfThereHadBeenNone) {
  std::mt19937_64 random(5);
  const auto blocks = Noisy(random, 1.3, 1, 0.3, 0.4, 90);
  MeanProcess whole = Of(blocks);
  MeanProcess parts;
  for (const MeanBlock& block : blocks) {
    std::vector<double> kept;
    parts.EachNumber([&](double& number) { kept.push_back(number); });
    EXPECT_EQ(kept.size(), 13u);
    MeanProcess next;
    size_t at = 0;
    next.EachNumber([&](double& number) { number = kept[at++]; });
    next.Add(block);
    parts = next;
  }
  std::vector<double> expected, actual;
  whole.EachNumber([&](double& number) { expected.push_back(number); });
  parts.EachNumber([&](double& number) { actual.push_back(number); });
  EXPECT_EQ(actual, expected);
  EXPECT_EQ(parts.Answer(kQuestion).log_e_harm, whole.Answer(kQuestion).log_e_harm);
  EXPECT_EQ(parts.Answer(kQuestion).upper, whole.Answer(kQuestion).upper);
}

TEST(MeanInvariance, Units) {
  std::mt19937_64 random(7);
  for (const double ratio : {0.8, 1.0, 1.6}) {
    auto blocks = Noisy(random, ratio, 1, 0.2, 0.3, 40);
    const MeanAnswer answer = Answer(blocks);
    for (MeanBlock& block : blocks) {
      block.canary_cost *= 1e-7;
      block.baseline_cost *= 1e-7;
      block.canary_exposure *= 60;
      block.baseline_exposure *= 60;
    }
    const MeanAnswer other = Answer(blocks);
    EXPECT_NEAR(answer.log_e_harm, other.log_e_harm, 1e-8);
    EXPECT_NEAR(answer.log_e_safe, other.log_e_safe, 1e-8);
    EXPECT_NEAR(answer.lower, other.lower, 1e-8);
    EXPECT_NEAR(answer.autocorrelation, other.autocorrelation, 1e-8);
  }
}

TEST(MeanInvariance, ALargeCostWithLittleNoiseIsNotLostInItsSquares) {
  std::mt19937_64 random(8);
  std::normal_distribution<double> normal;
  std::vector<MeanBlock> near, far;
  for (int i = 0; i < 40; ++i) {
    const double c = normal(random), b = normal(random);
    near.push_back({1 + 1e-4 * c, 1, 1 + 1e-4 * b, 1});
    far.push_back({1e9 * (1 + 1e-4 * c), 1, 1e9 * (1 + 1e-4 * b), 1});
  }
  EXPECT_NEAR(Of(near).Answer({1, 0.01, 0.01}).log_e_harm,
              Of(far).Answer({1, 0.01, 0.01}).log_e_harm, 1e-4);
}

TEST(MeanBounds, AgreeWithTheDecisionAndEncloseTheEstimate) {
  std::mt19937_64 random(11);
  int harmful = 0, safe = 0;
  for (int i = 0; i < 300; ++i) {
    const double ratio = std::array{0.3, 1.0, 1.8}[i % 3];
    const MeanAnswer answer = Answer(Noisy(random, ratio, 1, 0.12, 0.2, 60));
    EXPECT_EQ(answer.harm, answer.lower >= 1.2 - 1e-12) << answer.lower;
    EXPECT_EQ(answer.safe, answer.upper <= 1.2 + 1e-12) << answer.upper;
    EXPECT_LT(answer.lower, answer.estimate);
    EXPECT_GT(answer.upper, answer.estimate);
    EXPECT_EQ(answer.intervals_to_answer == 0, answer.harm || answer.safe);
    harmful += answer.harm;
    safe += answer.safe;
  }
  EXPECT_EQ(harmful, 100);
  EXPECT_GE(safe, 195);
}

TEST(MeanAutocorrelation, IsMeasuredAndCosts) {
  std::mt19937_64 random(13);
  for (const double phi : {0.0, 0.3, 0.6}) {
    const MeanAnswer answer = Answer(Noisy(random, 1, 1, 0.2, phi, 2000));
    EXPECT_NEAR(answer.autocorrelation, phi, 0.06);
    EXPECT_NEAR(answer.effective_intervals, 2000 * (1 - phi) / (1 + phi), 200);
  }
}

TEST(MeanTime, IsToldWithinAFactorOfTwo) {
  std::mt19937_64 random(17);
  double told = 0, taken = 0;
  for (int i = 0; i < 200; ++i) {
    const auto blocks = Noisy(random, i % 2 == 0 ? 1.0 : 1.5, 1, 0.2, 0.2, 400);
    MeanProcess process;
    double at_fifteen = 0;
    for (size_t n = 0; n < blocks.size(); ++n) {
      process.Add(blocks[n]);
      const MeanAnswer answer = process.Answer(kQuestion);
      if (n == 15) at_fifteen = answer.intervals_to_answer;
      if (n < 15 || !(answer.harm || answer.safe)) continue;
      told += at_fifteen < 200 ? at_fifteen : 200;
      taken += static_cast<double>(n - 15);
      break;
    }
  }
  EXPECT_GT(told, taken / 2);
  EXPECT_LT(told, taken * 2);
}

TEST(MeanEdges, NothingIsNoAnswer) {
  const MeanAnswer nothing = Answer({});
  EXPECT_FALSE(nothing.harm || nothing.safe);
  EXPECT_TRUE(std::isnan(nothing.estimate));
  EXPECT_EQ(nothing.lower, 0);
  EXPECT_EQ(nothing.upper, kInfinity);
  EXPECT_EQ(nothing.intervals_to_answer, kInfinity);
}

TEST(MeanEdges, ABlockWithoutAnArmOrWithoutANumberDoesNotCount) {
  std::mt19937_64 random(19);
  const auto blocks = Noisy(random, 1.5, 1, 0.2, 0, 30);
  MeanProcess process;
  for (const MeanBlock& block : blocks) {
    process.Add(block);
    for (const MeanBlock& bad :
         {MeanBlock{5, 0, 5, 1}, MeanBlock{5, 1, 5, 0}, MeanBlock{kNaN, 1, 5, 1},
          MeanBlock{5, 1, kInfinity, 1}, MeanBlock{5, kNaN, 5, 1}, MeanBlock{5, -1, 5, 1},
          MeanBlock{1e300, 1e-300, 5, 1}, MeanBlock{5, 1, -1e200, 1}}) {
      EXPECT_FALSE(bad.Informative());
      process.Add(bad);
    }
  }
  EXPECT_EQ(process.intervals(), 30);
  EXPECT_EQ(process.Answer(kQuestion).log_e_harm, Answer(blocks).log_e_harm);
}

TEST(MeanEdges, EqualConstantsProveNothing) {
  for (const double cost : {0.0, 0.1, 3e9}) {
    const MeanAnswer answer = Of(Constant(cost, cost, 500)).Answer({1, 0.01, 0.01});
    EXPECT_FALSE(answer.harm || answer.safe) << cost;
    EXPECT_LT(answer.log_e_harm, 0.01);
    EXPECT_LT(answer.log_e_safe, 0.01);
  }
  // Nor does what may be rounding.
  const MeanAnswer rounding = Of(Constant(1 + 1e-9, 1, 500)).Answer({1, 0.01, 0.01});
  EXPECT_FALSE(rounding.harm || rounding.safe);
}

// Without any noise that lasts a while nothing tells a difference from a slow swing of it.
TEST(MeanEdges, DifferentConstantsAreToldApartAfterTenIntervalsOrSo) {
  for (const double canary : {1.0, 3.0}) {
    size_t n = 1;
    const auto answered = [&] {
      const MeanAnswer answer = Answer(Constant(canary, 1, n));
      return canary > 1.2 ? answer.harm : answer.safe;
    };
    while (n < 100 && !answered()) ++n;
    EXPECT_GE(n, 8u);
    EXPECT_LE(n, 14u);
  }
}

TEST(MeanEdges, ACostThatIsNew) {
  // The baseline costs nothing: whatever the canary costs is more than any limit times it.
  std::mt19937_64 random(23);
  std::vector<MeanBlock> blocks = Noisy(random, 1, 1, 0.3, 0, 40);
  for (MeanBlock& block : blocks) block.baseline_cost = 0;
  const MeanAnswer harm = Answer(blocks);
  EXPECT_TRUE(harm.harm);
  EXPECT_EQ(harm.estimate, kInfinity);
  EXPECT_EQ(harm.upper, kInfinity);
  EXPECT_GT(harm.lower, 1.2);
  for (MeanBlock& block : blocks) {
    block.baseline_cost = block.canary_cost;
    block.canary_cost = 0;
  }
  EXPECT_TRUE(Answer(blocks).safe);
  EXPECT_EQ(Answer(blocks).estimate, 0);
}

TEST(MeanEdges, NegativeMeansHaveNoRatio) {
  std::mt19937_64 random(29);
  for (const auto& [canary, baseline] : {std::array{-1.0, -1.0}, {-2.0, 1.0}, {2.0, -1.0}}) {
    const MeanAnswer answer = Answer(Noisy(random, canary, baseline, 0.1, 0, 60));
    EXPECT_FALSE(answer.harm || answer.safe);
    EXPECT_TRUE(std::isnan(answer.estimate));
    EXPECT_EQ(answer.lower, 0);
    EXPECT_EQ(answer.upper, kInfinity);
  }
}

TEST(MeanEdges, OneWildIntervalDecidesNothing) {
  std::mt19937_64 random(31);
  auto blocks = Noisy(random, 1, 1, 0.05, 0, 8);
  blocks.back().canary_cost *= 1000;
  EXPECT_FALSE(Answer(blocks).harm);
  EXPECT_FALSE(Answer(blocks).safe);
}

}  // namespace
}  // namespace gate::stats
