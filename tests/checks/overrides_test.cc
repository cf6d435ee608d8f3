// Which overrides count, what they cover, and what they leave alone.
#include "checks/overrides.h"

#include <algorithm>
#include <string>
#include <vector>

#include "checks/evidence.h"
#include "checks/hold/hold.h"
#include "checks/judging.h"
#include "checks/proto_time.h"
#include "gmock/gmock.h"
#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"

namespace gate {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

// A Saturday: the window of the policy is open, and says BLOCK.
const absl::Time kNow = absl::FromCivil(absl::CivilHour(2026, 11, 21, 12), absl::UTCTimeZone());
constexpr char kRollout[] = "rollouts/1";

template <typename T>
T Parse(const std::string& text) {
  T message;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &message)) << text;
  return message;
}

constexpr char kWindow[] = R"(
  windows {
    id: "weekend" reason: "nobody is there" time_zone: "UTC" start: "2026-01-02T18:00:00"
    duration { seconds: 226800 } recurrence: "FREQ=WEEKLY" decision: DECISION_BLOCK
  })";

v1::PolicyRule Rule(const std::string& overrides = "overrides { break_glass: true }",
                    const std::string& settings = "") {
  return Parse<v1::PolicyRule>("name: 'production' checks { freeze { " + settings + kWindow +
                               " } } " + overrides);
}

v1::Change AChange() {
  return Parse<v1::Change>(
      "service: 'payments' environment: 'production' kind: CHANGE_KIND_CODE"
      " artifact_digest: 'sha256:aa' head_revision: 'cafe'");
}

// One that counts; `more` changes it.
v1::Override Approved(const std::string& name, const std::string& more = "") {
  v1::Override override = Parse<v1::Override>(
      "state: OVERRIDE_STATE_APPROVED service: 'payments' environment: 'production'"
      " artifact_digest: 'sha256:aa' rules: 'freeze.inside_deny_window' requester: 'open:ann'"
      " approvals { approver: 'open:bob' } required_approvals: 1");
  override.set_name("overrides/" + name);
  *override.mutable_expire_time() = ToProto(kNow + absl::Minutes(5));
  const v1::Override other = Parse<v1::Override>(more);
  override.MergeFrom(other);
  return override;
}

Evidence Seen(const std::vector<v1::Override>& overrides) {
  v1::Observation observation;
  observation.set_id(kOverridesObservation);
  observation.mutable_overrides();
  for (const v1::Override& one : overrides) {
    *observation.mutable_overrides()->add_overrides() = one;
  }
  Evidence evidence;
  evidence.Add(std::move(observation));
  return evidence;
}

v1::Verdict Judge(const Evidence& evidence, const v1::PolicyRule& rule = Rule(),
                  const v1::Change& change = AChange(), const std::string& rollout = "") {
  return Judging(change, &rule, kNow, rollout).Verdict(evidence);
}

TEST(OverridesTest, WithoutOneTheAnswerIsBlockAndSaysWhatCouldBeOverridden) {
  const v1::Verdict verdict = Judge(Seen({}));
  EXPECT_EQ(verdict.decision(), v1::DECISION_BLOCK);
  EXPECT_THAT(verdict.overridable_rules(), ElementsAre("freeze.inside_deny_window"));
  EXPECT_THAT(verdict.overrides(), IsEmpty());
}

TEST(OverridesTest, ALiveOneCovers) {
  const v1::Verdict verdict = Judge(Seen({Approved("1")}));
  EXPECT_EQ(verdict.decision(), v1::DECISION_ALLOW) << verdict.DebugString();
  EXPECT_THAT(verdict.overrides(), ElementsAre("overrides/1"));
  EXPECT_THAT(verdict.overridable_rules(), IsEmpty());
  ASSERT_EQ(verdict.counted_overrides_size(), 1);
  EXPECT_EQ(verdict.counted_overrides(0).findings(), 1);
  EXPECT_EQ(verdict.outcomes(0).findings(0).covered_by(), "overrides/1");
  EXPECT_THAT(verdict.reason(), HasSubstr("overrides/1 by open:ann covers 1 finding"));
  // What it lets go, it lets go until it is over.
  EXPECT_EQ(FromProto(verdict.valid_until()), kNow + absl::Minutes(5));
}

struct Case {
  const char* name;
  std::string more;
  bool counts;
};

