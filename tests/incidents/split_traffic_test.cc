// 2021-07-06, split traffic: on the Friday before the holiday weekend a fifth of the traffic went
// to a new hoster, at random, with the database at the old one. It was felt on Tuesday. Asked here
// is what the shift tells of itself: freeze and sessions and sites. What the new pool can bear is
// not told by the shift, but by metrics and their forecast; Ramp has the workers of both pools for
// it.
#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "checks/proto_time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/incidents/incident.h"

namespace gate {
namespace {

using testing::AllOf;
using testing::HasSubstr;

constexpr char kFriday[] = "2021-07-02 19:00:00";       // 15:00 in New York
constexpr char kNextWeek[] = "2021-07-13 15:00:00";     // Tuesday, 11:00
constexpr char kOpensAgain[] = "2021-07-06T14:00:00Z";  // Tuesday, 10:00

GateSetup SetupAt(std::string now) {
  return {.policy = ReadFile("incidents/traffic_policy.yaml"),
          .files = {{"us-federal-holidays.ics",
                     ReadFile("../deploy/policies/us-federal-holidays.ics")}},
          .now = std::move(now)};
}

// What differs from one ramp to another, and must not change the answer.
struct Ramp {
  double share = 0.2;  // of the new hoster, after
  int old_workers = 256, new_workers = 64;
};

// As it was: nothing keeps a user with one hoster, and the database is with the old one.
v1::EvaluateRequest Split(const Ramp& ramp) {
  v1::EvaluateRequest request;
  v1::Change& change = *request.mutable_change();
  change.set_service("web");
  change.set_environment("production");
  change.set_kind(v1::CHANGE_KIND_TRAFFIC_SHIFT);
  v1::TrafficShift& shift = *change.mutable_traffic_shift();
  shift.set_sticky_sessions(false);
  const auto add = [&](const char* name, double before, double after, const char* site,
                       int workers) {
    v1::TrafficShift::Origin& origin = *shift.add_origins();
    origin.set_name(name);
    origin.set_share_before(before);
    origin.set_share_after(after);
    origin.set_site(site);
    origin.set_database_site("nyc");
    origin.set_workers(workers);
  };
  add("old-hoster", 1, 1 - ramp.share, "nyc", ramp.old_workers);
  add("new-hoster", 0, ramp.share, "ord", ramp.new_workers);
  return request;
}

// As it should have been: users stay with one hoster, and each has its primary beside it.
v1::EvaluateRequest Mended(const Ramp& ramp) {
  v1::EvaluateRequest request = Split(ramp);
  v1::TrafficShift& shift = *request.mutable_change()->mutable_traffic_shift();
  shift.set_sticky_sessions(true);
  shift.mutable_origins(1)->set_database_site("ord");
  return request;
}

v1::EvaluateRequest Lifted(v1::EvaluateRequest request) {
  (*request.mutable_change()->mutable_labels())["freeze"] = "lifted";
  return request;
}

class SplitTraffic : public testing::Test {
 protected:
  Ramp AnyRamp() {
    return {.share = std::uniform_real_distribution<>(0.01, 0.99)(random_),
            .old_workers = std::uniform_int_distribution<>(0, 1000)(random_),
            .new_workers = std::uniform_int_distribution<>(0, 1000)(random_)};
  }
  // In the freeze, with time left for the test: in the words of GateSetup.
  std::string AnyFrozenMoment() {
    absl::Time start, end;
    std::string error;
    EXPECT_TRUE(absl::ParseTime(absl::RFC3339_full, "2021-07-02T16:00:00Z", &start, &error));
    EXPECT_TRUE(absl::ParseTime(absl::RFC3339_full, kOpensAgain, &end, &error));
    const int64_t seconds = absl::ToInt64Seconds(end - start) - 600;
    return absl::FormatTime(
        "%Y-%m-%d %H:%M:%S",
        start + absl::Seconds(std::uniform_int_distribution<int64_t>(0, seconds)(random_)),
        absl::UTCTimeZone());
  }

  static void ExpectFrozenUntilTuesday(const v1::Verdict& verdict) {
    const v1::CheckOutcome& freeze = OutcomeOf(verdict, "freeze");
    EXPECT_EQ(freeze.decision(), v1::DECISION_BLOCK) << verdict.DebugString();
    const v1::Finding& finding = FindingOf(freeze, "freeze.inside_deny_window");
    EXPECT_EQ(finding.subject(), "holiday-weekend");
    EXPECT_THAT(finding.message(), HasSubstr("Independence Day"));
    EXPECT_THAT(finding.instead(),
                AllOf(HasSubstr("Tue 2021-07-06 10:00 EDT"), HasSubstr("14:00 UTC")));
    EXPECT_EQ(Rfc3339(FromProto(finding.clears_at())), kOpensAgain);
  }

