// What the hold check says, of whom, and what counts whatever the policy says. Through Judging, as
// the server asks it.
#include "checks/hold/hold.h"

#include <map>

#include "checks/judging.h"
#include "checks/policy/policy.h"
#include "checks/proto_time.h"
#include "gmock/gmock.h"
#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"

namespace gate {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// 2026-11-22T12:00:00Z.
const absl::Time kNow = absl::FromUnixSeconds(1'795'348'800);

template <typename Message>
Message Parse(const std::string& text) {
  Message message;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &message)) << text;
  return message;
}

std::string Seconds(absl::Duration from_now) {
  return "{ seconds: " + std::to_string(absl::ToUnixSeconds(kNow + from_now)) + " }";
}

std::string FreezeText(absl::Duration start, const std::string& more = "") {
  return "freezes { name: 'freezes/1' owner: 'alice' reason: 'a failover.' ticket: 'OPS-12'"
         " start_time " +
         Seconds(start) + " create_time " + Seconds(-absl::Hours(1)) + more + " }";
}

constexpr char kOpen[] = "rules { name: 'r' checks { migration {} } }";
constexpr char kWithHold[] = "rules { name: 'r' checks { hold {} } }";

// One question: a policy, a change of web in production, and what is held.
struct Question {
  std::string policy = kOpen;
  std::string change = "kind: CHANGE_KIND_CODE";
  std::string holds = "";
  std::map<std::string, v1::Observation> seen = {};  // by query id
  absl::Time now = kNow;
};

v1::Verdict Ask(const Question& question) {
  const auto policy = Parse<v1::Policy>(question.policy);
  auto change = Parse<v1::Change>(question.change);
  change.set_service("web");
  change.set_environment("production");
  Judging judging(change, &policy.rules(0), question.now);
  Evidence evidence;
  for (const v1::Query& query : judging.queries()) {
    v1::Observation observation;
    const auto found = question.seen.find(query.id());
    if (found != question.seen.end()) {
      observation = found->second;
    } else if (query.has_holds()) {
      observation.set_source("gate");
      *observation.mutable_holds() = Parse<v1::Holds>(question.holds);
    } else {
      observation = Absent(query.id(), "test", v1::ABSENCE_REASON_TIMEOUT, "");
    }
    observation.set_id(query.id());
    evidence.Add(std::move(observation));
  }
  return judging.Verdict(evidence);
}

const v1::CheckOutcome* HoldOf(const v1::Verdict& verdict) {
  for (const v1::CheckOutcome& outcome : verdict.outcomes()) {
    if (outcome.check() == "hold") return &outcome;
  }
  return nullptr;
}

TEST(Hold, WhereNothingIsHeldAPolicyWithoutItHasNoOutcomeOfIt) {
  const v1::Verdict without = Ask({});
  EXPECT_EQ(HoldOf(without), nullptr);
  EXPECT_EQ(without.decision(), v1::DECISION_ALLOW);
  const v1::Verdict with = Ask({.policy = kWithHold});
  ASSERT_NE(HoldOf(with), nullptr);
  EXPECT_EQ(HoldOf(with)->summary(), "Nothing holds it.");
}

TEST(Hold, ADeclaredFreezeHoldsUnderAnyPolicyAndSaysWhoWhyAndUntilWhen) {
  for (const char* policy : {kOpen, kWithHold}) {
    const v1::Verdict verdict =
        Ask({.policy = policy,
             .holds = FreezeText(-absl::Hours(1), " end_time " + Seconds(absl::Hours(2)))});
    EXPECT_EQ(verdict.decision(), v1::DECISION_HOLD);
    ASSERT_NE(HoldOf(verdict), nullptr);
    EXPECT_EQ(HoldOf(verdict)->summary(),
              "Everything is frozen until 2026-11-22T14:00:00Z, by alice since "
              "2026-11-22T11:00:00Z: a failover (OPS-12).");
    EXPECT_THAT(HoldOf(verdict)->unblock(),
                ElementsAre(HasSubstr("gatectl freeze lift freezes/1 --reason")));
    EXPECT_EQ(FromProto(verdict.retry_at()), kNow + absl::Hours(2));
    EXPECT_LE(FromProto(verdict.valid_until()), kNow + absl::Hours(2));
  }
}

