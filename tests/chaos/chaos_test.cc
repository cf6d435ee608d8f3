// Two replicas of gated on one PostgreSQL, killed and stopped every few seconds under pipelines
// that take changes out. Afterwards everything that was told and everything that is on record is
// looked at.
#include <signal.h>

#include <algorithm>
#include <cstdio>
#include <random>

#include "gtest/gtest.h"
#include "tests/chaos/override_users.h"
#include "tests/chaos/world.h"

namespace gate {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;

constexpr int kServices = 12;

TEST(ChaosTest, LeasesStepsAndVerdictsOutliveKillsAndStops) {
  PostgresServer postgres;
  std::string database;
  const std::string url = postgres.CreateDatabase(&database);
  World world(2, "chaos/policy.yaml", url);
  const int length = FromEnvironment("GATE_CHAOS_SECONDS", 15);
  const int count = FromEnvironment("GATE_CHAOS_PIPELINES", 16);
  const unsigned seed = static_cast<unsigned>(FromEnvironment("GATE_CHAOS_SEED", 1));
  std::mt19937 random(seed);
  Pipelines pipelines(world.addresses(), count, kServices, seed);
  OverrideUsers overriders(world.addresses(), std::max(3, count / 8), seed);
  int kills = 0, stops = 0, crashes = 0;
  const auto end = steady_clock::now() + seconds(length);
  while (steady_clock::now() < end) {
    std::this_thread::sleep_for(milliseconds(1000 + random() % 2000));
    RunningGate& gate = world.gate(random() % 2);
    switch (random() % 8) {
      case 0:  // The database crashes, and is there again.
        postgres.Kill();
        postgres.Start();
        ++crashes;
        break;
      case 1:  // Longer than a claim lasts: what the gate was about to do comes late.
        gate.process().Signal(SIGSTOP);
        std::this_thread::sleep_for(milliseconds(4500));
        gate.process().Signal(SIGCONT);
        ++stops;
        break;
      default:
        gate.process().Kill();
        gate.StartAgain();
        ++kills;
    }
  }
  pipelines.End();
  overriders.End();
  std::printf(
      "seed %u, %d s, %d pipelines: %d kills, %d stops, %d crashes of the database; %ld started, "
      "%ld steps, %ld gone back, %ld refused, %ld without an answer; %ld overrides approved, %ld "
      "used, %ld taken back\n",
      seed, length, count, kills, stops, crashes, static_cast<long>(pipelines.started()),
      static_cast<long>(pipelines.advanced()), static_cast<long>(pipelines.rollbacks()),
      static_cast<long>(pipelines.refused()), static_cast<long>(pipelines.failed()),
      static_cast<long>(overriders.approved()), static_cast<long>(overriders.used()),
      static_cast<long>(overriders.revoked()));
  EXPECT_GT(kills + stops + crashes, 0);
  EXPECT_GT(pipelines.started(), length);
  EXPECT_GT(pipelines.advanced(), length);
  EXPECT_GT(overriders.used(), 0);
  EXPECT_GT(overriders.revoked(), 0);
  overriders.ExpectAllIsWell(postgres, database);
  world.ExpectAllIsWell(pipelines, postgres, database);
}

}  // namespace
}  // namespace gate
