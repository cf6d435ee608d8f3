// Plans in policies: what is refused, and what is filled in.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "checks/policy/rollout_plan.h"
#include "google/protobuf/text_format.h"
#include "tests/rollout/world.h"

namespace gate {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

struct Case {
  const char* name;
  const char* rule;  // in text format
  std::vector<std::string> fields;
};

std::vector<std::string> FieldsOf(const v1::PolicyRule& rule) {
  std::vector<std::string> fields;
  for (const ParameterIssue& issue : ValidateRolloutPlan(rule)) fields.push_back(issue.field);
  return fields;
}

class PlanTest : public ::testing::TestWithParam<Case> {};

TEST_P(PlanTest, IsHeldToItsBounds) {
  v1::PolicyRule rule;
  ASSERT_TRUE(google::protobuf::TextFormat::ParseFromString(GetParam().rule, &rule));
  EXPECT_EQ(FieldsOf(rule), GetParam().fields);
}

INSTANTIATE_TEST_SUITE_P(
    Plans, PlanTest,
    ::testing::ValuesIn(std::vector<Case>{
        {"None", "", {}},
        {"OneStep", "rollout { steps { share: 1 } }", {}},
        {"NoStep", "rollout {}", {"rollout.steps"}},
        {"NeverAll", "rollout { steps { share: .5 } }", {"rollout.steps[0]"}},
        {"EndsWithAMigration",
         "rollout { steps { share: 1 } steps { migration: true } }",
         {"rollout.steps[1]"}},
        {"Shrinks",
         "rollout { steps { share: .5 } steps { share: .25 } steps { share: 1 } }",
         {"rollout.steps[1].share"}},
        {"Twice",
         "rollout { steps { share: .5 } steps { share: .5 } steps { share: 1 } }",
         {"rollout.steps[1].name", "rollout.steps[1].share"}},
        {"OverOne",
         "rollout { steps { share: 1.5 } }",
         {"rollout.steps[0].share", "rollout.steps[0]"}},
        {"NotANumber",
         "rollout { steps { share: nan } }",
         {"rollout.steps[0].share", "rollout.steps[0]"}},
        {"TwoMigrations",
         "rollout { steps { name: 'a' migration: true } steps { name: 'b' migration: true }"
         " steps { share: 1 } }",
         {"rollout.steps[1].migration"}},
        {"AMigrationWithTraffic",
         "rollout { steps { migration: true share: .1 } steps { share: 1 } }",
         {"rollout.steps[0].share"}},
        {"BadName", "rollout { steps { name: 'Ten %' share: 1 } }", {"rollout.steps[0].name"}},
        {"RequestsThatNobodyCounts",
         "rollout { steps { share: 1 requests: 10 } }",
         {"rollout.steps[0].requests"}},
        {"Requests", "checks { canary {} } rollout { steps { share: 1 requests: 10 } }", {}},
        {"NegativeRequests",
         "checks { canary {} } rollout { steps { share: 1 requests: -1 } }",
         {"rollout.steps[0].requests"}},
        {"APeakThatNobodyKnows",
         "rollout { steps { share: 1 } bake { peak: .5 } }",
         {"rollout.bake.peak"}},
        {"NoPeak", "rollout { steps { share: 1 } bake { peak: 0 } }", {}},
        {"ShortLease", "rollout { steps { share: 1 } lease { seconds: 5 } }", {"rollout.lease"}},
        {"LongStep",
         "rollout { steps { share: 1 at_least { seconds: 900000 } } }",
         {"rollout.steps[0].at_least"}},
        {"LongerThanItsEnd",
         "rollout { steps { share: .5 at_least { seconds: 3600 } } steps { share: 1 }"
         " longest { seconds: 3600 } }",
         {"rollout.longest"}},
        {"BakesLongerThanItMay",
         "rollout { steps { share: 1 } bake { at_least { seconds: 7200 } at_most { seconds: 3600 }"
         " } }",
         {"rollout.bake.at_most"}},
        {"TooManyPasses",
         "rollout { steps { share: 1 } passes_in_a_row: 101 }",
         {"rollout.passes_in_a_row"}},
        {"EmptyTarget",
         "rollout { steps { share: 1 targets: '' } }",
         {"rollout.steps[0].targets[0]"}},
    }),
    [](const auto& info) { return info.param.name; });

TEST(ResolvedPlanTest, FillsInWhatIsNotSaid) {
  v1::PolicyRule rule = rollout::RuleWith({{0.005}, {0}, {0.125}, {1}});
  for (v1::PlannedStep& step : *rule.mutable_rollout()->mutable_steps()) step.clear_at_least();
  const v1::RolloutPlan plan = ResolvedPlan(rule, rollout::ChangeOf(/*migrates=*/true));
  std::vector<std::string> names;
  for (const v1::PlannedStep& step : plan.steps()) names.push_back(step.name());
  EXPECT_THAT(names, ElementsAre("0-5-percent", "migrate", "12-5-percent", "100-percent"));
  EXPECT_EQ(plan.passes_in_a_row(), 1);
  EXPECT_EQ(FromProto(plan.lease()), absl::Minutes(10));
  EXPECT_EQ(FromProto(plan.longest()), absl::Hours(14 * 24));
  EXPECT_EQ(FromProto(plan.bake().at_least()), absl::Hours(1));
  EXPECT_EQ(FromProto(plan.bake().at_most()), absl::Hours(9 * 24));
  EXPECT_EQ(plan.bake().peak(), 0);
  EXPECT_THAT(FieldsOf(rule), IsEmpty());
}

TEST(ResolvedPlanTest, WithoutASchemaChangeThereIsNoStepForIt) {
  const v1::RolloutPlan plan =
      ResolvedPlan(rollout::RuleWith({{0.5}, {0}, {1}}), rollout::ChangeOf());
  EXPECT_EQ(plan.steps_size(), 2);
}

TEST(ResolvedPlanTest, WhereThePeakIsKnownItHasToBeSeen) {
  v1::PolicyRule rule = rollout::RuleWith({{1}});
  rule.mutable_checks()->mutable_capacity();
  EXPECT_EQ(ResolvedPlan(rule, rollout::ChangeOf()).bake().peak(), 0.9);
}

}  // namespace
}  // namespace gate
