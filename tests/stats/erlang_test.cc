// Erlang C against values by exact fractions of the textbook's sum, and of a queue that is
// simulated.
#include "checks/stats/erlang.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <queue>
#include <random>

namespace gate::stats {
namespace {

TEST(Erlang, AgreesWithTheSumOfTheTextbook) {
  // P(wait) = (a^c / c! c / (c - a)) / (sum of a^k / k! under c + the same), in exact fractions.
  EXPECT_NEAR(ErlangC(0.5, 1), 0.5, 1e-15) << "one worker: the load itself";
  EXPECT_NEAR(ErlangC(1.5, 2), 9.0 / 14, 1e-15);
  EXPECT_NEAR(ErlangC(8, 10), 0.40918015079644354, 1e-14);
  EXPECT_NEAR(ErlangC(10, 14), 0.17413193359504983, 1e-14);
  EXPECT_NEAR(ErlangC(100, 110), 0.23700750028505274, 1e-13);
  EXPECT_NEAR(ErlangC(900, 1000), 0.0005926699663787812, 1e-15);
  EXPECT_NEAR(MeanWait(8, 10), 0.20459007539822177, 1e-14);
}

TEST(Erlang, IsStableForManyWorkers) {
  for (const int workers : {10'000, 1'000'000}) {
    const double full = workers - 2 * std::sqrt(workers);
    // In the limit of Halfin and Whitt, with beta = (c - a) / sqrt(c) = 2:
    // 1 / (1 + beta Phi(beta) / phi(beta)).
    const double phi = std::exp(-2.0) / std::sqrt(2 * M_PI);
    const double expected = 1 / (1 + 2 * 0.5 * std::erfc(-std::sqrt(2.0)) / phi);
    EXPECT_NEAR(ErlangC(full, workers), expected, 0.002);
  }
}

TEST(Erlang, FindsTheFewestWorkers) {
  for (const double erlangs : {0.3, 8.0, 64.8, 240.0, 5000.0}) {
    for (const double wait : {0.01, 0.2, 1.0}) {
      const int workers = WorkersForWait(erlangs, wait);
      EXPECT_LE(MeanWait(erlangs, workers), wait);
      EXPECT_GT(MeanWait(erlangs, workers - 1), wait);
    }
  }
  EXPECT_EQ(WorkersForWait(0, 1), 1);
}

TEST(Erlang, WithoutRoomNobodyIsServed) {
  EXPECT_EQ(ErlangC(64.8, 64), 1);
  EXPECT_EQ(MeanWait(64, 64), std::numeric_limits<double>::infinity());
  EXPECT_EQ(WorkersForWait(1e9, 1), -1);
  EXPECT_EQ(WorkersForWait(std::numeric_limits<double>::infinity(), 1), -1);
}

// First come, first served, by the worker that is free first.
TEST(Erlang, AgreesWithAQueueThatIsSimulated) {
  std::mt19937_64 random(20261122);
  std::exponential_distribution<double> between(8), service(1);
  std::priority_queue<double, std::vector<double>, std::greater<>> free;
  for (int worker = 0; worker < 10; ++worker) free.push(0);
  double now = 0, waited = 0;
  constexpr int kRequests = 2'000'000;
  for (int request = 0; request < kRequests; ++request) {
    now += between(random);
    const double start = std::max(now, free.top());
    free.pop();
    free.push(start + service(random));
    waited += start - now;
  }
  EXPECT_NEAR(waited / kRequests, MeanWait(8, 10), 0.02 * 0.2046);
}

}  // namespace
}  // namespace gate::stats
