// What holds for the traffic check whatever the numbers: the goldens show single cases.
#include <algorithm>
#include <cmath>
#include <random>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/shift.h"
#include "tests/traffic/traffic.h"

namespace gate {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::JudgeTraffic;
using testing::Shift;

v1::TrafficShift::Origin Origin(const std::string& name, double before, double after) {
  v1::TrafficShift::Origin origin;
  origin.set_name(name);
  origin.set_share_before(before);
  origin.set_share_after(after);
  origin.set_site("nyc");
  origin.set_database_site("nyc");
  return origin;
}

// A fifth goes to a new origin; all of it is told, and nothing is wrong.
v1::Change GoodShift() {
  v1::Change change = Shift({Origin("old", 1, 0.8), Origin("new", 0, 0.2)});
  change.mutable_traffic_shift()->set_stateful_sessions(true);
  change.mutable_traffic_shift()->set_affinity(v1::SESSION_AFFINITY_COOKIE);
  return change;
}

TEST(TrafficTest, OtherChangesAreSkipped) {
  v1::Change change;
  change.set_kind(v1::CHANGE_KIND_CODE);
  EXPECT_EQ(JudgeTraffic(change, {}).outcome(), v1::OUTCOME_SKIPPED);
  EXPECT_EQ(JudgeTraffic(change, {}).decision(), v1::DECISION_ALLOW);
}

TEST(TrafficTest, AShiftThatIsNotToldIsInconclusive) {
  v1::Change change;
  change.set_kind(v1::CHANGE_KIND_TRAFFIC_SHIFT);
  const v1::CheckOutcome outcome = JudgeTraffic(change, {});
  EXPECT_EQ(outcome.outcome(), v1::OUTCOME_INCONCLUSIVE);
  EXPECT_EQ(outcome.decision(), v1::DECISION_HOLD);
  EXPECT_THAT(outcome.unblock(), ElementsAre(HasSubstr("--origin NAME=BEFORE:AFTER")));
}

// Whatever a change calls itself: traffic that moves is judged.
TEST(TrafficTest, AShiftIsJudgedUnderAnyKind) {
  v1::Change change = GoodShift();
  change.mutable_traffic_shift()->set_affinity(v1::SESSION_AFFINITY_NONE);
  for (const v1::ChangeKind kind : {v1::CHANGE_KIND_CODE, v1::CHANGE_KIND_CONFIG}) {
    change.set_kind(kind);
    EXPECT_EQ(JudgeTraffic(change, {}).decision(), v1::DECISION_BLOCK);
  }
}

TEST(TrafficTest, AGoodShiftPassesAndSaysWhy) {
  const v1::CheckOutcome outcome = JudgeTraffic(GoodShift(), {});
  EXPECT_EQ(outcome.outcome(), v1::OUTCOME_PASS);
  EXPECT_EQ(outcome.summary(),
            "new 0 % -> 20 % and old 100 % -> 80 %: each user stays with one origin.");
  EXPECT_THAT(outcome.findings(), IsEmpty());
}

// A verdict is read by people, and has limits: of many origins a few are named.
TEST(TrafficTest, OfManyOriginsAFewAreNamed) {
  std::vector<v1::TrafficShift::Origin> origins = {Origin("old", 1, 0)};
  for (int i = 10; i < 60; ++i) origins.push_back(Origin("o" + std::to_string(i), 0, 0.02));
  v1::Change change = Shift(origins);
  change.mutable_traffic_shift()->set_stateful_sessions(true);
  change.mutable_traffic_shift()->set_sticky_sessions(false);
  const v1::CheckOutcome outcome = JudgeTraffic(change, {});
  EXPECT_EQ(outcome.outcome(), v1::OUTCOME_FAIL);
  EXPECT_THAT(outcome.summary(), HasSubstr("o14 (2 %) and 45 more answer in turn. About 98 %"));
}

// All that can be told of sessions, by the change and by the policy, and what comes of it.
struct Sessions {
  const char* change;  // of stateful_sessions: "yes", "no", ""
  const char* policy;
  const char* sticky;  // "yes", "no", ""
  v1::Outcome outcome;
};

TEST(TrafficTest, SessionsAndAffinity) {
  constexpr v1::Outcome kPass = v1::OUTCOME_PASS, kFail = v1::OUTCOME_FAIL,
                        kOpen = v1::OUTCOME_INCONCLUSIVE;
  const Sessions cases[] = {
      {"yes", "", "no", kFail},   {"", "yes", "no", kFail},  {"yes", "no", "no", kFail},
      {"no", "yes", "no", kFail}, {"yes", "yes", "", kOpen}, {"yes", "", "", kOpen},
      {"no", "yes", "", kOpen},   {"", "", "no", kOpen},     {"", "", "", kOpen},
      {"no", "", "no", kPass},    {"", "no", "no", kPass},   {"no", "no", "", kPass},
      {"yes", "", "yes", kPass},  {"", "", "yes", kPass},    {"no", "", "yes", kPass},
  };
  for (const Sessions& told : cases) {
    v1::Change change = GoodShift();
    v1::TrafficShift& shift = *change.mutable_traffic_shift();
    shift.clear_stateful_sessions();
    shift.clear_affinity();
    v1::TrafficPolicy policy;
    if (*told.change != 0) shift.set_stateful_sessions(*told.change == 'y');
    if (*told.policy != 0) policy.set_stateful_sessions(*told.policy == 'y');
    if (*told.sticky != 0) shift.set_sticky_sessions(*told.sticky == 'y');
    const v1::CheckOutcome outcome = JudgeTraffic(change, policy);
    EXPECT_EQ(outcome.outcome(), told.outcome) << change.DebugString() << policy.DebugString();
    EXPECT_EQ(outcome.unblock().empty(), told.outcome == v1::OUTCOME_PASS);
  }
}

TEST(TrafficTest, ThirdsAreWrittenWithFewDigits) {
  v1::Change change =
      Shift({Origin("a", 1, 0.3333333), Origin("b", 0, 0.3333333), Origin("c", 0, 0.3333333)});
  change.mutable_traffic_shift()->set_stateful_sessions(false);
  EXPECT_EQ(JudgeTraffic(change, {}).outcome(), v1::OUTCOME_PASS);
}

TEST(TrafficTest, MoreThanAllOfTheTrafficIsNotTold) {
  v1::Change change = Shift({Origin("old", 1, 0.8), Origin("new", 0, 0.4)});
  change.mutable_traffic_shift()->set_stateful_sessions(false);
  const v1::CheckOutcome outcome = JudgeTraffic(change, {});
  EXPECT_EQ(outcome.outcome(), v1::OUTCOME_INCONCLUSIVE) << outcome.DebugString();
}

// Only what cannot be split has no smaller steps, and only where it is known to be so.
TEST(TrafficTest, TheWholeStepIsForWhatCannotBeSplit) {
  v1::TrafficPolicy policy;
  policy.set_largest_step(0.2);
  const auto severity = [&](const char* stateful, v1::SessionAffinity affinity, double after) {
    v1::Change change = Shift({Origin("old", 1, 1 - after), Origin("new", 0, after)});
    v1::TrafficShift& shift = *change.mutable_traffic_shift();
    shift.set_way_back("weights, 2 min");
    if (*stateful != 0) shift.set_stateful_sessions(*stateful == 'y');
    shift.set_affinity(affinity);
    const v1::CheckOutcome outcome = JudgeTraffic(change, policy);
    for (const v1::Finding& finding : outcome.findings()) {
      if (finding.rule() == "traffic.share_step") return finding.severity();
    }
    return v1::SEVERITY_UNSPECIFIED;
  };
  EXPECT_EQ(severity("yes", v1::SESSION_AFFINITY_NONE, 1), v1::SEVERITY_WARN);
  EXPECT_EQ(severity("no", v1::SESSION_AFFINITY_NONE, 1), v1::SEVERITY_BLOCK);
  EXPECT_EQ(severity("", v1::SESSION_AFFINITY_NONE, 1), v1::SEVERITY_BLOCK);
  EXPECT_EQ(severity("yes", v1::SESSION_AFFINITY_COOKIE, 1), v1::SEVERITY_BLOCK);
  EXPECT_EQ(severity("yes", v1::SESSION_AFFINITY_UNSPECIFIED, 1), v1::SEVERITY_BLOCK);
  EXPECT_EQ(severity("yes", v1::SESSION_AFFINITY_NONE, 0.5), v1::SEVERITY_BLOCK);
}

// Whether an origin in another site grows is not known: then it is not taken to have been there.
TEST(TrafficTest, AnOriginWhoseShareBeforeIsNotToldMayGrow) {
  v1::TrafficPolicy policy;
  (*policy.mutable_severities())["traffic.cross_site_database"] = v1::SEVERITY_BLOCK;
  v1::Change change = GoodShift();
  change.mutable_traffic_shift()->mutable_origins(1)->set_database_site("ord");
  EXPECT_EQ(JudgeTraffic(change, policy).outcome(), v1::OUTCOME_FAIL);
  change.mutable_traffic_shift()->mutable_origins(0)->clear_share_before();
  EXPECT_EQ(JudgeTraffic(change, policy).outcome(), v1::OUTCOME_FAIL);
}

TEST(TrafficTest, AnExemptionOfHarmDoesNotCarryAwayTheDoubtBesideIt) {
  v1::Change change = GoodShift();
  v1::TrafficShift& shift = *change.mutable_traffic_shift();
  shift.set_affinity(v1::SESSION_AFFINITY_NONE);
  v1::TrafficPolicy policy;
  v1::Exemption& exemption = *policy.mutable_settings()->add_exemptions();
  exemption.set_rule("traffic.split_sessions");
  exemption.mutable_expires_at()->set_seconds(1);
  EXPECT_EQ(JudgeTraffic(change, policy).decision(), v1::DECISION_ALLOW);
  shift.mutable_origins(0)->clear_site();
  EXPECT_EQ(JudgeTraffic(change, policy).decision(), v1::DECISION_HOLD);
}

// --- Whatever the numbers ------------------------------------------------------------------------

class AnyShift : public ::testing::Test {
 protected:
  double Share() { return std::uniform_real_distribution<>(0, 1)(random_); }
  bool Coin() { return random_() % 2 == 0; }
  std::vector<double> Shares(int count) {
    std::vector<double> shares(static_cast<size_t>(count));
    double sum = 0;
    for (double& share : shares) sum += share = Coin() ? Share() : 0;
    if (sum == 0) sum = shares[0] = 1;
    for (double& share : shares) share /= sum;
    return shares;
  }
  // Two to five origins, with faults of all kinds, all of it told.
  v1::Change Any() {
    const int count = 2 + static_cast<int>(random_() % 4);
    const std::vector<double> before = Shares(count), after = Shares(count);
    std::vector<v1::TrafficShift::Origin> origins;
    for (size_t i = 0; i < before.size(); ++i) {
      origins.push_back(Origin(std::string(1, static_cast<char>('a' + i)), before[i], after[i]));
      if (Coin()) origins.back().set_site("fra");
    }
    v1::Change change = Shift(origins);
    v1::TrafficShift& shift = *change.mutable_traffic_shift();
    shift.set_stateful_sessions(Coin());
    shift.set_affinity(static_cast<v1::SessionAffinity>(1 + random_() % 3));
    if (Coin()) shift.set_way_back("weights, 2 min");
    return change;
  }
  v1::TrafficPolicy AnyPolicy() {
    v1::TrafficPolicy policy;
    if (Coin()) policy.set_largest_step(0.01 + 0.99 * Share());
    for (const char* rule : {"traffic.cross_site_database", "traffic.no_way_back"}) {
      if (Coin()) (*policy.mutable_severities())[rule] = v1::SEVERITY_BLOCK;
    }
    return policy;
  }

