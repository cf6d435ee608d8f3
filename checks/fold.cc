#include "checks/fold.h"

#include <algorithm>
#include <string>
#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"
#include "checks/proto_time.h"

namespace gate {
namespace {

constexpr absl::Duration kDefaultTtl = absl::Minutes(10);

bool Means(const v1::Exemption& exemption, const v1::Finding& finding) {
  return exemption.rule() == finding.rule() &&
         (exemption.subject().empty() || exemption.subject() == finding.subject());
}

bool IsInForce(const v1::Exemption& exemption, absl::Time now) {
  return exemption.has_expires_at() && now < FromProto(exemption.expires_at());
}

// Who reads that a release is stopped that passed yesterday wants to know why.
void MentionExpired(const v1::Exemption& exemption, v1::Finding& finding) {
  if (!exemption.has_expires_at()) return;
  finding.set_message(absl::StrCat(finding.message(), " The exemption by ", exemption.owner(), " (",
                                   exemption.reason(), ") expired at ",
                                   Rfc3339(FromProto(exemption.expires_at())), "."));
}

void ApplyExemptions(const v1::CheckSettings& settings, absl::Time now, v1::CheckOutcome& outcome) {
  for (v1::Finding& finding : *outcome.mutable_findings()) {
    const v1::Exemption* expired = nullptr;
    for (const v1::Exemption& exemption : settings.exemptions()) {
      if (!finding.covered_by().empty() || !Means(exemption, finding)) continue;
      if (!IsInForce(exemption, now)) {
        expired = &exemption;
        continue;
      }
      finding.set_covered_by(absl::StrCat("exemption by ", exemption.owner(), " until ",
                                          Rfc3339(FromProto(exemption.expires_at())), ": ",
                                          exemption.reason()));
    }
    if (expired != nullptr && finding.covered_by().empty()) MentionExpired(*expired, finding);
  }
}

// How many findings of severity BLOCK there are, by what they ask for.
struct Tally {
  int forbid = 0;          // proven, no way around
  int hold = 0;            // proven, clears by itself
  int unproven = 0;        // could not be judged
  int covered_proven = 0;  // covered by an exception
  int covered_unproven = 0;
};

// An unset severity weighs as BLOCK: what a check forgot to say must not open the gate.
bool Decides(const v1::Finding& finding) {
  return finding.severity() != v1::SEVERITY_INFO && finding.severity() != v1::SEVERITY_WARN;
}

bool IsUnproven(const v1::Finding& finding) {
  return std::find(finding.effects().begin(), finding.effects().end(), v1::EFFECT_UNPROVEN) !=
         finding.effects().end();
}

Tally Count(const v1::CheckOutcome& outcome) {
  Tally tally;
  for (const v1::Finding& finding : outcome.findings()) {
    if (!Decides(finding)) continue;
    const bool unproven = IsUnproven(finding);
    if (!finding.covered_by().empty()) {
      ++(unproven ? tally.covered_unproven : tally.covered_proven);
    } else if (unproven) {
      ++tally.unproven;
    } else {
      ++(finding.holds() ? tally.hold : tally.forbid);
    }
  }
  return tally;
}

v1::Decision DecideInconclusive(const v1::CheckSettings& settings) {
  if (settings.requirement() == v1::REQUIREMENT_OPTIONAL) return v1::DECISION_ALLOW;
  return settings.on_inconclusive() == v1::DECISION_BLOCK ? v1::DECISION_BLOCK : v1::DECISION_HOLD;
}

v1::Decision DecideOne(const v1::CheckSettings& settings, const v1::CheckOutcome& outcome) {
  const Tally tally = Count(outcome);
  const bool failed = outcome.outcome() == v1::OUTCOME_FAIL;
  const bool passed =
      outcome.outcome() == v1::OUTCOME_PASS || outcome.outcome() == v1::OUTCOME_SKIPPED;
  if (tally.forbid > 0) return v1::DECISION_BLOCK;
  // FAIL with nothing to show for it, and nothing that an exception was made for.
  if (failed && tally.hold + tally.covered_proven == 0) return v1::DECISION_BLOCK;
  const v1::Decision unproven = DecideInconclusive(settings);
  const bool inconclusive =
      tally.unproven > 0 || (!passed && !failed && tally.covered_unproven == 0);
  if (inconclusive && unproven == v1::DECISION_BLOCK) return v1::DECISION_BLOCK;
  if (tally.hold > 0) return v1::DECISION_HOLD;
  return inconclusive ? unproven : v1::DECISION_ALLOW;
}

bool Enforced(const v1::CheckOutcome& outcome) {
  return outcome.enforcement() != v1::ENFORCEMENT_WARN &&
         outcome.enforcement() != v1::ENFORCEMENT_DRY_RUN;
}

// What the outcome adds to the verdict.
v1::Decision Weight(const v1::CheckOutcome& outcome) {
  return Enforced(outcome) ? outcome.decision() : v1::DECISION_ALLOW;
}

// What the outcome advises. Where nothing of it stands in the way, or an exception covers what did,
// it stops nobody; ACCELERATE is about the old version and stands for itself.
v1::Advice AdviceOf(const v1::CheckOutcome& outcome) {
  if (!Enforced(outcome)) return v1::ADVICE_UNSPECIFIED;
  // Somebody has taken on what was proven, and only evidence is missing.
  const Tally tally = Count(outcome);
  const bool waived = tally.covered_proven > 0 && tally.forbid + tally.hold == 0;
  if (waived && outcome.advice() == v1::ADVICE_ROLL_BACK &&
      outcome.decision() != v1::DECISION_ALLOW) {
    return v1::ADVICE_WAIT;
  }
  const bool stops =
      outcome.advice() != v1::ADVICE_UNSPECIFIED && outcome.advice() != v1::ADVICE_ACCELERATE;
  return stops && outcome.decision() == v1::DECISION_ALLOW ? v1::ADVICE_PROCEED : outcome.advice();
}

void SortFindings(v1::CheckOutcome& outcome) {
  const auto rank = [](const v1::Finding& finding) {
    return std::make_tuple(!finding.covered_by().empty(), -finding.severity(),
                           finding.location().path(), finding.location().line(),
                           finding.location().column(), finding.rule(), finding.subject(),
                           finding.message());
  };
  std::stable_sort(outcome.mutable_findings()->begin(), outcome.mutable_findings()->end(),
                   [&](const auto& a, const auto& b) { return rank(a) < rank(b); });
}

// "the canary and migration checks", "3 other checks".
std::string AndMore(int others, std::string_view verb) {
  if (others == 0) return "";
  return absl::StrCat(" (", others, others == 1 ? " more check " : " more checks ",
                      std::string(verb), others == 1 ? "s)" : ")");
}

// Where the way out is forward, the reason says so whatever decides.
std::string WayOut(const v1::Verdict& verdict) {
  if (verdict.advice() != v1::ADVICE_ACCELERATE) return "";
  for (const v1::CheckOutcome& outcome : verdict.outcomes()) {
    if (AdviceOf(outcome) != v1::ADVICE_ACCELERATE) continue;
    return absl::StrCat("; ", outcome.check(), ": ", outcome.summary());
  }
  return "";
}

// "; override overrides/… by open:alice covers 2 findings".
std::string ByOverrides(const v1::Verdict& verdict) {
  std::string text;
  for (const v1::CountedOverride& counted : verdict.counted_overrides()) {
    const v1::Override& override = counted.override();
    absl::StrAppend(&text, override.break_glass() ? "; BREAK-GLASS " : "; ", override.name(),
                    " by ", override.requester(), " covers ", counted.findings(),
                    counted.findings() == 1 ? " finding" : " findings");
  }
  return text;
}

std::string Reason(const v1::PolicyRule& rule, const v1::Verdict& verdict) {
  if (verdict.decision() != v1::DECISION_ALLOW) {
    int deciding = 0;
    for (const v1::CheckOutcome& outcome : verdict.outcomes()) {
      deciding += Weight(outcome) == verdict.decision();
    }
    const v1::CheckOutcome& worst = verdict.outcomes(0);
    return absl::StrCat(
        worst.check(), ": ", worst.summary(),
        AndMore(deciding - 1, verdict.decision() == v1::DECISION_BLOCK ? "block" : "hold"),
        worst.advice() == v1::ADVICE_ACCELERATE ? "" : WayOut(verdict));
  }
  int enforced = 0, ignored = 0, covered = 0;
  for (const v1::CountedOverride& counted : verdict.counted_overrides()) {
    covered -= counted.findings();
  }
  for (const v1::CheckOutcome& outcome : verdict.outcomes()) {
    enforced += Enforced(outcome);
    ignored += !Enforced(outcome) && outcome.decision() != v1::DECISION_ALLOW;
    for (const v1::Finding& finding : outcome.findings()) covered += !finding.covered_by().empty();
  }
  std::string reason = enforced == 0 ? absl::StrCat("rule ", rule.name(), " enforces no check")
                                     : absl::StrCat("nothing stands in the way in ", enforced,
                                                    enforced == 1 ? " check" : " checks");
  if (covered > 0) {
    absl::StrAppend(&reason, "; ", covered, covered == 1 ? " finding is" : " findings are",
                    " covered by exceptions");
  }
  reason += ByOverrides(verdict);
  if (ignored > 0) {
    absl::StrAppend(&reason, "; ", ignored, ignored == 1 ? " check that is" : " checks that are",
                    " not enforced would have stopped it");
  }
  return reason + WayOut(verdict);
}

// The last moment at which everything that holds has cleared, as far as it is known.
void SetRetry(v1::Verdict& verdict) {
  absl::Time retry = absl::InfinitePast();
  for (const v1::CheckOutcome& outcome : verdict.outcomes()) {
    if (Weight(outcome) == v1::DECISION_HOLD && outcome.has_retry_at()) {
      retry = std::max(retry, FromProto(outcome.retry_at()));
    }
  }
  if (verdict.decision() == v1::DECISION_HOLD && retry != absl::InfinitePast()) {
    *verdict.mutable_retry_at() = ToProto(retry);
  }
}

absl::Time ValidUntil(const v1::PolicyRule& rule, const v1::Verdict& verdict, absl::Time now) {
  absl::Time until = now + (rule.has_verdict_ttl() ? FromProto(rule.verdict_ttl()) : kDefaultTtl);
  for (const v1::CheckOutcome& outcome : verdict.outcomes()) {
    if (outcome.has_valid_until()) until = std::min(until, FromProto(outcome.valid_until()));
    for (const v1::Finding& finding : outcome.findings()) {
      if (finding.has_clears_at() && verdict.decision() != v1::DECISION_ALLOW) {
        until = std::max(now, std::min(until, FromProto(finding.clears_at())));
      }
    }
  }
  return until;
}

// Of each the most careful. What somebody has waived holds nobody back.
void AddPace(const v1::CheckOutcome& outcome, v1::Verdict& verdict) {
  if (!outcome.has_pace() || !Enforced(outcome)) return;
  const v1::Pace& one = outcome.pace();
  v1::Pace& all = *verdict.mutable_pace();
  const bool waived =
      outcome.outcome() != v1::OUTCOME_PASS && outcome.decision() == v1::DECISION_ALLOW;
  if (one.has_largest_safe_share() && !waived &&
      (!all.has_largest_safe_share() || one.largest_safe_share() < all.largest_safe_share())) {
    all.set_largest_safe_share(one.largest_safe_share());
  }
  if (one.has_requests() && (!all.has_requests() || one.requests() < all.requests())) {
    all.set_requests(one.requests());
  }
  if (one.has_peak_seen() && (!all.has_peak_seen() || one.peak_seen() < all.peak_seen())) {
    all.set_peak_seen(one.peak_seen());
  }
}

}  // namespace

void Decide(const v1::CheckSettings& settings, absl::Time now, v1::CheckOutcome& outcome) {
  ApplyExemptions(settings, now, outcome);
  outcome.set_enforcement(settings.enforcement() == v1::ENFORCEMENT_UNSPECIFIED
                              ? v1::ENFORCEMENT_ENFORCE
                              : settings.enforcement());
  outcome.set_decision(DecideOne(settings, outcome));
}

bool StandsInTheWay(const v1::CheckSettings& settings, const v1::CheckOutcome& outcome,
                    const v1::Finding& finding) {
  if (!Enforced(outcome) || outcome.decision() == v1::DECISION_ALLOW) return false;
  if (!Decides(finding) || !finding.covered_by().empty()) return false;
  return !IsUnproven(finding) || DecideInconclusive(settings) != v1::DECISION_ALLOW;
}

void Cover(const v1::CheckSettings& settings,
           const std::function<std::string(const v1::Finding&)>& cover, v1::CheckOutcome& outcome) {
  for (v1::Finding& finding : *outcome.mutable_findings()) {
    if (StandsInTheWay(settings, outcome, finding)) finding.set_covered_by(cover(finding));
  }
  outcome.set_decision(DecideOne(settings, outcome));
}

bool Blocks(const v1::CheckOutcome& outcome) { return Weight(outcome) == v1::DECISION_BLOCK; }

void Fold(const v1::PolicyRule& rule, std::vector<v1::CheckOutcome> outcomes, absl::Time now,
          v1::Verdict& verdict) {
  std::sort(outcomes.begin(), outcomes.end(), [](const auto& a, const auto& b) {
    return std::make_tuple(-Weight(a), -a.decision(), a.check()) <
           std::make_tuple(-Weight(b), -b.decision(), b.check());
  });
  v1::Decision decision = v1::DECISION_ALLOW;
  v1::Advice advice = v1::ADVICE_UNSPECIFIED;
  for (v1::CheckOutcome& outcome : outcomes) {
    decision = std::max(decision, Weight(outcome));
    advice = std::max(advice, AdviceOf(outcome));
    AddPace(outcome, verdict);
    SortFindings(outcome);
    *verdict.add_outcomes() = std::move(outcome);
  }
  verdict.set_decision(decision);
  // Who may not go on for another check's reason is not told to.
  if (advice == v1::ADVICE_PROCEED && decision != v1::DECISION_ALLOW) advice = v1::ADVICE_WAIT;
  verdict.set_advice(advice);
  verdict.set_policy_rule(rule.name());
  verdict.set_reason(Reason(rule, verdict));
  SetRetry(verdict);
  *verdict.mutable_valid_until() = ToProto(ValidUntil(rule, verdict, now));
}

}  // namespace gate
