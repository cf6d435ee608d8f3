// Random events in random order: what pacer.h promises has to hold after each of them. The same
// walks, and more of them, with GATE_MODEL_WALKS=N.
#include <cstdlib>
#include <map>
#include <random>
#include <set>
#include <string>

#include "gtest/gtest.h"
#include "tests/rollout/world.h"

namespace gate::rollout {
namespace {

constexpr int kWalks = 1000;
constexpr int kEvents = 120;

int Walks() {
  const char* walks = std::getenv("GATE_MODEL_WALKS");
  return walks != nullptr ? std::atoi(walks) : kWalks;
}

// One rollout, and what an observer writes down about it.
class Walk {
 public:
  explicit Walk(unsigned seed) : random_(seed) {
    const v1::PolicyRule rule = RandomRule();
    rollout_ = Started(rule, ChangeOf(migrates_));
  }

  void Run() {
    for (int i = 0; i < kEvents && !::testing::Test::HasFailure(); ++i) {
      MoveClock();
      Step();
    }
    Finish();
  }

 private:
  int Pick(int n) { return std::uniform_int_distribution<int>(0, n - 1)(random_); }
  bool Chance(double p) { return std::bernoulli_distribution(p)(random_); }

  v1::PolicyRule RandomRule() {
    migrates_ = Chance(0.5);
    std::vector<PlannedIn> steps;
    const int shares = 1 + Pick(4);
    const int migration = Pick(shares + 2);  // may be behind the last: none
    for (int i = 0; i < shares; ++i) {
      if (i == migration) steps.push_back({});
      steps.push_back(
          {static_cast<double>(i + 1) / shares, absl::Minutes(Pick(20)), Chance(0.3) ? 1000.0 : 0});
    }
    v1::PolicyRule rule = RuleWith(steps);
    rule.mutable_rollout()->set_passes_in_a_row(Pick(4));
    v1::Bake& bake = *rule.mutable_rollout()->mutable_bake();
    *bake.mutable_at_least() = ToProto(absl::Minutes(Pick(60)));
    *bake.mutable_at_most() = ToProto(absl::Minutes(60 + Pick(60)));
    bake.set_peak(Chance(0.5) ? 0.9 : 0);
    *rule.mutable_rollout()->mutable_longest() = ToProto(absl::Hours(5));
    return rule;
  }

  // Mostly forward, sometimes by a lot, sometimes back.
  void MoveClock() {
    static const absl::Duration kMoves[] = {absl::ZeroDuration(), absl::Seconds(1),
                                            absl::Seconds(10),    absl::Minutes(3),
                                            absl::Minutes(20),    -absl::Seconds(30)};
    now_ += kMoves[Pick(6)];
  }

  v1::Verdict RandomVerdict() {
    static const v1::Decision kDecisions[] = {v1::DECISION_ALLOW, v1::DECISION_ALLOW,
                                              v1::DECISION_ALLOW, v1::DECISION_HOLD,
                                              v1::DECISION_BLOCK};
    static const v1::Advice kAdvice[] = {
        v1::ADVICE_PROCEED, v1::ADVICE_PROCEED,    v1::ADVICE_PROCEED,  v1::ADVICE_WAIT,
        v1::ADVICE_PAUSE,   v1::ADVICE_ACCELERATE, v1::ADVICE_ROLL_BACK};
    const v1::Decision decision = kDecisions[Pick(5)];
    const v1::Advice advice = Chance(0.7) ? v1::ADVICE_PROCEED : kAdvice[Pick(7)];
    v1::Verdict verdict = VerdictOn(Chance(0.1) ? former_ : rollout_, decision, now_, advice);
    if (Chance(0.05)) *verdict.mutable_valid_until() = ToProto(now_ - absl::Seconds(1));
    if (Chance(0.05)) verdict.set_rollout("rollouts/2");
    if (Chance(0.8)) verdict.mutable_pace()->set_requests(Chance(0.7) ? 2000 : 10);
    if (Chance(0.2)) verdict.mutable_pace()->set_largest_safe_share(Pick(11) / 10.0);
    if (Chance(0.8)) verdict.mutable_pace()->set_peak_seen(Pick(11) / 10.0);
    verdicts_[verdict.name()] = verdict;
    return verdict;
  }

