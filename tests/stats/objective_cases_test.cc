// One cohort against an objective: by hand, and the promise, simulated.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <random>
#include <vector>

#include "checks/stats/objective_test.h"

namespace gate::stats {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

ObjectiveTest Of(const std::vector<RateInterval>& intervals, double objective, double margin) {
  ObjectiveTest test(objective, margin);
  for (const RateInterval& interval : intervals) test.Add(interval);
  return test;
}

TEST(ObjectiveTest, ByHand) {
  // At most one of a hundred, margin a half: 15 are allowed of 1,000. Four times, and once of that.
  const auto answer = Of({{1000, 60}, {2000, 30}, {0, 0}}, 0.01, 0.5).Answer(0.01, 0.01);
  double sum = 0;
  for (int j = 0; j < 10; ++j) {
    const double bet = 0.02 * std::pow(0.98 / 0.02, j / 9.0);
    sum += (1 + bet * 3) * (1 + bet * 0) / 10;
  }
  EXPECT_NEAR(answer.log_e_harm, std::log(sum), 1e-12);
  EXPECT_NEAR(answer.rate, 0.03, 1e-15);
  EXPECT_NEAR(answer.burn_rate, 3, 1e-12);
  RateEProcess rate(0.01);
  rate.Add({1000, 0, 60, 0});
  rate.Add({2000, 0, 30, 0});
  EXPECT_NEAR(answer.log_e_safe, rate.LogE(), 1e-12);
  EXPECT_FALSE(answer.harm || answer.safe);
  EXPECT_NEAR(answer.intervals_to_answer, 2 * (std::log(100) / std::log(sum) - 1), 1e-9);
}

TEST(ObjectiveTest, WithoutExposureNothingIsKnown) {
  const auto answer = Of({{0, 0}}, 0.01, 0).Answer(0.01, 0.01);
  EXPECT_FALSE(answer.harm || answer.safe);
  EXPECT_EQ(answer.log_e_harm, 0);
  EXPECT_EQ(answer.intervals_to_answer, kInfinity);
  EXPECT_TRUE(std::isnan(answer.rate));
}

TEST(ObjectiveTest, AnOutageIsHarmAndSilenceIsSafe) {
  std::vector<RateInterval> intervals(30, RateInterval{10000, 0});
  EXPECT_TRUE(Of(intervals, 0.001, 0.1).Answer(0.01, 0.01).safe);
  const std::vector<RateInterval> outage(2, RateInterval{1000, 200});
  const auto answer = Of(outage, 0.001, 0.1).Answer(0.01, 0.01);
  EXPECT_TRUE(answer.harm);
  EXPECT_FALSE(answer.safe);
  EXPECT_EQ(answer.intervals_to_answer, 0);
}

TEST(ObjectiveTest, TellsHowMuchMoreSafetyTakes) {
  const std::vector<RateInterval> seen(10, RateInterval{1000, 0});
  const double more = Of(seen, 0.001, 0.1).Answer(0.01, 0.01).intervals_to_answer;
  std::vector<RateInterval> all(10 + static_cast<size_t>(std::ceil(more)), RateInterval{1000, 0});
  EXPECT_TRUE(Of(all, 0.001, 0.1).Answer(0.01, 0.01).safe);
  all.resize(all.size() - 2);
  EXPECT_FALSE(Of(all, 0.001, 0.1).Answer(0.01, 0.01).safe);
}

TEST(ObjectiveTest, BurstsThatAreLargerThanAllowedForAreNoSafety) {
  std::vector<RateInterval> intervals(200, RateInterval{1000, 0});
  EXPECT_TRUE(Of(intervals, 0.001, 0.1).Answer(0.01, 0.01).safe);
  for (const size_t i : {3u, 77u}) intervals[i].events = 20;
  EXPECT_FALSE(Of(intervals, 0.001, 0.1).Answer(0.01, 0.01).safe);
}

TEST(ObjectiveTest, GoesOnWhereItEnded) {
  std::vector<RateInterval> intervals;
  for (int i = 0; i < 50; ++i) intervals.push_back({1000.0 + i, static_cast<double>(i * i % 7)});
  ObjectiveTest first = Of({intervals.begin(), intervals.begin() + 20}, 0.001, 0.2);
  std::vector<double> state;
  first.EachNumber([&](double& number) { state.push_back(number); });
  ObjectiveTest second(0.001, 0.2);
  size_t at = 0;
  second.EachNumber([&](double& number) { number = state[at++]; });
  for (size_t i = 20; i < intervals.size(); ++i) second.Add(intervals[i]);
  const auto once = Of(intervals, 0.001, 0.2).Answer(0.01, 0.01), twice = second.Answer(0.01, 0.01);
  EXPECT_EQ(once.log_e_harm, twice.log_e_harm);
  EXPECT_EQ(once.log_e_safe, twice.log_e_safe);
  EXPECT_EQ(once.rate, twice.rate);
}

TEST(BudgetUse, ByHand) {
  // A million requests a month may have a thousand failures. A quarter is over, 400 have failed.
  const BudgetUse use = UseOfBudget({250000, 400}, 1e6, 0.001, 0.002);
  EXPECT_NEAR(use.used, 0.4, 1e-12);
  EXPECT_NEAR(use.projected, (400 + 1500) / 1000.0, 1e-12);
  EXPECT_NEAR(use.exposure_left, 300000, 1e-6);
  EXPECT_EQ(UseOfBudget({250000, 1000}, 1e6, 0.001, 0.002).exposure_left, 0);
  EXPECT_EQ(UseOfBudget({250000, 400}, 1e6, 0.001, 0).exposure_left, kInfinity);
  // More traffic than was expected: the window is over.
  EXPECT_NEAR(UseOfBudget({2e6, 400}, 1e6, 0.001, 0.1).projected, 0.4, 1e-12);
}

int Runs() {
  const char* runs = std::getenv("GATE_PROMISE_RUNS");
  return runs == nullptr ? 10 : std::atoi(runs);
}

constexpr int kIntervals = 60;
constexpr double kAlpha = 0.01;

double Poisson(std::mt19937_64& random, double mean) {
  if (mean <= 0) return 0;
  return static_cast<double>(std::poisson_distribution<int64_t>(mean)(random));
}

// A cohort whose events come as negative binomial counts with a variance of `dispersion` times the
// mean, or in bursts of exactly so many.
struct Cohort {
  double exposure, rate, dispersion;
  bool equal_bursts = false;

