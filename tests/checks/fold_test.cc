#include "checks/fold.h"

#include <random>
#include <string>
#include <vector>

#include "checks/proto_time.h"
#include "gmock/gmock.h"
#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"

namespace gate {
namespace {

const absl::Time kNow = absl::FromUnixSeconds(1'790'000'000);

template <typename T>
T Parse(const std::string& text) {
  T message;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &message)) << text;
  return message;
}

v1::Verdict FoldOne(const std::string& settings, const std::string& outcome) {
  v1::CheckOutcome one = Parse<v1::CheckOutcome>("check: 'canary' summary: 'said so' " + outcome);
  Decide(Parse<v1::CheckSettings>(settings), kNow, one);
  v1::Verdict verdict;
  Fold(Parse<v1::PolicyRule>("name: 'production'"), {one}, kNow, verdict);
  return verdict;
}

struct Row {
  const char* name;
  const char* settings;
  const char* outcome;
  v1::Decision decision;
};

constexpr char kForbids[] = "findings { rule: 'canary.harm' severity: SEVERITY_BLOCK } ";
constexpr char kHolds[] =
    "findings { rule: 'freeze.inside' severity: SEVERITY_BLOCK holds: true } ";
constexpr char kUnproven[] =
    "findings { rule: 'canary.no_data' severity: SEVERITY_BLOCK effects: EFFECT_UNPROVEN } ";

// clang-format off
const Row kRows[] = {
    {"Pass", "", "outcome: OUTCOME_PASS", v1::DECISION_ALLOW},
    {"Skipped", "", "outcome: OUTCOME_SKIPPED", v1::DECISION_ALLOW},
    {"Fail", "", "outcome: OUTCOME_FAIL findings { rule: 'canary.harm' severity: SEVERITY_BLOCK }", v1::DECISION_BLOCK},
    {"FailWithoutFindings", "", "outcome: OUTCOME_FAIL", v1::DECISION_BLOCK},
    {"FailWithOnlyWarnings", "", "outcome: OUTCOME_FAIL findings { rule: 'canary.harm' severity: SEVERITY_WARN }", v1::DECISION_BLOCK},
    {"FailThatHolds", "", "outcome: OUTCOME_FAIL findings { rule: 'f.i' severity: SEVERITY_BLOCK holds: true }", v1::DECISION_HOLD},
    {"OneHoldsOneForbids", "", "outcome: OUTCOME_FAIL findings { rule: 'f.i' severity: SEVERITY_BLOCK holds: true } findings { rule: 'f.j' severity: SEVERITY_BLOCK }", v1::DECISION_BLOCK},
    {"FindingWithoutSeverityForbids", "", "outcome: OUTCOME_PASS findings { rule: 'canary.harm' }", v1::DECISION_BLOCK},
    {"PassWithForbiddingFinding", "", "outcome: OUTCOME_PASS findings { rule: 'canary.harm' severity: SEVERITY_BLOCK }", v1::DECISION_BLOCK},
    {"PassWithUnprovenFinding", "", "outcome: OUTCOME_PASS findings { rule: 'canary.no_data' severity: SEVERITY_BLOCK effects: EFFECT_UNPROVEN }", v1::DECISION_HOLD},
    {"Inconclusive", "", "outcome: OUTCOME_INCONCLUSIVE", v1::DECISION_HOLD},
    {"InconclusiveBlocksWherePolicySaysSo", "on_inconclusive: DECISION_BLOCK", "outcome: OUTCOME_INCONCLUSIVE", v1::DECISION_BLOCK},
    {"InconclusiveNeverAllows", "on_inconclusive: DECISION_ALLOW", "outcome: OUTCOME_INCONCLUSIVE", v1::DECISION_HOLD},
    {"InconclusiveOptional", "requirement: REQUIREMENT_OPTIONAL", "outcome: OUTCOME_INCONCLUSIVE", v1::DECISION_ALLOW},
    {"FailOptional", "requirement: REQUIREMENT_OPTIONAL", "outcome: OUTCOME_FAIL", v1::DECISION_BLOCK},
    {"OutcomeUnset", "", "", v1::DECISION_HOLD},
    {"FailWarn", "enforcement: ENFORCEMENT_WARN", "outcome: OUTCOME_FAIL", v1::DECISION_ALLOW},
    {"FailDryRun", "enforcement: ENFORCEMENT_DRY_RUN", "outcome: OUTCOME_FAIL", v1::DECISION_ALLOW},
    {"Exempt", "exemptions { rule: 'canary.harm' owner: 'ann' reason: 'known' expires_at { seconds: 1790000001 } }", "outcome: OUTCOME_FAIL findings { rule: 'canary.harm' severity: SEVERITY_BLOCK }", v1::DECISION_ALLOW},
    {"ExemptionExpiresNow", "exemptions { rule: 'canary.harm' owner: 'ann' reason: 'known' expires_at { seconds: 1790000000 } }", "outcome: OUTCOME_FAIL findings { rule: 'canary.harm' severity: SEVERITY_BLOCK }", v1::DECISION_BLOCK},
    {"ExemptionWithoutExpiryIsNone", "exemptions { rule: 'canary.harm' owner: 'ann' reason: 'known' }", "outcome: OUTCOME_FAIL findings { rule: 'canary.harm' severity: SEVERITY_BLOCK }", v1::DECISION_BLOCK},
    {"ExemptionOfAnotherSubject", "exemptions { rule: 'canary.harm' subject: 'http_5xx' expires_at { seconds: 1790000001 } }", "outcome: OUTCOME_FAIL findings { rule: 'canary.harm' subject: 'queue' severity: SEVERITY_BLOCK }", v1::DECISION_BLOCK},
    {"ExemptionOfOneOfTwo", "exemptions { rule: 'canary.harm' subject: 'http_5xx' expires_at { seconds: 1790000001 } }", "outcome: OUTCOME_FAIL findings { rule: 'canary.harm' subject: 'http_5xx' severity: SEVERITY_BLOCK } findings { rule: 'canary.harm' subject: 'queue' severity: SEVERITY_BLOCK }", v1::DECISION_BLOCK},
    {"ExemptHarmLeavesUnproven", "exemptions { rule: 'canary.harm' expires_at { seconds: 1790000001 } }", "outcome: OUTCOME_FAIL findings { rule: 'canary.harm' severity: SEVERITY_BLOCK } findings { rule: 'canary.no_data' severity: SEVERITY_BLOCK effects: EFFECT_UNPROVEN }", v1::DECISION_HOLD},
    {"ExemptUnproven", "exemptions { rule: 'migration.unproven' expires_at { seconds: 1790000001 } }", "outcome: OUTCOME_INCONCLUSIVE findings { rule: 'migration.unproven' severity: SEVERITY_BLOCK effects: EFFECT_UNPROVEN }", v1::DECISION_ALLOW},
};
// clang-format on

class FoldTable : public testing::TestWithParam<Row> {};

TEST_P(FoldTable, Decides) {
  const v1::Verdict verdict = FoldOne(GetParam().settings, GetParam().outcome);
  EXPECT_EQ(verdict.decision(), GetParam().decision) << verdict.DebugString();
}

INSTANTIATE_TEST_SUITE_P(Rows, FoldTable, testing::ValuesIn(kRows),
                         [](const auto& row) { return row.param.name; });

TEST(Fold, TheWorstCheckComesFirstAndGivesTheReason) {
  v1::CheckOutcome freeze = Parse<v1::CheckOutcome>(
      std::string("check: 'freeze' outcome: OUTCOME_FAIL summary: 'closed until Monday' ") +
      kHolds + "retry_at { seconds: 1790003600 }");
  v1::CheckOutcome canary = Parse<v1::CheckOutcome>(
      std::string("check: 'canary' outcome: OUTCOME_FAIL summary: 'errors x8' ") + kForbids);
  v1::CheckOutcome qa = Parse<v1::CheckOutcome>("check: 'aaa' outcome: OUTCOME_PASS");
  for (v1::CheckOutcome* outcome : {&freeze, &canary, &qa}) Decide({}, kNow, *outcome);
  v1::Verdict verdict;
  Fold(Parse<v1::PolicyRule>("name: 'production'"), {qa, freeze, canary}, kNow, verdict);
  EXPECT_EQ(verdict.decision(), v1::DECISION_BLOCK);
  EXPECT_EQ(verdict.reason(), "canary: errors x8");
  EXPECT_EQ(verdict.outcomes(0).check(), "canary");
  EXPECT_EQ(verdict.outcomes(1).check(), "freeze");
  EXPECT_EQ(verdict.outcomes(2).check(), "aaa");
  EXPECT_FALSE(verdict.has_retry_at()) << "a BLOCK does not go away by waiting";
}

TEST(Fold, HoldIsRetriedWhenTheLastObstacleClears) {
  v1::CheckOutcome first = Parse<v1::CheckOutcome>(
      std::string("check: 'a' outcome: OUTCOME_FAIL retry_at { seconds: 1790000060 } ") + kHolds);
  v1::CheckOutcome last = Parse<v1::CheckOutcome>(
      std::string("check: 'b' outcome: OUTCOME_INCONCLUSIVE retry_at { seconds: 1790000900 } ") +
      kUnproven);
  for (v1::CheckOutcome* outcome : {&first, &last}) Decide({}, kNow, *outcome);
  v1::Verdict verdict;
  Fold(Parse<v1::PolicyRule>("name: 'r'"), {first, last}, kNow, verdict);
  EXPECT_EQ(verdict.decision(), v1::DECISION_HOLD);
  EXPECT_EQ(verdict.retry_at().seconds(), 1790000900);
}

TEST(Fold, AnAllowEndsWhenAFreezeBegins) {
  const v1::Verdict verdict =
      FoldOne("", "outcome: OUTCOME_PASS valid_until { seconds: 1790000120 }");
  EXPECT_EQ(verdict.decision(), v1::DECISION_ALLOW);
  EXPECT_EQ(verdict.valid_until().seconds(), 1790000120);
  EXPECT_EQ(FoldOne("", "outcome: OUTCOME_PASS").valid_until().seconds(), 1790000600);
}

TEST(Fold, WhatIsCoveredAdvisesNobodyToGoBack) {
  const std::string settings =
      "exemptions { rule: 'canary.harm' expires_at { seconds: 1790000001 } }";
  const std::string harm =
      "outcome: OUTCOME_FAIL advice: ADVICE_ROLL_BACK " + std::string(kForbids);
  EXPECT_EQ(FoldOne(settings, harm).advice(), v1::ADVICE_PROCEED);
  EXPECT_EQ(FoldOne(settings, harm + kUnproven).advice(), v1::ADVICE_WAIT);
  EXPECT_EQ(FoldOne(settings, harm + "findings { rule: 'canary.cost' severity: SEVERITY_BLOCK }")
                .advice(),
            v1::ADVICE_ROLL_BACK);
}

TEST(Fold, AdvisesTheWorstOfTheEnforcedChecks) {
  const std::string pass = "check: 'a' outcome: OUTCOME_PASS advice: ADVICE_PROCEED";
  const std::string wait = "check: 'b' outcome: OUTCOME_INCONCLUSIVE advice: ADVICE_WAIT";
  const std::string back =
      "check: 'c' outcome: OUTCOME_FAIL advice: ADVICE_ROLL_BACK " + std::string(kForbids);
  const std::string forward = "check: 'd' outcome: OUTCOME_PASS advice: ADVICE_ACCELERATE";
  const std::string frozen = "check: 'e' outcome: OUTCOME_FAIL " + std::string(kHolds);
  const auto advice = [](const std::vector<std::string>& texts, const std::string& settings = "") {
    std::vector<v1::CheckOutcome> outcomes;
    for (const std::string& text : texts) {
      Decide(Parse<v1::CheckSettings>(settings), kNow,
             outcomes.emplace_back(Parse<v1::CheckOutcome>(text)));
    }
    v1::Verdict verdict;
    Fold({}, outcomes, kNow, verdict);
    return verdict.advice();
  };
  EXPECT_EQ(advice({"check: 'a' outcome: OUTCOME_PASS"}), v1::ADVICE_UNSPECIFIED);
  EXPECT_EQ(advice({pass}), v1::ADVICE_PROCEED);
  EXPECT_EQ(advice({pass, wait}), v1::ADVICE_WAIT);
  EXPECT_EQ(advice({pass, wait, back}), v1::ADVICE_ROLL_BACK);
  EXPECT_EQ(advice({forward, wait}), v1::ADVICE_ACCELERATE);
  EXPECT_EQ(advice({forward, back}), v1::ADVICE_ROLL_BACK);
  EXPECT_EQ(advice({pass, frozen}), v1::ADVICE_WAIT);
  EXPECT_EQ(advice({back}, "enforcement: ENFORCEMENT_WARN"), v1::ADVICE_UNSPECIFIED);
  EXPECT_EQ(advice({back},
                   "exemptions { rule: 'canary.harm' owner: 'ann' "
                   "expires_at { seconds: 1790000001 } }"),
            v1::ADVICE_PROCEED);
}

TEST(Fold, WhereTheWayOutIsForwardTheReasonSaysSo) {
  const auto reason = [](const std::vector<std::string>& texts) {
    std::vector<v1::CheckOutcome> outcomes;
    for (const std::string& text : texts) {
      Decide({}, kNow, outcomes.emplace_back(Parse<v1::CheckOutcome>(text)));
    }
    v1::Verdict verdict;
    Fold({}, outcomes, kNow, verdict);
    return verdict.reason();
  };
  const std::string forward =
      "check: 'canary' outcome: OUTCOME_PASS advice: ADVICE_ACCELERATE summary: 'Go forward'";
  const std::string stops =
      "check: 'migration' outcome: OUTCOME_FAIL summary: 'Breaks' " + std::string(kForbids);
  EXPECT_EQ(reason({forward}), "nothing stands in the way in 1 check; canary: Go forward");
  EXPECT_EQ(reason({forward, stops}), "migration: Breaks; canary: Go forward");
}

TEST(Fold, SaysWhatWasNotEnforced) {
  EXPECT_EQ(
      FoldOne("enforcement: ENFORCEMENT_WARN", "outcome: OUTCOME_FAIL").reason(),
      "rule production enforces no check; 1 check that is not enforced would have stopped it");
}

TEST(Fold, AnExemptionThatHasExpiredIsNamedWhereItWouldHaveCovered) {
  const v1::Verdict verdict = FoldOne(
      "exemptions { rule: 'canary.harm' owner: 'ann' reason: 'known' "
      "expires_at { seconds: 1789990000 } }",
      "outcome: OUTCOME_FAIL "
      "findings { rule: 'canary.harm' severity: SEVERITY_BLOCK message: 'Errors x8.' } "
      "findings { rule: 'canary.other' severity: SEVERITY_BLOCK message: 'Slow.' }");
  EXPECT_EQ(verdict.outcomes(0).findings(0).message(),
            "Errors x8. The exemption by ann (known) expired at 2026-09-21T11:26:40Z.");
  EXPECT_EQ(verdict.outcomes(0).findings(1).message(), "Slow.");
  const v1::Verdict renewed = FoldOne(
      "exemptions { rule: 'canary.harm' owner: 'ann' expires_at { seconds: 1789990000 } } "
      "exemptions { rule: 'canary.harm' owner: 'bob' expires_at { seconds: 1790000001 } }",
      "outcome: OUTCOME_FAIL findings { rule: 'canary.harm' severity: SEVERITY_BLOCK "
      "message: 'Errors x8.' }");
  EXPECT_EQ(renewed.outcomes(0).findings(0).message(), "Errors x8.");
  EXPECT_EQ(renewed.decision(), v1::DECISION_ALLOW);
}

// Over random outcomes and settings: ALLOW only where every enforced, required check passed or each
// of its obstacles is covered by an exemption in force.
TEST(Fold, NeverAllowsUnlessEachRequiredCheckPassedOrIsCovered) {
  std::mt19937 random(20261120);
  const auto pick = [&](int n) { return static_cast<int>(random() % n); };
  int allowed = 0;
  for (int round = 0; round < 40'000; ++round) {
    std::vector<v1::CheckOutcome> outcomes;
    bool may_allow = true;
    const int checks = 1 + pick(4);
    for (int i = 0; i < checks; ++i) {
      v1::CheckSettings settings;
      settings.set_enforcement(static_cast<v1::Enforcement>(pick(4)));
      settings.set_requirement(static_cast<v1::Requirement>(pick(3)));
      settings.set_on_inconclusive(static_cast<v1::Decision>(pick(4)));
      v1::CheckOutcome outcome;
      outcome.set_check(std::string(1, static_cast<char>('a' + i)));
      outcome.set_outcome(static_cast<v1::Outcome>(pick(5)));
      bool proven_open = false, unproven_open = false, covered = false;
      for (int f = pick(4); f > 0; --f) {
        v1::Finding& finding = *outcome.add_findings();
        finding.set_rule(std::string("rule") + static_cast<char>('0' + f));
        finding.set_severity(static_cast<v1::Severity>(pick(4)));
        finding.set_holds(pick(2));
        const bool unproven = pick(2);
        if (unproven) finding.add_effects(v1::EFFECT_UNPROVEN);
        const int kind = pick(3);  // None, in force, expired.
        if (kind > 0) {
          v1::Exemption& exemption = *settings.add_exemptions();
          exemption.set_rule(finding.rule());
          *exemption.mutable_expires_at() =
              ToProto(kind == 1 ? kNow + absl::Seconds(1) : kNow - absl::Seconds(1));
        }
        if (finding.severity() == v1::SEVERITY_INFO || finding.severity() == v1::SEVERITY_WARN) {
          continue;
        }
        covered = covered || kind == 1;
        (unproven ? unproven_open : proven_open) |= kind != 1;
      }
      const bool optional = settings.requirement() == v1::REQUIREMENT_OPTIONAL;
      const bool passed =
          outcome.outcome() == v1::OUTCOME_PASS || outcome.outcome() == v1::OUTCOME_SKIPPED;
      const bool failed = outcome.outcome() == v1::OUTCOME_FAIL;
      const bool fine = !proven_open && (optional || !unproven_open) &&
                        (passed || covered || (optional && !failed));
      const bool enforced = settings.enforcement() == v1::ENFORCEMENT_ENFORCE ||
                            settings.enforcement() == v1::ENFORCEMENT_UNSPECIFIED;
      may_allow = may_allow && (fine || !enforced);
      Decide(settings, kNow, outcome);
      outcomes.push_back(outcome);
    }
    v1::Verdict verdict;
    Fold(Parse<v1::PolicyRule>("name: 'r'"), outcomes, kNow, verdict);
    ASSERT_NE(verdict.decision(), v1::DECISION_UNSPECIFIED);
    if (verdict.decision() == v1::DECISION_ALLOW) {
      ++allowed;
      ASSERT_TRUE(may_allow) << verdict.DebugString();
    }
  }
  EXPECT_GT(allowed, 400) << "the property would hold of a gate that never opens";
}

}  // namespace
}  // namespace gate