  void Step() {
    switch (Pick(12)) {
      case 0:
        return Apply(Paused{"a person"});
      case 1:
      case 2:
        return Apply(Resumed{"a person"});
      case 3:
        return Chance(0.2) ? Apply(Aborted{"a person"}) : Apply(Ticked{});
      case 4:
        return Apply(WentBack{});
      case 5:
        return Chance(0.1) ? Apply(Superseded{"rollouts/3"}) : Apply(Ticked{});
      case 6:
      case 7: {
        const v1::Verdict verdict = RandomVerdict();
        return Apply(Judged{verdict});
      }
      default: {
        const v1::Verdict verdict = RandomVerdict();
        const int last = calls_;
        const bool again = last > 0 && Chance(0.1);
        return Apply(Asked{verdict, absl::StrCat("call-", again ? last : ++calls_)});
      }
    }
  }

  void Apply(const Event& event) {
    const v1::Rollout before = rollout_;
    const auto next = Next(before, event, now_);
    const auto repeated = Next(before, event, now_);
    ASSERT_EQ(next.ok(), repeated.ok());
    if (!next.ok()) return;
    ASSERT_EQ(next->rollout.SerializeAsString(), repeated->rollout.SerializeAsString());
    rollout_ = next->rollout;
    former_ = before;
    Check(before, event, *next);
  }

  void Check(const v1::Rollout& before, const Event& event, const Transition& next) {
    const v1::Rollout& after = next.rollout;
    const auto* asked = std::get_if<Asked>(&event);
    ASSERT_GE(after.taken_size(), before.taken_size());
    ASSERT_LE(after.taken_size(), before.taken_size() + 1);
    if (after.taken_size() > before.taken_size()) {
      ASSERT_NE(asked, nullptr) << "a step that nobody asked for";
      CheckStep(before, after, *asked);
    }
    if (asked != nullptr && next.advanced) {
      // Whoever repeats the call is told the same, and nothing moves.
      const auto again = Next(after, event, now_);
      ASSERT_TRUE(again.ok());
      ASSERT_TRUE(again->advanced);
      ASSERT_EQ(again->rollout.taken_size(), after.taken_size());
    }
    if (went_back_) {
      ASSERT_TRUE(after.state() == v1::ROLLOUT_STATE_ROLLING_BACK || HasEnded(after.state()))
          << "forward after ROLL_BACK: " << RolloutState_Name(after.state());
    }
    if (HasEnded(before.state())) {
      ASSERT_EQ(after.state(), before.state()) << "an end that was none";
    }
    if (after.state() == v1::ROLLOUT_STATE_ROLLING_BACK) went_back_ = true;
    ASSERT_EQ(after.sequence(), before.sequence() + static_cast<int64_t>(next.actions.size()));
    ASSERT_TRUE(after.state() == before.state() || !next.actions.empty()) << "nobody was told";
    ASSERT_GE(FromProto(after.update_time()), FromProto(before.update_time()));
    if (after.state() == v1::ROLLOUT_STATE_SUCCEEDED) CheckSuccess(before, after);
    CheckAlwaysPossible(after);
  }

  void CheckStep(const v1::Rollout& before, const v1::Rollout& after, const Asked& asked) {
    ASSERT_TRUE(before.state() == v1::ROLLOUT_STATE_PENDING ||
                before.state() == v1::ROLLOUT_STATE_PROGRESSING);
    ASSERT_FALSE(went_back_);
    const v1::TakenStep& taken = *after.taken().rbegin();
    const v1::Verdict& verdict = verdicts_.at(taken.verdict());
    ASSERT_EQ(verdict.decision(), v1::DECISION_ALLOW);
    ASSERT_EQ(verdict.rollout(), rollout_.name());
    ASSERT_EQ(verdict.change().stage().SerializeAsString(), StageOf(before).SerializeAsString());
    ASSERT_GT(FromProto(verdict.valid_until()), FromProto(taken.take_time()));
    ASSERT_EQ(taken.request_id(), asked.request_id);
    ASSERT_TRUE(requests_.insert(asked.request_id).second) << "one call, two steps";
    const auto& steps = after.plan().steps();
    const int first = before.taken().empty() ? 0 : before.taken().rbegin()->step() + 1;
    ASSERT_GE(taken.step(), first);
    for (int skipped = first; skipped < taken.step(); ++skipped) {
      ASSERT_EQ(verdict.advice(), v1::ADVICE_ACCELERATE);
      ASSERT_FALSE(steps[skipped].migration()) << "a schema change that was left out";
    }
    if (verdict.advice() == v1::ADVICE_ACCELERATE) return;
    if (!before.taken().empty()) {
      const v1::TakenStep& last = *before.taken().rbegin();
      ASSERT_GE(FromProto(taken.take_time()) - FromProto(last.take_time()),
                FromProto(steps[last.step()].at_least()));
      if (steps[last.step()].requests() > 0) {
        ASSERT_GE(verdict.pace().requests(), steps[last.step()].requests());
      }
    }
    if (!steps[taken.step()].migration() && verdict.pace().has_largest_safe_share()) {
      ASSERT_LE(steps[taken.step()].share(), verdict.pace().largest_safe_share() + 1e-6);
    }
  }