  static void ExpectSplitAndFarFromItsDatabase(const v1::Verdict& verdict) {
    const v1::CheckOutcome& traffic = OutcomeOf(verdict, "traffic");
    EXPECT_EQ(traffic.outcome(), v1::OUTCOME_FAIL) << verdict.DebugString();
    EXPECT_EQ(traffic.decision(), v1::DECISION_BLOCK);
    const v1::Finding& split = FindingOf(traffic, "traffic.split_sessions");
    EXPECT_EQ(split.severity(), v1::SEVERITY_BLOCK);
    EXPECT_THAT(split.message(), AllOf(HasSubstr("web keeps sessions"), HasSubstr("new-hoster ("),
                                       HasSubstr("old-hoster (")));
    EXPECT_THAT(split.instead(),
                AllOf(HasSubstr("Leave all traffic with old-hoster"), HasSubstr("affinity"),
                      HasSubstr("whole tenants"), HasSubstr("everything at once")));
    const v1::Finding& far = FindingOf(traffic, "traffic.cross_site_database");
    EXPECT_EQ(far.severity(), v1::SEVERITY_WARN);
    EXPECT_EQ(far.subject(), "new-hoster");
    EXPECT_THAT(far.message(), AllOf(HasSubstr("in ord"), HasSubstr("in nyc"),
                                     HasSubstr("crosses sites and back")));
  }

