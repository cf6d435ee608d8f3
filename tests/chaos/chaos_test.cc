// Two replicas of gated on one PostgreSQL, killed, stopped, cut off and put into another time every
// few seconds, under pipelines that take changes out and people who use overrides. Afterwards
// everything that was told and everything that is on record is looked at.
#include <signal.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <random>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "gtest/gtest.h"
#include "tests/chaos/override_users.h"
#include "tests/chaos/world.h"
#include "tests/fakes/tcp_proxy.h"

namespace gate {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;

constexpr int kServices = 12;

TEST(ChaosTest, LeasesStepsAndVerdictsOutliveKillsAndStops) {
  PostgresServer postgres({}, /*own_clock=*/true);
  std::string database;
  postgres.CreateDatabase(&database);
  const std::string socket = absl::StrCat(postgres.socket_folder(), "/.s.PGSQL.", postgres.port());
  std::array<TcpProxy, 2> networks{TcpProxy(socket), TcpProxy(socket)};
  const auto url = [&](const TcpProxy& network) {
    return absl::StrCat("postgresql://postgres@127.0.0.1:", network.port(), "/", database);
  };
  World world("chaos/policy.yaml", {url(networks[0]), url(networks[1])});
  const int length = FromEnvironment("GATE_CHAOS_SECONDS", 15);
  const int count = FromEnvironment("GATE_CHAOS_PIPELINES", 16);
  const unsigned seed = static_cast<unsigned>(FromEnvironment("GATE_CHAOS_SEED", 1));
  std::mt19937 random(seed);
  Pipelines pipelines(world.addresses(), count, kServices, seed);
  OverrideUsers overriders(world.addresses(), std::max(3, count / 8), seed);
  int kills = 0, stops = 0, crashes = 0, cuts = 0, steps = 0;
  const auto end = steady_clock::now() + seconds(length);
  while (steady_clock::now() < end) {
    std::this_thread::sleep_for(milliseconds(1000 + random() % 2000));
    const size_t victim = random() % 2;
    RunningGate& gate = world.gate(victim);
    switch (random() % 10) {
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
      case 2:  // Its network to the database is gone, or swallows all there is.
      case 3: {
        constexpr std::array kFaults = {TcpProxy::Mode::kRefuse, TcpProxy::Mode::kSilent,
                                        TcpProxy::Mode::kCut};
        networks[victim].Set(kFaults[random() % kFaults.size()]);
        std::this_thread::sleep_for(milliseconds(4500));
        networks[victim].Set(TcpProxy::Mode::kPass);
        ++cuts;
        break;
      }
      case 4:  // Its machine's clock steps, back or forth, by up to two hours.
        gate.SetClock(absl::StrFormat("%+d", static_cast<int>(random() % 14400) - 7200));
        ++steps;
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
      "seed %u, %d s, %d pipelines: %d kills, %d stops, %d crashes of the database, %d cuts of a "
      "network, %d steps of a clock; %ld started, %ld steps, %ld gone back, %ld refused, %ld "
      "without an answer; %ld overrides approved, %ld "
      "used, %ld taken back\n",
      seed, length, count, kills, stops, crashes, cuts, steps,
      static_cast<long>(pipelines.started()), static_cast<long>(pipelines.advanced()),
      static_cast<long>(pipelines.rollbacks()), static_cast<long>(pipelines.refused()),
      static_cast<long>(pipelines.failed()), static_cast<long>(overriders.approved()),
      static_cast<long>(overriders.used()), static_cast<long>(overriders.revoked()));
  EXPECT_GT(kills + stops + crashes + cuts + steps, 0);
  EXPECT_GT(pipelines.started(), length);
  EXPECT_GT(pipelines.advanced(), length);
  EXPECT_GT(overriders.used(), 0);
  EXPECT_GT(overriders.revoked(), 0);
  overriders.ExpectAllIsWell(postgres, database);
  world.ExpectAllIsWell(pipelines, postgres, database);
}

}  // namespace
}  // namespace gate