  void CheckSuccess(const v1::Rollout& before, const v1::Rollout& after) {
    if (before.state() == v1::ROLLOUT_STATE_SUCCEEDED) return;
    ASSERT_EQ(before.state(), v1::ROLLOUT_STATE_BAKING);
    ASSERT_EQ(after.share(), 1);
    ASSERT_GE(after.peak_seen(), after.plan().bake().peak());
    const absl::Time out = FromProto(after.taken().rbegin()->take_time());
    ASSERT_GE(FromProto(after.end_time()) - out, FromProto(after.plan().bake().at_least()));
    ASSERT_EQ(verdicts_.at(after.verdict().name()).decision(), v1::DECISION_ALLOW);
  }

  void CheckAlwaysPossible(const v1::Rollout& rollout) {
    const auto paused = Next(rollout, Paused{"a person"}, now_);
    ASSERT_TRUE(paused.ok()) << paused.status();
    if (HasEnded(rollout.state())) return;
    if (rollout.state() != v1::ROLLOUT_STATE_ROLLING_BACK) {
      ASSERT_EQ(paused->rollout.state(), v1::ROLLOUT_STATE_PAUSED);
    }
    const auto aborted = Next(rollout, Aborted{"a person"}, now_);
    ASSERT_TRUE(aborted.ok()) << aborted.status();
    ASSERT_EQ(aborted->rollout.state(), rollout.taken().empty() ? v1::ROLLOUT_STATE_ROLLED_BACK
                                                                : v1::ROLLOUT_STATE_ROLLING_BACK);
  }

  // Nothing but time: it ends.
  void Finish() {
    now_ = std::max(now_, FromProto(rollout_.expire_time()));
    Apply(Ticked{});
    ASSERT_TRUE(HasEnded(rollout_.state())) << RolloutState_Name(rollout_.state());
    ASSERT_EQ(NextDue(rollout_, now_), absl::InfiniteFuture());
  }

  std::mt19937 random_;
  bool migrates_ = false;
  absl::Time now_ = kStart;
  v1::Rollout rollout_, former_;
  std::map<std::string, v1::Verdict> verdicts_;
  std::set<std::string> requests_;
  int calls_ = 0;
  bool went_back_ = false;

 public:
  v1::RolloutState state() const { return rollout_.state(); }
  int taken() const { return rollout_.taken_size(); }
};

TEST(ModelTest, WhatThePacerPromisesHoldsWhateverHappens) {
  std::map<v1::RolloutState, int> ends;
  int steps = 0;
  for (int i = 0; i < Walks() && !HasFailure(); ++i) {
    SCOPED_TRACE(absl::StrCat("walk ", i));
    Walk walk(static_cast<unsigned>(i));
    walk.Run();
    ++ends[walk.state()];
    steps += walk.taken();
  }
  // The walks go everywhere.
  for (const v1::RolloutState end : {v1::ROLLOUT_STATE_SUCCEEDED, v1::ROLLOUT_STATE_ROLLED_BACK,
                                     v1::ROLLOUT_STATE_SUPERSEDED, v1::ROLLOUT_STATE_EXPIRED}) {
    EXPECT_GT(ends[end], Walks() / 100) << RolloutState_Name(end);
  }
  EXPECT_GT(steps, Walks() / 2);
}

}  // namespace
}  // namespace gate::rollout