TEST(Hold, StopTheLineHasNoEnd) {
  const v1::Verdict verdict = Ask({.holds = FreezeText(-absl::Hours(1))});
  EXPECT_EQ(verdict.decision(), v1::DECISION_HOLD);
  EXPECT_THAT(verdict.reason(), HasSubstr("Everything is frozen until somebody lifts it"));
  EXPECT_FALSE(verdict.has_retry_at());
}

TEST(Hold, WhatLastsLongestIsSaidFirst) {
  const v1::Verdict verdict =
      Ask({.holds = FreezeText(-absl::Hours(1), " end_time " + Seconds(absl::Hours(2))) +
                    "freezes { name: 'freezes/2' owner: 'bob' reason: 'the sale' start_time " +
                    Seconds(-absl::Hours(2)) + " }"});
  EXPECT_THAT(HoldOf(verdict)->summary(), HasSubstr("by bob"));
  EXPECT_FALSE(verdict.has_retry_at()) << "nobody knows when the other one ends";
}

struct FreezeCase {
  const char* name;
  std::string freeze;
  const char* change;
  v1::Decision decision;
};

class FreezeCases : public ::testing::TestWithParam<FreezeCase> {};

TEST_P(FreezeCases, Decide) {
  const v1::Verdict verdict = Ask({.change = GetParam().change, .holds = GetParam().freeze});
  EXPECT_EQ(verdict.decision(), GetParam().decision) << verdict.reason();
}

const FreezeCase kFreezeCases[] = {
    {"OfAnotherService", FreezeText(-absl::Hours(1), " services: 'mail'"), "kind: CHANGE_KIND_CODE",
     v1::DECISION_ALLOW},
    {"OfAPattern", FreezeText(-absl::Hours(1), " services: 'we*'"), "kind: CHANGE_KIND_CODE",
     v1::DECISION_HOLD},
    {"OfAnotherEnvironment", FreezeText(-absl::Hours(1), " environments: 'staging'"),
     "kind: CHANGE_KIND_CODE", v1::DECISION_ALLOW},
    {"AnExemptKind", FreezeText(-absl::Hours(1), " exempt_kinds: CHANGE_KIND_HOTFIX"),
     "kind: CHANGE_KIND_HOTFIX", v1::DECISION_ALLOW},
    {"AnotherKind", FreezeText(-absl::Hours(1), " exempt_kinds: CHANGE_KIND_HOTFIX"),
     "kind: CHANGE_KIND_CODE", v1::DECISION_HOLD},
    {"Ended", FreezeText(-absl::Hours(2), " end_time " + Seconds(absl::ZeroDuration())),
     "kind: CHANGE_KIND_CODE", v1::DECISION_ALLOW},
    {"Lifted", FreezeText(-absl::Hours(2), " lift_time " + Seconds(absl::Hours(1))),
     "kind: CHANGE_KIND_CODE", v1::DECISION_ALLOW},
    {"NotYet", FreezeText(absl::Seconds(1)), "kind: CHANGE_KIND_CODE", v1::DECISION_ALLOW},
    // Declared at once, by a gate whose clock is a minute ahead of ours.
    {"ByAClockThatIsAhead",
     "freezes { name: 'freezes/1' start_time " + Seconds(absl::Minutes(1)) + " create_time " +
         Seconds(absl::Minutes(1)) + " }",
     "kind: CHANGE_KIND_CODE", v1::DECISION_HOLD},
    {"UnderWay", FreezeText(-absl::Hours(1)),
     "kind: CHANGE_KIND_CODE stage { started_at { seconds: 1 } }", v1::DECISION_HOLD},
    {"UnderWayAndMayFinish", FreezeText(-absl::Hours(1), " lets_finish: true"),
     "kind: CHANGE_KIND_CODE stage { started_at { seconds: 1 } }", v1::DECISION_ALLOW},
    {"NotUnderWayThoughItMightFinish", FreezeText(-absl::Hours(1), " lets_finish: true"),
     "kind: CHANGE_KIND_CODE stage { next_step: 'a' }", v1::DECISION_HOLD},
    {"AllOut", FreezeText(-absl::Hours(1)),
     "kind: CHANGE_KIND_CODE stage { started_at { seconds: 1 } complete_at { seconds: 2 } }",
     v1::DECISION_ALLOW},
};
INSTANTIATE_TEST_SUITE_P(, FreezeCases, ::testing::ValuesIn(kFreezeCases),
                         [](const auto& info) { return info.param.name; });

