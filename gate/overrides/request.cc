#include "gate/overrides/request.h"

#include <algorithm>
#include <set>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "checks/fold.h"
#include "checks/overrides.h"
#include "checks/policy/match.h"
#include "checks/policy/override_policy.h"
#include "checks/proto_time.h"
#include "checks/registry.h"
#include "gate/api/names.h"
#include "gate/base/digest.h"
#include "gate/base/field_error.h"
#include "gate/evaluate/replay.h"

namespace gate::overrides {
namespace {

constexpr size_t kMaxReason = 2000;
constexpr size_t kMaxTicket = 200;
constexpr int kMaxRules = 100;
constexpr int kMaxFingerprints = 1000;
constexpr int kMaxAwaitingReview = 1000;

absl::Status Refuse(std::string_view reason, std::string message) {
  return WithReason(absl::FailedPreconditionError(std::move(message)), reason);
}

bool IsBlank(std::string_view text) {
  return std::ranges::all_of(text, [](unsigned char c) { return absl::ascii_isspace(c); });
}

// What the request says of itself, before anything is looked up.
absl::Status CheckRequest(const v1::CreateOverrideRequest& request) {
  std::vector<FieldError> errors;
  const v1::Override& asked = request.override();
  const auto wrong = [&](std::string field, std::string message) {
    errors.push_back({std::move(field), std::move(message)});
  };
  if (request.request_id().empty() && !request.validate_only()) {
    wrong("request_id", "is required: with it a lost answer can be asked for again");
  } else if (!IsRequestId(request.request_id())) {
    wrong("request_id", "1 to 128 characters of A-Z a-z 0-9 . _ : and -");
  }
  if (!ParseVerdictName(request.verdict()).ok()) {
    wrong("verdict",
          "is required: \"verdicts/\" and 26 characters, the verdict that stands in the "
          "way");
  }
  if (IsBlank(asked.reason())) wrong("override.reason", "is required: people will ask");
  if (asked.reason().size() > kMaxReason) {
    wrong("override.reason", absl::StrCat("at most ", kMaxReason, " bytes"));
  }
  if (IsBlank(asked.ticket())) {
    wrong("override.ticket", "is required: where it is written down what is done about it");
  }
  if (asked.ticket().size() > kMaxTicket) {
    wrong("override.ticket", absl::StrCat("at most ", kMaxTicket, " bytes"));
  }
  if (asked.rules().empty()) {
    wrong("override.rules", "is required: name the rules that are to be covered");
  }
  if (asked.rules_size() > kMaxRules) {
    wrong("override.rules", absl::StrCat("at most ", kMaxRules));
  }
  if (asked.fingerprints_size() > kMaxFingerprints) {
    wrong("override.fingerprints", absl::StrCat("at most ", kMaxFingerprints));
  }
  const bool decided = asked.state() != v1::OVERRIDE_STATE_UNSPECIFIED || !asked.name().empty() ||
                       !asked.approvals().empty() || asked.required_approvals() != 0 ||
                       asked.has_create_time() || !asked.consumed_by().empty() ||
                       !asked.etag().empty() || asked.has_consume_time() ||
                       asked.has_revocation() || asked.has_review_due() || asked.has_review() ||
                       !asked.authors().empty();
  if (decided) {
    wrong("override",
          "name, state, approvals, authors and what follows from them are filled in by "
          "the gate; leave them out");
  }
  return InvalidFields(errors);
}

// Fields that may be given, and then have to be the change's.
absl::Status CheckSame(const v1::CreateOverrideRequest& request, const v1::Change& change,
                       const std::string& actor) {
  std::vector<FieldError> errors;
  const auto same = [&](const char* field, const std::string& given, const std::string& is) {
    if (given.empty() || given == is) return;
    errors.push_back(
        {absl::StrCat("override.", field), absl::StrCat("is \"", is, "\" in ", request.verdict(),
                                                        ", not \"", given, "\"; leave it out")});
  };
  const v1::Override& asked = request.override();
  same("service", asked.service(), change.service());
  same("environment", asked.environment(), change.environment());
  same("artifact_digest", asked.artifact_digest(), change.artifact_digest());
  same("head_revision", asked.head_revision(), change.head_revision());
  same("verdict", asked.verdict(), request.verdict());
  if (!asked.requester().empty() && asked.requester() != actor) {
    errors.push_back({"override.requester", absl::StrCat("is who asks, \"", actor, "\"")});
  }
  return InvalidFields(errors);
}

const v1::CheckSettings& SettingsFor(const v1::CheckOutcome& outcome, const v1::PolicyRule& rule) {
  const Check* check = FindCheck(outcome.check());
  return check == nullptr ? v1::CheckSettings::default_instance() : SettingsOf(*check, rule);
}

std::vector<v1::Finding> InTheWay(const v1::Verdict& verdict, const v1::PolicyRule& rule) {
  std::vector<v1::Finding> findings;
  for (const v1::CheckOutcome& outcome : verdict.outcomes()) {
    for (const v1::Finding& finding : outcome.findings()) {
      if (StandsInTheWay(SettingsFor(outcome, rule), outcome, finding)) findings.push_back(finding);
    }
  }
  return findings;
}

std::string RulesOf(const std::vector<v1::Finding>& findings) {
  std::set<std::string> rules;
  for (const v1::Finding& finding : findings) rules.insert(finding.rule());
  return absl::StrJoin(rules, ", ");
}

// That what is to be covered is in the verdict, and stands in the way there.
absl::Status CheckFound(const v1::CreateOverrideRequest& request, const v1::Verdict& verdict,
                        const v1::PolicyRule& rule) {
  const std::vector<v1::Finding> findings = InTheWay(verdict, rule);
  const std::string there =
      findings.empty()
          ? absl::StrCat("; no finding stands in the way in ", request.verdict())
          : absl::StrCat("; in the way in ", request.verdict(), ": ", RulesOf(findings));
  std::vector<FieldError> errors;
  const v1::Override& asked = request.override();
  for (int i = 0; i < asked.rules_size(); ++i) {
    const std::string& one = asked.rules(i);
    const bool found = std::ranges::any_of(
        findings, [&](const v1::Finding& finding) { return finding.rule() == one; });
    if (found) continue;
    errors.push_back({absl::StrCat("override.rules[", i, "]"),
                      absl::StrCat("no finding of \"", one, "\" stands in the way", there)});
  }
  for (int i = 0; i < asked.fingerprints_size(); ++i) {
    const std::string& one = asked.fingerprints(i);
    const bool found = std::ranges::any_of(findings, [&](const v1::Finding& finding) {
      return !one.empty() && finding.fingerprint() == one &&
             std::ranges::count(asked.rules(), finding.rule()) > 0;
    });
    if (found) continue;
    errors.push_back({absl::StrCat("override.fingerprints[", i, "]"),
                      absl::StrCat("no finding of these rules that stands in the way has the "
                                   "fingerprint \"",
                                   one, "\"")});
  }
  return InvalidFields(errors);
}

absl::Status CheckPolicy(const v1::CreateOverrideRequest& request, const v1::Change& change,
                         const std::optional<v1::OverridePolicy>& policy,
                         const v1::PolicyRule* rule) {
  if (!policy) {
    return Refuse("NEVER_OVERRIDDEN",
                  rule == nullptr
                      ? absl::StrCat("no policy rule matches ", change.service(), " in ",
                                     change.environment(), ": nothing says who may override")
                      : absl::StrCat("the policy rule ", rule->name(),
                                     " lets nobody override; with \"overrides: {}\" it would"));
  }
  if (change.artifact_digest().empty() && change.head_revision().empty()) {
    return Refuse("NEVER_OVERRIDDEN",
                  absl::StrCat("the change of ", request.verdict(),
                               " has neither an artefact's digest nor a head revision, so that an "
                               "override would hold for every change; ask for a verdict with one"));
  }
  for (const std::string& one : request.override().rules()) {
    if (!IsNeverOverridden(*policy, one)) continue;
    return Refuse("NEVER_OVERRIDDEN",
                  absl::StrCat("the policy lets nobody override ", one,
                               " (overrides.never of the rule ", rule->name(), ")"));
  }
  if (request.override().break_glass() && !policy->break_glass()) {
    return Refuse(
        "NO_BREAK_GLASS",
        absl::StrCat("the policy rule ", rule->name(),
                     " does not let the glass be broken; ask without it, and have ",
                     policy->approvals(),
                     policy->approvals() == 1 ? " other person" : " other people", " approve"));
  }
  return absl::OkStatus();
}

absl::Status CheckOverdue(const v1::Change& change, absl::Time now, Store& store) {
  const auto waiting = store.overrides().List(
      {.service = change.service(), .environment = change.environment(), .awaiting_review = true},
      "", kMaxAwaitingReview, now);
  if (!waiting.ok()) return waiting.status();
  for (const v1::Override& one : *waiting) {
    if (FromProto(one.review_due()) > now) continue;
    return Refuse("REVIEW_OVERDUE",
                  absl::StrCat(one.name(), " broke the glass of ", change.service(), " in ",
                               change.environment(), ", and was to be reviewed by ",
                               Rfc3339(FromProto(one.review_due())),
                               ": review it first (gatectl "
                               "override review ",
                               one.name(), ")"));
  }
  return absl::OkStatus();
}

// When it is to end.
absl::StatusOr<absl::Time> ExpiryOf(const v1::Override& asked, const v1::OverridePolicy& policy,
                                    absl::Time now) {
  const absl::Time latest = now + FromProto(policy.longest());
  if (!asked.has_expire_time()) return latest;
  const absl::Time expiry = FromProto(asked.expire_time());
  if (expiry <= now) {
    return InvalidFields({{"override.expire_time", absl::StrCat(Rfc3339(expiry), " is over")}});
  }
  // Clocks differ by a little.
  if (expiry > latest + absl::Minutes(1)) {
    return InvalidFields(
        {{"override.expire_time",
          absl::StrCat(Rfc3339(expiry), " is too late: the policy lets one live for ",
                       absl::FormatDuration(FromProto(policy.longest())), ", until ",
                       Rfc3339(latest))}});
  }
  return std::min(expiry, latest);
}

v1::Override Filled(const v1::CreateOverrideRequest& request, const v1::Change& change,
                    const v1::OverridePolicy& policy, const std::string& actor, absl::Time now) {
  v1::Override made = request.override();
  made.set_name(absl::StrCat("overrides/", NewId(now)));
  made.set_verdict(request.verdict());
  made.set_service(change.service());
  made.set_environment(change.environment());
  made.set_artifact_digest(change.artifact_digest());
  made.set_head_revision(change.head_revision());
  made.set_requester(actor);
  *made.mutable_create_time() = ToProto(now);
  std::set<std::string> authors;
  for (const v1::Commit& commit : change.commits()) authors.insert(commit.author());
  authors.insert(change.author());
  authors.erase("");
  for (const std::string& author : authors) made.add_authors(author);
  if (made.break_glass()) {
    made.set_state(v1::OVERRIDE_STATE_APPROVED);
    *made.mutable_review_due() = ToProto(now + FromProto(policy.review_within()));
  } else {
    made.set_state(v1::OVERRIDE_STATE_PENDING);
    made.set_required_approvals(policy.approvals());
  }
  return made;
}

}  // namespace

absl::StatusOr<v1::CreateOverrideResponse> Prepare(const v1::CreateOverrideRequest& request,
                                                   const std::string& actor,
                                                   const PolicySnapshot& policy, absl::Time now,
                                                   Store& store) {
  if (absl::Status status = CheckRequest(request); !status.ok()) return status;
  const auto verdict = store.GetVerdict(*ParseVerdictName(request.verdict()));
  if (!verdict.ok()) return verdict.status();
  const v1::Change& change = verdict->change();
  if (absl::Status status = CheckSame(request, change, actor); !status.ok()) return status;
  const v1::PolicyRule* rule = MatchRule(policy.policy, change);
  const std::optional<v1::OverridePolicy> allowed = ResolvedOverridePolicy(rule);
  if (absl::Status status = CheckPolicy(request, change, allowed, rule); !status.ok()) {
    return status;
  }
  if (absl::Status status = CheckFound(request, *verdict, *rule); !status.ok()) return status;
  const auto expiry = ExpiryOf(request.override(), *allowed, now);
  if (!expiry.ok()) return expiry.status();
  if (request.override().break_glass()) {
    if (absl::Status status = CheckOverdue(change, now, store); !status.ok()) return status;
  }

  v1::CreateOverrideResponse response;
  v1::Override& made = *response.mutable_override();
  made = Filled(request, change, *allowed, actor, now);
  *made.mutable_expire_time() = ToProto(*expiry);
  const auto judged = JudgeStoredWithOverride(store, *verdict, *allowed, made);
  if (!judged.ok()) return judged.status();
  for (const v1::CheckOutcome& outcome : judged->outcomes()) {
    for (const v1::Finding& finding : outcome.findings()) {
      if (finding.covered_by() == made.name()) *response.add_covered() = finding;
    }
  }
  for (v1::Finding& finding : InTheWay(*judged, *rule)) *response.add_left() = std::move(finding);
  response.set_decision(judged->decision());
  if (response.covered().empty()) {
    return InvalidFields(
        {{"override.rules", absl::StrCat("all that it would cover is covered already, by ",
                                         absl::StrJoin(judged->overrides(), ", "))}});
  }
  return response;
}

}  // namespace gate::overrides