class Counting : public testing::TestWithParam<Case> {};
INSTANTIATE_TEST_SUITE_P(
    , Counting,
    testing::Values(Case{"AsItIs", "", true},
                    Case{"Pending", "state: OVERRIDE_STATE_PENDING", false},
                    Case{"Revoked", "state: OVERRIDE_STATE_REVOKED", false},
                    Case{"Expired", "state: OVERRIDE_STATE_EXPIRED", false},
                    Case{"OverNow", "expire_time { seconds: 1795262400 nanos: 0 }", false},
                    Case{"ConsumedByAVerdict",
                         "state: OVERRIDE_STATE_CONSUMED consumed_by: 'verdicts/1'", false},
                    Case{"ConsumedByAnotherRollout",
                         "state: OVERRIDE_STATE_CONSUMED consumed_by: 'rollouts/2'", false},
                    Case{"ConsumedByThisRollout",
                         "state: OVERRIDE_STATE_CONSUMED consumed_by: 'rollouts/1'", true},
                    Case{"AnotherService", "service: 'web'", false},
                    Case{"AnotherEnvironment", "environment: 'staging'", false},
                    Case{"AnotherArtefact", "artifact_digest: 'sha256:bb'", false},
                    Case{"TooFewApprovals", "required_approvals: 2", false},
                    Case{"BreakGlass", "break_glass: true", true},
                    Case{"OtherFingerprint", "fingerprints: 'nothing'", false}),
    [](const auto& info) { return info.param.name; });

TEST_P(Counting, IsWhatItIs) {
  const v1::Verdict verdict =
      Judge(Seen({Approved("1", GetParam().more)}), Rule(), AChange(), kRollout);
  EXPECT_EQ(verdict.decision(), GetParam().counts ? v1::DECISION_ALLOW : v1::DECISION_BLOCK);
  EXPECT_EQ(verdict.overrides_size(), GetParam().counts);
}

TEST(OverridesTest, AnotherRuleIsNotCovered) {
  v1::Override other = Approved("1");
  other.set_rules(0, "freeze.insider");
  const v1::Verdict verdict = Judge(Seen({other}));
  EXPECT_EQ(verdict.decision(), v1::DECISION_BLOCK);
  EXPECT_THAT(verdict.overrides(), IsEmpty());
}

TEST(OverridesTest, WithoutAnArtefactTheRevisionTells) {
  v1::Change change = AChange();
  change.clear_artifact_digest();
  v1::Override override = Approved("1");
  EXPECT_EQ(Judge(Seen({override}), Rule(), change).decision(), v1::DECISION_BLOCK);
  override.clear_artifact_digest();
  override.set_head_revision("beef");
  EXPECT_EQ(Judge(Seen({override}), Rule(), change).decision(), v1::DECISION_BLOCK);
  override.set_head_revision("cafe");
  EXPECT_EQ(Judge(Seen({override}), Rule(), change).decision(), v1::DECISION_ALLOW);
  // And what is known by neither is never overridden.
  change.clear_head_revision();
  override.clear_head_revision();
  const v1::Verdict verdict = Judge(Seen({override}), Rule(), change);
  EXPECT_EQ(verdict.decision(), v1::DECISION_BLOCK);
  EXPECT_THAT(verdict.overridable_rules(), IsEmpty());
}

TEST(OverridesTest, ThePolicyInForceDecides) {
  const Evidence evidence = Seen({Approved("1")});
  for (const char* overrides : {"", "overrides { never: 'freeze.*' }",
                                "overrides { never: 'freeze.inside_deny_window' }"}) {
    const v1::Verdict verdict = Judge(evidence, Rule(overrides));
    EXPECT_EQ(verdict.decision(), v1::DECISION_BLOCK) << overrides;
    EXPECT_THAT(verdict.overridable_rules(), IsEmpty()) << overrides;
  }
  EXPECT_EQ(Judge(Seen({Approved("1", "break_glass: true")}), Rule("overrides {}")).decision(),
            v1::DECISION_BLOCK);
}

TEST(OverridesTest, WhatIsNotNeededIsLeftAlone) {
  const Evidence evidence = Seen({Approved("1")});
  // Nothing of a check that only warns stands in the way.
  EXPECT_THAT(Judge(evidence, Rule("overrides {}", "settings { enforcement: ENFORCEMENT_WARN }"))
                  .overrides(),
              IsEmpty());
  // Exemptions come first.
  const v1::Verdict exempt =
      Judge(evidence,
            Rule("overrides {}",
                 "settings { exemptions { rule: 'freeze.inside_deny_window' owner: 'cy' reason: 'r'"
                 " expires_at { seconds: 1890000000 } } }"));
  EXPECT_EQ(exempt.decision(), v1::DECISION_ALLOW);
  EXPECT_THAT(exempt.overrides(), IsEmpty());
  // Of two that would do, one is used; and rather the one that the rollout has used already.
  EXPECT_THAT(Judge(Seen({Approved("2"), Approved("1")})).overrides(), ElementsAre("overrides/1"));
  const std::string used = "state: OVERRIDE_STATE_CONSUMED consumed_by: 'rollouts/1'";
  EXPECT_THAT(
      Judge(Seen({Approved("1"), Approved("2", used)}), Rule(), AChange(), kRollout).overrides(),
      ElementsAre("overrides/2"));
}