TEST(Hold, AFreezeThatBeginsSoonBoundsTheVerdict) {
  const v1::Verdict verdict = Ask({.holds = FreezeText(absl::Minutes(3))});
  EXPECT_EQ(verdict.decision(), v1::DECISION_ALLOW);
  EXPECT_EQ(FromProto(verdict.valid_until()), kNow + absl::Minutes(3));
  ASSERT_NE(HoldOf(verdict), nullptr);
  EXPECT_THAT(HoldOf(verdict)->summary(),
              HasSubstr("from 2026-11-22T12:03:00Z on frozen by alice"));
}

TEST(Hold, WhereTheStoreCannotBeReadNothingIsAllowed) {
  v1::Observation absent = Absent("", "gate", v1::ABSENCE_REASON_UNREACHABLE, "connection refused");
  const v1::Verdict verdict = Ask({.seen = {{kHoldsObservation, absent}}});
  EXPECT_EQ(verdict.decision(), v1::DECISION_HOLD);
  EXPECT_EQ(HoldOf(verdict)->outcome(), v1::OUTCOME_INCONCLUSIVE);
  EXPECT_THAT(verdict.reason(), HasSubstr("gate could not be reached: connection refused"));
}

// A policy can soften incidents and caps, and nothing else.
TEST(Hold, WhatThePolicySaysOfEnforcementIsNotForDeclaredFreezes) {
  for (const char* settings : {"enforcement: ENFORCEMENT_WARN", "enforcement: ENFORCEMENT_DRY_RUN",
                               "requirement: REQUIREMENT_OPTIONAL"}) {
    const std::string policy =
        std::string("rules { name: 'r' checks { hold { settings { ") + settings + " } } } }";
    const std::string incident = "incidents { name: 'incidents/1' title: 'late' }";
    EXPECT_EQ(Ask({.policy = policy, .holds = FreezeText(-absl::Hours(1))}).decision(),
              v1::DECISION_HOLD)
        << settings;
    v1::Observation absent = Absent("", "gate", v1::ABSENCE_REASON_UNREACHABLE, "");
    EXPECT_EQ(Ask({.policy = policy, .seen = {{kHoldsObservation, absent}}}).decision(),
              v1::DECISION_HOLD)
        << settings;
  }
  const std::string warn =
      "rules { name: 'r' checks { hold { settings { enforcement: ENFORCEMENT_WARN } } } }";
  const std::string incident = "incidents { name: 'incidents/1' title: 'late' }";
  EXPECT_EQ(Ask({.policy = warn, .holds = incident}).decision(), v1::DECISION_ALLOW);
  const v1::Verdict both = Ask({.policy = warn, .holds = FreezeText(-absl::Hours(1)) + incident});
  EXPECT_EQ(both.decision(), v1::DECISION_HOLD);
  EXPECT_EQ(HoldOf(both)->findings(1).severity(), v1::SEVERITY_WARN) << "the incident only warns";
}

