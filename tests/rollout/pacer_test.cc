// What one event makes of a rollout, case by case. What holds whatever happens: model_test.cc.
#include "gate/rollout/pacer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/rollout/world.h"

namespace gate::rollout {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// A rollout and a clock that the test moves.
class PacerTest : public ::testing::Test {
 protected:
  void Start(const std::vector<PlannedIn>& steps, bool migrates = false) {
    Start(RuleWith(steps), migrates);
  }
  void Start(const v1::PolicyRule& rule, bool migrates = false) {
    rollout_ = Started(rule, ChangeOf(migrates));
  }

  void Apply(const Event& event) {
    auto next = Next(rollout_, event, now_);
    ASSERT_TRUE(next.ok()) << next.status();
    rollout_ = next->rollout;
    last_ = *std::move(next);
  }

  // Asks for the next step with a verdict that the test may have changed.
  bool Ask(const v1::Verdict& verdict) {
    Apply(Asked{verdict, absl::StrCat("call-", ++calls_)});
    return last_.advanced;
  }
  bool Ask(v1::Decision decision = v1::DECISION_ALLOW, v1::Advice advice = v1::ADVICE_UNSPECIFIED) {
    return Ask(VerdictOn(rollout_, decision, now_, advice));
  }
  void Judge(v1::Decision decision, v1::Advice advice = v1::ADVICE_UNSPECIFIED) {
    const v1::Verdict verdict = VerdictOn(rollout_, decision, now_, advice);
    Apply(Judged{verdict});
  }

  std::vector<int> Taken() const {
    std::vector<int> steps;
    for (const v1::TakenStep& taken : rollout_.taken()) steps.push_back(taken.step());
    return steps;
  }
  std::vector<v1::RolloutWait::Kind> Waits() const {
    std::vector<v1::RolloutWait::Kind> kinds;
    for (const v1::RolloutWait& wait : rollout_.waits()) kinds.push_back(wait.kind());
    return kinds;
  }

