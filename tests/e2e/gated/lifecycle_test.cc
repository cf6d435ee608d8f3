// What an operator does to a gate, and what the world does to it.
#include <signal.h>

#include <set>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/e2e/gated/pressure.h"
#include "tests/fakes/postgres_server.h"
#include "tests/fakes/prometheus_server.h"

namespace gate {
namespace {

using testing::AllOf;
using testing::Each;
using testing::HasSubstr;

// What a gate that ends says to a call that comes too late: UNAVAILABLE where there is no
// connection any more, CANCELLED (from gRPC itself) where there still was one. Clients try both
// again.
MATCHER(CameTooLate, "") {
  return arg.error_code() == grpc::StatusCode::UNAVAILABLE ||
         arg.error_code() == grpc::StatusCode::CANCELLED;
}

TEST(Drain, EveryVerdictOnRecordWasSentToWhoeverAsked) {
  RunningGate gate({.policy = ReadFile("e2e/gated/open_policy.yaml")});
  Pressure pressure(gate, "drain", 16);
  ASSERT_TRUE(Eventually([&] { return pressure.answered() >= 200; })) << gate.Log();
  gate.process().Signal(SIGTERM);
  EXPECT_EQ(gate.process().Wait(), 0) << gate.Log();
  pressure.End();
  EXPECT_THAT(pressure.failures(), Each(CameTooLate()));

  gate.StartAgain();
  std::set<std::string> received;
  for (const auto& [request_id, verdict] : pressure.verdicts()) received.insert(verdict.name());
  const std::vector<std::string> names = NamesOnRecord(gate);
  EXPECT_EQ(received, std::set<std::string>(names.begin(), names.end()));
}

TEST(Reload, ABadPolicyLeavesTheOldOneInForceAndSaysSo) {
  const std::string policy = ReadFile("e2e/gated/open_policy.yaml");
  RunningGate gate({.policy = policy});
  const v1::Verdict before = gate.Evaluate(PaymentsRelease("before"));

  gate.WritePolicy("title: broken\nrules:\n  - name: payments\n    chekcs: {}\n");
  gate.process().Signal(SIGHUP);
  ASSERT_TRUE(Eventually([&] {
    return gate.Get("/readyz").body.find("degraded") != std::string::npos;
  })) << gate.Get("/readyz").body
      << gate.Log();
  EXPECT_THAT(gate.Get("/readyz").body, AllOf(HasSubstr("policy.yaml:4:5"), HasSubstr("chekcs")));
  EXPECT_EQ(gate.Get("/readyz").status, 200) << "it still answers, under the old policy";
  EXPECT_TRUE(Eventually([&] { return gate.Log().find("policy.yaml:4:5") != std::string::npos; }))
      << gate.Log();
  const v1::Verdict meanwhile = gate.Evaluate(PaymentsRelease("meanwhile"));
  EXPECT_EQ(meanwhile.decision(), v1::DECISION_ALLOW);
  EXPECT_EQ(meanwhile.policy_digest(), before.policy_digest());

  gate.WritePolicy("title: another\n" + policy.substr(policy.find('\n') + 1));
  gate.process().Signal(SIGHUP);
  ASSERT_TRUE(Eventually([&] {
    return gate.Get("/readyz").body.find("degraded") == std::string::npos;
  })) << gate.Get("/readyz").body;
  EXPECT_NE(gate.Evaluate(PaymentsRelease("after")).policy_digest(), before.policy_digest());
}

TEST(Store, WithoutItsDatabaseTheGateSaysSoAndRecovers) {
  PostgresServer postgres;
  RunningGate gate(
      {.policy = ReadFile("e2e/gated/open_policy.yaml"), .store_url = postgres.CreateDatabase()});
  const v1::Verdict before = gate.Evaluate(PaymentsRelease("before"));

  postgres.Kill();
  v1::Verdict none;
  const grpc::Status status = gate.TryEvaluate(PaymentsRelease("meanwhile"), none);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAVAILABLE) << status.error_message();
  EXPECT_EQ(none.decision(), v1::DECISION_UNSPECIFIED);
  EXPECT_TRUE(Eventually([&] { return gate.Get("/readyz").status == 503; }));
  EXPECT_TRUE(gate.process().Running()) << "a gate outlives its database";

  postgres.Start();
  ASSERT_TRUE(Eventually([&] { return gate.Ready(); })) << gate.Get("/readyz").body;
  EXPECT_EQ(gate.Evaluate(PaymentsRelease("before")).name(), before.name());
  EXPECT_EQ(gate.Evaluate(PaymentsRelease("meanwhile")).decision(), v1::DECISION_ALLOW);
}

TEST(Source, WithoutItsMetricsTheGateHoldsAndThePipelineCanTell) {
  auto prometheus = MetricsServerFake::StartPrometheus({});
  ASSERT_TRUE(prometheus.ok()) << prometheus.status();
  RunningGate gate({.policy = ReadFile("e2e/gated/canary_policy.yaml"),
                    .metrics_servers = {{"main", (*prometheus)->url()}}});
  prometheus->reset();
  const v1::Verdict verdict = gate.Evaluate(PaymentsRelease("blind"));
  EXPECT_EQ(verdict.decision(), v1::DECISION_HOLD) << verdict.DebugString();
  ASSERT_EQ(verdict.outcomes_size(), 1);
  EXPECT_EQ(verdict.outcomes(0).outcome(), v1::OUTCOME_INCONCLUSIVE);
  EXPECT_THAT(verdict.reason(), HasSubstr("prometheus:main could not be reached"));

  const RunResult run =
      RunGatectl(gate, {"check", "payments", "--env", "production"}, gate.folder());
  EXPECT_EQ(run.exit, 12) << run.output;
  EXPECT_THAT(run.output, HasSubstr("could not be reached"));
}

}  // namespace
}  // namespace gate
