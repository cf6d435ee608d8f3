// 2023-09-11, message flood: a hotfix on Friday evening, felt under Monday's load. 2021-07-06,
// split traffic: a shift on the Friday before the holiday weekend, felt on Tuesday. What both have
// in common is that they started in a freeze; the shift itself is asked in split_traffic_test.cc.
#include <random>
#include <string>

#include "absl/time/time.h"
#include "checks/proto_time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/running_gate.h"

namespace gate {
namespace {

using testing::AllOf;
using testing::HasSubstr;

GateSetup SetupAt(std::string now) {
  return {.policy = ReadFile("incidents/freeze_policy.yaml"),
          .files = {{"us-federal-holidays.ics",
                     ReadFile("../deploy/policies/us-federal-holidays.ics")}},
          .now = std::move(now)};
}

v1::EvaluateRequest Ask(v1::ChangeKind kind) {
  v1::EvaluateRequest request;
  request.mutable_change()->set_service("web");
  request.mutable_change()->set_environment("production");
  request.mutable_change()->set_kind(kind);
  return request;
}

absl::Time Utc(const std::string& text) {
  absl::Time time;
  std::string error;
  EXPECT_TRUE(absl::ParseTime(absl::RFC3339_full, text, &time, &error)) << error;
  return time;
}

const v1::CheckOutcome& Freeze(const v1::Verdict& verdict) {
  for (const v1::CheckOutcome& outcome : verdict.outcomes()) {
    if (outcome.check() == "freeze") return outcome;
  }
  ADD_FAILURE() << "no outcome of the freeze check";
  return v1::CheckOutcome::default_instance();
}

TEST(MessageFlood, AHotfixOnFridayEveningIsBlockedUntilMonday) {
  RunningGate gate(SetupAt("2023-09-09 01:00:00"));  // Friday 2023-09-08 21:00 in New York.
  const v1::Verdict verdict = gate.Evaluate(Ask(v1::CHANGE_KIND_HOTFIX));

  EXPECT_EQ(verdict.decision(), v1::DECISION_BLOCK) << verdict.DebugString();
  EXPECT_THAT(verdict.reason(), HasSubstr("friday-evening"));
  const v1::CheckOutcome& freeze = Freeze(verdict);
  EXPECT_EQ(freeze.outcome(), v1::OUTCOME_FAIL);
  ASSERT_EQ(freeze.findings_size(), 1) << freeze.DebugString();
  const v1::Finding& finding = freeze.findings(0);
  EXPECT_EQ(finding.rule(), "freeze.inside_deny_window");
  EXPECT_EQ(finding.subject(), "friday-evening");
  EXPECT_THAT(finding.message(), HasSubstr("Monday's load"));
  EXPECT_THAT(finding.instead(),
              AllOf(HasSubstr("Mon 2023-09-11 08:00 EDT"), HasSubstr("12:00 UTC")));
  EXPECT_EQ(FromProto(finding.clears_at()), Utc("2023-09-11T12:00:00Z"));
  const absl::Time asked = FromProto(verdict.create_time());
  EXPECT_GE(asked, Utc("2023-09-09T01:00:00Z"));
  EXPECT_LT(asked, Utc("2023-09-09T01:02:00Z")) << "the gate's clock was not the one of that day";
}

TEST(MessageFlood, OnFridayMorningTheSameHotfixMayGo) {
  RunningGate gate(SetupAt("2023-09-08 14:00:00"));  // Friday 10:00 in New York.
  const v1::Verdict verdict = gate.Evaluate(Ask(v1::CHANGE_KIND_HOTFIX));
  EXPECT_EQ(verdict.decision(), v1::DECISION_ALLOW) << verdict.DebugString();
  EXPECT_THAT(Freeze(verdict).summary(), HasSubstr("friday-evening"));
}

// The answer follows from the window, not from the minute of the incident.
class FreezesAsOf : public testing::Test {
 protected:
  v1::CheckFreezesResponse Check(v1::ChangeKind kind, absl::Time time) {
    v1::CheckFreezesRequest request;
    request.set_service("web");
    request.set_environment("production");
    request.set_kind(kind);
    *request.mutable_time() = ToProto(time);
    grpc::ClientContext context;
    v1::CheckFreezesResponse response;
    const grpc::Status status = gate_.freezes().Check(&context, request, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return response;
  }
  void ExpectFrozen(absl::Time time, absl::Time until) {
    const v1::CheckFreezesResponse response = Check(v1::CHANGE_KIND_HOTFIX, time);
    EXPECT_EQ(response.outcome().outcome(), v1::OUTCOME_FAIL) << time;
    EXPECT_EQ(FromProto(response.next_start()), until) << time;
  }
  void ExpectOpen(absl::Time time) {
    EXPECT_EQ(Check(v1::CHANGE_KIND_HOTFIX, time).outcome().outcome(), v1::OUTCOME_PASS) << time;
  }
  // Of the span, at random; the seed is printed so that a failure can be repeated.
  absl::Time Within(absl::Time start, absl::Time end) {
    const int64_t seconds = absl::ToInt64Seconds(end - start);
    return start + absl::Seconds(std::uniform_int_distribution<int64_t>(0, seconds - 1)(random_));
  }

  RunningGate gate_{SetupAt("")};
  const unsigned seed_ = std::random_device{}();
  std::mt19937 random_{seed_};
};

TEST_F(FreezesAsOf, AllOfFridayEveningAndNothingElse) {
  SCOPED_TRACE(testing::Message() << "seed " << seed_);
  const absl::Time start = Utc("2023-09-08T20:00:00Z"), end = Utc("2023-09-11T12:00:00Z");
  ExpectOpen(start - absl::Seconds(1));
  ExpectFrozen(start, end);
  ExpectFrozen(end - absl::Seconds(1), end);
  ExpectOpen(end);
  for (int i = 0; i < 20; ++i) ExpectFrozen(Within(start, end), end);
  for (int i = 0; i < 20; ++i) ExpectOpen(Within(end, start + absl::Hours(24 * 7)));
}

TEST_F(FreezesAsOf, AllOfTheHolidayWeekend) {
  SCOPED_TRACE(testing::Message() << "seed " << seed_);
  const absl::Time start = Utc("2021-07-02T16:00:00Z"), end = Utc("2021-07-06T14:00:00Z");
  ExpectOpen(start - absl::Seconds(1));
  ExpectFrozen(start, end);
  ExpectFrozen(end - absl::Seconds(1), end);
  ExpectOpen(end);
  for (int i = 0; i < 20; ++i) ExpectFrozen(Within(start, end), end);
}

}  // namespace
}  // namespace gate