TEST(Hold, AnOpenIncidentHoldsFromTheSeverityOnThatThePolicySays) {
  const auto decision = [](const std::string& hold, const std::string& incident,
                           const std::string& change = "kind: CHANGE_KIND_CODE") {
    return Ask({.policy = "rules { name: 'r' checks { hold { " + hold + " } } }",
                .change = change,
                .holds = "incidents { name: 'incidents/1' title: 'late' " + incident + " }"})
        .decision();
  };
  EXPECT_EQ(decision("", "severity: INCIDENT_SEVERITY_MAJOR"), v1::DECISION_HOLD);
  EXPECT_EQ(decision("", "severity: INCIDENT_SEVERITY_MINOR"), v1::DECISION_ALLOW);
  EXPECT_EQ(decision("", ""), v1::DECISION_HOLD) << "what nobody has told is critical";
  EXPECT_EQ(
      decision("incidents_from: INCIDENT_SEVERITY_MINOR", "severity: INCIDENT_SEVERITY_MINOR"),
      v1::DECISION_HOLD);
  EXPECT_EQ(
      decision("incidents_from: INCIDENT_SEVERITY_CRITICAL", "severity: INCIDENT_SEVERITY_MAJOR"),
      v1::DECISION_ALLOW);
  EXPECT_EQ(decision("", "services: 'mail'"), v1::DECISION_ALLOW);
  EXPECT_EQ(decision("", "state: INCIDENT_STATE_RESOLVED"), v1::DECISION_ALLOW);
  EXPECT_EQ(decision("", "", "kind: CHANGE_KIND_HOTFIX"), v1::DECISION_ALLOW);
  EXPECT_EQ(decision("incident_exempt_kinds: CHANGE_KIND_CONFIG", "", "kind: CHANGE_KIND_HOTFIX"),
            v1::DECISION_HOLD);
  EXPECT_EQ(decision("", "", "kind: CHANGE_KIND_CODE stage { mends { name: 'incidents/1' } }"),
            v1::DECISION_ALLOW)
      << "the change that mends it";
  EXPECT_EQ(decision("", "", "kind: CHANGE_KIND_CODE stage { mends { name: 'incidents/2' } }"),
            v1::DECISION_HOLD);
  EXPECT_EQ(Ask({.holds = "incidents { name: 'incidents/1' title: 'late' }"}).decision(),
            v1::DECISION_ALLOW)
      << "a policy without the check";
}

constexpr char kCaps[] =
    "rules { name: 'r' checks { hold { caps { name: 'two' environments: 'production' at_most: 2"
    " exempt_kinds: CHANGE_KIND_HOTFIX } } } }";
constexpr char kTwoMoving[] =
    "moving { name: 'rollouts/1' service: 'mail' environment: 'production' }"
    "moving { name: 'rollouts/2' service: 'shop' environment: 'production' }";
constexpr char kFirstStep[] = "kind: CHANGE_KIND_CODE stage { next_step: 'a' }";

TEST(Hold, AFullCapHoldsAFirstStepAlone) {
  const v1::Verdict full = Ask({.policy = kCaps, .change = kFirstStep, .holds = kTwoMoving});
  EXPECT_EQ(full.decision(), v1::DECISION_HOLD);
  EXPECT_THAT(full.reason(),
              AllOf(HasSubstr("The cap two lets 2 rollouts move at a time"),
                    HasSubstr("mail in production (rollouts/1), shop in production (rollouts/2)")));
  const auto decision = [](const std::string& change, const std::string& moving) {
    return Ask({.policy = kCaps, .change = change, .holds = moving}).decision();
  };
  EXPECT_EQ(decision("kind: CHANGE_KIND_CODE", kTwoMoving), v1::DECISION_ALLOW) << "no rollout";
  EXPECT_EQ(decision("kind: CHANGE_KIND_CODE stage { next_step: 'b' started_at { seconds: 1 } }",
                     kTwoMoving),
            v1::DECISION_ALLOW)
      << "it has its place";
  EXPECT_EQ(decision("kind: CHANGE_KIND_HOTFIX stage { next_step: 'a' }", kTwoMoving),
            v1::DECISION_ALLOW);
  EXPECT_EQ(decision(kFirstStep,
                     "moving { name: 'rollouts/1' service: 'mail' environment: 'production' }"
                     "moving { name: 'rollouts/2' service: 'shop' environment: 'staging' }"),
            v1::DECISION_ALLOW);
}

