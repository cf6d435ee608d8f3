// What the old version's past tells of how events come, and what CountTest makes of it.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <utility>
#include <vector>

#include "checks/stats/count_test.h"
#include "checks/stats/rate_reference.h"

namespace gate::stats {
namespace {

// Events of one cohort in intervals of 1,000 requests: with a mean of `mean` and a variance of
// `dispersion` times that, at a rate that resembles its last by `phi`.
class Events {
 public:
  Events(std::mt19937_64& random, double mean, double dispersion, double phi)
      : random_(random),
        mean_(mean),
        spread_(std::sqrt(std::log1p((dispersion - 1) / mean))),
        phi_(phi),
        now_(normal_(random)) {}
  double Next() {
    now_ = phi_ * now_ + std::sqrt(1 - phi_ * phi_) * normal_(random_);
    const double rate = mean_ * std::exp(spread_ * now_ - spread_ * spread_ / 2);
    return static_cast<double>(std::poisson_distribution<int>(rate)(random_));
  }

 private:
  std::mt19937_64& random_;
  double mean_, spread_, phi_;
  std::normal_distribution<double> normal_;
  double now_;
};

PastNoise NoiseOfPast(Events& events, int intervals) {
  std::vector<RateInterval> past;
  for (int i = 0; i < intervals; ++i) past.push_back({1000, events.Next()});
  return NoiseOf(MeasureReference(past));
}

TEST(PastNoise, IsToldFromFourHours) {
  int single = 0, swings = 0, tides = 0;
  double inflation = 0;
  for (uint64_t seed = 0; seed < 200; ++seed) {
    std::mt19937_64 random(seed);
    Events one_by_one(random, 5, 1, 0), swinging(random, 5, 2, 0.6), rising(random, 5, 5, 0.6);
    single += NoiseOfPast(one_by_one, 240).kind == PastNoise::kSingle;
    swings += NoiseOfPast(swinging, 240).kind == PastNoise::kSwings;
    const PastNoise noise = NoiseOfPast(rising, 240);
    tides += noise.kind == PastNoise::kTides;
    inflation += noise.inflation / 200;
  }
  EXPECT_GE(single, 190);
  EXPECT_GE(swings, 180);
  EXPECT_GE(tides, 170);
  // 2.9 would be 1 + 2 sum of 0.8 * 0.6^k over ten neighbours; those far off are weighted less.
  EXPECT_GT(inflation, 2);
  EXPECT_LT(inflation, 2.9);
}

TEST(PastNoise, IsNotToldFromLess) {
  std::mt19937_64 random(1);
  Events events(random, 5, 1, 0);
  EXPECT_EQ(NoiseOfPast(events, 179).kind, PastNoise::kUnknown);
  EXPECT_EQ(NoiseOf({}).kind, PastNoise::kUnknown);
}

// Where events are known to come one by one nobody waits for ten intervals.
TEST(PastNoise, ASinglePastMakesAnOutageCountAtOnce) {
  CountTest known(1.2, 0, {PastNoise::kSingle, 1}), unknown(1.2, 0);
  for (int i = 0; i < 3; ++i) {
    known.Add(CountBlock{100, 100, 20, 0});
    unknown.Add(CountBlock{100, 100, 20, 0});
  }
  EXPECT_TRUE(known.Answer(0.01, 0.01).harm);
  EXPECT_FALSE(unknown.Answer(0.01, 0.01).harm);
}

// Bursts that begin with the canary are seen all the same.
TEST(PastNoise, ASinglePastIsNotBelievedAgainstWhatIsSeen) {
  CountTest test(1.2, 0, {PastNoise::kSingle, 1});
  for (int i = 0; i < 20; ++i) {
    test.Add(CountBlock{1000, 1000, i % 5 == 0 ? 60.0 : 1.0, i % 5 == 2 ? 40.0 : 1.0});
  }
  EXPECT_FALSE(test.Answer(0.01, 0.01).harm);
}

// A rate that rises and falls every hour, on both sides: what it hides is not harm.
TEST(PastNoise, ATideThatBothShareHidesNoHarm) {
  std::mt19937_64 random(1);
  const auto events = [&](int minute, double times) {
    const double rate = 500 * (1 + 0.6 * std::sin(minute * 2 * 3.14159 / 60));
    return static_cast<double>(std::poisson_distribution<int>(times * rate)(random));
  };
  std::vector<RateInterval> past;
  for (int i = 0; i < 240; ++i) past.push_back({50000, events(i, 1)});
  const PastNoise noise = NoiseOf(MeasureReference(past));
  EXPECT_EQ(noise.kind, PastNoise::kTides);
  CountTest test(1.2, 0, noise);
  for (int i = 0; i < 22; ++i) test.Add(CountBlock{50000, 50000, events(i, 3), events(i, 1)});
  EXPECT_TRUE(test.Answer(0.01, 0.01).harm);
}

// The promise for rates that swing on each side by themselves, which a comparison without a past
// does not keep: GATE_PROMISE_RUNS runs of two hours per cell (default 10).
TEST(PastNoisePromise, HealthyCanariesWhoseRatesSwing) {
  const char* asked = std::getenv("GATE_PROMISE_RUNS");
  const int runs = asked == nullptr ? 10 : std::atoi(asked);
  for (const double mean : {5.0, 50.0}) {
    for (const auto& [dispersion, phi] :
         {std::pair(1.5, 0.6), {2.0, 0.6}, {5.0, 0.3}, {5.0, 0.6}}) {
      for (const double limit : {1.0, 1.2}) {
        for (const double share : {0.5, 0.05}) {
          int harm = 0;
          for (int run = 0; run < runs; ++run) {
            std::mt19937_64 random(static_cast<uint64_t>(run));
            Events ours(random, 2 * mean * share, dispersion, phi);
            Events theirs(random, 2 * mean * (1 - share), dispersion, phi);
            CountTest test(limit, 0, NoiseOfPast(theirs, 240));
            bool harmed = false;
            for (int i = 0; i < 120 && !harmed; ++i) {
              test.Add(CountBlock{1000 * share, 1000 * (1 - share), ours.Next(), theirs.Next()});
              harmed = test.Answer(0.01, 0.01).harm;
            }
            harm += harmed;
          }
          std::printf("  mean %g, dispersion %g, phi %g, limit %g, share %g: %.4f\n", mean,
                      dispersion, phi, limit, share, static_cast<double>(harm) / runs);
          // At a limit of 1 up to 0.017 was measured; see the README.
          EXPECT_LE(harm, 3 + 0.02 * runs);
        }
      }
    }
  }
}

}  // namespace
}  // namespace gate::stats
