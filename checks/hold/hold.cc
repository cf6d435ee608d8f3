#include "checks/hold/hold.h"

#include <algorithm>
#include <optional>
#include <string>
#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"
#include "checks/conclude.h"
#include "checks/hold/caps.h"
#include "checks/hold/freezes.h"
#include "checks/hold/incidents.h"
#include "checks/hold/rules.h"
#include "checks/hold/validate.h"
#include "checks/proto_time.h"

namespace gate {
namespace hold {
namespace {

std::vector<v1::Query> Needs(const v1::Change& change, const v1::PolicyRule&) {
  std::vector<v1::Query> queries = SignalQueries(change);
  v1::Query& holds = queries.emplace_back();
  holds.set_id(kHoldsObservation);
  holds.mutable_holds()->set_service(change.service());
  holds.mutable_holds()->set_environment(change.environment());
  return queries;
}

void AddUnknown(const v1::Observation& observation, v1::CheckOutcome& outcome) {
  v1::Finding& finding = *outcome.add_findings();
  finding.set_rule(kUnknown);
  finding.set_severity(v1::SEVERITY_BLOCK);
  finding.add_effects(v1::EFFECT_UNPROVEN);
  finding.set_subject("gate.holds");
  finding.set_message(absl::StrCat("Whether somebody has stopped changes is not known: ",
                                   Describe(observation.absence(), observation.source()), "."));
  finding.set_instead("See that the gate reaches its store, and ask again.");
}

// What counts whatever the policy says.
bool AlwaysCounts(const v1::Finding& finding) {
  return finding.rule() == kFreeze || finding.rule() == kNotMended || finding.rule() == kUnknown;
}

bool CountsAnyway(const v1::CheckOutcome& outcome) {
  return std::ranges::any_of(outcome.findings(), AlwaysCounts);
}

bool IsEnforced(const v1::CheckSettings& settings) {
  return settings.enforcement() != v1::ENFORCEMENT_WARN &&
         settings.enforcement() != v1::ENFORCEMENT_DRY_RUN;
}

// What lasts longest comes first: who waits wants to know of that.
void SortByEnd(v1::CheckOutcome& outcome) {
  const auto rank = [](const v1::Finding& finding) {
    const absl::Time clears =
        finding.has_clears_at() ? FromProto(finding.clears_at()) : absl::InfiniteFuture();
    return std::tuple(finding.severity() != v1::SEVERITY_BLOCK, finding.rule() != kFreeze,
                      -absl::ToUnixMicros(clears), finding.subject());
  };
  std::stable_sort(outcome.mutable_findings()->begin(), outcome.mutable_findings()->end(),
                   [&](const auto& a, const auto& b) { return rank(a) < rank(b); });
}

void Conclude(const std::optional<Coming>& coming, v1::CheckOutcome& outcome) {
  SortByEnd(outcome);
  gate::Conclude({.not_shown = "",
                  .unblock = outcome.findings().empty() ? "" : outcome.findings(0).instead(),
                  .in_order = coming ? absl::StrCat("Nothing holds it now; ", coming->sentence, ".")
                                     : "Nothing holds it."},
                 outcome);
  if (outcome.outcome() == v1::OUTCOME_PASS) {
    if (coming) *outcome.mutable_valid_until() = ToProto(coming->start);
    return;
  }
  std::optional<absl::Time> retry = absl::InfinitePast();
  for (const v1::Finding& finding : outcome.findings()) {
    if (finding.severity() != v1::SEVERITY_BLOCK) continue;
    if (!finding.has_clears_at()) retry.reset();
    if (retry) retry = std::max(*retry, FromProto(finding.clears_at()));
  }
  if (retry) *outcome.mutable_retry_at() = ToProto(*retry);
}

v1::CheckOutcome Judge(const v1::Change& change, const Evidence& evidence,
                       const v1::PolicyRule& rule, absl::Time now) {
  v1::CheckOutcome outcome;
  std::optional<Coming> coming;
  const v1::HoldPolicy& policy = rule.checks().hold();
  const v1::Observation& observation = evidence.Get(kHoldsObservation);
  if (!observation.has_holds()) {
    AddUnknown(observation, outcome);
  } else {
    coming = JudgeFreezes(change, observation.holds(), now, outcome);
    if (rule.checks().has_hold()) {
      JudgeIncidents(change, policy, observation.holds(), outcome);
      JudgeCaps(change, policy, observation.holds(), outcome);
    }
  }
  JudgeMended(change, evidence, now, outcome);
  if (!IsEnforced(policy.settings()) && CountsAnyway(outcome)) {
    // The outcome is enforced for the sake of the others.
    for (v1::Finding& finding : *outcome.mutable_findings()) {
      if (!AlwaysCounts(finding)) finding.set_severity(v1::SEVERITY_WARN);
    }
  }
  Conclude(coming, outcome);
  return outcome;
}

}  // namespace
}  // namespace hold

v1::CheckSettings HoldSettings(const v1::PolicyRule& rule, const v1::CheckOutcome& outcome) {
  v1::CheckSettings settings = rule.checks().hold().settings();
  if (!hold::CountsAnyway(outcome)) return settings;
  settings.clear_enforcement();
  settings.clear_requirement();
  return settings;
}

bool HoldsNothing(const v1::CheckOutcome& outcome) {
  return outcome.outcome() == v1::OUTCOME_PASS && outcome.findings().empty() &&
         !outcome.has_valid_until();
}

std::vector<v1::ConcurrencyCap> CapsToTake(const v1::Change& change, const v1::PolicyRule& rule,
                                           const v1::Verdict& verdict) {
  std::vector<v1::ConcurrencyCap> caps;
  if (!hold::IsEnforced(rule.checks().hold().settings())) return caps;
  for (const v1::ConcurrencyCap* cap : hold::CapsFor(change, rule.checks().hold())) {
    const bool covered = std::ranges::any_of(verdict.outcomes(), [&](const auto& outcome) {
      return std::ranges::any_of(outcome.findings(), [&](const v1::Finding& finding) {
        return finding.rule() == hold::kConcurrency && finding.subject() == cap->name() &&
               !finding.covered_by().empty();
      });
    });
    if (!covered) caps.push_back(*cap);
  }
  return caps;
}

const Check kHoldCheck = {"hold",         "What people, incidents and other rollouts hold up.",
                          hold::Validate, hold::Needs,
                          hold::Judge,    hold::Rules};

}  // namespace gate
