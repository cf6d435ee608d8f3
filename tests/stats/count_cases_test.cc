// The e-processes against values that others computed: a script with scipy, and by hand.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include "checks/stats/count_test.h"
#include "checks/stats/ratio_eprocess.h"
#include "checks/stats/share_betting.h"

namespace gate::stats {
namespace {

std::vector<CountBlock> RandomBlocks(std::mt19937_64& random, int count) {
  std::vector<CountBlock> blocks;
  for (int i = 0; i < count; ++i) {
    CountBlock block;
    block.canary_exposure = static_cast<double>(random() % 2000);
    block.baseline_exposure = static_cast<double>(random() % 20000);
    block.canary_events = std::min(block.canary_exposure, static_cast<double>(random() % 12));
    block.baseline_events = std::min(block.baseline_exposure, static_cast<double>(random() % 60));
    blocks.push_back(block);
  }
  return blocks;
}

// One line per case: what the script needs.
std::string Line(const std::vector<CountBlock>& blocks, double limit, Side side) {
  std::ostringstream line;
  line.precision(17);
  line << limit << ' ' << (side == Side::kAbove ? 1 : -1);
  for (const CountBlock& block : blocks) {
    line << ' ' << block.canary_exposure << ' ' << block.baseline_exposure << ' '
         << block.canary_events << ' ' << block.baseline_events;
  }
  return line.str();
}

std::vector<double> AskOracle(const std::string& input) {
  const std::string path = ::testing::TempDir() + "/count_oracle_input";
  FILE* file = std::fopen(path.c_str(), "w");
  std::fwrite(input.data(), 1, input.size(), file);
  std::fclose(file);
  FILE* pipe = popen(("/usr/bin/python3 stats/count_oracle.py < " + path).c_str(), "r");
  std::vector<double> answers;
  double value = 0;
  while (std::fscanf(pipe, "%lf", &value) == 1) answers.push_back(value);
  EXPECT_EQ(pclose(pipe), 0);
  return answers;
}

TEST(CountOracle, AgreesWithScipy) {
  std::mt19937_64 random(20261120);
  std::string input;
  std::vector<double> ours;
  for (int i = 0; i < 60; ++i) {
    const auto blocks = RandomBlocks(random, 1 + static_cast<int>(random() % 40));
    const double limit = std::array{0.5, 1.0, 1.2, 3.0}[random() % 4];
    const Side side = random() % 2 == 0 ? Side::kAbove : Side::kBelow;
    input += Line(blocks, limit, side) + "\n";
    RatioEProcess ratios;
    ShareBetting shares(side);
    DispersionMeter meter;
    for (const CountBlock& block : blocks) {
      if (block.canary_exposure > 0 && block.baseline_exposure > 0) meter.Add(block);
      if (!block.Informative()) continue;
      ratios.Add(block, RowsFor(block, limit));
      shares.Add(block, EventShare(block.CanaryShare(), limit));
    }
    ours.push_back(RatioEvidence(ratios, Unit::kEvents, side).LogEAt(0));
    ours.push_back(RatioEvidence(ratios, Unit::kBursts, side).LogEAt(0));
    ours.push_back(shares.LogE());
    ours.push_back(std::clamp(meter.Ratio(), 1e-9, 1e9));
    ours.push_back(meter.OfShares().ratio);
    ours.push_back(meter.OfTotals().ratio);
  }
  const std::vector<double> theirs = AskOracle(input);
  ASSERT_EQ(theirs.size(), ours.size());
  for (size_t i = 0; i < ours.size(); ++i) {
    EXPECT_NEAR(ours[i], theirs[i], 1e-8 * (1 + std::abs(ours[i])))
        << "case " << i / 6 << ", value " << i % 6;
  }
}

// A two-armed multinomial e-process is a Beta mixture of the same likelihood: with equal shares our
// likelihood ratio, integrated over Beta(k rho, k (1 - rho)), must be the closed form of Lindon &
// Malek, B(a + S) / B(a) / prod rho^S with a = k rho and k = 100.
TEST(CountOracle, LikelihoodIsTheOneOfTheMultinomialEProcess) {
  const double share = 0.8, events_c = 118, events_b = 92, k = 100;
  const double a = k * share, b = k * (1 - share);
  const auto log_beta = [](double x, double y) {
    return std::lgamma(x) + std::lgamma(y) - std::lgamma(x + y);
  };
  const double closed = log_beta(a + events_c, b + events_b) - log_beta(a, b) -
                        events_c * std::log(share) - events_b * std::log(1 - share);
  double sum = 0;
  constexpr int kSteps = 200000;
  for (int i = 0; i < kSteps; ++i) {
    const double theta = (i + 0.5) / kSteps;
    const double ratio = theta * (1 - share) / (share * (1 - theta));
    const double log_ratio =
        events_c * std::log(ratio) - (events_c + events_b) * std::log(share * ratio + 1 - share);
    sum += std::exp(log_ratio - log_beta(a, b) + (a - 1) * std::log(theta) +
                    (b - 1) * std::log(1 - theta)) /
           kSteps;
  }
  EXPECT_NEAR(std::log(sum), closed, 1e-6);
}

CountBlock Times(const CountBlock& block, double exposure) {
  return {block.canary_exposure * exposure, block.baseline_exposure * exposure, block.canary_events,
          block.baseline_events};
}

TEST(CountInvariance, OrderUnitsAndSplitting) {
  std::mt19937_64 random(7);
  for (int i = 0; i < 20; ++i) {
    std::vector<CountBlock> blocks = RandomBlocks(random, 40);
    const auto log_e = [](const std::vector<CountBlock>& some) {
      RatioEProcess ratios;
      for (const CountBlock& block : some) {
        if (block.Informative()) ratios.Add(block, RowsFor(block, 1.2));
      }
      return RatioEvidence(ratios, Unit::kEvents, Side::kAbove).LogEAt(0);
    };
    std::vector<CountBlock> other = blocks;
    std::shuffle(other.begin(), other.end(), random);
    EXPECT_NEAR(log_e(blocks), log_e(other), 1e-9);

    // A larger unit means a finer grid for the shares, and nothing else.
    const CountAnswer answer = TestCounts(blocks, {1.2, 0.01, 0.01});
    other = blocks;
    for (CountBlock& block : other) block = Times(block, 1024);
    const CountAnswer same = TestCounts(other, {1.2, 0.01, 0.01});
    const double rounding = 0.02 * (1 + std::abs(answer.log_e_harm));
    EXPECT_NEAR(answer.log_e_harm, same.log_e_harm, rounding);
    EXPECT_NEAR(answer.log_e_safe, same.log_e_safe, 0.02 * (1 + std::abs(answer.log_e_safe)));
    EXPECT_NEAR(answer.estimate, same.estimate, 1e-9 * answer.estimate);

    std::vector<CountBlock> split;
    for (const CountBlock& block : blocks) {
      const double part = std::floor(block.canary_events / 2);
      split.push_back({block.canary_exposure / 2, block.baseline_exposure / 2, part, 0});
      split.push_back({block.canary_exposure / 2, block.baseline_exposure / 2,
                       block.canary_events - part, block.baseline_events});
    }
    EXPECT_NEAR(log_e(blocks), log_e(split), 0.02 * (1 + std::abs(log_e(blocks))));
  }
}

// A share between two rows of the table counts as the one that is farther from the evidence.
TEST(CountRounding, NeverAddsEvidence) {
  std::mt19937_64 random(29);
  for (int i = 0; i < 1000; ++i) {
    CountBlock block{1 + static_cast<double>(random() % 5000),
                     1 + static_cast<double>(random() % 90000), static_cast<double>(random() % 9),
                     static_cast<double>(random() % 50) + 1};
    const ShareRows rows = RowsFor(block, 1.2);
    const double share = block.CanaryShare(), at_null = share * 1.2 + 1 - share;
    const double width = std::sqrt(1 / block.canary_exposure + 1 / block.baseline_exposure) / 10;
    for (int j = 0; j < kAlternatives; ++j) {
      const double factor = std::exp(TheAlternatives().distance[j]);
      const double above = std::log((share * 1.2 * factor + 1 - share) / at_null);
      const double below = std::log((share * 1.2 / factor + 1 - share) / at_null);
      // A row is subtracted for every event.
      EXPECT_GE(rows.up->log_above[j], above - 1e-12);
      EXPECT_GE(rows.down->log_below[j], below - 1e-12);
      EXPECT_LE(rows.up->log_above[j], above + std::max(width, 1.0 / 4096) + 1e-12);
      EXPECT_LE(rows.down->log_below[j], below + std::max(width, 1.0 / 4096) + 1e-12);
    }
  }
}

std::vector<double> Numbers(CountTest test) {
  std::vector<double> numbers;
  test.EachNumber([&](double& number) { numbers.push_back(number); });
  return numbers;
}

// What was seen before may be put down and taken up again, at any block.
TEST(CountSequence, GoesOnWhereItStoppedToTheLastBit) {
  std::mt19937_64 random(31);
  const std::vector<CountBlock> blocks = RandomBlocks(random, 200);
  CountTest whole(1.2, 1e-4);
  std::vector<double> put_down = Numbers(whole);
  for (const CountBlock& block : blocks) {
    whole.Add(block);
    CountTest taken_up(1.2, 1e-4);
    size_t i = 0;
    taken_up.EachNumber([&](double& number) { number = put_down[i++]; });
    taken_up.Add(block);
    put_down = Numbers(taken_up);
    ASSERT_EQ(Numbers(whole), put_down);
    const CountAnswer one = whole.Answer(0.01, 0.02), other = taken_up.Answer(0.01, 0.02);
    EXPECT_EQ(one.log_e_harm, other.log_e_harm);
    EXPECT_EQ(one.log_e_safe, other.log_e_safe);
    EXPECT_EQ(one.upper, other.upper);
  }
}

TEST(CountBounds, AgreeWithTheDecisionAndEncloseTheEstimate) {
  std::mt19937_64 random(11);
  int harmful = 0, safe = 0;
  for (int i = 0; i < 300; ++i) {
    std::vector<CountBlock> blocks;
    const double ratio = std::array{0.3, 1.0, 4.0}[i % 3];
    std::poisson_distribution<int> canary(20 * ratio), baseline(20);
    for (int n = 0; n < 40; ++n) {
      blocks.push_back(
          {1000, 1000, static_cast<double>(canary(random)), static_cast<double>(baseline(random))});
    }
    const CountAnswer answer = TestCounts(blocks, {1.2, 0.01, 0.01});
    EXPECT_EQ(answer.harm, answer.lower >= 1.2) << answer.lower;
    EXPECT_EQ(answer.safe, answer.upper <= 1.2) << answer.upper;
    EXPECT_LT(answer.lower, answer.estimate);
    EXPECT_GT(answer.upper, answer.estimate);
    harmful += answer.harm;
    safe += answer.safe;
  }
  EXPECT_EQ(harmful, 100);
  EXPECT_GE(safe, 95);
}

// Events that come one by one: about `canary` and `baseline` per interval, the common rate moving
// over the hour by the part `sway`.
std::vector<CountBlock> Single(double canary, double baseline, double sway, int count) {
  std::mt19937_64 random(3);
  std::vector<CountBlock> blocks;
  for (int n = 0; n < count; ++n) {
    const double now = 1 + sway * std::sin(n / 10.0);
    std::poisson_distribution<int> c(canary * now), b(baseline * now);
    blocks.push_back({100 * canary, 100 * baseline, static_cast<double>(c(random)),
                      static_cast<double>(b(random))});
  }
  return blocks;
}

bool SurelySingle(const std::vector<CountBlock>& blocks) {
  DispersionMeter meter;
  for (const CountBlock& block : blocks) meter.Add(block);
  return meter.SurelySingle();
}

TEST(SurelySingle, TakesTwentyGroupsAndNoBurstOnEitherSide) {
  EXPECT_TRUE(SurelySingle(Single(40, 40, 0, 60)));
  EXPECT_TRUE(SurelySingle(Single(40, 40, 0.3, 60))) << "a common rate that moves is no burst";
  EXPECT_TRUE(SurelySingle(Single(40, 40, 0, 21)));
  EXPECT_FALSE(SurelySingle(Single(40, 40, 0, 20))) << "the first is only held against";
  EXPECT_TRUE(SurelySingle(Single(0.6, 12, 0, 60))) << "three blocks make a group";
  EXPECT_FALSE(SurelySingle(Single(0.2, 4, 0, 60)));
  for (const bool on_canary : {true, false}) {
    std::vector<CountBlock> blocks = Single(2, 38, 0, 60);
    EXPECT_TRUE(SurelySingle(blocks));
    for (const size_t i : {11, 30, 52}) {
      (on_canary ? blocks[i].canary_events : blocks[i].baseline_events) += on_canary ? 12 : 45;
    }
    EXPECT_FALSE(SurelySingle(blocks)) << on_canary;
  }
}

// A canary with none of the errors of the old version, whose share grows step by step: the events
// of both become fewer with it, which is no burst.
TEST(DispersionMeter, AGrowingShareIsNoBurst) {
  std::mt19937_64 random(5);
  DispersionMeter meter, bursty;
  for (int n = 0; n < 60; ++n) {
    const double share = n < 20 ? 0.05 : n < 40 ? 0.25 : 0.5;
    const double old_events = 120 * (1 - share);
    meter.Add({1000 * share, 1000 * (1 - share), 0,
               static_cast<double>(std::poisson_distribution<int>(old_events)(random))});
    bursty.Add({1000 * share, 1000 * (1 - share), 0,
                5.0 * std::poisson_distribution<int>(old_events / 5)(random)});
  }
  EXPECT_LT(meter.OfTotals().ratio, 1.5);
  EXPECT_GT(bursty.OfTotals().ratio, 3);
}

TEST(CountEdges, NothingZeroAndHuge) {
  const CountAnswer nothing = TestCounts({}, {1.2, 0.01, 0.01});
  EXPECT_FALSE(nothing.harm || nothing.safe);
  EXPECT_TRUE(std::isnan(nothing.estimate));
  EXPECT_EQ(nothing.lower, 0);
  EXPECT_TRUE(std::isinf(nothing.upper));
  EXPECT_TRUE(std::isinf(nothing.blocks_to_answer));

  // Events while only one side took traffic say nothing about the ratio.
  const CountAnswer alone = TestCounts(std::array{CountBlock{100, 0, 90, 0}}, {1.2, 0.01, 0.01});
  EXPECT_FALSE(alone.harm || alone.safe);
  EXPECT_TRUE(std::isnan(alone.estimate));

  std::vector<CountBlock> huge(60, CountBlock{1e12, 1e12, 1.5e9, 1e9});
  const CountAnswer harm = TestCounts(huge, {1.2, 0.01, 0.01});
  EXPECT_TRUE(harm.harm);
  EXPECT_NEAR(harm.estimate, 1.5, 1e-9);
  EXPECT_TRUE(std::isfinite(harm.log_e_harm));
  std::vector<CountBlock> equal(60, CountBlock{1e12, 1e12, 1e9, 1e9});
  EXPECT_TRUE(TestCounts(equal, {1.2, 0.01, 0.01}).safe);
}

TEST(CountEdges, OneBurstDecidesNothing) {
  std::vector<CountBlock> blocks(20, CountBlock{1000, 1000, 1, 1});
  blocks[7].canary_events = 800;  // One client in one minute.
  EXPECT_FALSE(TestCounts(blocks, {1.2, 0.01, 0.01}).harm);
  blocks[7] = {1000, 1000, 1, 800};  // The same on the baseline does not prove the canary safe.
  EXPECT_FALSE(TestCounts(blocks, {1.2, 0.01, 0.01}).safe);
}

}  // namespace
}  // namespace gate::stats
