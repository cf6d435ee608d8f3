// What becomes of a ticket, for all that can be known of it.
#include <functional>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/qa/world.h"

namespace gate {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using namespace testing;

struct Row {
  const char* what;
  std::function<void(World&)> set;
  v1::Decision decision;
  v1::TicketState state;
  std::vector<std::string> rules;
};

// Each row begins with a ticket whose code is all behind a flag that is off.
const Row kRows[] = {
    {"everything passed",
     [](World& w) { w.PassAll(); },
     v1::DECISION_ALLOW,
     v1::TICKET_STATE_PASSED,
     {}},
    {"failed, behind its flag, which is off",
     [](World& w) { w.FailAssign(); },
     v1::DECISION_ALLOW,
     v1::TICKET_STATE_BEHIND_FLAG,
     {"qa.behind_flag"}},
    {"failed, and one line is not behind it",
     [](World& w) {
       w.FailAssign();
       w.Uncover("src/tasks/assign.py", 12);
     },
     v1::DECISION_BLOCK,
     v1::TICKET_STATE_FAILED,
     {"qa.failed", "qa.uncovered"}},
    {"failed, and more lines than are told are not behind it",
     [](World& w) {
       w.FailAssign();
       w.ticket().mutable_coverage()->set_more(1);
     },
     v1::DECISION_BLOCK,
     v1::TICKET_STATE_FAILED,
     {"qa.failed"}},
    {"failed, and of one node nobody can tell",
     [](World& w) {
       w.FailAssign();
       w.ticket().mutable_coverage()->set_covered_nodes(59);
       w.ticket().mutable_coverage()->set_unknown_nodes(1);
     },
     v1::DECISION_BLOCK,
     v1::TICKET_STATE_FAILED,
     {"qa.failed"}},
    {"failed, and its coverage could not be found out",
     [](World& w) {
       w.FailAssign();
       w.ticket().clear_coverage();
       w.ticket().mutable_coverage()->set_failure("a blob is missing");
     },
     v1::DECISION_BLOCK,
     v1::TICKET_STATE_FAILED,
     {"qa.failed"}},
    {"failed, and names no flag",
     [](World& w) {
       w.FailAssign();
       w.ticket().clear_flag();
       w.ticket().clear_coverage();
     },
     v1::DECISION_BLOCK,
     v1::TICKET_STATE_FAILED,
     {"qa.failed"}},
    {"failed, behind a flag that is on for some",
     [](World& w) {
       w.FailAssign();
       w.SetFlag("tasks-v2", v1::FLAG_VALUE_ON, "on for 5 % (flexibleRollout)");
     },
     v1::DECISION_BLOCK,
     v1::TICKET_STATE_FAILED,
     {"qa.failed"}},
    {"failed, behind a flag that is not there, where not all checks fall back to off",
     [](World& w) {
       w.FailAssign();
       w.flags.clear_flags();
     },
     v1::DECISION_BLOCK,
     v1::TICKET_STATE_FAILED,
     {"qa.failed"}},
    {"failed, behind a flag that is not there, where all checks fall back to off",
     [](World& w) {
       w.FailAssign();
       w.flags.clear_flags();
       w.ticket().mutable_coverage()->set_defaults_off(true);
     },
     v1::DECISION_ALLOW,
     v1::TICKET_STATE_BEHIND_FLAG,
     {"qa.behind_flag"}},
    {"failed, and the list of flags is not whole",
     [](World& w) {
       w.FailAssign();
       w.flags.clear_flags();
       w.flags.set_complete(false);
       w.ticket().mutable_coverage()->set_defaults_off(true);
     },
     v1::DECISION_BLOCK,
     v1::TICKET_STATE_FAILED,
     {"qa.failed"}},
    {"failed, and the server's answer does not tell",
     [](World& w) {
       w.FailAssign();
       w.SetFlag("tasks-v2", v1::FLAG_VALUE_UNKNOWN, "its type is string");
     },
     v1::DECISION_BLOCK,
     v1::TICKET_STATE_FAILED,
     {"qa.failed"}},
    {"failed, and a value of a later version of the API",
     [](World& w) {
       w.FailAssign();
       w.SetFlag("tasks-v2", static_cast<v1::FlagValue>(99), "?");
     },
     v1::DECISION_BLOCK,
     v1::TICKET_STATE_FAILED,
     {"qa.failed"}},
    {"failed, and the flag server does not answer",
     [](World& w) {
       w.FailAssign();
       w.flags_answer = false;
     },
     v1::DECISION_HOLD,
     v1::TICKET_STATE_UNPROVEN,
     {"qa.flag_unknown"}},
    {"failed, and no flag server is named",
     [](World& w) {
       w.FailAssign();
       w.policy().clear_flags();
     },
     v1::DECISION_BLOCK,
     v1::TICKET_STATE_FAILED,
     {"qa.failed"}},
    {"failed and uncovered, and the flag server does not answer: nothing more can help",
     [](World& w) {
       w.FailAssign();
       w.Uncover("src/tasks/assign.py", 12);
       w.flags_answer = false;
     },
     v1::DECISION_BLOCK,
     v1::TICKET_STATE_FAILED,
     {"qa.failed", "qa.uncovered"}},
    {"failed, and the repository does not answer",
     [](World& w) {
       w.FailAssign();
       w.repository_answers = false;
     },
     v1::DECISION_HOLD,
     v1::TICKET_STATE_UNPROVEN,
     {"qa.unproven"}},
    {"failed, and there is no repository",
     [](World& w) {
       w.FailAssign();
       w.repository_answers = false;
       w.absence = v1::ABSENCE_REASON_NOT_CONFIGURED;
     },
     v1::DECISION_BLOCK,
     v1::TICKET_STATE_FAILED,
     {"qa.failed"}},
    {"failed, and what runs now is not told",
     [](World& w) {
       w.FailAssign();
       w.change.clear_base_revision();
     },
     v1::DECISION_BLOCK,
     v1::TICKET_STATE_FAILED,
     {"qa.failed"}},
    {"passed, and there is no repository: every component has to pass",
     [](World& w) {
       w.PassAll();
       w.repository_answers = false;
       w.change.add_tickets("TASKS-118");
     },
     v1::DECISION_ALLOW,
     v1::TICKET_STATE_PASSED,
     {}},
    {"nothing was reported",
     [](World&) {},
     v1::DECISION_HOLD,
     v1::TICKET_STATE_MISSING,
     {"qa.missing"}},
    {"nothing was reported, and the policy lets that go behind a flag",
     [](World& w) { w.policy().set_untested_behind_flag(true); },
     v1::DECISION_ALLOW,
     v1::TICKET_STATE_BEHIND_FLAG,
     {"qa.behind_flag"}},
    {"nothing was reported, and one line is not behind the flag",
     [](World& w) {
       w.policy().set_untested_behind_flag(true);
       w.Uncover("src/tasks/assign.py", 12);
     },
     v1::DECISION_HOLD,
     v1::TICKET_STATE_MISSING,
     {"qa.missing"}},
    {"one platform is missing",
     [](World& w) {
       w.AddRun("ios", {"TasksTests.testAssign", "TasksTests.testArchive"});
     },
     v1::DECISION_HOLD,
     v1::TICKET_STATE_MISSING,
     {"qa.missing"}},
    {"one case was skipped",
     [](World& w) {
       w.PassAll();
       w.AddRun("web", {"tasks > assign-"});
     },
     v1::DECISION_HOLD,
     v1::TICKET_STATE_MISSING,
     {"qa.missing"}},
    {"one case is flaky",
     [](World& w) {
       w.PassAll();
       w.AddRun("web", {"tasks > assign~"});
     },
     v1::DECISION_HOLD,
     v1::TICKET_STATE_MISSING,
     {"qa.flaky"}},
    {"one case is flaky, and the policy takes that for a pass",
     [](World& w) {
       w.PassAll();
       w.AddRun("web", {"tasks > assign~"});
       w.policy().set_accept_flaky(true);
     },
     v1::DECISION_ALLOW,
     v1::TICKET_STATE_PASSED,
     {}},
    {"tested again, and passed",
     [](World& w) {
       w.FailAssign();
       w.Uncover("src/tasks/assign.py", 12);
       w.AddRun("ios", {"TasksTests.testAssign"}, {"TASKS-118"});
     },
     v1::DECISION_ALLOW,
     v1::TICKET_STATE_PASSED,
     {}},
    {"passed, tested again, and failed",
     [](World& w) {
       w.PassAll();
       w.AddRun("ios", {"TasksTests.testAssign!"});
       w.ticket().clear_flag();
     },
     v1::DECISION_BLOCK,
     v1::TICKET_STATE_FAILED,
     {"qa.failed"}},
    {"a run of everything with the flag off does not make the ticket good",
     [](World& w) {
       w.FailAssign();
       w.Uncover("src/tasks/assign.py", 12);
       w.PassAll();
     },
     v1::DECISION_BLOCK,
     v1::TICKET_STATE_FAILED,
     {"qa.failed", "qa.uncovered"}},
    {"another ticket's failure is not this one's",
     [](World& w) {
       w.PassAll();
       w.AddRun("ios", {"TasksTests.testAssign!"}, {"TASKS-119"});
       v1::ReleaseTicket& other = *w.release.add_tickets();
       other.set_key("TASKS-119");
       other.set_flag("tasks-v2");
       *other.mutable_coverage() = w.ticket().coverage();
     },
     v1::DECISION_ALLOW,
     v1::TICKET_STATE_BEHIND_FLAG,
     {"qa.behind_flag"}},
    {"results of another build",
     [](World& w) {
       w.PassAll(kTested);
       w.runs.add_other_builds(kTested);
     },
     v1::DECISION_HOLD,
     v1::TICKET_STATE_MISSING,
     {"qa.missing"}},
    {"a hotfix goes by results of what it contains",
     [](World& w) {
       w.change.set_kind(v1::CHANGE_KIND_HOTFIX);
       w.PassAll(kTested);
     },
     v1::DECISION_ALLOW,
     v1::TICKET_STATE_PASSED,
     {"qa.reused"}},
    {"not where the component was changed behind it",
     [](World& w) {
       w.change.set_kind(v1::CHANGE_KIND_HOTFIX);
       w.PassAll(kFirst);
     },
     v1::DECISION_HOLD,
     v1::TICKET_STATE_MISSING,
     {"qa.missing"}},
    {"not where a branch that it does not contain changed the component",
     [](World& w) {
       w.change.set_kind(v1::CHANGE_KIND_HOTFIX);
       w.release.mutable_commits(1)->clear_parents();
       w.release.mutable_commits(1)->add_parents(kBase);
       w.release.mutable_commits(2)->add_parents(kFirst);
       w.PassAll(kTested);
     },
     v1::DECISION_HOLD,
     v1::TICKET_STATE_MISSING,
     {"qa.missing"}},
    {"a failure on the hotfix itself counts",
     [](World& w) {
       w.change.set_kind(v1::CHANGE_KIND_HOTFIX);
       w.PassAll(kTested);
       w.AddRun("web", {"tasks > assign!"});
       w.ticket().clear_flag();
     },
     v1::DECISION_BLOCK,
     v1::TICKET_STATE_FAILED,
     {"qa.failed"}},
    {"results that are too old",
     [](World& w) {
       w.PassAll();
       w.policy().mutable_max_age()->set_seconds(3600);
       w.now += absl::Hours(2);
     },
     v1::DECISION_HOLD,
     v1::TICKET_STATE_MISSING,
     {"qa.missing"}},
    {"what it touches needs no case",
     [](World& w) { w.policy().mutable_components(0)->set_paths(0, "docs/**"); },
     v1::DECISION_ALLOW,
     v1::TICKET_STATE_NOT_REQUIRED,
     {}},
    {"no case is required, and one failed for it on the way",
     [](World& w) {
       w.policy().clear_components();
       w.AddRun("ios", {"Other.test!"}, {"TASKS-118"}, kFirst);
       w.Uncover("src/tasks/assign.py", 12);
     },
     v1::DECISION_BLOCK,
     v1::TICKET_STATE_FAILED,
     {"qa.failed", "qa.uncovered"}},
    {"no case is required, one failed for it on the way, and passed on head",
     [](World& w) {
       w.policy().clear_components();
       w.AddRun("ios", {"Other.test!"}, {"TASKS-118"}, kFirst);
       w.AddRun("ios", {"Other.test"}, {"TASKS-118"});
       w.Uncover("src/tasks/assign.py", 12);
     },
     v1::DECISION_ALLOW,
     v1::TICKET_STATE_PASSED,
     {}},
    {"a failed ticket of which no commit is known",
     [](World& w) {
       w.PassAll();
       w.AddRun("ios", {"Other.test!"}, {"TASKS-7"});
     },
     v1::DECISION_BLOCK,
     v1::TICKET_STATE_FAILED,
     {"qa.failed", "qa.no_commits"}},
    {"a case that nobody requires failed",
     [](World& w) {
       w.PassAll();
       w.AddRun("ios", {"Other.test!"});
     },
     v1::DECISION_ALLOW,
     v1::TICKET_STATE_PASSED,
     {"qa.other_failure"}},
    {"commits without a ticket",
     [](World& w) {
       w.PassAll();
       w.release.mutable_commits(0)->clear_tickets();
     },
     v1::DECISION_ALLOW,
     v1::TICKET_STATE_PASSED,
     {"qa.no_ticket"}},
    {"commits without a ticket have to be tested like all others",
     [](World& w) {
       w.ticket().set_key("");
       w.ticket().clear_flag();
       w.AddRun("web", {"tasks > assign!"});
     },
     v1::DECISION_BLOCK,
     v1::TICKET_STATE_FAILED,
     {"qa.failed"}},
    {"what runs now is not in it",
     [](World& w) {
       w.PassAll();
       w.release.add_lost()->set_revision(kBase);
     },
     v1::DECISION_ALLOW,
     v1::TICKET_STATE_PASSED,
     {"qa.takes_back"}},
    {"code that runs now stops running",
     [](World& w) {
       w.FailAssign();
       w.ticket().mutable_coverage()->add_disabled()->set_path("src/tasks/old.py");
     },
     v1::DECISION_ALLOW,
     v1::TICKET_STATE_BEHIND_FLAG,
     {"qa.behind_flag", "qa.disables_live_code"}},
};

TEST(QaTest, Tickets) {
  for (const Row& row : kRows) {
    SCOPED_TRACE(row.what);
    World world;
    row.set(world);
    const v1::CheckOutcome outcome = world.Judge();
    EXPECT_EQ(outcome.decision(), row.decision) << outcome.DebugString();
    ASSERT_FALSE(outcome.tickets().empty());
    EXPECT_EQ(outcome.tickets(0).state(), row.state) << outcome.DebugString();
    EXPECT_EQ(RulesOf(outcome), row.rules) << outcome.DebugString();
  }
}

// What is let go without a pass is watched, and nothing else is.
TEST(QaTest, Watches) {
  for (const Row& row : kRows) {
    SCOPED_TRACE(row.what);
    World world;
    row.set(world);
    const v1::CheckOutcome outcome = world.Judge();
    int behind = 0;
    for (const v1::TicketReport& ticket : outcome.tickets()) {
      behind += ticket.state() == v1::TICKET_STATE_BEHIND_FLAG;
    }
    EXPECT_EQ(outcome.watches_size(), behind);
    for (const v1::FlagWatch& watch : outcome.watches()) {
      EXPECT_EQ(watch.flag(), "tasks-v2");
      EXPECT_EQ(watch.build(), kHead);
      EXPECT_EQ(watch.environment(), "production");
    }
  }
}

TEST(QaTest, AnOverrideOfTheTicketIsOne) {
  World world;
  world.FailAssign();
  world.Uncover("src/tasks/assign.py", 12);
  v1::Exemption& exemption = *world.policy().mutable_settings()->add_exemptions();
  exemption.set_rule("qa.failed");
  exemption.set_subject("TASKS-118");
  *exemption.mutable_expires_at() = ToProto(world.now + absl::Hours(1));
  EXPECT_EQ(world.Judge().decision(), v1::DECISION_ALLOW);
}

TEST(QaTest, AFailedTicketIsToldWhole) {
  World world;
  world.FailAssign();
  world.Uncover("src/tasks/assign.py", 12);
  world.Uncover("src/tasks/assign.py", 13);
  world.Uncover("src/tasks/routes.py", 3);
  const v1::CheckOutcome outcome = world.Judge();
  EXPECT_EQ(outcome.tickets(0).summary(),
            "TASKS-118 failed QA (build 111111111): assign on ios (TasksTests.testAssign: expected "
            "1, got 0); and 3 of the 40 lines that it changes run whether tasks-v2 is on or off: "
            "src/tasks/assign.py:12-13 and src/tasks/routes.py:3. That the flag is off, by "
            "https://unleash.example.com (production, revision 17), does not stop them.");
  const v1::Finding& failed = outcome.findings(0);
  EXPECT_THAT(failed.instead(), HasSubstr(std::string("git revert --no-edit ") + kHead + " " +
                                          kTested + " " + kFirst));
  EXPECT_THAT(failed.instead(), HasSubstr("goes back cleanly"));
  const v1::Finding& range = outcome.findings(1);
  EXPECT_EQ(range.location().line(), 12);
  EXPECT_EQ(range.location().end_line(), 13);
  ASSERT_EQ(range.call_path_size(), 1);
  EXPECT_EQ(range.call_path(0).path(), "src/urls.py");
}

TEST(QaTest, MissingCellsAreNamed) {
  World world;
  world.AddRun("ios", {"TasksTests.testAssign"});
  const v1::CheckOutcome outcome = world.Judge();
  EXPECT_THAT(outcome.findings(0).message(),
              HasSubstr("no result for assign and archive on web; archive on ios"));
  EXPECT_EQ(outcome.outcome(), v1::OUTCOME_INCONCLUSIVE);
}

TEST(QaTest, ReviewersSeeEachTicketWorstFirst) {
  World world;
  world.PassAll();
  world.AddRun("ios", {"Other.test!"}, {"TASKS-7"});
  const v1::CheckOutcome outcome = world.Judge();
  ASSERT_EQ(outcome.tickets_size(), 2);
  EXPECT_EQ(outcome.tickets(0).key(), "TASKS-7");
  EXPECT_EQ(outcome.tickets(1).key(), "TASKS-118");
  EXPECT_EQ(outcome.tickets(1).cells_size(), 4);
}

TEST(QaTest, WhatBringsNoCodeIsSkipped) {
  for (const v1::ChangeKind kind :
       {v1::CHANGE_KIND_TRAFFIC_SHIFT, v1::CHANGE_KIND_CONFIG, v1::CHANGE_KIND_MIGRATION}) {
    World world;
    world.change.set_kind(kind);
    world.change.clear_head_revision();
    EXPECT_EQ(world.Judge().outcome(), v1::OUTCOME_SKIPPED);
  }
}

TEST(QaTest, CodeWithoutARevisionIsHeld) {
  World world;
  world.change.clear_head_revision();
  const v1::CheckOutcome outcome = world.Judge();
  EXPECT_EQ(outcome.decision(), v1::DECISION_HOLD);
  EXPECT_THAT(RulesOf(outcome), ElementsAre("qa.unproven"));
}

TEST(QaTest, WithoutResultsItIsHeld) {
  World world;
  world.results_answer = false;
  EXPECT_EQ(world.Judge().decision(), v1::DECISION_HOLD);
}

class FlipTest : public ::testing::Test {
 protected:
  FlipTest() {
    World before;
    before.FailAssign();
    world_.change.set_kind(v1::CHANGE_KIND_FLAG_FLIP);
    world_.change.clear_head_revision();
    world_.change.mutable_flag_flip()->set_flag("tasks-v2");
    world_.change.mutable_flag_flip()->set_enabled(true);
    v1::FlagWatch& watch = *world_.watches.add_watches();
    watch = before.Judge().watches(0);
    watch.set_verdict("verdicts/01J");
    *world_.watches.mutable_runs() = before.runs.runs();
  }
  v1::CheckOutcome Flip() {
    for (const v1::QaRun& run : world_.runs.runs()) *world_.watches.add_runs() = run;
    return world_.Judge();
  }