  const unsigned seed_ = std::random_device{}();
  std::mt19937 random_{seed_};
  const testing::ScopedTrace trace_{__FILE__, __LINE__, absl::StrCat("seed ", seed_)};
};

TEST_F(SplitTraffic, OnFridayBeforeTheRampFreezeAndTrafficBlockIt) {
  RunningGate gate(SetupAt(kFriday));
  const v1::Verdict as_it_was = gate.Evaluate(Split(Ramp()));
  EXPECT_EQ(as_it_was.decision(), v1::DECISION_BLOCK);
  EXPECT_THAT(as_it_was.reason(), AllOf(HasSubstr("holiday-weekend"), HasSubstr("1 more check")));
  ExpectFrozenUntilTuesday(as_it_was);
  ExpectSplitAndFarFromItsDatabase(as_it_was);
  EXPECT_THAT(FindingOf(OutcomeOf(as_it_was, "traffic"), "traffic.split_sessions").message(),
              AllOf(HasSubstr("new-hoster (20 %) and old-hoster (80 %)"), HasSubstr("About 32 %")));

  for (int i = 0; i < 20; ++i) {
    const v1::Verdict verdict = gate.Evaluate(Split(AnyRamp()));
    EXPECT_EQ(verdict.decision(), v1::DECISION_BLOCK);
    ExpectFrozenUntilTuesday(verdict);
    ExpectSplitAndFarFromItsDatabase(verdict);
    // The freeze does not go away because the shift is mended.
    const v1::Verdict mended = gate.Evaluate(Mended(AnyRamp()));
    EXPECT_EQ(mended.decision(), v1::DECISION_BLOCK);
    ExpectFrozenUntilTuesday(mended);
    EXPECT_EQ(OutcomeOf(mended, "traffic").outcome(), v1::OUTCOME_PASS) << mended.DebugString();
  }
}

TEST_F(SplitTraffic, AtAnyMomentOfTheFreezeTheAnswerIsTheSame) {
  const std::string moment = AnyFrozenMoment();
  SCOPED_TRACE(moment);
  RunningGate gate(SetupAt(moment));
  const v1::Verdict verdict = gate.Evaluate(Split(AnyRamp()));
  EXPECT_EQ(verdict.decision(), v1::DECISION_BLOCK);
  ExpectFrozenUntilTuesday(verdict);
  ExpectSplitAndFarFromItsDatabase(verdict);
}

TEST_F(SplitTraffic, WithTheFreezeLiftedTrafficAloneDecides) {
  for (const char* moment : {kFriday, kNextWeek}) {
    SCOPED_TRACE(moment);
    RunningGate gate(SetupAt(moment));
    const v1::Verdict split = gate.Evaluate(Lifted(Split(AnyRamp())));
    EXPECT_EQ(split.decision(), v1::DECISION_BLOCK);
    EXPECT_THAT(split.reason(), HasSubstr("web keeps sessions in its origins"));
    ExpectSplitAndFarFromItsDatabase(split);

    const v1::Verdict mended = gate.Evaluate(Lifted(Mended(AnyRamp())));
    EXPECT_EQ(mended.decision(), v1::DECISION_ALLOW) << mended.DebugString();
    EXPECT_EQ(OutcomeOf(mended, "traffic").outcome(), v1::OUTCOME_PASS);
    EXPECT_EQ(OutcomeOf(mended, "traffic").findings_size(), 0);
  }
}

TEST_F(SplitTraffic, NextWeekTheRemediesPassAndGuessesDoNot) {
  RunningGate gate(SetupAt(kNextWeek));
  const auto ask = [&](const v1::EvaluateRequest& request) { return gate.Evaluate(request); };
  const auto shift_of = [](v1::EvaluateRequest& request) -> v1::TrafficShift& {
    return *request.mutable_change()->mutable_traffic_shift();
  };

  v1::EvaluateRequest tenants = Mended(AnyRamp());
  shift_of(tenants).set_affinity(v1::SESSION_AFFINITY_TENANT);
  EXPECT_EQ(ask(tenants).decision(), v1::DECISION_ALLOW);

  v1::EvaluateRequest at_once = Mended({.share = 1});
  shift_of(at_once).set_sticky_sessions(false);
  shift_of(at_once).set_way_back("weights at the CDN, 2 min");
  EXPECT_EQ(ask(at_once).decision(), v1::DECISION_ALLOW);

  // Affinity alone: the distance to the database is still told.
  v1::EvaluateRequest far = Split(AnyRamp());
  shift_of(far).set_sticky_sessions(true);
  const v1::Verdict warned = ask(far);
  EXPECT_EQ(OutcomeOf(warned, "traffic").outcome(), v1::OUTCOME_PASS);
  EXPECT_EQ(FindingOf(OutcomeOf(warned, "traffic"), "traffic.cross_site_database").severity(),
            v1::SEVERITY_WARN);

  v1::EvaluateRequest unsure = Mended(AnyRamp());
  shift_of(unsure).clear_sticky_sessions();
  EXPECT_EQ(ask(unsure).decision(), v1::DECISION_HOLD);
  unsure = Mended(AnyRamp());
  shift_of(unsure).mutable_origins(1)->clear_site();
  const v1::Verdict held = ask(unsure);
  EXPECT_EQ(held.decision(), v1::DECISION_HOLD);
  EXPECT_EQ(OutcomeOf(held, "traffic").outcome(), v1::OUTCOME_INCONCLUSIVE);
  EXPECT_THAT(held.reason(), HasSubstr("Where new-hoster stands is not told"));

  // Down from the fifth, half of the way: still split, and not stopped.
  v1::EvaluateRequest back = Split(AnyRamp());
  for (v1::TrafficShift::Origin& origin : *shift_of(back).mutable_origins()) {
    origin.set_share_before(origin.share_after());
    origin.set_share_after(origin.name() == "new-hoster" ? origin.share_before() / 2
                                                         : (1 + origin.share_before()) / 2);
  }
  EXPECT_EQ(ask(back).decision(), v1::DECISION_BLOCK);
  shift_of(back).set_takes_back("the ramp of Friday 15:00");
  const v1::Verdict going_back = ask(back);
  EXPECT_EQ(going_back.decision(), v1::DECISION_ALLOW) << going_back.DebugString();
  EXPECT_EQ(FindingOf(OutcomeOf(going_back, "traffic"), "traffic.taken_back").subject(),
            "the ramp of Friday 15:00");
}

TEST_F(SplitTraffic, IsAskedWithGatectl) {
  RunningGate gate(SetupAt(kNextWeek));
  const auto check = [&](const std::vector<std::string>& flags) {
    std::vector<std::string> arguments = {"check", "web", "--env", "production"};
    arguments.insert(arguments.end(), flags.begin(), flags.end());
    return RunGatectl(gate, std::move(arguments));
  };
  const std::string old = "--origin=old-hoster=100%:80%,site=nyc,database=nyc,workers=256";
  const RunResult split =
      check({old, "--origin=new-hoster=0:0.2,site=ord,database=nyc,workers=64", "--affinity=none"});
  EXPECT_EQ(split.exit, 10) << split.output;
  EXPECT_THAT(split.output, AllOf(HasSubstr("BLOCK traffic.split_sessions"),
                                  HasSubstr("WARN traffic.cross_site_database: new-hoster"),
                                  HasSubstr("--affinity cookie")));
  const std::string beside = "--origin=new-hoster=0:20%,site=ord,database=ord";
  const RunResult mended = check({old, beside, "--affinity", "cookie"});
  EXPECT_EQ(mended.exit, 0) << mended.output;
  const RunResult unsure = check({old, beside});
  EXPECT_EQ(unsure.exit, 12) << unsure.output;
  EXPECT_THAT(unsure.output, HasSubstr("--affinity cookie, tenant or none"));
  const RunResult wrong = check({old, "--origin=new-hoster=0:30%"});
  EXPECT_EQ(wrong.exit, 2) << wrong.output;
  EXPECT_THAT(wrong.output, HasSubstr("shares after must sum to 1; they sum to 1.1"));
}

}  // namespace
}  // namespace gate