  RateInterval Next(std::mt19937_64& random) const {
    const double exposed = Poisson(random, exposure);
    double mean = exposed * rate;
    if (equal_bursts) return {exposed, dispersion * Poisson(random, mean / dispersion)};
    if (dispersion > 1) {
      mean = std::gamma_distribution<double>(mean / (dispersion - 1), dispersion - 1)(random);
    }
    return {exposed, Poisson(random, mean)};
  }
};

// The interval of the first answer of either kind within the hour; 0 for none.
struct Life {
  int harm = 0, safe = 0;
};

Life Live(const Cohort& cohort, double objective, double margin, int seed) {
  std::mt19937_64 random(static_cast<uint64_t>(seed));
  ObjectiveTest test(objective, margin);
  Life life;
  for (int i = 1; i <= kIntervals; ++i) {
    test.Add(cohort.Next(random));
    const ObjectiveAnswer answer = test.Answer(kAlpha, kAlpha);
    if (answer.harm && life.harm == 0) life.harm = i;
    if (answer.safe && life.safe == 0) life.safe = i;
  }
  return life;
}

// A binomial count that would be exceeded by luck in one of a thousand cells only.
double Allowed(double runs) { return std::ceil(runs * kAlpha + 3.5 * std::sqrt(runs * kAlpha)); }

TEST(Promise, ACohortAtTheEdgeOfItsObjectiveFailsOrPassesInAtMostAlpha) {
  int cells = 0, harm = 0, safe = 0, worst_harm = 0, worst_safe = 0, safe_cells = 0;
  for (const double exposure : {200.0, 1000.0, 50000.0}) {
    for (const double objective : {0.001, 0.01}) {
      for (const auto& [dispersion, equal] :
           {std::pair(1.0, false), {2, false}, {5, false}, {5, true}, {20, false}, {40, true}}) {
        int wrong_harm = 0, wrong_safe = 0;
        for (int run = 0; run < Runs(); ++run) {
          // Harm at objective times 1.2, safety at the objective: no slack in either.
          wrong_harm +=
              Live({exposure, 1.2 * objective, dispersion, equal}, objective, 0.2, run).harm > 0;
          wrong_safe +=
              Live({exposure, objective, dispersion, equal}, objective, 0.2, run).safe > 0;
        }
        EXPECT_LE(wrong_harm, Allowed(Runs())) << exposure << ' ' << objective << ' ' << dispersion;
        ++cells;
        harm += wrong_harm;
        worst_harm = std::max(worst_harm, wrong_harm);
        if (dispersion > 5) continue;  // Promised for bursts of up to five.
        EXPECT_LE(wrong_safe, Allowed(Runs())) << exposure << ' ' << objective << ' ' << dispersion;
        ++safe_cells;
        safe += wrong_safe;
        worst_safe = std::max(worst_safe, wrong_safe);
      }
    }
  }
  EXPECT_LE(harm, Allowed(cells * Runs()));
  EXPECT_LE(safe, Allowed(safe_cells * Runs()));
  std::printf(
      "objective, false FAIL: %d of %d, worst cell %.4f; false PASS: %d of %d, worst %.4f\n", harm,
      cells * Runs(), static_cast<double>(worst_harm) / Runs(), safe, safe_cells * Runs(),
      static_cast<double>(worst_safe) / Runs());
}

struct Case {
  Cohort cohort;
  double objective;
  int median;  // of the interval of the answer.
  bool harm;   // Which answer.
};

class ObjectiveAnswered : public ::testing::TestWithParam<Case> {};

TEST_P(ObjectiveAnswered, InTime) {
  const Case& c = GetParam();
  std::vector<int> at;
  const int runs = std::max(Runs(), 25);
  for (int run = 0; run < runs; ++run) {
    const Life life = Live(c.cohort, c.objective, 0.2, 7000 + run);
    const int answered = c.harm ? life.harm : life.safe;
    at.push_back(answered > 0 ? answered : kIntervals + 1);
  }
  std::ranges::sort(at);
  const int median = at[at.size() / 2];
  EXPECT_LE(median, c.median);
  const auto in_time = std::ranges::count_if(at, [](int i) { return i <= kIntervals; });
  std::printf("objective %g, rate %g, %g requests, dispersion %g: %s %.3f, median %d\n",
              c.objective, c.cohort.rate, c.cohort.exposure, c.cohort.dispersion,
              c.harm ? "harm" : "safe", static_cast<double>(in_time) / runs, median);
}

INSTANTIATE_TEST_SUITE_P(Table, ObjectiveAnswered,
                         ::testing::Values(Case{{1000, .2, 1}, .001, 2, true},
                                           Case{{1000, .01, 1}, .001, 5, true},
                                           Case{{1000, .01, 5}, .001, 8, true},
                                           Case{{1000, .003, 1}, .001, 20, true},
                                           Case{{10000, .003, 1}, .001, 10, true},
                                           Case{{10000, .002, 3}, .001, 20, true},
                                           Case{{10000, .0001, 1}, .001, 20, false},
                                           Case{{10000, .0003, 1}, .001, 40, false},
                                           Case{{1000, .00001, 1}, .001, 40, false}));

}  // namespace
}  // namespace gate::stats