TEST(Hold, CapsThatAnExceptionCoversAreNotTaken) {
  const auto names = [](const std::string& policy, const v1::Verdict& verdict) {
    std::vector<std::string> all;
    const auto parsed = Parse<v1::Policy>(policy);
    for (const auto& cap : CapsToTake(verdict.change(), parsed.rules(0), verdict)) {
      all.push_back(cap.name());
    }
    return all;
  };
  v1::Verdict verdict = Ask({.policy = kCaps, .change = kFirstStep, .holds = kTwoMoving});
  EXPECT_THAT(names(kCaps, verdict), ElementsAre("two"));
  verdict.mutable_outcomes(0)->mutable_findings(0)->set_covered_by("an override");
  EXPECT_THAT(names(kCaps, verdict), IsEmpty());
  std::string warned = kCaps;
  warned.replace(warned.find("hold {"), 6, "hold { settings { enforcement: ENFORCEMENT_WARN }");
  EXPECT_THAT(names(warned, Ask({.policy = warned, .change = kFirstStep})), IsEmpty());
}

// A signal of one value each minute, the newest last.
v1::Observation Signal(const std::vector<double>& values,
                       absl::Duration age = absl::ZeroDuration()) {
  v1::Observation observation;
  observation.set_source("prometheus:main");
  observation.mutable_series();
  for (size_t i = 0; i < values.size(); ++i) {
    v1::ValuePoint& point = *observation.mutable_series()->add_points();
    *point.mutable_time() =
        ToProto(kNow - age - absl::Minutes(static_cast<int64_t>(values.size() - 1 - i)));
    point.set_value(values[i]);
  }
  return observation;
}

std::string Mends(const std::string& incident, absl::Duration complete = -absl::Hours(1)) {
  return "kind: CHANGE_KIND_HOTFIX stage { started_at { seconds: 1 } complete_at " +
         Seconds(complete) + " mends { name: 'incidents/1' title: 'late' " + incident + " } }";
}

constexpr char kAtMostTen[] =
    "signal { source: 'main' selector: 'queue_depth' at_most: 10 in_range_for { seconds: 300 } }";

v1::Verdict AskMended(const v1::Observation& signal, absl::Duration complete = -absl::Hours(1)) {
  return Ask({.change = Mends(kAtMostTen, complete), .seen = {{"hold.signal.highest", signal}}});
}

TEST(Mended, ByItsSignalAfterItHasStayedInRange) {
  const std::vector<double> good(8, 3.0);
  EXPECT_EQ(AskMended(Signal(good)).decision(), v1::DECISION_ALLOW);
  const v1::Verdict out = AskMended(Signal({3, 3, 3, 3, 3, 3, 3, 900}));
  EXPECT_EQ(out.decision(), v1::DECISION_HOLD);
  EXPECT_THAT(out.reason(), HasSubstr("queue_depth is 900, and should be at most 10"));
  EXPECT_EQ(out.advice(), v1::ADVICE_UNSPECIFIED) << "neither paused nor taken back";
  const v1::Verdict short_time = AskMended(Signal({3, 3, 3, 900, 3, 3, 3, 3}));
  EXPECT_EQ(short_time.decision(), v1::DECISION_HOLD);
  EXPECT_EQ(FromProto(short_time.retry_at()), kNow + absl::Minutes(2));
  // In range from before the fix had all of the traffic.
  EXPECT_EQ(AskMended(Signal(good), -absl::Minutes(4)).decision(), v1::DECISION_HOLD);
}