  const unsigned seed_ = std::random_device{}();
  std::mt19937 random_{seed_};
};

TEST_F(AnyShift, TheOrderOfOriginsDoesNotMatter) {
  SCOPED_TRACE(::testing::Message() << "seed " << seed_);
  for (int i = 0; i < 500; ++i) {
    v1::Change change = Any();
    const v1::TrafficPolicy policy = AnyPolicy();
    const std::string one = JudgeTraffic(change, policy).SerializeAsString();
    auto& origins = *change.mutable_traffic_shift()->mutable_origins();
    std::shuffle(origins.begin(), origins.end(), random_);
    EXPECT_EQ(JudgeTraffic(change, policy).SerializeAsString(), one) << change.DebugString();
  }
}

TEST_F(AnyShift, TheWayBackIsNeverStopped) {
  SCOPED_TRACE(::testing::Message() << "seed " << seed_);
  int would_be_stopped = 0;
  for (int i = 0; i < 500; ++i) {
    v1::Change change = Any();
    v1::TrafficPolicy policy = AnyPolicy();
    policy.mutable_settings()->set_on_inconclusive(v1::DECISION_BLOCK);
    v1::TrafficShift& shift = *change.mutable_traffic_shift();
    if (Coin()) shift.clear_affinity();
    if (Coin()) shift.mutable_origins(0)->clear_share_before();
    if (Coin()) shift.mutable_origins(0)->clear_site();
    would_be_stopped += JudgeTraffic(change, policy).decision() == v1::DECISION_BLOCK;
    shift.set_takes_back("verdicts/1");
    const v1::CheckOutcome outcome = JudgeTraffic(change, policy);
    EXPECT_EQ(outcome.decision(), v1::DECISION_ALLOW) << outcome.DebugString();
    EXPECT_THAT(outcome.summary(), HasSubstr("verdicts/1"));
  }
  EXPECT_GT(would_be_stopped, 100);
}

// What passes passes because it was told: without a share, a site or the affinity it does not.
TEST_F(AnyShift, LessKnowledgeNeverMakesAPass) {
  SCOPED_TRACE(::testing::Message() << "seed " << seed_);
  for (int i = 0; i < 500; ++i) {
    v1::Change change = Any();
    const v1::TrafficPolicy policy = AnyPolicy();
    v1::TrafficShift& shift = *change.mutable_traffic_shift();
    const auto is_split = [&] {
      return std::ranges::count_if(shift.origins(),
                                   [](const auto& origin) { return origin.share_after() > 0; }) > 1;
    };
    auto& origin = *shift.mutable_origins(0);
    bool tells_less = false;
    if (Coin()) {
      tells_less |= origin.share_before() > 0;
      origin.clear_share_before();
    }
    if (Coin()) {
      tells_less |= origin.share_after() > 0;
      origin.clear_site();
    }
    if (Coin()) {
      tells_less |= origin.share_after() > 0;
      origin.clear_database_site();
    }
    if (Coin()) {
      tells_less |= shift.stateful_sessions() && is_split();
      shift.clear_affinity();
    }
    if (!tells_less) continue;
    const v1::CheckOutcome outcome = JudgeTraffic(change, policy);
    EXPECT_NE(outcome.decision(), v1::DECISION_ALLOW) << change.DebugString();
    EXPECT_NE(outcome.outcome(), v1::OUTCOME_PASS) << change.DebugString();
  }
}

// --- What a policy may not say -------------------------------------------------------------------

TEST(TrafficValidate, NamesTheFieldAndTheMistake) {
  const auto issues = [](const v1::TrafficPolicy& traffic) {
    v1::PolicyRule rule;
    *rule.mutable_checks()->mutable_traffic() = traffic;
    std::vector<std::string> all;
    for (const ParameterIssue& issue : kTrafficCheck.validate(v1::Policy(), rule)) {
      all.push_back(issue.field + ": " + issue.message);
    }
    return all;
  };
  v1::TrafficPolicy policy;
  EXPECT_THAT(issues(policy), IsEmpty());
  policy.set_largest_step(1);
  (*policy.mutable_severities())["traffic.no_way_back"] = v1::SEVERITY_BLOCK;
  EXPECT_THAT(issues(policy), IsEmpty());

  for (const double step : {-0.1, 1.1, std::nan("")}) {
    v1::TrafficPolicy wrong;
    wrong.set_largest_step(step);
    EXPECT_THAT(issues(wrong), ElementsAre(HasSubstr("largest_step: must be over 0"))) << step;
  }
  const std::pair<const char*, const char*> mistakes[] = {
      {"traffic.splitt", "unknown rule \"traffic.splitt\""},
      {"traffic.unproven", "cannot be declared harmless"},
      {"traffic.taken_back", "nothing to set"},
      {"traffic.share_step", "must be INFO, WARN or BLOCK"}};
  for (const auto& [rule, message] : mistakes) {
    v1::TrafficPolicy wrong;
    (*wrong.mutable_severities())[rule] = v1::SEVERITY_UNSPECIFIED;
    EXPECT_THAT(issues(wrong), ElementsAre(HasSubstr(message))) << rule;
  }
}

}  // namespace
}  // namespace gate
