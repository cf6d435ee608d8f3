// The e-process of the canary's own rate: by hand, and its mean by enumeration.
#include "checks/stats/rate_eprocess.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <functional>
#include <vector>

#include "checks/stats/count_test.h"

namespace gate::stats {
namespace {

RateEProcess Of(const std::vector<CountBlock>& blocks, double tolerated) {
  RateEProcess process(tolerated);
  for (const CountBlock& block : blocks) process.Add(block);
  return process;
}

CountBlock Block(double exposure, double events) { return {exposure, 0, events, 0}; }

double LogPoisson(int k, double mean) { return k * std::log(mean) - mean - std::lgamma(k + 1.0); }

// Mean of E after one interval with an expectation of `mean` events, where `log_chance` is the law
// of their number in units of `burst` events.
double MeanOfE(double mean, int burst, const std::function<double(int)>& log_chance) {
  constexpr double kTolerated = 0.001;
  double sum = 0;
  for (int k = 0; k < 400; ++k) {
    const CountBlock block = Block(mean / kTolerated, static_cast<double>(k * burst));
    sum += std::exp(log_chance(k) + Of({block}, kTolerated).LogE());
  }
  return sum;
}

double MeanUnderBursts(double mean, int burst) {
  return MeanOfE(mean, burst, [=](int k) { return LogPoisson(k, mean / burst); });
}

double MeanUnderNegativeBinomial(double mean, double dispersion) {
  const double shape = mean / (dispersion - 1), p = 1 / dispersion;
  return MeanOfE(mean, 1, [=](int k) {
    return std::lgamma(k + shape) - std::lgamma(shape) - std::lgamma(k + 1.0) +
           shape * std::log(p) + k * std::log(1 - p);
  });
}

TEST(RateEProcess, ByHand) {
  // 1,000 requests at one in a hundred: ten events expected, one burst. None happened.
  const double none = std::log(0.5 * std::exp(0.99) + 0.125 * (std::exp(0.9) + std::exp(0.75) +
                                                               std::exp(0.6) + std::exp(0.4)));
  EXPECT_NEAR(Of({Block(1000, 0)}, 0.01).LogE(), none, 1e-12);
  // 100 requests: one event expected, a fifth of a burst. Three happened, three fifths of one.
  double three = 0;
  for (const auto& [part, weight] :
       {std::pair(0.01, 0.5), {0.1, 0.125}, {0.25, 0.125}, {0.4, 0.125}, {0.6, 0.125}}) {
    three += weight * std::pow(part, 0.6) * std::exp(0.2 * (1 - part));
  }
  EXPECT_NEAR(Of({Block(100, 3)}, 0.01).LogE(), std::log(three), 1e-12);
  EXPECT_EQ(Of({}, 0.01).LogE(), 0);
}

TEST(RateEProcess, ItsMeanIsAtMostOneAtTheToleratedRate) {
  for (const double mean : {0.05, 0.5, 3.0, 5.0, 12.0, 60.0}) {
    for (const int burst : {1, 2, 3, 5}) {
      EXPECT_LE(MeanUnderBursts(mean, burst), 1 + 1e-9) << mean << " in bursts of " << burst;
    }
    for (const double dispersion : {1.5, 2.0, 3.0, 5.0}) {
      EXPECT_LE(MeanUnderNegativeBinomial(mean, dispersion), 1 + 1e-9)
          << mean << ", variance " << dispersion << " times that";
    }
  }
  // Five is where it ends, or where the interval would have more: a burst of sixty in one of sixty.
  EXPECT_GT(MeanUnderBursts(3, 20), 1.05);
  EXPECT_LE(MeanUnderBursts(60, 60), 1 + 1e-9);
}

TEST(RateEProcess, OneIntervalIsOneBurst) {
  const std::vector<CountBlock> five(5, Block(1e9, 0)), six(6, Block(1e9, 0));
  EXPECT_LT(Of(five, 0.001).LogE(), std::log(200));
  EXPECT_GE(Of(six, 0.001).LogE(), std::log(200));
}

TEST(RateEProcess, TellsHowMuchMoreItTakes) {
  const std::vector<CountBlock> seen(10, Block(1000, 0));
  const double times = Of(seen, 0.001).TimesUntil(std::log(200));
  EXPECT_NEAR(times, 2.917, 0.01);
  std::vector<CountBlock> all(30, Block(1000, 0));
  EXPECT_GE(Of(all, 0.001).LogE(), std::log(200));
  all.resize(29);
  EXPECT_LT(Of(all, 0.001).LogE(), std::log(200));
  EXPECT_EQ(Of(all, 0.01).TimesUntil(std::log(200)), 1);
  EXPECT_TRUE(std::isinf(Of({Block(1000, 2)}, 0.001).TimesUntil(5)));
}

TEST(CountTestOfARate, PassesWhereThereIsNothingToCompare) {
  const std::vector<CountBlock> quiet(30, CountBlock{1000, 1000, 0, 0});
  EXPECT_FALSE(TestCounts(quiet, {1.2, 0.01, 0.01}).safe);
  const CountAnswer answer = TestCounts(quiet, {1.2, 0.01, 0.01, 0.001});
  EXPECT_TRUE(answer.safe);
  EXPECT_TRUE(answer.by_rate);
  const CountAnswer early = TestCounts(std::span(quiet).first(10), {1.2, 0.01, 0.01, 0.001});
  EXPECT_FALSE(early.safe);
  EXPECT_TRUE(early.by_rate);
  EXPECT_NEAR(early.blocks_to_answer, 19.17, 0.05);
}

TEST(CountTestOfARate, HarmByTheRatioStaysHarm) {
  // 0.09 % is tolerated, and eight times what the baseline has.
  std::vector<CountBlock> blocks(60, CountBlock{100000, 100000, 90, 11});
  for (size_t i = 0; i < blocks.size(); ++i) blocks[i].canary_events += i % 3 * 10.0 - 10;
  const CountAnswer without = TestCounts(blocks, {1.2, 0.01, 0.01});
  const CountAnswer with = TestCounts(blocks, {1.2, 0.01, 0.01, 0.01});
  EXPECT_TRUE(without.harm);
  EXPECT_TRUE(with.harm);
  EXPECT_FALSE(with.safe || with.by_rate);
  EXPECT_EQ(with.log_e_harm, without.log_e_harm);
}

TEST(CountTestOfARate, DoesNotCountOnceLargeBurstsHaveBeenSeen) {
  std::vector<CountBlock> blocks(60, CountBlock{10000, 10000, 0, 0});
  EXPECT_TRUE(TestCounts(blocks, {1.2, 0.01, 0.01, 0.001}).by_rate);
  for (const int i : {3, 17, 40}) blocks[static_cast<size_t>(i)].baseline_events = 40;
  EXPECT_FALSE(TestCounts(blocks, {1.2, 0.01, 0.01, 0.001}).by_rate);
}

}  // namespace
}  // namespace gate::stats