TEST(Mended, WhatIsNotKnownIsNotMended) {
  for (const v1::Observation& signal :
       {Signal({}), Signal({3, 3, 3, 3, 3, 3, 3, 3}, absl::Minutes(4)),
        Absent("", "prometheus:main", v1::ABSENCE_REASON_NOT_CONFIGURED, "")}) {
    const v1::Verdict verdict = AskMended(signal);
    EXPECT_EQ(verdict.decision(), v1::DECISION_HOLD);
    EXPECT_EQ(HoldOf(verdict)->outcome(), v1::OUTCOME_INCONCLUSIVE) << verdict.reason();
  }
  v1::Observation gap = Signal(std::vector<double>(12, 3.0));
  gap.mutable_series()->mutable_points()->DeleteSubrange(6, 4);
  EXPECT_EQ(AskMended(gap).decision(), v1::DECISION_HOLD) << "nobody looked for five minutes";
}

TEST(Mended, BothEndsOfARangeAreAskedFor) {
  const std::string both =
      "signal { source: 'main' selector: 'orders' at_least: 5 at_most: 10"
      " in_range_for { seconds: 60 } }";
  const auto decision = [&](double lowest, double highest) {
    return Ask({.change = Mends(both),
                .seen = {{"hold.signal.lowest", Signal({lowest, lowest, lowest})},
                         {"hold.signal.highest", Signal({highest, highest, highest})}}})
        .decision();
  };
  EXPECT_EQ(decision(6, 9), v1::DECISION_ALLOW);
  EXPECT_EQ(decision(4, 9), v1::DECISION_HOLD);
  EXPECT_EQ(decision(6, 11), v1::DECISION_HOLD);
}

TEST(Mended, WithoutASignalByWhoeverResolvesIt) {
  EXPECT_EQ(Ask({.change = Mends("")}).decision(), v1::DECISION_HOLD);
  EXPECT_EQ(Ask({.change = Mends("state: INCIDENT_STATE_RESOLVED")}).decision(),
            v1::DECISION_ALLOW);
  EXPECT_EQ(Ask({.change = "kind: CHANGE_KIND_HOTFIX stage { started_at { seconds: 1 }"
                           " mends { name: 'incidents/1' } }"})
                .decision(),
            v1::DECISION_ALLOW)
      << "not before all of it is out";
}

TEST(HoldPolicy, SaysWhatIsWrongAndWhere) {
  const auto issues = [](const std::string& hold) {
    std::vector<std::string> all;
    for (const ParameterIssue& issue : ValidatePolicy(Parse<v1::Policy>(
             "rules { name: 'a' match { services: 'a' } checks { hold { caps { name: 'two'"
             " at_most: 2 } } } } rules { name: 'b' match { services: 'b' } checks { hold { " +
             hold + " } } }"))) {
      all.push_back(issue.field + ": " + issue.message);
    }
    return all;
  };
  EXPECT_THAT(issues("caps { name: 'two' at_most: 2 }"), IsEmpty());
  EXPECT_THAT(issues("caps { name: 'two' at_most: 3 }"),
              ElementsAre(AllOf(HasSubstr("rules[1].checks.hold.caps[0]"),
                                HasSubstr("is another one in the rule \"a\""))));
  EXPECT_THAT(issues("caps { name: 'Two' at_most: 1 }"), ElementsAre(HasSubstr("caps[0].name")));
  EXPECT_THAT(issues("caps { name: 'x' }"),
              ElementsAre(AllOf(HasSubstr("caps[0].at_most"), HasSubstr("declare a freeze"))));
  EXPECT_THAT(issues("caps { name: 'x' at_most: 1 services: 'a*b' }"),
              ElementsAre(HasSubstr("caps[0].services[0]")));
  for (const char* rule : {"hold.freeze", "hold.unknown"}) {
    EXPECT_THAT(issues(std::string("settings { exemptions { rule: '") + rule +
                       "' reason: 'r' owner: 'o' expires_at { seconds: 9000000000 } } }"),
                Contains(HasSubstr("declared freezes count whatever the policy says")))
        << rule;
  }
}

}  // namespace
}  // namespace gate
