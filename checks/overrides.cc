#include "checks/overrides.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "checks/fold.h"
#include "checks/policy/override_policy.h"
#include "checks/proto_time.h"
#include "checks/settings.h"

namespace gate {
namespace {

// The findings that keep the verdict from ALLOW, of all outcomes.
std::vector<const v1::Finding*> InTheWay(const std::vector<v1::CheckOutcome>& outcomes,
                                         const v1::PolicyRule& rule) {
  std::vector<const v1::Finding*> findings;
  for (const v1::CheckOutcome& outcome : outcomes) {
    const v1::CheckSettings settings = SettingsFor(rule, outcome);
    for (const v1::Finding& finding : outcome.findings()) {
      if (StandsInTheWay(settings, outcome, finding)) findings.push_back(&finding);
    }
  }
  return findings;
}

}  // namespace

std::optional<v1::Query> OverridesQueryOf(const v1::Change& change, const v1::PolicyRule* rule,
                                          std::string_view rollout) {
  const bool known = !change.artifact_digest().empty() || !change.head_revision().empty();
  if (rule == nullptr || !rule->has_overrides() || !known) return std::nullopt;
  v1::Query query;
  query.set_id(kOverridesObservation);
  v1::OverridesQuery& asked = *query.mutable_overrides();
  asked.set_service(change.service());
  asked.set_environment(change.environment());
  asked.set_artifact_digest(change.artifact_digest());
  if (change.artifact_digest().empty()) asked.set_head_revision(change.head_revision());
  asked.set_rollout(std::string(rollout));
  return query;
}

bool Covers(const v1::Override& override, const v1::Finding& finding) {
  return std::ranges::count(override.rules(), finding.rule()) > 0 &&
         (override.fingerprints().empty() ||
          std::ranges::count(override.fingerprints(), finding.fingerprint()) > 0);
}

Overrides::Overrides(const v1::PolicyRule* rule, const std::optional<v1::Query>& query,
                     const Evidence& evidence, absl::Time now)
    : policy_(query ? ResolvedOverridePolicy(rule) : std::nullopt) {
  if (!policy_) return;
  const v1::Observation& seen = evidence.Get(kOverridesObservation);
  if (!seen.has_overrides()) {
    // What was not waited for would not have helped.
    if (seen.absence().reason() != v1::ABSENCE_REASON_NOT_AWAITED) {
      absence_ = Describe(seen.absence(), seen.source());
    }
    return;
  }
  for (const v1::Override& override : seen.overrides().overrides()) {
    if (Counts(override, query->overrides(), now)) counting_.push_back(override);
  }
  std::ranges::sort(counting_, {}, [](const v1::Override& one) { return one.name(); });
}

// What the store says is looked at again: a wrong ALLOW is the worst bug.
bool Overrides::Counts(const v1::Override& override, const v1::OverridesQuery& query,
                       absl::Time now) const {
  const bool same =
      override.service() == query.service() && override.environment() == query.environment() &&
      override.artifact_digest() == query.artifact_digest() &&
      (!query.artifact_digest().empty() || override.head_revision() == query.head_revision());
  if (!same || (override.break_glass() && !policy_->break_glass())) return false;
  if (override.state() == v1::OVERRIDE_STATE_CONSUMED) {
    return !query.rollout().empty() && override.consumed_by() == query.rollout();
  }
  const bool agreed =
      override.break_glass() || override.approvals_size() >= override.required_approvals();
  return override.state() == v1::OVERRIDE_STATE_APPROVED && agreed &&
         FromProto(override.expire_time()) > now;
}

bool Overrides::MayCover(const v1::Finding& finding) const {
  return policy_ && !IsNeverOverridden(*policy_, finding.rule());
}

std::string Overrides::CoverOf(const v1::Finding& finding) const {
  if (!MayCover(finding)) return "";
  const auto found = std::ranges::find_if(
      counting_, [&](const v1::Override& override) { return Covers(override, finding); });
  return found == counting_.end() ? "" : found->name();
}

void Overrides::KeepNeeded(const std::vector<v1::CheckOutcome>& outcomes,
                           const v1::PolicyRule& rule) {
  std::set<std::string> needed;
  std::vector<std::vector<const v1::Override*>> open;  // for each finding, who would do
  for (const v1::Finding* finding : InTheWay(outcomes, rule)) {
    if (!MayCover(*finding)) continue;
    std::vector<const v1::Override*> those;
    for (const v1::Override& override : counting_) {
      if (Covers(override, *finding)) those.push_back(&override);
    }
    const auto used = std::ranges::find(those, v1::OVERRIDE_STATE_CONSUMED, &v1::Override::state);
    if (used != those.end()) {
      needed.insert((*used)->name());
    } else if (those.size() == 1) {
      needed.insert(those.front()->name());
    } else if (!those.empty()) {
      open.push_back(std::move(those));
    }
  }
  const auto is_needed = [&](const v1::Override* one) { return needed.contains(one->name()); };
  for (const auto& those : open) {
    if (std::ranges::none_of(those, is_needed)) needed.insert(those.front()->name());
  }
  std::erase_if(counting_, [&](const v1::Override& one) { return !is_needed(&one); });
}

void Overrides::Tell(const std::vector<v1::CheckOutcome>& outcomes, const v1::PolicyRule& rule,
                     v1::Verdict& verdict) const {
  std::map<std::string, int> covered;
  for (const v1::CheckOutcome& outcome : outcomes) {
    for (const v1::Finding& finding : outcome.findings()) ++covered[finding.covered_by()];
  }
  for (const v1::Override& override : counting_) {
    const auto found = covered.find(override.name());
    if (found == covered.end()) continue;
    verdict.add_overrides(override.name());
    v1::CountedOverride& counted = *verdict.add_counted_overrides();
    *counted.mutable_override() = override;
    counted.set_findings(found->second);
  }
  std::set<std::string> rules;
  for (const v1::Finding* finding : InTheWay(outcomes, rule)) {
    if (MayCover(*finding)) rules.insert(finding->rule());
  }
  for (const std::string& one : rules) verdict.add_overridable_rules(one);
}

}  // namespace gate
