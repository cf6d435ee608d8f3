// Clocks that step: of a replica's machine, which nothing goes by, and of the database's.
#include "absl/strings/str_cat.h"
#include "checks/proto_time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/chaos/calls.h"
#include "tests/chaos/world.h"

namespace gate {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::HasSubstr;

class ClockTest : public ::testing::Test {
 protected:
  v1::Verdict Ask(int gate) {
    v1::EvaluateRequest request;
    request.mutable_change()->set_service("svc-asked");
    request.mutable_change()->set_environment("production");
    request.mutable_change()->set_kind(v1::CHANGE_KIND_CODE);
    return world_.gate(static_cast<size_t>(gate)).Evaluate(request);
  }
  // What a gate takes the time to be, ahead of the machine's.
  absl::Duration Ahead(int gate) {
    return FromProto(Ask(gate).create_time()) - absl::FromChrono(std::chrono::system_clock::now());
  }
  grpc::Status Start(size_t gate, const std::string& holder, v1::Rollout& rollout) {
    v1::StartRolloutRequest start;
    start.set_request_id("start-" + holder);
    start.set_holder(holder);
    start.mutable_change()->set_service("svc-leased");
    start.mutable_change()->set_environment("production");
    start.mutable_change()->set_kind(v1::CHANGE_KIND_CODE);
    start.mutable_change()->set_version(holder);
    PatientCaller caller({world_.gate(gate).address()}, 0, 1);
    return caller.Call(&v1::Rollouts::Stub::Start, start, &rollout);
  }

  PostgresServer postgres_{{}, /*own_clock=*/true};
  std::string database_;
  const std::string url_ = postgres_.CreateDatabase(&database_);
  World world_{2, "chaos/policy.yaml", url_};
};

TEST_F(ClockTest, NoLeaseIsTakenByAReplicaWhoseClockIsAhead) {
  v1::Rollout first, second;
  ASSERT_TRUE(Start(0, "first", first).ok());
  world_.gate(1).SetClock("+3600");
  EXPECT_LT(absl::AbsDuration(Ahead(1)), absl::Seconds(2)) << "it goes by the database's clock";
  EXPECT_EQ(Ask(1).decision(), v1::DECISION_ALLOW);
  const grpc::Status refused = Start(1, "second", second);
  EXPECT_TRUE(IsRefusedAs(refused, "LEASE_HELD")) << refused.error_message();

  // One that is behind hands out leases that last as long as any.
  world_.gate(1).SetClock("-3600");
  world_.gate(1).process().Kill();
  world_.gate(1).StartAgain();
  EXPECT_EQ(Ask(1).decision(), v1::DECISION_ALLOW);
  v1::RenewRolloutRequest renew;
  renew.set_name(first.name());
  renew.set_fencing_token(first.fencing_token());
  v1::Rollout renewed;
  ASSERT_TRUE(PatientCaller(world_.addresses(), 1, 1)
                  .Call(&v1::Rollouts::Stub::Renew, renew, &renewed)
                  .ok());
  EXPECT_TRUE(IsRefusedAs(Start(1, "second", second), "LEASE_HELD"));

  // It is over when the database says so, for both.
  postgres_.SetClock(60);
  EXPECT_TRUE(Eventually([&] { return Start(1, "second", second).ok(); }, seconds(10)));
  EXPECT_GT(second.fencing_token(), first.fencing_token());
}

TEST_F(ClockTest, ADatabaseWhoseClockStepsBackHoldsUntilItHasCaughtUp) {
  EXPECT_EQ(Ask(0).decision(), v1::DECISION_ALLOW);
  postgres_.SetClock(-600);
  EXPECT_TRUE(Eventually([&] { return Ahead(0) < absl::Minutes(-9); }, seconds(10)));
  const v1::Verdict held = Ask(0);
  EXPECT_EQ(held.decision(), v1::DECISION_HOLD);
  EXPECT_THAT(held.reason(), HasSubstr("behind the newest verdict on record"));
  // A gate that starts now has not forgotten.
  world_.gate(1).process().Kill();
  world_.gate(1).StartAgain();
  EXPECT_EQ(Ask(1).decision(), v1::DECISION_HOLD);
  postgres_.SetClock(0);
  EXPECT_TRUE(Eventually([&] { return Ask(0).decision() == v1::DECISION_ALLOW; }, seconds(10)));
}

TEST_F(ClockTest, RolloutsGoOnAndEndWhileTheClockOfAReplicaSteps) {
  Pipelines pipelines(world_.addresses(), /*pipelines=*/8, /*services=*/6, /*seed=*/5);
  for (const char* clock : {"+7200", "-7200", "+30", "-86400", "+86400", "+0"}) {
    world_.gate(0).SetClock(clock);
    const int64_t before = pipelines.advanced();
    std::this_thread::sleep_for(milliseconds(1200));
    EXPECT_GT(pipelines.advanced(), before) << clock;
  }
  pipelines.End();
  world_.ExpectAllIsWell(pipelines, postgres_, database_);
}

}  // namespace
}  // namespace gate