  absl::Time now_ = kStart;
  v1::Rollout rollout_;
  Transition last_;
  int calls_ = 0;
};

TEST_F(PacerTest, GoesStepByStepToItsEnd) {
  Start({{0.05, absl::Minutes(10)}, {0.25, absl::Minutes(10)}, {1}});
  EXPECT_EQ(rollout_.state(), v1::ROLLOUT_STATE_PENDING);
  EXPECT_TRUE(Ask());
  EXPECT_EQ(rollout_.state(), v1::ROLLOUT_STATE_PROGRESSING);
  EXPECT_EQ(rollout_.share(), 0.05);

  now_ += absl::Minutes(10) - absl::Seconds(1);
  EXPECT_FALSE(Ask());
  EXPECT_THAT(Waits(), ElementsAre(v1::RolloutWait::KIND_TIME));
  EXPECT_EQ(rollout_.waits(0).message(), "the step \"5-percent\" takes 10 minutes at least");
  EXPECT_EQ(FromProto(rollout_.waits(0).until()), kStart + absl::Minutes(10));
  EXPECT_EQ(NextDue(rollout_, now_), kStart + absl::Minutes(10));

  now_ += absl::Seconds(1);
  EXPECT_TRUE(Ask());
  now_ += absl::Minutes(10);
  EXPECT_TRUE(Ask());
  EXPECT_EQ(rollout_.state(), v1::ROLLOUT_STATE_BAKING);
  EXPECT_EQ(rollout_.share(), 1);

  now_ += absl::Hours(1);
  Apply(Ticked{});
  EXPECT_EQ(rollout_.state(), v1::ROLLOUT_STATE_BAKING) << "time alone proves nothing";
  Judge(v1::DECISION_ALLOW);
  EXPECT_EQ(rollout_.state(), v1::ROLLOUT_STATE_SUCCEEDED);
  EXPECT_TRUE(rollout_.has_end_time());
}

TEST_F(PacerTest, AWaitSaysUntilWhatAndWhatWouldHelp) {
  Start({{1}});
  v1::Verdict verdict = VerdictOn(rollout_, v1::DECISION_HOLD, now_);
  verdict.set_reason("HOLD: frozen until Monday");
  *verdict.mutable_retry_at() = ToProto(now_ + absl::Hours(60));
  v1::CheckOutcome& outcome = *verdict.add_outcomes();
  outcome.set_check("freeze");
  outcome.set_decision(v1::DECISION_HOLD);
  outcome.add_unblock("Start on Monday.");
  v1::CheckOutcome& warned = *verdict.add_outcomes();
  warned.set_enforcement(v1::ENFORCEMENT_WARN);
  warned.set_decision(v1::DECISION_BLOCK);
  warned.add_unblock("Nobody has to do this.");
  EXPECT_FALSE(Ask(verdict));
  ASSERT_THAT(Waits(), ElementsAre(v1::RolloutWait::KIND_VERDICT));
  EXPECT_EQ(rollout_.waits(0).message(), "HOLD: frozen until Monday");
  EXPECT_EQ(FromProto(rollout_.waits(0).until()), now_ + absl::Hours(60));
  EXPECT_THAT(rollout_.waits(0).unblock(), ElementsAre("Start on Monday."));
  EXPECT_EQ(rollout_.advice(), v1::ADVICE_WAIT);
}

TEST_F(PacerTest, AStepWaitsForRequests) {
  Start({{0.5, absl::ZeroDuration(), 1000}, {1}});
  EXPECT_TRUE(Ask());
  v1::Verdict verdict = VerdictOn(rollout_, v1::DECISION_ALLOW, now_);
  EXPECT_FALSE(Ask(verdict)) << "nobody has counted";
  verdict.mutable_pace()->set_requests(999);
  EXPECT_FALSE(Ask(verdict));
  EXPECT_THAT(Waits(), ElementsAre(v1::RolloutWait::KIND_REQUESTS));
  EXPECT_THAT(rollout_.waits(0).message(), HasSubstr("999 of the 1,000 requests"));
  verdict.mutable_pace()->set_requests(1000);
  EXPECT_TRUE(Ask(verdict));
}

TEST_F(PacerTest, NoStepGoesBeyondTheShareThatIsShownToBeSafe) {
  Start({{0.05}, {0.5}, {1}});
  EXPECT_TRUE(Ask());
  v1::Verdict verdict = VerdictOn(rollout_, v1::DECISION_ALLOW, now_);
  verdict.mutable_pace()->set_largest_safe_share(0.49);
  EXPECT_FALSE(Ask(verdict));
  EXPECT_THAT(Waits(), ElementsAre(v1::RolloutWait::KIND_SHARE));
  EXPECT_EQ(rollout_.waits(0).message(),
            "the next step is 50 % of the traffic, and 49 % is shown to be safe");
  verdict.mutable_pace()->set_largest_safe_share(0.5);
  EXPECT_TRUE(Ask(verdict));
}

TEST_F(PacerTest, PassesInARowAreTenSecondsApart) {
  v1::PolicyRule rule = RuleWith({{1}});
  rule.mutable_rollout()->set_passes_in_a_row(3);
  Start(rule);
  EXPECT_FALSE(Ask());
  EXPECT_FALSE(Ask()) << "asked twice at once";
  EXPECT_EQ(rollout_.passes(), 1);
  now_ += absl::Seconds(10);
  Judge(v1::DECISION_ALLOW);
  EXPECT_EQ(rollout_.passes(), 2);
  now_ += absl::Seconds(10);
  Judge(v1::DECISION_HOLD);
  EXPECT_EQ(rollout_.passes(), 0) << "in a row";
  for (int i = 0; i < 2; ++i) {
    now_ += absl::Seconds(10);
    EXPECT_FALSE(Ask());
  }
  EXPECT_THAT(Waits(), ElementsAre(v1::RolloutWait::KIND_PASSES));
  now_ += absl::Seconds(10);
  EXPECT_TRUE(Ask());
}

TEST_F(PacerTest, OnlyAVerdictOnThisVeryStepCounts) {
  Start({{0.5}, {1}});
  const v1::Verdict first = VerdictOn(rollout_, v1::DECISION_ALLOW, now_);
  EXPECT_TRUE(Ask(first));
  const auto again = Next(rollout_, Asked{first, "another call"}, now_);
  EXPECT_EQ(again.status().code(), absl::StatusCode::kAborted) << again.status();

  v1::Verdict old = VerdictOn(rollout_, v1::DECISION_ALLOW, now_);
  now_ += absl::Minutes(10);
  EXPECT_EQ(Next(rollout_, Asked{old, "late"}, now_).status().code(), absl::StatusCode::kAborted);

  v1::Verdict foreign = VerdictOn(rollout_, v1::DECISION_ALLOW, now_);
  foreign.set_rollout("rollouts/2");
  EXPECT_EQ(Next(rollout_, Asked{foreign, "foreign"}, now_).status().code(),
            absl::StatusCode::kAborted);
}

TEST_F(PacerTest, ACallThatIsRepeatedTakesOneStep) {
  Start({{0.5}, {1}});
  const v1::Verdict verdict = VerdictOn(rollout_, v1::DECISION_ALLOW, now_);
  Apply(Asked{verdict, "call"});
  EXPECT_TRUE(last_.advanced);
  Apply(Asked{verdict, "call"});
  EXPECT_TRUE(last_.advanced);
  EXPECT_THAT(last_.actions, ::testing::IsEmpty());
  EXPECT_THAT(Taken(), ElementsAre(0));
}

TEST_F(PacerTest, RollBackIsForGood) {
  Start({{0.05}, {1}});
  EXPECT_TRUE(Ask());
  Judge(v1::DECISION_BLOCK, v1::ADVICE_ROLL_BACK);
  EXPECT_EQ(rollout_.state(), v1::ROLLOUT_STATE_ROLLING_BACK);
  EXPECT_EQ(rollout_.advice(), v1::ADVICE_ROLL_BACK);
  EXPECT_FALSE(Ask());
  const auto resumed = Next(rollout_, Resumed{"it is fine"}, now_);
  EXPECT_EQ(resumed.status().code(), absl::StatusCode::kFailedPrecondition);
  Apply(WentBack{});
  EXPECT_EQ(rollout_.state(), v1::ROLLOUT_STATE_ROLLED_BACK);
  EXPECT_EQ(rollout_.share(), 0);
  Apply(WentBack{});
  EXPECT_EQ(Next(rollout_, Aborted{"again"}, now_)->rollout.state(), v1::ROLLOUT_STATE_ROLLED_BACK);
}

TEST_F(PacerTest, WhatIsNotOutDoesNotGoBack) {
  Start({{1}});
  Judge(v1::DECISION_BLOCK, v1::ADVICE_ROLL_BACK);
  EXPECT_EQ(rollout_.state(), v1::ROLLOUT_STATE_PENDING);
  EXPECT_EQ(Next(rollout_, WentBack{}, now_).status().code(),
            absl::StatusCode::kFailedPrecondition);
  Apply(Aborted{"not today"});
  EXPECT_EQ(rollout_.state(), v1::ROLLOUT_STATE_ROLLED_BACK);
  EXPECT_EQ(rollout_.reason(), "nothing of it had gone out: not today");
}

// Harm in the new version, behind a schema change that the version before does not work on.
class WayBackTest : public PacerTest {
 protected:
  void Migrate(v1::Severity severity, v1::Effect effect) {
    Start(RuleWith({{0}, {0.05}, {1}}), /*migrates=*/true);
    v1::Verdict verdict = VerdictOn(rollout_, v1::DECISION_ALLOW, now_);
    v1::Finding& finding = *verdict.add_outcomes()->add_findings();
    finding.set_severity(severity);
    finding.add_effects(effect);
    finding.set_message("The version that runs now does not work on the schema after it.");
    ASSERT_TRUE(Ask(verdict));
    ASSERT_TRUE(Ask());
    Judge(v1::DECISION_BLOCK, v1::ADVICE_ROLL_BACK);
  }
};

TEST_F(WayBackTest, APersonDecidesWhereTheVersionBeforeDoesNotRunAnyMore) {
  Migrate(v1::SEVERITY_WARN, v1::EFFECT_BREAKS_RUNNING_VERSION);
  EXPECT_EQ(rollout_.state(), v1::ROLLOUT_STATE_PAUSED);
  EXPECT_EQ(rollout_.advice(), v1::ADVICE_PAUSE);
  EXPECT_EQ(rollout_.reason(),
            "DECISION_BLOCK ADVICE_ROLL_BACK Going back does not help by itself: The version that "
            "runs now does not work on the schema after it.");
  const int64_t told = rollout_.sequence();
  Judge(v1::DECISION_BLOCK, v1::ADVICE_ROLL_BACK);
  EXPECT_EQ(rollout_.sequence(), told) << "once";
  EXPECT_FALSE(Ask()) << "nothing goes forward";
  Apply(Aborted{"we have restored the column"});
  EXPECT_EQ(rollout_.state(), v1::ROLLOUT_STATE_ROLLING_BACK);
}

TEST_F(WayBackTest, ItGoesBackWhereNothingShowsThatItCannot) {
  Migrate(v1::SEVERITY_INFO, v1::EFFECT_BREAKS_RUNNING_VERSION);
  EXPECT_EQ(rollout_.state(), v1::ROLLOUT_STATE_ROLLING_BACK);
  Migrate(v1::SEVERITY_WARN, v1::EFFECT_LOSES_DATA);
  EXPECT_EQ(rollout_.state(), v1::ROLLOUT_STATE_ROLLING_BACK);
}

TEST_F(PacerTest, APausedRolloutStillGoesBack) {
  Start({{0.05}, {1}});
  EXPECT_TRUE(Ask());
  Apply(Paused{"lunch"});
  EXPECT_FALSE(Ask());
  EXPECT_THAT(Waits(), ElementsAre(v1::RolloutWait::KIND_PERSON));
  Judge(v1::DECISION_BLOCK, v1::ADVICE_ROLL_BACK);
  EXPECT_EQ(rollout_.state(), v1::ROLLOUT_STATE_ROLLING_BACK);
}

TEST_F(PacerTest, AfterAPauseItIsJudgedAnew) {
  Start({{0.05}, {1}});
  EXPECT_TRUE(Ask());
  Judge(v1::DECISION_ALLOW);
  Apply(Paused{"lunch"});
  Apply(Resumed{"back"});
  EXPECT_EQ(rollout_.state(), v1::ROLLOUT_STATE_PROGRESSING);
  EXPECT_THAT(Waits(), ElementsAre(v1::RolloutWait::KIND_VERDICT));
  EXPECT_TRUE(Ask());
  EXPECT_EQ(rollout_.state(), v1::ROLLOUT_STATE_BAKING);
}

TEST_F(PacerTest, TheGatePausesWhereAPersonHasToDecide) {
  Start({{0.05}, {1}});
  EXPECT_TRUE(Ask());
  Judge(v1::DECISION_BLOCK, v1::ADVICE_PAUSE);
  EXPECT_EQ(rollout_.state(), v1::ROLLOUT_STATE_PAUSED);
  EXPECT_TRUE(rollout_.paused_by_gate());
  Apply(Paused{"I look at it"});
  EXPECT_FALSE(rollout_.paused_by_gate());
  Apply(Resumed{"harmless"});
  EXPECT_EQ(rollout_.state(), v1::ROLLOUT_STATE_PROGRESSING);
}

TEST_F(PacerTest, AccelerateWaivesWhatStepsAskForButNotTheVerdict) {
  Start({{0.05, absl::Hours(1), 1e6}, {0, absl::Hours(1)}, {0.25, absl::Hours(1)}, {0.5}, {1}},
        /*migrates=*/true);
  EXPECT_TRUE(Ask());
  EXPECT_FALSE(Ask(v1::DECISION_HOLD, v1::ADVICE_ACCELERATE)) << "HOLD is HOLD";
  EXPECT_TRUE(Ask(v1::DECISION_ALLOW, v1::ADVICE_ACCELERATE));
  EXPECT_THAT(Taken(), ElementsAre(0, 1)) << "a schema change is not left out";
  EXPECT_TRUE(Ask(v1::DECISION_ALLOW, v1::ADVICE_ACCELERATE));
  EXPECT_THAT(Taken(), ElementsAre(0, 1, 4));
  EXPECT_EQ(rollout_.state(), v1::ROLLOUT_STATE_BAKING);
}

TEST_F(PacerTest, AccelerateLeavesNoSchemaChangeOut) {
  Start({{0.05}, {0.25}, {0.5}, {0}, {1}}, /*migrates=*/true);
  EXPECT_TRUE(Ask());
  EXPECT_TRUE(Ask(v1::DECISION_ALLOW, v1::ADVICE_ACCELERATE));
  EXPECT_TRUE(Ask());
  EXPECT_TRUE(Ask());
  EXPECT_THAT(Taken(), ElementsAre(0, 2, 3, 4));
}

TEST_F(PacerTest, AnOlderVerdictDoesNotTakeTheNewerOnesPlace) {
  Start({{0.5}, {1}});
  const v1::Verdict older = VerdictOn(rollout_, v1::DECISION_ALLOW, now_);
  now_ += absl::Seconds(10);
  Judge(v1::DECISION_HOLD);
  EXPECT_EQ(Next(rollout_, Asked{older, "late"}, now_).status().code(), absl::StatusCode::kAborted);
}

TEST_F(PacerTest, ABakeDoesNotEndByAVerdictOfYesterday) {
  Start({{1}});
  EXPECT_TRUE(Ask());
  now_ += absl::Minutes(1);
  Judge(v1::DECISION_ALLOW);
  now_ += absl::Hours(20);
  Apply(Ticked{});
  EXPECT_EQ(rollout_.state(), v1::ROLLOUT_STATE_BAKING);
  EXPECT_THAT(Waits(), ElementsAre(v1::RolloutWait::KIND_VERDICT));
}

TEST_F(PacerTest, OnlyThePeakThatAllOfItHasSeenCounts) {
  Start({{0.5}, {1}});
  EXPECT_TRUE(Ask());
  v1::Verdict verdict = VerdictOn(rollout_, v1::DECISION_ALLOW, now_);
  verdict.mutable_pace()->set_peak_seen(1);
  EXPECT_TRUE(Ask(verdict));
  EXPECT_EQ(rollout_.peak_seen(), 0);
}

TEST_F(PacerTest, ABakeLastsUntilAPeakWasSeen) {
  v1::PolicyRule rule = RuleWith({{1}});
  rule.mutable_checks()->mutable_capacity();
  Start(rule);
  EXPECT_TRUE(Ask());
  now_ += absl::Hours(30);
  v1::Verdict verdict = VerdictOn(rollout_, v1::DECISION_ALLOW, now_);
  verdict.mutable_pace()->set_peak_seen(0.4);
  Apply(Judged{verdict});
  EXPECT_THAT(Waits(), ElementsAre(v1::RolloutWait::KIND_PEAK));
  EXPECT_EQ(rollout_.waits(0).message(),
            "the new version has seen 40 % of the usual weekly peak; it bakes until that is 90 %");
  now_ += absl::Hours(40);
  verdict = VerdictOn(rollout_, v1::DECISION_HOLD, now_);
  verdict.mutable_pace()->set_peak_seen(0.95);
  Apply(Judged{verdict});
  EXPECT_EQ(rollout_.state(), v1::ROLLOUT_STATE_BAKING) << "seen, and not well";
  now_ += absl::Hours(1);
  Judge(v1::DECISION_ALLOW);
  EXPECT_EQ(rollout_.state(), v1::ROLLOUT_STATE_SUCCEEDED) << "what was seen was seen";
}

TEST_F(PacerTest, ABakeThatShowsNothingExpires) {
  Start({{1}});
  EXPECT_TRUE(Ask());
  now_ += absl::Hours(9 * 24);
  Judge(v1::DECISION_HOLD);
  EXPECT_EQ(rollout_.state(), v1::ROLLOUT_STATE_EXPIRED);
  EXPECT_THAT(rollout_.reason(), HasSubstr("after 9 days it was not shown to be well"));
}

TEST_F(PacerTest, HarmInTheBakeGoesBack) {
  Start({{1}});
  EXPECT_TRUE(Ask());
  now_ += absl::Hours(12);
  Judge(v1::DECISION_BLOCK, v1::ADVICE_ROLL_BACK);
  EXPECT_EQ(rollout_.state(), v1::ROLLOUT_STATE_ROLLING_BACK);
}

TEST_F(PacerTest, WhatNobodyMovesEndsByItself) {
  Start({{0.25}, {1}});
  EXPECT_TRUE(Ask());
  now_ = FromProto(rollout_.expire_time());
  Apply(Ticked{});
  EXPECT_EQ(rollout_.state(), v1::ROLLOUT_STATE_EXPIRED);
  EXPECT_EQ(rollout_.reason(), "its time was over; the new version has 25 % of the traffic");
}

TEST_F(PacerTest, GivesWayWhenItBakesOrItsLeaseIsOverUnlessAPersonHasPausedIt) {
  Start({{0.25}, {1}});
  EXPECT_FALSE(GivesWay(rollout_, now_));
  const absl::Time over = FromProto(rollout_.lease_expire_time());
  EXPECT_TRUE(GivesWay(rollout_, over));
  Apply(Paused{"do not touch"});
  EXPECT_FALSE(GivesWay(rollout_, over));
  Apply(Resumed{"go on"});
  EXPECT_TRUE(Ask());
  EXPECT_TRUE(Ask());
  EXPECT_EQ(rollout_.state(), v1::ROLLOUT_STATE_BAKING);
  EXPECT_TRUE(GivesWay(rollout_, now_));
  Apply(Superseded{"rollouts/2"});
  EXPECT_EQ(rollout_.state(), v1::ROLLOUT_STATE_SUPERSEDED);
  EXPECT_EQ(rollout_.superseded_by(), "rollouts/2");
}

TEST_F(PacerTest, AClockThatStepsBackMovesNothingBack) {
  Start({{0.25, absl::Minutes(10)}, {1}});
  now_ += absl::Minutes(1);
  EXPECT_TRUE(Ask());
  now_ -= absl::Hours(1);
  Apply(Paused{"a person"});
  EXPECT_EQ(FromProto(rollout_.update_time()), kStart + absl::Minutes(1));
}

TEST_F(PacerTest, WatchersAreToldOfNewsOnly) {
  Start({{0.25, absl::Hours(1)}, {1}});
  EXPECT_TRUE(Ask());
  Judge(v1::DECISION_ALLOW);
  EXPECT_EQ(last_.actions.size(), 1u);
  now_ += absl::Seconds(10);
  Judge(v1::DECISION_ALLOW);
  EXPECT_EQ(last_.actions.size(), 0u);
}

TEST(StageTest, SaysWhatHasHappened) {
  v1::Rollout rollout = Started(RuleWith({{0.05}, {0}, {1}}), ChangeOf(/*migrates=*/true));
  v1::RolloutStage stage = StageOf(rollout);
  EXPECT_EQ(stage.next_step(), "5-percent");
  EXPECT_EQ(stage.next_share(), 0.05);
  EXPECT_FALSE(stage.has_started_at());
  EXPECT_FALSE(AtStage(rollout.change(), stage).has_canary());

  const auto ask = [&](absl::Time now) {
    const v1::Verdict verdict = VerdictOn(rollout, v1::DECISION_ALLOW, now);
    rollout = Next(rollout, Asked{verdict, Rfc3339(now)}, now)->rollout;
    return StageOf(rollout);
  };
  stage = ask(kStart);
  EXPECT_TRUE(stage.migration());
  EXPECT_EQ(stage.next_share(), 0.05);
  EXPECT_FALSE(stage.has_migrated_at());
  EXPECT_EQ(AtStage(rollout.change(), stage).canary().share(), 0.05);

  stage = ask(kStart + absl::Minutes(1));
  EXPECT_EQ(FromProto(stage.migrated_at()), kStart + absl::Minutes(1));
  EXPECT_EQ(FromProto(stage.exposed_at()), kStart);
  EXPECT_FALSE(stage.has_complete_at());
  v1::CanaryExposure canary = AtStage(rollout.change(), stage).canary();
  EXPECT_EQ(FromProto(canary.started_at()), kStart);
  EXPECT_EQ(FromProto(canary.share_since()), kStart);

  stage = ask(kStart + absl::Minutes(2));
  canary = AtStage(rollout.change(), stage).canary();
  EXPECT_EQ(FromProto(canary.share_since()), kStart + absl::Minutes(2));
  EXPECT_EQ(stage.next_step(), "");
  EXPECT_EQ(FromProto(stage.complete_at()), kStart + absl::Minutes(2));
}

TEST(StageTest, WithoutAStepForItTheSchemaChangesBeforeTheFirst) {
  v1::Rollout rollout = Started(RuleWith({{0.05}, {1}}), ChangeOf(/*migrates=*/true));
  EXPECT_FALSE(StageOf(rollout).has_migrated_at());
  const v1::Verdict verdict = VerdictOn(rollout, v1::DECISION_ALLOW, kStart);
  rollout = Next(rollout, Asked{verdict, "call"}, kStart)->rollout;
  EXPECT_TRUE(StageOf(rollout).has_migrated_at());
}

}  // namespace
}  // namespace gate::rollout
