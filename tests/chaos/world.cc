#include "tests/chaos/world.h"

#include <algorithm>
#include <cstdlib>
#include <map>
#include <set>

#include "absl/strings/str_cat.h"
#include "google/protobuf/util/time_util.h"
#include "grpcpp/create_channel.h"
#include "grpcpp/security/credentials.h"
#include "gtest/gtest.h"

namespace gate {
namespace {

constexpr int64_t kDay = 24 * 3600;

// The token that a start was given of which its caller never heard; 0: it was never done.
int64_t TokenOf(PostgresServer& postgres, const std::string& database,
                const std::string& request_id) {
  const std::string token = postgres.Sql(
      database, absl::StrCat("SELECT token FROM gate.rollout_requests WHERE request_id = '",
                             request_id, "'"));
  return token.empty() ? 0 : std::stoll(token);
}

// A step was allowed by a verdict on this very step, that was there before it and still held.
void ExpectVerdictOf(const v1::Rollout& rollout, const v1::TakenStep& step,
                     const v1::Verdict& verdict) {
  const auto micros = google::protobuf::util::TimeUtil::TimestampToMicroseconds;
  const std::string what = absl::StrCat(rollout.name(), " step ", step.step());
  EXPECT_EQ(verdict.decision(), v1::DECISION_ALLOW) << what;
  EXPECT_EQ(verdict.rollout(), rollout.name()) << what;
  EXPECT_EQ(verdict.change().stage().next_step(), rollout.plan().steps(step.step()).name()) << what;
  EXPECT_GE(micros(step.take_time()), micros(verdict.create_time())) << what;
  EXPECT_LT(micros(step.take_time()), micros(verdict.valid_until())) << what;
}

}  // namespace

int FromEnvironment(const char* name, int otherwise) {
  const char* value = std::getenv(name);
  return value == nullptr ? otherwise : std::atoi(value);
}

World::World(int gates, const std::string& policy, const std::string& store_url)
    : World(policy, std::vector(static_cast<size_t>(gates), store_url)) {}

World::World(const std::string& policy, const std::vector<std::string>& store_urls) {
  for (const std::string& url : store_urls) {
    gates_.push_back(std::make_unique<RunningGate>(
        GateSetup{.policy = ReadFile(policy), .store_url = url, .now = "+0"}));
  }
}

std::vector<std::string> World::addresses() const {
  std::vector<std::string> addresses;
  for (const auto& gate : gates_) addresses.push_back(gate->address());
  return addresses;
}

std::unique_ptr<v1::Rollouts::Stub> World::Rollouts() {
  return v1::Rollouts::NewStub(
      grpc::CreateChannel(gates_[0]->address(), grpc::InsecureChannelCredentials()));
}

std::vector<v1::Rollout> World::AllRollouts() {
  std::vector<v1::Rollout> all;
  const auto rollouts = Rollouts();
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

v1::Verdict World::Get(const std::string& name) {
  v1::GetVerdictRequest request;
  request.set_name(name);
  grpc::ClientContext context;
  v1::Verdict verdict;
  const grpc::Status status = gates_[0]->gate().GetVerdict(&context, request, &verdict);
  EXPECT_TRUE(status.ok()) << name << ": " << status.error_message();
  return verdict;
}

void World::ExpectAllIsWell(const Pipelines& pipelines, PostgresServer& postgres,
                            const std::string& database) {
  for (auto [service, history] : pipelines.histories()) {
    for (Operation<LeaseUse>& operation : history) {
      if (operation.input.request_id.empty()) continue;
      operation.input.token = TokenOf(postgres, database, operation.input.request_id);
    }
    std::erase_if(history, [](const auto& operation) { return operation.input.token == 0; });
    EXPECT_TRUE(IsLinearizable(history, int64_t{0}, NextLease))
        << service << ": two had its lease at once; " << history.size() << " operations";
  }

  // Nobody moves anything any more: time ends what is under way.
  postgres.SetClock(kDay);
  std::vector<v1::Rollout> rollouts;
  EXPECT_TRUE(Eventually(
      [&] {
        rollouts = AllRollouts();
        return std::ranges::all_of(rollouts, &v1::Rollout::has_end_time);
      },
      std::chrono::seconds(120)))
      << "a rollout does not end";
  std::map<std::string, std::string> taken;  // request_id -> rollout
  for (const v1::Rollout& rollout : rollouts) {
    for (const v1::TakenStep& step : rollout.taken()) {
      ExpectVerdictOf(rollout, step, Get(step.verdict()));
      EXPECT_TRUE(taken.emplace(step.request_id(), rollout.name()).second)
          << "one call took two steps";
    }
  }
  for (const auto& [request_id, rollout] : pipelines.steps()) {
    EXPECT_EQ(taken[request_id], rollout) << "a step is lost that was told";
  }
}

}  // namespace gate
