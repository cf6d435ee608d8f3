// Two replicas of gated on one PostgreSQL, killed and stopped every few seconds under pipelines
// that take changes out. Afterwards everything that was told and everything that is on record is
// looked at: no two holders of one lease, no step without its verdict, no rollout that does not
// end.
#include <signal.h>

#include <cstdlib>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "checks/proto_time.h"
#include "gmock/gmock.h"
#include "google/protobuf/util/time_util.h"
#include "grpcpp/create_channel.h"
#include "grpcpp/security/credentials.h"
#include "gtest/gtest.h"
#include "tests/chaos/pipelines.h"
#include "tests/fakes/postgres_server.h"
#include "tests/support/running_gate.h"

namespace gate {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;

int FromEnvironment(const char* name, int otherwise) {
  const char* value = std::getenv(name);
  return value == nullptr ? otherwise : std::atoi(value);
}

// The wall clock of the gates: a test moves it, and the time that passes is real.
constexpr char kStart[] = "2026-11-23 15:00:00";
constexpr char kTomorrow[] = "2026-11-24 15:00:00";
constexpr int kServices = 12;

class ChaosTest : public ::testing::Test {
 protected:
  ChaosTest() {
    for (int i = 0; i < 2; ++i) {
      gates_.push_back(std::make_unique<RunningGate>(GateSetup{
          .policy = ReadFile("chaos/policy.yaml"), .store_url = database_, .now = kStart}));
    }
  }

  std::unique_ptr<v1::Rollouts::Stub> Rollouts(RunningGate& gate) {
    return v1::Rollouts::NewStub(
        grpc::CreateChannel(gate.address(), grpc::InsecureChannelCredentials()));
  }

  std::vector<v1::Rollout> AllRollouts() {
    std::vector<v1::Rollout> all;
    const auto rollouts = Rollouts(*gates_[0]);
    v1::ListRolloutsRequest request;
    request.set_page_size(200);
    do {
      grpc::ClientContext context;
      v1::ListRolloutsResponse page;
      const grpc::Status status = rollouts->List(&context, request, &page);
      EXPECT_TRUE(status.ok()) << status.error_message();
      if (!status.ok()) break;
      all.insert(all.end(), page.rollouts().begin(), page.rollouts().end());
      request.set_page_token(page.next_page_token());
    } while (!request.page_token().empty());
    return all;
  }

  v1::Verdict Get(const std::string& name) {
    v1::GetVerdictRequest request;
    request.set_name(name);
    grpc::ClientContext context;
    v1::Verdict verdict;
    const grpc::Status status = gates_[0]->gate().GetVerdict(&context, request, &verdict);
    EXPECT_TRUE(status.ok()) << name << ": " << status.error_message();
    return verdict;
  }

  // The token that a start was given of which its caller never heard; 0: it was never done.
  int64_t TokenOf(const std::string& request_id) {
    const std::string token = postgres_.Sql(
        database_name_, absl::StrCat("SELECT token FROM gate.rollout_requests WHERE request_id = '",
                                     request_id, "'"));
    return token.empty() ? 0 : std::stoll(token);
  }

  PostgresServer postgres_;
  std::string database_name_;
  const std::string database_ = postgres_.CreateDatabase(&database_name_);
  std::vector<std::unique_ptr<RunningGate>> gates_;
};

// A step was allowed by a verdict on this very step, that was there before it and still held.
void ExpectVerdictOf(const v1::Rollout& rollout, const v1::TakenStep& step,
                     const v1::Verdict& verdict) {
  using google::protobuf::util::TimeUtil;
  const std::string what = absl::StrCat(rollout.name(), " step ", step.step());
  EXPECT_EQ(verdict.decision(), v1::DECISION_ALLOW) << what;
  EXPECT_EQ(verdict.rollout(), rollout.name()) << what;
  EXPECT_EQ(verdict.change().stage().next_step(), rollout.plan().steps(step.step()).name()) << what;
  EXPECT_GE(TimeUtil::TimestampToMicroseconds(step.take_time()),
            TimeUtil::TimestampToMicroseconds(verdict.create_time()))
      << what;
  EXPECT_LT(TimeUtil::TimestampToMicroseconds(step.take_time()),
            TimeUtil::TimestampToMicroseconds(verdict.valid_until()))
      << what;
}

TEST_F(ChaosTest, LeasesStepsAndVerdictsOutliveKillsAndStops) {
  const int length = FromEnvironment("GATE_CHAOS_SECONDS", 15);
  const int count = FromEnvironment("GATE_CHAOS_PIPELINES", 16);
  const unsigned seed = static_cast<unsigned>(FromEnvironment("GATE_CHAOS_SEED", 1));
  std::mt19937 random(seed);
  Pipelines pipelines({gates_[0]->address(), gates_[1]->address()}, count, kServices, seed);
  int kills = 0, stops = 0;
  const auto end = steady_clock::now() + seconds(length);
  while (steady_clock::now() < end) {
    std::this_thread::sleep_for(milliseconds(1000 + random() % 2000));
    RunningGate& gate = *gates_[random() % 2];
    if (random() % 4 != 0) {
      gate.process().Kill();
      gate.StartAgain();
      ++kills;
    } else {
      // Longer than a claim lasts: what it was about to do comes late.
      gate.process().Signal(SIGSTOP);
      std::this_thread::sleep_for(milliseconds(4500));
      gate.process().Signal(SIGCONT);
      ++stops;
    }
  }
  pipelines.End();
  std::cout << "seed " << seed << ", " << length << " s, " << count << " pipelines: " << kills
            << " kills, " << stops << " stops; " << pipelines.started() << " started, "
            << pipelines.advanced() << " steps, " << pipelines.rollbacks() << " gone back, "
            << pipelines.refused() << " refused, " << pipelines.failed() << " without an answer\n";
  EXPECT_GT(kills, 0);
  EXPECT_GT(pipelines.started(), length);
  EXPECT_GT(pipelines.advanced(), length);

  for (auto [service, history] : pipelines.histories()) {
    for (Operation<LeaseUse>& operation : history) {
      if (operation.input.request_id.empty()) continue;
      operation.input.token = TokenOf(operation.input.request_id);
    }
    std::erase_if(history, [](const auto& operation) { return operation.input.token == 0; });
    EXPECT_TRUE(IsLinearizable(history, int64_t{0}, NextLease))
        << service << ": two had its lease at once; " << history.size() << " operations";
  }

  // Nobody moves anything any more: time ends what is under way.
  for (const auto& gate : gates_) gate->SetClock(kTomorrow);
  std::vector<v1::Rollout> rollouts;
  EXPECT_TRUE(Eventually(
      [&] {
        rollouts = AllRollouts();
        return std::ranges::all_of(rollouts, &v1::Rollout::has_end_time);
      },
      seconds(60)))
      << "a rollout does not end";
  std::set<std::string> requests;
  int64_t steps = 0;
  for (const v1::Rollout& rollout : rollouts) {
    for (const v1::TakenStep& step : rollout.taken()) {
      ExpectVerdictOf(rollout, step, Get(step.verdict()));
      EXPECT_TRUE(requests.insert(step.request_id()).second) << "one call took two steps";
      ++steps;
    }
  }
  EXPECT_GE(steps, pipelines.advanced()) << "a step is lost that was told";
}

}  // namespace
}  // namespace gate
