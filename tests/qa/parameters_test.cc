// What a policy of the qa check may be, and which names its patterns mean.
#include "checks/qa/parameters.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/qa/world.h"

namespace gate::qa {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(PathPatternTest, Paths) {
  struct Row {
    const char* pattern;
    const char* path;
    bool matches;
  };
  const Row rows[] = {
      {"src/tasks/**", "src/tasks/a.py", true},
      {"src/tasks/**", "src/tasks/deep/a.py", true},
      {"src/tasks/**", "src/tasks2/a.py", false},
      {"src/tasks/**", "other/src/tasks/a.py", false},
      {"src/tasks/", "src/tasks/deep/a.py", true},
      {"**/tasks/*.swift", "tasks/List.swift", true},
      {"**/tasks/*.swift", "ios/app/tasks/List.swift", true},
      {"**/tasks/*.swift", "ios/tasks/deep/List.swift", false},
      {"*.proto", "a.proto", true},
      {"*.proto", "api/v1/a.proto", true},
      {"*.proto", "api/v1/a.proto2", false},
      {"/Makefile", "Makefile", true},
      {"/Makefile", "src/Makefile", false},
      {"a?c", "abc", true},
      {"a?c", "a/c", false},
      {"a+(b)", "a+(b)", true},
      {"a.b", "axb", false},
      {"**", "anything/at/all", true},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(PathPattern(row.pattern).Matches(row.path), row.matches)
        << row.pattern << " " << row.path;
  }
}

TEST(WordsTest, NamesAreTakenApart) {
  EXPECT_EQ(WordsOf("TasksTests.testAssign"), " tasks tests test assign ");
  EXPECT_EQ(WordsOf("tasks_test::assigns a task"), " tasks test assigns a task ");
  EXPECT_EQ(WordsOf("HTTPServer/getURL"), " http server get url ");
  EXPECT_EQ(WordsOf("--"), "");
  EXPECT_EQ(WordsOf(""), "");
}

TEST(RequiredCaseTest, WhichOfTheReportedCasesItIs) {
  const auto is = [](const v1::QaRequiredCase& required, const std::string& name,
                     const std::string& key = "") {
    v1::QaCase reported;
    reported.set_name(name);
    reported.set_key(key);
    return RequiredCase(required).Is(reported);
  };
  v1::QaRequiredCase by_name;
  by_name.set_name("assign");
  EXPECT_TRUE(is(by_name, "TasksTests.testAssignTask"));
  EXPECT_TRUE(is(by_name, "tasks > assign"));
  EXPECT_FALSE(is(by_name, "tasks > reassigning"));
  v1::QaRequiredCase two_words;
  two_words.set_name("archive task");
  EXPECT_TRUE(is(two_words, "test_archive_task_twice"));
  EXPECT_FALSE(is(two_words, "task archive"));
  v1::QaRequiredCase by_expression;
  by_expression.set_name("assign");
  by_expression.set_matches("^tasks.*assign(s|ing)?$");
  EXPECT_TRUE(is(by_expression, "Tasks > assigning"));
  EXPECT_FALSE(is(by_expression, "other > assign"));
  v1::QaRequiredCase by_key;
  by_key.set_name("assign");
  by_key.add_keys("TC-12");
  EXPECT_TRUE(is(by_key, "whatever", "TC-12"));
  EXPECT_FALSE(is(by_key, "assign", "TC-13"));
  EXPECT_FALSE(is(by_key, "assign"));
}

std::vector<std::string> FieldsOf(const v1::PolicyRule& rule) {
  std::vector<std::string> fields;
  for (const ParameterIssue& issue : Validate({}, rule)) fields.push_back(issue.field);
  return fields;
}

TEST(ParametersTest, AGoodPolicyIsGood) { EXPECT_THAT(FieldsOf(testing::World().rule), IsEmpty()); }

TEST(ParametersTest, WhatNoPolicyMayBe) {
  testing::World world;
  v1::QaPolicy& policy = world.policy();
  policy.mutable_components(0)->set_name("Tasks");
  policy.mutable_components(0)->clear_paths();
  policy.mutable_components(0)->add_platforms("ios");
  policy.mutable_components(0)->mutable_cases(0)->set_matches("(");
  policy.mutable_components(0)->mutable_cases(1)->set_name("--");
  policy.add_components()->set_name("empty");
  policy.add_ticket_patterns("[");
  policy.add_flag_wrappers()->set_argument(-1);
  policy.mutable_max_age()->set_seconds(1);
  (*policy.mutable_severities())["qa.missing"] = v1::SEVERITY_INFO;
  EXPECT_THAT(FieldsOf(world.rule),
              ElementsAre("checks.qa.components[0].name", "checks.qa.components[0].paths",
                          "checks.qa.components[0].platforms[2]",
                          "checks.qa.components[0].cases[0].matches",
                          "checks.qa.components[0].cases[1].name", "checks.qa.components[1].paths",
                          "checks.qa.components[1].platforms", "checks.qa.components[1].cases",
                          "checks.qa.ticket_patterns[0]", "checks.qa.flag_wrappers[0].function",
                          "checks.qa.flag_wrappers[0].argument", "checks.qa.max_age",
                          "checks.qa.severities[\"qa.missing\"]"));
}

}  // namespace
}  // namespace gate::qa
