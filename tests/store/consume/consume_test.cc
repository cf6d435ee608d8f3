// No override is used twice: processes that all want the same ones, on one PostgreSQL, while some
// of them are killed in the middle and start again. GATE_CONSUMES=100000 GATE_OVERRIDES=3000 makes
// it long.
#include <signal.h>

#include <chrono>
#include <cstdlib>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "checks/proto_time.h"
#include "gate/store/store.h"
#include "gtest/gtest.h"
#include "tests/fakes/child_process.h"
#include "tests/fakes/postgres_server.h"

namespace gate {
namespace {

constexpr int kProcesses = 4;

int Setting(const char* name, int standard) {
  const char* value = std::getenv(name);
  return value == nullptr ? standard : std::atoi(value);
}

void MakeOverrides(Store& store, int count) {
  const absl::Time now = absl::Now();
  for (int i = 0; i < count; ++i) {
    v1::Override override;
    override.set_name(absl::StrFormat("overrides/O%06d", i));
    override.set_state(v1::OVERRIDE_STATE_APPROVED);
    override.set_service("orders");
    override.set_environment("production");
    override.set_artifact_digest("sha256:aa");
    override.add_rules("migration.drop_column");
    *override.mutable_create_time() = ToProto(now);
    *override.mutable_expire_time() = ToProto(now + absl::Hours(24));
    const auto made =
        store.overrides().Create({absl::StrCat("make-", i), "digest", override, {}, now});
    ASSERT_TRUE(made.ok()) << made.status();
  }
}

std::unique_ptr<ChildProcess> StartConsumer(const std::string& url, int number, int consumes,
                                            int overrides) {
  return *ChildProcess::Start({.arguments = {OVERRIDE_CONSUMER, url, absl::StrCat(number),
                                             absl::StrCat(consumes), absl::StrCat(overrides)},
                               .output = "/dev/null"});
}

TEST(ConsumeTest, NoOverrideIsUsedTwiceThroughDeaths) {
  const int consumes = Setting("GATE_CONSUMES", 2000), count = Setting("GATE_OVERRIDES", 100);
  const int each = consumes / kProcesses;
  PostgresServer server;
  std::string database;
  const std::string url = server.CreateDatabase(&database);
  const auto store = OpenStore(url, {});
  ASSERT_TRUE(store.ok()) << store.status();
  MakeOverrides(**store, count);

  const auto started = std::chrono::steady_clock::now();
  std::vector<std::unique_ptr<ChildProcess>> consumers;
  for (int i = 0; i < kProcesses; ++i) {
    consumers.push_back(StartConsumer(url, i, each, count));
  }
  std::mt19937 random(7);
  int deaths = 0;
  const auto running = [&] {
    int number = 0;
    for (auto& consumer : consumers) number += consumer->Running();
    return number;
  };
  while (running() > 0 && std::chrono::steady_clock::now() - started < std::chrono::minutes(20)) {
    std::this_thread::sleep_for(std::chrono::milliseconds(50 + random() % 200));
    const size_t victim = random() % kProcesses;
    // Not for ever: what a killed one has asked is asked again from the beginning.
    if (deaths >= 20 || !consumers[victim]->Running()) continue;
    consumers[victim]->Kill();
    ++deaths;
    consumers[victim] = StartConsumer(url, static_cast<int>(victim), each, count);
  }
  for (auto& consumer : consumers) ASSERT_EQ(consumer->Wait(), 0);
  const double seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();

  EXPECT_EQ(server.Sql(database, "SELECT count(*) FROM gate.verdicts"), absl::StrCat(count, "\n"))
      << "as many ALLOWs as there are overrides";
  EXPECT_EQ(server.Sql(database,
                       "SELECT count(*), count(DISTINCT consumed_by) FROM gate.overrides o"
                       " JOIN gate.verdicts v ON o.consumed_by = 'verdicts/' || v.id"
                       " WHERE o.state = 3"),
            absl::StrCat(count, "|", count, "\n"))
      << "each used by a verdict of its own that is on record";
  std::printf("%d consumes over %d overrides by %d processes, %d of them killed: %.1f s\n",
              consumes, count, kProcesses, deaths, seconds);
}

}  // namespace
}  // namespace gate
