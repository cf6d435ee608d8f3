// A replica dies while it looks after a rollout, whose evidence is slow to come.
#include <atomic>
#include <cstdio>

#include "absl/strings/str_cat.h"
#include "grpcpp/create_channel.h"
#include "grpcpp/security/credentials.h"
#include "gtest/gtest.h"
#include "tests/chaos/world.h"
#include "tests/fakes/raw_http_server.h"

namespace gate {
namespace {

using std::chrono::seconds;
using std::chrono::steady_clock;

constexpr char kPolicy[] = R"(
title: Claims
rules:
  - name: web
    match: {services: [web], environments: [production]}
    gather_timeout: 20s
    checks:
      # Its history is asked for at once; a canary has none for its first minute.
      capacity:
        source: main
        load: requests_total
        cohort_label: track
        resources: [{name: redis, cost: redis_commands_total, capacity: 1000}]
    rollout:
      steps:
        - {share: 0.05}
        - {share: 1}
)";

// Takes the rollout to a step at which the metrics server is asked.
void TakeFirstStep(RunningGate& gate) {
  const auto rollouts = v1::Rollouts::NewStub(
      grpc::CreateChannel(gate.address(), grpc::InsecureChannelCredentials()));
  v1::StartRolloutRequest start;
  start.set_request_id("start");
  start.mutable_change()->set_service("web");
  start.mutable_change()->set_environment("production");
  start.mutable_change()->set_kind(v1::CHANGE_KIND_CODE);
  v1::Rollout rollout;
  grpc::ClientContext starting, advancing;
  ASSERT_TRUE(rollouts->Start(&starting, start, &rollout).ok());
  v1::AdvanceRolloutRequest advance;
  advance.set_name(rollout.name());
  advance.set_fencing_token(rollout.fencing_token());
  advance.set_request_id("step");
  v1::AdvanceRolloutResponse step;
  ASSERT_TRUE(rollouts->Advance(&advancing, advance, &step).ok());
  ASSERT_TRUE(step.advanced()) << step.DebugString();
}

TEST(ClaimsTest, AKilledReplicasRolloutsMoveOn) {
  PostgresServer postgres;
  std::string database;
  const std::string url = postgres.CreateDatabase(&database);
  std::atomic<bool> ended = false;
  RawHttpServer hanging([&](const std::string&, int) {
    while (!ended) std::this_thread::sleep_for(std::chrono::milliseconds(20));
  });
  const GateSetup setup{.policy = kPolicy,
                        .store_url = url,
                        .configuration = absl::StrCat("metrics_servers:\n  - name: main\n    url: ",
                                                      hanging.url(), "\n    timeout: 20s\n")};
  const auto claimed_by = [&] {
    std::string owner =
        postgres.Sql(database, "SELECT claimed_by FROM gate.rollouts WHERE claimed_until > now()");
    if (!owner.empty()) owner.pop_back();
    return owner;
  };
  {
    RunningGate first(setup);
    TakeFirstStep(first);
    std::string owner;
    ASSERT_TRUE(Eventually([&] { return !(owner = claimed_by()).empty(); }));
    RunningGate second(setup);
    std::this_thread::sleep_for(seconds(6));
    EXPECT_EQ(claimed_by(), owner) << "who is at work keeps its claim";
    first.process().Kill();
    const auto died = steady_clock::now();
    EXPECT_TRUE(Eventually([&] { return !claimed_by().empty() && claimed_by() != owner; }));
    const std::chrono::duration<double> took = steady_clock::now() - died;
    std::printf("another replica had it %.1f s after the first one died\n", took.count());
    EXPECT_LT(took, seconds(5));
    ended = true;
  }
}

}  // namespace
}  // namespace gate
