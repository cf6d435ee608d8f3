// Killed under load, and started again: what was acknowledged is there, and nothing is there twice.
#include <set>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "tests/e2e/gated/pressure.h"
#include "tests/fakes/postgres_server.h"

namespace gate {
namespace {

constexpr int kCrashes = 3;
constexpr int kCallers = 8;
// Answers that a gate gives before it is killed.
constexpr int64_t kAnswers = 200;

v1::Verdict Get(RunningGate& gate, const std::string& name) {
  v1::GetVerdictRequest request;
  request.set_name(name);
  grpc::ClientContext context;
  v1::Verdict verdict;
  const grpc::Status status = gate.gate().GetVerdict(&context, request, &verdict);
  EXPECT_TRUE(status.ok()) << name << " is lost: " << status.error_message();
  return verdict;
}

// Reads what was acknowledged, and asks for some of it again, as a pipeline does that got no
// answer.
void ExpectAllThere(RunningGate& gate, const std::map<std::string, v1::Verdict>& acknowledged) {
  const std::vector<std::string> names = NamesOnRecord(gate);
  const std::set<std::string> on_record(names.begin(), names.end());
  EXPECT_EQ(names.size(), on_record.size()) << "a verdict is listed twice";
  int asked_again = 0;
  for (const auto& [request_id, verdict] : acknowledged) {
    EXPECT_TRUE(on_record.contains(verdict.name())) << request_id << " is lost";
    if (++asked_again > 20) continue;
    EXPECT_EQ(Get(gate, verdict.name()).SerializeAsString(), verdict.SerializeAsString());
    EXPECT_EQ(gate.Evaluate(PaymentsRelease(request_id)).name(), verdict.name()) << request_id;
  }
  EXPECT_EQ(NamesOnRecord(gate).size(), names.size()) << "asking again made another verdict";
}

void SurviveCrashes(RunningGate& gate) {
  for (int crash = 0; crash < kCrashes; ++crash) {
    Pressure pressure(gate, absl::StrCat("crash-", crash), kCallers);
    ASSERT_TRUE(Eventually([&] { return pressure.answered() >= kAnswers; })) << gate.Log();
    gate.process().Kill();
    pressure.End();
    EXPECT_EQ(pressure.failures().size(), static_cast<size_t>(kCallers))
        << "every caller was cut off";
    gate.StartAgain();
    ExpectAllThere(gate, pressure.verdicts());
  }
}

TEST(Crash, NoAcknowledgedVerdictIsLostOnSqlite) {
  RunningGate gate({.policy = ReadFile("e2e/gated/open_policy.yaml")});
  SurviveCrashes(gate);
}

TEST(Crash, NoAcknowledgedVerdictIsLostOnPostgres) {
  PostgresServer postgres;
  RunningGate gate(
      {.policy = ReadFile("e2e/gated/open_policy.yaml"), .store_url = postgres.CreateDatabase()});
  SurviveCrashes(gate);
}

}  // namespace
}  // namespace gate