  World world_;
};

TEST_F(FlipTest, IsStoppedWhileTheTicketHasNotPassed) {
  const v1::CheckOutcome outcome = Flip();
  EXPECT_EQ(outcome.decision(), v1::DECISION_BLOCK);
  EXPECT_THAT(RulesOf(outcome), ElementsAre("qa.watched_flag"));
  EXPECT_THAT(outcome.summary(), HasSubstr("assign on ios (TasksTests.testAssign: expected 1"));
}

TEST_F(FlipTest, GoesOnWithAPassOnThatBuild) {
  world_.AddRun("ios", {"TasksTests.testAssign"}, {"TASKS-118"});
  const v1::CheckOutcome outcome = Flip();
  EXPECT_EQ(outcome.decision(), v1::DECISION_ALLOW) << outcome.DebugString();
  EXPECT_THAT(outcome.summary(), HasSubstr("passed since: TASKS-118"));
}

TEST_F(FlipTest, ARunWithTheFlagOffDoesNotHelp) {
  world_.PassAll();
  EXPECT_EQ(Flip().decision(), v1::DECISION_BLOCK);
}

TEST_F(FlipTest, AnotherBuildHelpsWhereItIsTheOneThatRuns) {
  world_.AddRun("ios", {"TasksTests.testAssign", "TasksTests.testArchive"}, {"TASKS-118"}, kTested);
  world_.AddRun("web", {"tasks > assign", "tasks > archive"}, {"TASKS-118"}, kTested);
  World other = world_;
  EXPECT_EQ(Flip().decision(), v1::DECISION_BLOCK);
  world_ = other;
  world_.change.set_head_revision(kTested);
  EXPECT_EQ(Flip().decision(), v1::DECISION_ALLOW);
}

// Several services may be built from one revision.
TEST_F(FlipTest, AnotherServicesRunDoesNotHelp) {
  world_.AddRun("ios", {"TasksTests.testAssign"}, {"TASKS-118"}).set_service("billing");
  EXPECT_EQ(Flip().decision(), v1::DECISION_BLOCK);
}

TEST_F(FlipTest, SwitchingOffIsNeverStopped) {
  world_.change.mutable_flag_flip()->set_enabled(false);
  world_.results_answer = false;
  EXPECT_EQ(Flip().decision(), v1::DECISION_ALLOW);
}

TEST_F(FlipTest, WhatCannotBeSeenIsHeld) {
  world_.results_answer = false;
  EXPECT_EQ(Flip().decision(), v1::DECISION_HOLD);
}

TEST_F(FlipTest, AFlagThatIsNotNamedIsHeld) {
  world_.change.clear_flag_flip();
  world_.change.mutable_flag_flip()->set_enabled(true);
  EXPECT_EQ(Flip().decision(), v1::DECISION_HOLD);
}

TEST_F(FlipTest, NobodyWatchesAnotherFlag) {
  world_.watches.clear_watches();
  EXPECT_EQ(Flip().decision(), v1::DECISION_ALLOW);
}

TEST_F(FlipTest, ATicketWithoutRequiredCasesNeedsAPassOfItsOwn) {
  world_.watches.mutable_watches(0)->clear_cells();
  world_.watches.clear_runs();
  World other = world_;
  EXPECT_EQ(Flip().decision(), v1::DECISION_BLOCK);
  world_ = other;
  world_.AddRun("ios", {"Other.test"}, {"TASKS-118"});
  EXPECT_EQ(Flip().decision(), v1::DECISION_ALLOW);
}

// A policy that was changed meanwhile does not let the flag go.
TEST_F(FlipTest, ACaseThatThePolicyDropsIsNoPass) {
  world_.AddRun("ios", {"TasksTests.testAssign"}, {"TASKS-118"});
  world_.policy().mutable_components(0)->mutable_cases(0)->set_name("give");
  const v1::CheckOutcome outcome = Flip();
  EXPECT_EQ(outcome.decision(), v1::DECISION_BLOCK);
  EXPECT_THAT(outcome.summary(), HasSubstr("no such case any more"));
}

}  // namespace
}  // namespace gate