TEST(OverridesTest, WhereTheyCannotBeSeenNoneCountsAndTheVerdictSaysSo) {
  Evidence evidence;
  evidence.Add(
      Absent(kOverridesObservation, "store", v1::ABSENCE_REASON_UNREACHABLE, "it is gone"));
  const v1::Verdict verdict = Judge(evidence);
  EXPECT_EQ(verdict.decision(), v1::DECISION_BLOCK);
  EXPECT_THAT(verdict.reason(), HasSubstr("no override counts: store could not be reached"));
}

// The policy lets people override, and asks for the check only if it can be had: what people have
// stopped stays stopped.
TEST(OverridesTest, NoPolicySoftensWhatPeopleHaveStopped) {
  for (const char* softened : {"requirement: REQUIREMENT_OPTIONAL", "enforcement: ENFORCEMENT_WARN",
                               "enforcement: ENFORCEMENT_DRY_RUN"}) {
    const v1::PolicyRule rule =
        Parse<v1::PolicyRule>(std::string("name: 'production' checks { hold { settings { ") +
                              softened + " } } } overrides {}");
    Evidence unreadable = Seen({});
    unreadable.Add(Absent(kHoldsObservation, "store", v1::ABSENCE_REASON_UNREACHABLE, "gone"));
    EXPECT_EQ(Judge(unreadable, rule).decision(), v1::DECISION_HOLD) << softened;

    Evidence frozen = Seen({});
    v1::Observation holds = Parse<v1::Observation>(
        "holds { freezes { name: 'freezes/1' reason: 'failover' owner: 'open:ann'"
        " start_time { seconds: 1 } create_time { seconds: 1 } } }");
    holds.set_id(kHoldsObservation);
    frozen.Add(std::move(holds));
    EXPECT_EQ(Judge(frozen, rule).decision(), v1::DECISION_HOLD) << softened;
    const v1::Verdict covered = [&] {
      Evidence evidence = frozen;
      evidence.Add(Seen({Approved("1", "rules: 'hold.freeze'")}).Get(kOverridesObservation));
      return Judge(evidence, rule);
    }();
    EXPECT_EQ(covered.decision(), v1::DECISION_ALLOW) << softened;
  }
}

TEST(OverridesTest, WhatIsNoFindingIsNotCovered) {
  Evidence evidence = Seen({Approved("1")});
  evidence.Add(Absent(kClockObservation, "gate", v1::ABSENCE_REASON_STALE, "it is behind"));
  const v1::Verdict verdict = Judge(evidence);
  EXPECT_EQ(verdict.decision(), v1::DECISION_HOLD);
  // It names what it was shown.
  EXPECT_THAT(verdict.overrides(), ElementsAre("overrides/1"));
}

TEST(OverridesTest, ABlockThatMayBeCoveredIsNotDecidedYet) {
  const v1::PolicyRule rule = Rule();
  const v1::Change change = AChange();
  EXPECT_FALSE(Judging(change, &rule, kNow).Decided(Evidence()));
  EXPECT_FALSE(Judging(change, &rule, kNow).Decided(Seen({Approved("1")})));
  EXPECT_TRUE(Judging(change, &rule, kNow).Decided(Seen({})));
  const v1::PolicyRule never = Rule("overrides { never: 'freeze.*' }");
  EXPECT_TRUE(Judging(change, &never, kNow).Decided(Evidence()));
}

TEST(OverridesTest, TheyAreAskedForWhereThePolicyHasThem) {
  const v1::PolicyRule with = Rule(), without = Rule("");
  const v1::Change change = AChange();
  const Judging judging(change, &with, kNow, kRollout);
  const auto asked = std::ranges::find(judging.queries(), kOverridesObservation, &v1::Query::id);
  ASSERT_NE(asked, judging.queries().end());
  EXPECT_EQ(asked->overrides().artifact_digest(), "sha256:aa");
  EXPECT_EQ(asked->overrides().rollout(), kRollout);
  const Judging none(change, &without, kNow);
  EXPECT_EQ(std::ranges::count(none.queries(), kOverridesObservation, &v1::Query::id), 0);
}

}  // namespace
}  // namespace gate
