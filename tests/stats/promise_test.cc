// The promise, simulated: a healthy canary that is asked after every interval FAILs in at most
// alpha of all runs, a harmful one PASSes in at most alpha, and one that is ten times worse is
// found in minutes. Seeds are fixed: the same build gives the same figures.
//
// GATE_PROMISE_RUNS sets the runs per cell (default 10, seconds). Figures of a longer run stand in
// checks/stats/README.md.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <random>
#include <tuple>
#include <utility>
#include <vector>

#include "checks/stats/count_test.h"
#include "checks/stats/ratio_eprocess.h"

namespace gate::stats {
namespace {

constexpr int kIntervals = 60;

int Runs() {
  const char* runs = std::getenv("GATE_PROMISE_RUNS");
  return runs == nullptr ? 10 : std::atoi(runs);
}

// How errors come: negative binomial counts with a variance of so many times the mean (1: Poisson),
// or in bursts of exactly so many; in both cohorts or on the canary only.
struct Coming {
  double dispersion;
  bool equal_bursts = false;
  bool canary_only = false;
};

double Poisson(std::mt19937_64& random, double mean) {
  if (mean <= 0) return 0;
  return static_cast<double>(std::poisson_distribution<int64_t>(mean)(random));
}

double Draw(std::mt19937_64& random, double mean, const Coming& coming) {
  const double d = coming.dispersion;
  if (coming.equal_bursts) return d * Poisson(random, mean / d);
  if (d > 1) mean = std::gamma_distribution<double>(mean / (d - 1), d - 1)(random);
  return Poisson(random, mean);
}

struct Traffic {
  double canary, baseline;            // Requests per interval.
  double canary_rate, baseline_rate;  // Errors per request.
  Coming coming;
};

CountBlock Interval(std::mt19937_64& random, const Traffic& traffic) {
  CountBlock block{Poisson(random, traffic.canary), Poisson(random, traffic.baseline), 0, 0};
  block.canary_events = Draw(random, block.canary_exposure * traffic.canary_rate, traffic.coming);
  block.baseline_events = Draw(random, block.baseline_exposure * traffic.baseline_rate,
                               traffic.coming.canary_only ? Coming{1} : traffic.coming);
  return block;
}

// What comes of one canary that is asked after every interval: the interval of the first answer of
// either kind; 0 for none.
struct Life {
  int harm = 0;
  int safe = 0;
};

Life Live(const Traffic& traffic, const CountQuestion& question, int seed) {
  std::mt19937_64 random(static_cast<uint64_t>(seed));
  CountTest test(question.limit, question.tolerated_rate);
  Life life;
  for (int i = 1; i <= kIntervals && life.harm == 0; ++i) {
    test.Add(Interval(random, traffic));
    const CountAnswer answer = test.Answer(question.alpha_harm, question.alpha_safe);
    if (answer.harm) life.harm = i;
    if (answer.safe && life.safe == 0) life.safe = i;
  }
  return life;
}

// A binomial count that would be exceeded by luck in one of a thousand cells only.
int Allowed(int runs, double alpha) {
  const double mean = runs * alpha;
  return static_cast<int>(std::ceil(mean + 3.5 * std::sqrt(mean)));
}

constexpr double kAlpha = 0.01;

// Counts what must not happen, cell by cell and over all cells.
class Tally {
 public:
  explicit Tally(const char* what) : what_(what) {}
  void Add(int wrong, const Traffic& traffic) {
    EXPECT_LE(wrong, Allowed(Runs(), kAlpha))
        << what_ << ": " << traffic.canary << "/" << traffic.baseline << " rates "
        << traffic.canary_rate << "/" << traffic.baseline_rate << " dispersion "
        << traffic.coming.dispersion << (traffic.coming.equal_bursts ? ", equal bursts" : "")
        << (traffic.coming.canary_only ? ", on the canary only" : "");
    all_ += wrong;
    worst_ = std::max(worst_, wrong);
    ++cells_;
  }
  ~Tally() {
    EXPECT_LE(all_, Allowed(cells_ * Runs(), kAlpha)) << what_;
    std::printf("%s: %d of %d runs; worst of %d cells %.4f\n", what_, all_, cells_ * Runs(), cells_,
                static_cast<double>(worst_) / Runs());
  }

