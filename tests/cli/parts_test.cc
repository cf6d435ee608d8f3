// Parts of gatectl that decide something by themselves.
#include "checks/proto_time.h"
#include "clients/gatectl/app.h"
#include "clients/gatectl/ci.h"
#include "clients/gatectl/collect.h"
#include "clients/gatectl/exit_code.h"
#include "clients/gatectl/output.h"
#include "clients/gatectl/terminal.h"
#include "gtest/gtest.h"

namespace gate::ctl {
namespace {

v1::Verdict With(v1::Decision decision, std::initializer_list<v1::CheckOutcome> outcomes) {
  v1::Verdict verdict;
  verdict.set_decision(decision);
  for (const auto& outcome : outcomes) *verdict.add_outcomes() = outcome;
  return verdict;
}

v1::CheckOutcome Outcome(v1::Outcome outcome, v1::Decision decision,
                         v1::Enforcement enforcement = v1::ENFORCEMENT_ENFORCE) {
  v1::CheckOutcome result;
  result.set_outcome(outcome);
  result.set_decision(decision);
  result.set_enforcement(enforcement);
  return result;
}

TEST(ExitCodeTest, OnlyAllowIsZero) {
  for (int decision = -1; decision < 100; ++decision) {
    v1::Verdict verdict;
    verdict.set_decision(static_cast<v1::Decision>(decision));
    v1::LintReport report;
    report.set_decision(static_cast<v1::Decision>(decision));
    v1::CheckOutcome outcome;
    outcome.set_decision(static_cast<v1::Decision>(decision));
    const bool allowed = decision == v1::DECISION_ALLOW;
    EXPECT_EQ(ExitCodeOf(verdict) == kAllow, allowed) << decision;
    EXPECT_EQ(ExitCodeOf(report) == kAllow, allowed) << decision;
    EXPECT_EQ(ExitCodeOf(outcome) == kAllow, allowed) << decision;
  }
}

TEST(ExitCodeTest, TwelveIsForMissingEvidenceAlone) {
  const auto missing = Outcome(v1::OUTCOME_INCONCLUSIVE, v1::DECISION_HOLD);
  const auto frozen = Outcome(v1::OUTCOME_FAIL, v1::DECISION_HOLD);
  const auto passed = Outcome(v1::OUTCOME_PASS, v1::DECISION_ALLOW);
  const auto shown = Outcome(v1::OUTCOME_FAIL, v1::DECISION_HOLD, v1::ENFORCEMENT_WARN);
  EXPECT_EQ(ExitCodeOf(With(v1::DECISION_HOLD, {missing, passed})), kInconclusive);
  EXPECT_EQ(ExitCodeOf(With(v1::DECISION_HOLD, {missing, shown})), kInconclusive);
  EXPECT_EQ(ExitCodeOf(With(v1::DECISION_HOLD, {missing, frozen})), kHold);
  EXPECT_EQ(ExitCodeOf(With(v1::DECISION_HOLD, {})), kHold);  // no rule matched
  EXPECT_EQ(ExitCodeOf(With(v1::DECISION_BLOCK, {missing})), kBlock);
}

TEST(JoinWaitTest, WaitNeverEatsTheWordBehindIt) {
  using Words = std::vector<std::string>;
  EXPECT_EQ(JoinWait({"check", "--wait", "payments"}), (Words{"check", "--wait=30m", "payments"}));
  EXPECT_EQ(JoinWait({"check", "--wait", "10m", "x"}), (Words{"check", "--wait=10m", "x"}));
  EXPECT_EQ(JoinWait({"check", "--wait=5s"}), (Words{"check", "--wait=5s"}));
  EXPECT_EQ(JoinWait({"check", "--wait"}), (Words{"check", "--wait=30m"}));
  EXPECT_EQ(JoinWait({"--", "--wait"}), (Words{"--", "--wait"}));
}

TEST(ColorTest, TheFirstThatSaysSomethingWins) {
  struct Case {
    bool terminal;
    const char* flag;
    Variables variables;
    bool expected;
  };
  const Case kCases[] = {
      {true, "auto", {}, true},
      {false, "auto", {}, false},
      {false, "always", {{"NO_COLOR", "1"}}, true},
      {true, "never", {{"FORCE_COLOR", "1"}}, false},
      {true, "auto", {{"NO_COLOR", ""}}, true},
      {true, "auto", {{"NO_COLOR", "1"}, {"FORCE_COLOR", "1"}}, false},
      {true, "auto", {{"GATECTL_NO_COLOR", "1"}, {"CLICOLOR_FORCE", "1"}}, false},
      {false, "auto", {{"CLICOLOR_FORCE", "0"}}, false},
      {false, "auto", {{"CLICOLOR_FORCE", "1"}}, true},
      {false, "auto", {{"FORCE_COLOR", "1"}, {"TERM", "dumb"}}, true},
      {true, "auto", {{"TERM", "dumb"}}, false},
  };
  for (const Case& c : kCases) {
    EXPECT_EQ(WantsColor(c.terminal, c.flag, c.variables), c.expected) << &c - kCases;
  }
}

TEST(CiTest, EachSystemIsRead) {
  struct Case {
    Variables variables;
    const char *system, *version, *author, *repository;
  };
  const Case kCases[] = {
      {{}, "", "", "", ""},
      {{{"GITHUB_ACTIONS", "true"},
        {"GITHUB_ACTOR", "ada"},
        {"GITHUB_SERVER_URL", "https://github.com"},
        {"GITHUB_REPOSITORY", "example/payments"},
        {"GITHUB_REF_TYPE", "tag"},
        {"GITHUB_REF_NAME", "v7"}},
       "GitHub Actions",
       "v7",
       "ada",
       "github.com/example/payments"},
      {{{"GITHUB_ACTIONS", "true"}, {"GITHUB_REF_TYPE", "branch"}, {"GITHUB_REF_NAME", "main"}},
       "GitHub Actions",
       "",
       "",
       ""},
      {{{"GITLAB_CI", "true"},
        {"GITLAB_USER_LOGIN", "ada"},
        {"CI_COMMIT_TAG", "v7"},
        {"CI_PROJECT_URL", "https://gitlab.com/example/payments"}},
       "GitLab CI",
       "v7",
       "ada",
       "gitlab.com/example/payments"},
      {{{"JENKINS_URL", "https://ci/"},
        {"CHANGE_AUTHOR", "ada"},
        {"GIT_URL", "git@github.com:example/payments.git"}},
       "Jenkins",
       "",
       "ada",
       "github.com/example/payments"},
      {{{"BUILDKITE", "true"},
        {"BUILDKITE_BUILD_CREATOR", "Ada"},
        {"BUILDKITE_REPO", "ssh://git@host:22/a/b.git"}},
       "Buildkite",
       "",
       "Ada",
       "host/a/b"},
      {{{"CIRCLECI", "true"}, {"CIRCLE_USERNAME", "ada"}, {"CIRCLE_TAG", "v7"}},
       "CircleCI",
       "v7",
       "ada",
       ""},
  };
  for (const Case& c : kCases) {
    const CiRun run = DetectCi(c.variables);
    EXPECT_EQ(run.system, c.system);
    EXPECT_EQ(run.version, c.version);
    EXPECT_EQ(run.author, c.author);
    EXPECT_EQ(run.repository, c.repository);
  }
}

TEST(CiTest, RepositoryNamesCarryNoSecrets) {
  EXPECT_EQ(RepositoryName("https://ci:token@github.com/example/a.git"), "github.com/example/a");
}

TEST(TicketTest, TicketsAreFoundAndStandardsAreNot) {
  const auto found = FindTickets("TASKS-118: UTF-8, SHA-256; PAY-7, again TASKS-118", {});
  ASSERT_TRUE(found);
  EXPECT_EQ(*found, (std::vector<std::string>{"TASKS-118", "PAY-7"}));
  EXPECT_EQ(*FindTickets("fixes #12 and #13", {"#[0-9]+"}),
            (std::vector<std::string>{"#12", "#13"}));
  EXPECT_TRUE(FindTickets("abc", {"x*"})->empty());
  EXPECT_FALSE(FindTickets("abc", {"("}));
}

TEST(OutputTest, TargetsAreParsed) {
  const auto both = ParseOutputs({"json,sarif=a.sarif", "junit=b.xml"});
  ASSERT_TRUE(both);
  ASSERT_EQ(both->size(), 3u);
  EXPECT_EQ((*both)[1].format->name, "sarif");
  EXPECT_EQ((*both)[1].file, "a.sarif");
  EXPECT_EQ(ParseOutputs({"sarif=a"})->back().format->name, "table");
  for (const char* wrong : {"jsn", "json,yaml", "json=", "json=a,yaml=a", ""}) {
    EXPECT_FALSE(ParseOutputs({wrong})) << wrong;
  }
}

}  // namespace
}  // namespace gate::ctl
