// Which questions are asked at which moment of a rollout.
#include "checks/stage.h"

#include <set>
#include <string>
#include <vector>

#include "checks/fold.h"
#include "checks/judging.h"
#include "checks/proto_time.h"
#include "gmock/gmock.h"
#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"

namespace gate {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

const absl::Time kNow = absl::FromUnixSeconds(1'790'000'000);

constexpr char kRule[] = R"(
  name: "all"
  checks {
    freeze {}
    canary { source: "main" cohort_label: "track"
             metrics { name: "errors" events: "errors_total" exposure: "requests_total" } }
    migration {}
    rollback {}
    capacity { source: "main" load: "requests_total" cohort_label: "track"
               resources { name: "redis" cost: "commands_total" capacity: 1000 } }
  })";

template <typename T>
T Parse(const std::string& text) {
  T message;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &message)) << text;
  return message;
}

struct Row {
  const char* name;
  const char* change;
  std::vector<std::string> skipped;
};

const Row kRows[] = {
    {"WithoutARolloutAllAreAsked",
     "kind: CHANGE_KIND_CODE schema_change { files { path: '1' } }",
     {}},
    {"BeforeItsFirstStep",
     "kind: CHANGE_KIND_CODE schema_change { files { path: '1' } } stage { next_step: 'a' }",
     {"canary", "capacity"}},
    {"WithTraffic",
     "kind: CHANGE_KIND_CODE schema_change { files { path: '1' } }"
     " stage { next_step: 'b' started_at { seconds: 1 } exposed_at { seconds: 1 } }",
     {}},
    {"AfterItsSchemaChangeAlone",
     "kind: CHANGE_KIND_CODE schema_change { files { path: '1' } }"
     " stage { next_step: 'b' started_at { seconds: 1 } migrated_at { seconds: 1 } }",
     {"canary", "capacity", "migration", "rollback"}},
    {"AfterItsSchemaChangeUnderTraffic",
     "kind: CHANGE_KIND_CODE schema_change { files { path: '1' } } stage { exposed_at { seconds: 1 "
     "}"
     " started_at { seconds: 1 } migrated_at { seconds: 2 } }",
     {"migration", "rollback"}},
    {"AShiftIsJudgedBeforeItBegins",
     "kind: CHANGE_KIND_TRAFFIC_SHIFT stage { next_step: 'a' }",
     {"canary"}},
};

class StageTest : public ::testing::TestWithParam<Row> {};

TEST_P(StageTest, AsksWhatIsOpen) {
  const auto rule = Parse<v1::PolicyRule>(kRule);
  auto change = Parse<v1::Change>(GetParam().change);
  change.set_service("web");
  change.set_environment("production");
  Judging judging(change, &rule, kNow);
  std::set<std::string> asked;
  Evidence evidence;
  for (const v1::Query& query : judging.queries()) {
    asked.insert(query.id().substr(0, query.id().find('.')));
    evidence.Add(Absent(query.id(), "test", v1::ABSENCE_REASON_TIMEOUT, "nothing answers"));
  }
  const v1::Verdict verdict = judging.Verdict(evidence);
  std::vector<std::string> skipped;
  for (const v1::CheckOutcome& outcome : verdict.outcomes()) {
    const bool by_stage = outcome.outcome() == v1::OUTCOME_SKIPPED &&
                          (outcome.summary() == BeforeTraffic(change) ||
                           outcome.summary() == AfterSchemaChange(change));
    if (!by_stage) continue;
    skipped.push_back(outcome.check());
    EXPECT_FALSE(asked.contains(outcome.check())) << outcome.check() << " asks for nothing";
    EXPECT_EQ(outcome.decision(), v1::DECISION_ALLOW);
    EXPECT_THAT(outcome.observations(), IsEmpty());
  }
  EXPECT_THAT(skipped, ::testing::UnorderedElementsAreArray(GetParam().skipped))
      << verdict.DebugString();
  EXPECT_THAT(judging.Carry(evidence), IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(Moments, StageTest, ::testing::ValuesIn(kRows),
                         [](const auto& info) { return info.param.name; });

v1::Verdict FoldAll(const std::vector<const char*>& outcomes) {
  std::vector<v1::CheckOutcome> all;
  for (const char* text : outcomes) {
    all.push_back(Parse<v1::CheckOutcome>(text));
    Decide(v1::CheckSettings::default_instance(), kNow, all.back());
  }
  v1::Verdict verdict;
  Fold(v1::PolicyRule::default_instance(), all, kNow, verdict);
  return verdict;
}

TEST(PaceTest, OfEachTheMostCareful) {
  const v1::Pace pace =
      FoldAll({"check: 'a' outcome: OUTCOME_PASS pace { largest_safe_share: .5 requests: 10 }",
               "check: 'b' outcome: OUTCOME_PASS pace { largest_safe_share: .2 requests: 20 }",
               "check: 'c' outcome: OUTCOME_PASS pace { peak_seen: .7 }"})
          .pace();
  EXPECT_EQ(pace.largest_safe_share(), 0.2);
  EXPECT_EQ(pace.requests(), 10);
  EXPECT_EQ(pace.peak_seen(), 0.7);
}

TEST(PaceTest, WhatIsUnknownStaysUnknown) {
  EXPECT_FALSE(FoldAll({"check: 'a' outcome: OUTCOME_PASS"}).has_pace());
}

TEST(PaceTest, WhatWasWaivedHoldsNobodyBack) {
  v1::CheckOutcome outcome = Parse<v1::CheckOutcome>(
      "check: 'capacity' outcome: OUTCOME_FAIL pace { largest_safe_share: .1 requests: 5 }"
      " findings { rule: 'capacity.overload' severity: SEVERITY_BLOCK }");
  const auto settings = Parse<v1::CheckSettings>(
      "exemptions { rule: 'capacity.overload' reason: 'r' owner: 'o'"
      " expires_at { seconds: 1900000000 } }");
  Decide(settings, kNow, outcome);
  v1::Verdict verdict;
  Fold(v1::PolicyRule::default_instance(), {outcome}, kNow, verdict);
  EXPECT_EQ(verdict.decision(), v1::DECISION_ALLOW);
  EXPECT_FALSE(verdict.pace().has_largest_safe_share());
  EXPECT_EQ(verdict.pace().requests(), 5);
}

TEST(PaceTest, WhatDecidesNothingHoldsNobodyBack) {
  v1::CheckOutcome outcome = Parse<v1::CheckOutcome>(
      "check: 'capacity' outcome: OUTCOME_PASS pace { largest_safe_share: .1 }");
  Decide(Parse<v1::CheckSettings>("enforcement: ENFORCEMENT_WARN"), kNow, outcome);
  v1::Verdict verdict;
  Fold(v1::PolicyRule::default_instance(), {outcome}, kNow, verdict);
  EXPECT_FALSE(verdict.has_pace());
}

}  // namespace
}  // namespace gate
