// The promise of mean_process.h, simulated: at the very edge of the null, asked after every
// interval for two hours, harm is called in at most alpha of all runs, and so is safety; and what
// is clear is found in time. Seeds are fixed: the same build gives the same figures.
//
// GATE_PROMISE_RUNS sets the runs per cell (default 10, seconds). Figures of a longer run stand in
// checks/stats/README.md.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>
#include <vector>

#include "checks/stats/mean_process.h"

namespace gate::stats {
namespace {

constexpr double kAlpha = 0.01;
constexpr int kHour = 60;
constexpr int kNever = 1000;

int Runs() {
  const char* runs = std::getenv("GATE_PROMISE_RUNS");
  return runs == nullptr ? 10 : std::atoi(runs);
}

// How the cost of a host in a minute varies around its mean.
struct Noise {
  double sd;               // Relative to the mean; of the logarithm where lognormal.
  bool lognormal = false;  // Else normal.
  double phi = 0;          // Autocorrelation of each host (of its logarithm).
  double swing = 0;        // Of the cost of all hosts together, a sine over the hour.
  double offset = 0;       // Subtracted from the cost: brings its mean near to zero.
};

struct World {
  double ratio;
  double limit;
  int canary_hosts;
  int baseline_hosts;
  Noise noise;
  int past = 0;  // Intervals of the baseline's hosts that are known from before.
};

class Hosts {
 public:
  Hosts(std::mt19937_64& random, int count, const Noise& noise) : noise_(noise) {
    for (int i = 0; i < count; ++i) state_.push_back(normal_(random));
  }
  // What they cost on average, for a mean of `mean`.
  double Next(std::mt19937_64& random, double mean) {
    double sum = 0;
    for (double& now : state_) {
      now = noise_.phi * now + std::sqrt(1 - noise_.phi * noise_.phi) * normal_(random);
      const double scaled = noise_.sd * now;
      sum += noise_.lognormal ? std::exp(scaled - noise_.sd * noise_.sd / 2) : 1 + scaled;
    }
    return mean * (sum / static_cast<double>(state_.size()) - noise_.offset);
  }

 private:
  const Noise& noise_;
  std::normal_distribution<double> normal_;
  std::vector<double> state_;
};

// When each answer was given first by a canary that is asked after every interval; kNever for
// never.
struct Life {
  int harm = kNever;
  int safe = kNever;
};

Life Live(const World& world, int intervals, int seed) {
  std::mt19937_64 random(static_cast<uint64_t>(seed));
  Hosts canary(random, world.canary_hosts, world.noise);
  Hosts baseline(random, world.baseline_hosts, world.noise);
  const double start = std::uniform_real_distribution<double>(0, 6.283)(random);
  const auto common_cost = [&](int i) { return 1 + world.noise.swing * std::sin(start + i / 9.5); };
  std::vector<double> past;
  for (int i = -world.past; i < 0; ++i) past.push_back(baseline.Next(random, common_cost(i)));
  MeanProcess process(NoiseOfMeans(past));
  Life life;
  for (int i = 1; i <= intervals; ++i) {
    const double common = common_cost(i);
    const double canary_cost = canary.Next(random, world.ratio * common);
    process.Add({canary_cost, 1, baseline.Next(random, common), 1});
    const MeanAnswer answer = process.Answer({world.limit, kAlpha, kAlpha});
    // By the evidence, so that an early wrong answer of one kind hides none of the other.
    if (answer.log_e_harm >= -std::log(kAlpha)) life.harm = std::min(life.harm, i);
    if (answer.log_e_safe >= -std::log(kAlpha)) life.safe = std::min(life.safe, i);
  }
  return life;
}

// A binomial count that would be exceeded by luck in one of a thousand cells only.
int Allowed(int runs, double alpha) {
  const double mean = runs * alpha;
  return static_cast<int>(std::ceil(mean + 3.5 * std::sqrt(mean)));
}

// Counts wrong answers at the edge of the null, cell by cell and over all cells.
class Tally {
 public:
  explicit Tally(const char* what, double alpha = kAlpha) : what_(what), alpha_(alpha) {}

  void Add(const World& world) {
    int harm_in_an_hour = 0, harm = 0, safe_in_an_hour = 0, safe = 0;
    for (int run = 0; run < Runs(); ++run) {
      const Life life = Live(world, 2 * kHour, run);
      harm_in_an_hour += life.harm <= kHour;
      harm += life.harm < kNever;
      safe_in_an_hour += life.safe <= kHour;
      safe += life.safe < kNever;
    }
    EXPECT_LE(harm, Allowed(Runs(), alpha_)) << Name(world);
    EXPECT_LE(safe, Allowed(Runs(), alpha_)) << Name(world);
    if (harm + safe > worst_) worst_name_ = Name(world);
    worst_ = std::max(worst_, harm + safe);
    Count(harm_in_an_hour, harm_in_an_hour_);
    Count(harm, harm_);
    Count(safe_in_an_hour, safe_in_an_hour_);
    Count(safe, safe_);
    ++cells_;
  }