 private:
  const char* what_;
  int all_ = 0, worst_ = 0, cells_ = 0;
};

int FalseFails(const Traffic& traffic) {
  int failed = 0;
  // At the very edge of the null: no margin helps.
  for (int run = 0; run < Runs(); ++run) {
    failed += Live(traffic, {1, kAlpha, kAlpha}, run).harm > 0;
  }
  return failed;
}

TEST(Promise, AHealthyCanaryFailsInAtMostAlpha) {
  Tally tally("false FAIL, dispersion 1 to 5");
  for (const double dispersion : {1.0, 1.5, 2.0, 3.0, 5.0}) {
    for (const auto& [canary, baseline] :
         {std::pair(100.0, 100.0), {1000.0, 1000.0}, {100.0, 1900.0}, {50000.0, 50000.0}}) {
      for (const double rate : {0.005, 0.02}) {
        const Traffic traffic = {canary, baseline, rate, rate, {dispersion}};
        tally.Add(FalseFails(traffic), traffic);
      }
    }
  }
}

TEST(Promise, AHealthyCanaryWithLargeBurstsFailsInAtMostAlpha) {
  Tally tally("false FAIL, dispersion 10 to 40");
  for (const double dispersion : {10.0, 20.0, 40.0}) {
    for (const auto& [canary, baseline] : {std::pair(1000.0, 1000.0), {100.0, 1900.0}}) {
      const Traffic traffic = {canary, baseline, 0.02, 0.02, {dispersion}};
      tally.Add(FalseFails(traffic), traffic);
    }
  }
}

// Why there are three e-processes: the strongest one alone takes bursts for harm.
TEST(Promise, SingleEventsAloneWouldNotKeepIt) {
  const Traffic traffic = {1000, 1000, 0.02, 0.02, {5}};
  int failed = 0;
  for (int run = 0; run < Runs(); ++run) {
    std::mt19937_64 random(static_cast<uint64_t>(run));
    RatioEProcess ratios;
    bool harm = false;
    for (int i = 0; i < kIntervals && !harm; ++i) {
      const CountBlock block = Interval(random, traffic);
      ratios.Add(block, RowsFor(block, 1));
      harm = RatioEvidence(ratios, Unit::kEvents, Side::kAbove).LogEAt(0) >= -std::log(kAlpha);
    }
    failed += harm;
  }
  EXPECT_GE(failed, 0.1 * Runs());
  std::printf("false FAIL of E_events alone at dispersion 5: %.3f\n",
              static_cast<double>(failed) / Runs());
}

int FalsePasses(const Traffic& traffic, double tolerated_rate) {
  int passed = 0;
  for (int run = 0; run < Runs(); ++run) {
    passed += Live(traffic, {1.2, kAlpha, kAlpha, tolerated_rate}, run).safe > 0;
  }
  return passed;
}

// The other promise, and the dearer one: what is at the edge of harm does not PASS.
TEST(Promise, AHarmfulCanaryPassesInAtMostAlpha) {
  Tally tally("false PASS");
  for (const Coming& coming : {Coming{1}, {2}, {3}, {5}, {3, false, true}, {5, false, true}}) {
    for (const auto& [canary, baseline, rate] :
         {std::tuple(1000.0, 1000.0, 0.02), {100.0, 1900.0, 0.02}, {100.0, 1900.0, 0.005}}) {
      const Traffic traffic = {canary, baseline, 1.2 * rate, rate, coming};
      tally.Add(FalsePasses(traffic, 0), traffic);
    }
  }
}

// At both edges, where everything that could excuse the canary is just not true: the ratio is the
// limit and the rate is the tolerated one. 0.2 to 100 events are expected per interval.
TEST(Promise, AHarmfulCanaryAtTheToleratedRatePassesInAtMostAlpha) {
  Tally tally("false PASS at the tolerated rate");
  for (const Coming& coming : {Coming{1}, {2}, {3}, {5}, {5, true}}) {
    for (const auto& [canary, baseline, rate] : {std::tuple(1000.0, 1000.0, 2e-4),
                                                 {1000.0, 1000.0, 1e-3},
                                                 {1000.0, 19000.0, 1e-3},
                                                 {1000.0, 1000.0, 0.01},
                                                 {10000.0, 10000.0, 0.01}}) {
      const Traffic traffic = {canary, baseline, rate, rate / 1.2, coming};
      tally.Add(FalsePasses(traffic, rate), traffic);
    }
  }
}

// Most requests succeed, and failures come with a dispersion. Asked of successes, old to new, as
// where less is worse; `fails` of the canary and of the baseline.
Life LiveOnSuccesses(const Traffic& fails, double limit, const PastNoise& past, int seed) {
  std::mt19937_64 random(static_cast<uint64_t>(seed));
  CountTest test(limit, 0, past);
  Life life;
  for (int i = 1; i <= kIntervals; ++i) {
    const CountBlock block = Interval(random, fails);
    const auto successes = [](double all, double failed) { return std::max(all - failed, 0.0); };
    test.Add(CountBlock{block.baseline_exposure, block.canary_exposure,
                        successes(block.baseline_exposure, block.baseline_events),
                        successes(block.canary_exposure, block.canary_events)});
    const CountAnswer answer = test.Answer(kAlpha, kAlpha);
    if (answer.log_e_harm >= -std::log(kAlpha) && life.harm == 0) life.harm = i;
    if (answer.log_e_safe >= -std::log(kAlpha) && life.safe == 0) life.safe = i;
  }
  return life;
}

TEST(Promise, SuccessesAtTheLimitAreCalledNeitherHarmNorSafeInMoreThanAlpha) {
  Tally harm("false FAIL of successes"), safe("false PASS of successes");
  for (const double dispersion : {1.0, 2.0, 3.0, 5.0}) {
    for (const auto& [canary, baseline, failing, limit] : {std::tuple(1000.0, 1000.0, 0.001, 1.01),
                                                           {100.0, 1900.0, 0.001, 1.01},
                                                           {100.0, 1900.0, 0.05, 1.01},
                                                           {1000.0, 1000.0, 0.3, 1.1}}) {
      const Traffic fails = {canary, baseline, 1 - (1 - failing) / limit, failing, {dispersion}};
      int harmed = 0, passed = 0;
      for (int run = 0; run < Runs(); ++run) {
        const Life life = LiveOnSuccesses(fails, limit, {}, run);
        harmed += life.harm > 0;
        passed += life.safe > 0;
      }
      harm.Add(harmed, fails);
      safe.Add(passed, fails);
    }
  }
}

TEST(Promise, SuccessesThatBecomeFewerAreFoundInTime) {
  const auto median = [](const Traffic& fails, const PastNoise& past, bool wants_harm) {
    std::vector<int> at;
    for (int run = 0; run < std::max(Runs(), 25); ++run) {
      const Life life = LiveOnSuccesses(fails, 1.01, past, 5000 + run);
      const int found = wants_harm ? life.harm : life.safe;
      at.push_back(found > 0 ? found : 2 * kIntervals);
    }
    std::ranges::sort(at);
    return at[at.size() / 2];
  };
  const PastNoise single = {PastNoise::kSingle, 1};
  const Traffic worse = {1000, 1000, .05, .001, {1}}, bursts = {1000, 1000, .05, .001, {5}};
  const Traffic healthy = {1000, 1000, .001, .001, {1}}, noisy = {1000, 1000, .001, .001, {3}};
  const int by_past = median(worse, single, true), alone = median(worse, {}, true);
  const int in_bursts = median(bursts, {}, true);
  const int passes = median(healthy, {}, false), passes_noisy = median(noisy, {}, false);
  EXPECT_LE(by_past, 3);
  EXPECT_LE(alone, 12);
  EXPECT_LE(in_bursts, 28);
  EXPECT_LE(passes, 38);
  EXPECT_LE(passes_noisy, 35);
  std::printf(
      "successes 99.9 to 95 %%, limit 1 %%: median minute %d with a past, %d without, %d in bursts "
      "of "
      "five; healthy PASS %d, in bursts of three %d\n",
      by_past, alone, in_bursts, passes, passes_noisy);
}

struct Harm {
  Traffic traffic;
  double limit;
  double found;  // At least this part of the runs, within 60 intervals...
  int median;    // ...and half of them by this one.
};

class Detection : public ::testing::TestWithParam<Harm> {};

TEST_P(Detection, IsFoundInTime) {
  const Harm& harm = GetParam();
  const int runs = std::max(Runs(), 25);  // A median of less is luck.
  std::vector<int> found;
  for (int run = 0; run < runs; ++run) {
    const int at = Live(harm.traffic, {harm.limit, 0.01, 0.01}, 5000 + run).harm;
    if (at > 0) found.push_back(at);
  }
  const double part = static_cast<double>(found.size()) / runs;
  const double luck = 3 * std::sqrt(harm.found * (1 - harm.found) / runs);
  EXPECT_GE(part, harm.found - luck);
  std::sort(found.begin(), found.end());
  const int median = found.empty() ? kIntervals : found[found.size() / 2];
  EXPECT_LE(median, harm.median);
  std::printf("%g/%g %g -> %g, dispersion %g, limit %g: %.3f, median %d\n", harm.traffic.canary,
              harm.traffic.baseline, harm.traffic.baseline_rate, harm.traffic.canary_rate,
              harm.traffic.coming.dispersion, harm.limit, part, median);
}

INSTANTIATE_TEST_SUITE_P(Table, Detection,
                         ::testing::Values(Harm{{20, 20, .05, .005, {1}}, 1, .99, 16},
                                           Harm{{100, 100, .01, .001, {1}}, 1, .99, 15},
                                           Harm{{100, 100, .01, .001, {1}}, 1.2, .98, 18},
                                           Harm{{100, 100, .02, .01, {1}}, 1, .75, 37},
                                           Harm{{1000, 1000, .001, .0001, {1}}, 1, .99, 15},
                                           Harm{{100, 1900, .005, .001, {1}}, 1, .98, 20},
                                           Harm{{100, 1900, .01, .001, {1}}, 1, .99, 10},
                                           Harm{{1000, 1000, .01, .005, {3}}, 1, .9, 40},
                                           Harm{{1000, 1000, .1, .001, {5}}, 1.2, .99, 6},
                                           Harm{{100, 100, .5, .001, {1}}, 1.2, .99, 6}));

// At this margin a test of fixed size with 90 % power needs about 1,570 events, 39 intervals of 40
// events; more than half of the safe changes pass within half as much again.
TEST(Promise, ASafeCanaryPasses) {
  int passed = 0;
  for (int run = 0; run < Runs(); ++run) {
    passed += Live({2000, 2000, .01, .01, {1}}, {1.2, 0.01, 0.01}, 9000 + run).safe > 0;
  }
  EXPECT_GE(passed, 0.5 * Runs());
  std::printf("PASS within 60 intervals: %.3f\n", static_cast<double>(passed) / Runs());
}

// A service with next to no errors: one in a million, where one in ten thousand is tolerated.
TEST(Promise, AQuietCanaryPasses) {
  std::vector<int> at;
  for (int run = 0; run < Runs(); ++run) {
    const Traffic traffic = {10000, 10000, 1e-6, 1e-6, {1}};
    const int safe = Live(traffic, {1.2, kAlpha, kAlpha, 1e-4}, 11000 + run).safe;
    if (safe > 0) at.push_back(safe);
  }
  EXPECT_GE(at.size(), 0.97 * Runs());
  std::sort(at.begin(), at.end());
  EXPECT_LE(at[at.size() / 2], 33);
  std::printf("quiet PASS: %.3f, median %d\n", static_cast<double>(at.size()) / Runs(),
              at[at.size() / 2]);
}

}  // namespace
}  // namespace gate::stats