  ~Tally() {
    const double runs = cells_ * Runs();
    std::printf(
        "%s, %d cells: harm %.4f in an hour (worst cell %.4f), %.4f in two (%.4f); "
        "safe %.4f (%.4f), %.4f (%.4f); most in %s\n",
        what_, cells_, harm_in_an_hour_.all / runs, Worst(harm_in_an_hour_), harm_.all / runs,
        Worst(harm_), safe_in_an_hour_.all / runs, Worst(safe_in_an_hour_), safe_.all / runs,
        Worst(safe_), worst_name_.c_str());
  }

 private:
  struct Sum {
    int all = 0;
    int worst = 0;
  };
  static void Count(int wrong, Sum& sum) {
    sum.all += wrong;
    sum.worst = std::max(sum.worst, wrong);
  }
  static double Worst(const Sum& sum) { return static_cast<double>(sum.worst) / Runs(); }
  static std::string Name(const World& world) {
    char name[120];
    std::snprintf(name, sizeof(name), "%d+%d hosts, %s %g, phi %g", world.canary_hosts,
                  world.baseline_hosts, world.noise.lognormal ? "lognormal" : "normal",
                  world.noise.sd, world.noise.phi);
    return name;
  }

  const char* what_;
  const double alpha_;
  Sum harm_in_an_hour_, harm_, safe_in_an_hour_, safe_;
  int cells_ = 0, worst_ = 0;
  std::string worst_name_;
};

// The last but one lies between two places of the grid.
constexpr double kPhis[] = {0, 0.3, 0.525, 0.6};

TEST(MeanPromise, AtTheEdgeWithHostsOfEqualNumber) {
  Tally tally("edge, equal hosts");
  for (const double phi : kPhis) {
    for (const Noise& noise :
         {Noise{.2, false, phi}, Noise{.2, true, phi}, Noise{.5, true, phi}, Noise{1, true, phi}}) {
      for (const int hosts : {1, 3, 10}) tally.Add({1.2, 1.2, hosts, hosts, noise});
    }
  }
}

TEST(MeanPromise, AtTheEdgeWithOneHostAgainstTen) {
  Tally tally("edge, one host against ten");
  for (const double phi : kPhis) {
    for (const Noise& noise :
         {Noise{.2, false, phi}, Noise{.2, true, phi}, Noise{.5, true, phi}, Noise{1, true, phi}}) {
      tally.Add({1.2, 1.2, 1, 10, noise});
      tally.Add({1.2, 1.2, 10, 1, noise});
    }
  }
}

TEST(MeanPromise, AtTheEdgeWhileTheLoadSwings) {
  Tally tally("edge, common swings of half the cost");
  for (const double phi : kPhis) {
    for (const Noise& noise : {Noise{.2, false, phi, .5}, Noise{.5, true, phi, .5}}) {
      tally.Add({1.2, 1.2, 3, 3, noise});
      tally.Add({1.2, 1.2, 1, 10, noise});
    }
  }
}

TEST(MeanPromise, AtTheEdgeWithAPastOfFourHours) {
  Tally equal("edge, equal hosts, with a past"), unequal("edge, one against ten, with a past");
  Tally swings("edge, common swings, with a past");
  for (const double phi : kPhis) {
    for (const Noise& noise :
         {Noise{.2, false, phi}, Noise{.2, true, phi}, Noise{.5, true, phi}, Noise{1, true, phi}}) {
      for (const int hosts : {1, 3, 10}) equal.Add({1.2, 1.2, hosts, hosts, noise, 240});
      unequal.Add({1.2, 1.2, 1, 10, noise, 240});
      unequal.Add({1.2, 1.2, 10, 1, noise, 240});
    }
    swings.Add({1.2, 1.2, 3, 3, {.2, false, phi, .5}, 240});
    swings.Add({1.2, 1.2, 1, 10, {.5, true, phi, .5}, 240});
  }
}

// A tenth of the noise of a host is all the mean there is.
TEST(MeanPromise, AtTheEdgeWithACostNearZero) {
  Tally tally("edge, mean cost of a tenth of its noise");
  for (const double phi : kPhis) {
    tally.Add({1.2, 1.2, 1, 1, {.2, false, phi, 0, .98}});
    tally.Add({1.2, 1.2, 3, 3, {.2, false, phi, 0, .98}});
  }
}

// More than is promised: minutes that resemble each other this much hardly tell more than one does.
TEST(MeanPromise, AnAutocorrelationOfNineTenthsIsNearlyKept) {
  Tally tally("edge, autocorrelation 0.9", 0.05);
  for (const int hosts : {1, 3}) {
    tally.Add({1.2, 1.2, hosts, hosts, {.2, false, .9}});
    tally.Add({1.2, 1.2, hosts, hosts, {.5, true, .9}});
  }
}

TEST(MeanPromise, AHealthyCanaryWithAMarginAlmostNeverFails) {
  int harm = 0, cells = 0;
  for (const double phi : {0.0, 0.3, 0.6, 0.9}) {
    for (const int hosts : {1, 3, 10}) {
      for (const Noise& noise : {Noise{.2, false, phi}, Noise{.5, true, phi}}) {
        for (const int past : {0, 240}) {
          for (int run = 0; run < Runs(); ++run) {
            harm += Live({1, 1.2, hosts, hosts, noise, past}, 2 * kHour, run).harm < kNever;
          }
          ++cells;
        }
      }
    }
  }
  EXPECT_LE(harm, Allowed(cells * Runs(), 0.003));
  std::printf("healthy, margin 0.2: harm in %d of %d\n", harm, cells * Runs());
}

// What moves in steps stands still between them, and looks proven (a gauge of memory, say): a new
// level every 1 / (1 - stays) intervals, on each side. More than is promised; the past helps.
TEST(MeanPromise, HealthyLevelsThatMoveInSteps) {
  for (const double stays : {0.5, 0.8, 0.9, 0.98}) {
    for (const double sd : {0.1, 0.2}) {
      int harm[2] = {0, 0};
      for (const int past : {0, 240}) {
        for (int run = 0; run < Runs(); ++run) {
          std::mt19937_64 random(static_cast<uint64_t>(run));
          std::normal_distribution<double> normal;
          std::uniform_real_distribution<double> uniform;
          double canary = normal(random), baseline = normal(random);
          const auto move = [&](double& level) {
            if (uniform(random) > stays) level = normal(random);
            return 1 + sd * level;
          };
          std::vector<double> before;
          for (int i = 0; i < past; ++i) before.push_back(move(baseline));
          MeanProcess process(NoiseOfMeans(before));
          bool harmed = false;
          for (int i = 0; i < 2 * kHour && !harmed; ++i) {
            process.Add({move(canary), 1, move(baseline), 1});
            harmed = process.LogEOfHarm(1.2) >= -std::log(kAlpha);
          }
          harm[past > 0] += harmed;
        }
      }
      std::printf("steps, each lasts %.0f intervals, sd %g: harm %.4f, with a past %.4f\n",
                  1 / (1 - stays), sd, static_cast<double>(harm[0]) / Runs(),
                  static_cast<double>(harm[1]) / Runs());
      if (stays < 0.9) {
        EXPECT_LE(harm[1], Allowed(Runs(), kAlpha));
      }
    }
  }
}

// Intervals that a t-test of fixed size at level 0.01 needs to tell `ratio` from `limit` in nine of
// ten runs: (2.326 + 1.282)^2 / effect^2, and 2.326^2 / 2 for a variance that is not known.
double FixedSize(const World& world) {
  const double sd = world.noise.sd, phi = world.noise.phi;
  const double of_a_host = world.noise.lognormal ? std::expm1(sd * sd) : sd * sd;
  const double variance = of_a_host * (world.ratio * world.ratio / world.canary_hosts +
                                       world.limit * world.limit / world.baseline_hosts);
  const double effect = world.ratio - world.limit;
  return (13.02 * variance / (effect * effect) + 2.71) * (1 + phi) / (1 - phi);
}

struct Clear {
  World world;
  bool harm;     // Else safe.
  double found;  // At least this part of the runs, within two hours...
  int median;    // ...and half of them by this interval.
};

class MeanDetection : public ::testing::TestWithParam<Clear> {};

TEST_P(MeanDetection, IsFoundInTime) {
  const Clear& clear = GetParam();
  const int runs = std::max(Runs(), 25);  // A median of less is luck.
  std::vector<int> found;
  for (int run = 0; run < runs; ++run) {
    const Life life = Live(clear.world, 2 * kHour, 5000 + run);
    found.push_back(clear.harm ? life.harm : life.safe);
  }
  std::sort(found.begin(), found.end());
  const auto at = [&](double part) { return found[static_cast<size_t>(part * runs)]; };
  const auto part_by = [&](double last) {
    const auto in_time = [&](int interval) { return interval <= last; };
    return static_cast<double>(std::count_if(found.begin(), found.end(), in_time)) / runs;
  };
  const double part = part_by(2 * kHour), fixed = FixedSize(clear.world);
  EXPECT_GE(part, clear.found - 3 * std::sqrt(clear.found * (1 - clear.found) / runs));
  EXPECT_LE(at(.5), clear.median);
  // Not where it would take less than ten intervals (there it is the autocorrelation that is not
  // known which takes the time), nor for one host against many, whose skewness is allowed for.
  if (!clear.harm && fixed >= 10 && clear.world.canary_hosts == clear.world.baseline_hosts) {
    EXPECT_LE(at(.5), 2 * fixed * (1 + 2 / std::sqrt(runs)));
  }
  std::printf(
      "%s at %g, limit %g, %d+%d hosts, sd %g, phi %g, swing %g, past %d: %.3f, median %d, nine of "
      "ten by "
      "%d; by a test of fixed size %.0f, within twice that %.2f\n",
      clear.harm ? "harm" : "safe", clear.world.ratio, clear.world.limit, clear.world.canary_hosts,
      clear.world.baseline_hosts, clear.world.noise.sd, clear.world.noise.phi,
      clear.world.noise.swing, clear.world.past, part, at(.5), at(.9), fixed, part_by(2 * fixed));
}

INSTANTIATE_TEST_SUITE_P(
    Harm, MeanDetection,
    ::testing::Values(Clear{{1.5, 1.2, 3, 3, {.2}}, true, .99, 24},
                      Clear{{1.5, 1.2, 3, 3, {.2, false, .3}}, true, .99, 33},
                      Clear{{1.5, 1.2, 3, 3, {.2, false, .6}}, true, .9, 65},
                      Clear{{1.5, 1.1, 3, 3, {.2}}, true, .99, 20},
                      Clear{{1.5, 1.1, 3, 3, {.2, false, .3}}, true, .99, 27},
                      Clear{{1.5, 1.2, 1, 1, {.2}}, true, .98, 42},
                      Clear{{1.5, 1.2, 1, 1, {.2, false, .3}}, true, .9, 60},
                      Clear{{1.5, 1.1, 1, 1, {.2}}, true, .99, 31},
                      Clear{{1.5, 1.1, 1, 1, {.2, false, .3}}, true, .98, 42},
                      Clear{{1.5, 1.2, 1, 10, {.2}}, true, .98, 33},
                      Clear{{1.5, 1.2, 10, 10, {.2}}, true, .99, 18},
                      Clear{{2, 1.2, 3, 3, {.2, true}}, true, .99, 18},
                      Clear{{8, 1.2, 3, 3, {.05}}, true, .99, 11},
                      Clear{{1.5, 1.2, 3, 3, {.2, false, 0, .5}}, true, .98, 30}));

INSTANTIATE_TEST_SUITE_P(
    HarmWithAPast, MeanDetection,
    ::testing::Values(Clear{{1.5, 1.2, 3, 3, {.2}, 240}, true, .99, 17},
                      Clear{{1.5, 1.2, 3, 3, {.2, false, .3}, 240}, true, .99, 23},
                      Clear{{1.5, 1.2, 3, 3, {.2, false, .6}, 240}, true, .97, 48},
                      Clear{{1.5, 1.1, 3, 3, {.2}, 240}, true, .99, 12},
                      Clear{{1.5, 1.1, 3, 3, {.2, false, .3}, 240}, true, .99, 16},
                      Clear{{1.5, 1.2, 1, 1, {.2}, 240}, true, .98, 37},
                      Clear{{1.5, 1.1, 1, 1, {.2}, 240}, true, .99, 24},
                      Clear{{1.5, 1.2, 1, 10, {.2}, 240}, true, .98, 25},
                      Clear{{1.5, 1.2, 10, 10, {.2}, 240}, true, .99, 10},
                      Clear{{2, 1.2, 3, 3, {.2, true}, 240}, true, .99, 10},
                      Clear{{8, 1.2, 3, 3, {.05}, 240}, true, .99, 6},
                      Clear{{1.5, 1.2, 3, 3, {.2, false, 0, .5}, 240}, true, .98, 35}));

INSTANTIATE_TEST_SUITE_P(Safe, MeanDetection,
                         ::testing::Values(Clear{{1, 1.2, 3, 3, {.2}}, false, .99, 30},
                                           Clear{{1, 1.2, 3, 3, {.2, false, .3}}, false, .98, 40},
                                           Clear{{1, 1.2, 3, 3, {.2, false, .6}}, false, .8, 85},
                                           Clear{{1, 1.2, 1, 1, {.2}}, false, .98, 58},
                                           Clear{{1, 1.2, 10, 10, {.2}}, false, .99, 20},
                                           Clear{{1, 1.2, 1, 10, {.2}}, false, .98, 45},
                                           Clear{{1, 1.2, 10, 10, {.5, true}}, false, .95, 45}));

}  // namespace
}  // namespace gate::stats
