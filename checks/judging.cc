#include "checks/judging.h"

#include <algorithm>
#include <exception>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "checks/fold.h"
#include "checks/hold/hold.h"
#include "checks/overrides.h"
#include "checks/proto_time.h"
#include "checks/registry.h"
#include "checks/settings.h"

namespace gate {
namespace {

// An outcome that no check gives: something about the question itself is missing.
v1::CheckOutcome Missing(std::string_view id, std::string summary, std::string unblock) {
  v1::CheckOutcome outcome;
  outcome.set_check(std::string(id));
  outcome.set_outcome(v1::OUTCOME_INCONCLUSIVE);
  outcome.set_summary(std::move(summary));
  outcome.add_unblock(std::move(unblock));
  return outcome;
}

v1::CheckOutcome NoRule(const v1::Change& change) {
  return Missing(
      "policy",
      absl::StrCat("no policy rule matches ", change.service(), " in ", change.environment(),
                   " for a change of kind ", v1::ChangeKind_Name(change.kind()).substr(12)),
      "add a rule to the policy whose selector matches it");
}

v1::CheckOutcome ClockBehind(const v1::Observation& observation) {
  return Missing("clock", observation.absence().detail(),
                 "set the server's clock right, or wait until it has caught up");
}

// A check that throws is our bug, and costs the change its ALLOW, not the server its life.
v1::CheckOutcome JudgeSafely(const Check& check, const v1::Change& change, const Evidence& evidence,
                             const v1::PolicyRule& rule, absl::Time now) {
  try {
    return check.judge(change, evidence, rule, now);
  } catch (const std::exception& error) {
    return Missing(check.id, absl::StrCat("the check failed inside the gate: ", error.what()),
                   "report this as a bug of the gate");
  }
}

std::string_view NotDue(const Check& check, const v1::Change& change) {
  return check.not_due == nullptr ? "" : check.not_due(change);
}

v1::CheckOutcome Skipped(const Check& check, std::string_view why, const v1::PolicyRule& rule,
                         absl::Time now) {
  v1::CheckOutcome outcome;
  outcome.set_check(std::string(check.id));
  outcome.set_outcome(v1::OUTCOME_SKIPPED);
  outcome.set_summary(std::string(why));
  Decide(SettingsOf(check, rule), now, outcome);
  return outcome;
}

}  // namespace

v1::Change Thin(const v1::Change& change) {
  v1::Change thin = change;
  if (!thin.has_schema_change()) return thin;
  v1::SchemaChange& schema = *thin.mutable_schema_change();
  schema.clear_schema_before();
  schema.clear_running_workload();
  schema.clear_new_workload();
  schema.clear_databases();
  schema.clear_tables();
  for (v1::MigrationFile& file : *schema.mutable_files()) {
    file.clear_sql();
    file.clear_down_sql();
  }
  return thin;
}

Judging::Judging(const v1::Change& change, const v1::PolicyRule* rule, absl::Time now,
                 std::string_view rollout)
    : change_(change),
      rule_(rule),
      now_(now),
      has_rollout_(!rollout.empty()),
      overrides_(OverridesQueryOf(change, rule, rollout)) {
  if (rule_ == nullptr) return;
  if (overrides_) queries_.push_back(*overrides_);
  for (const Check* check : AllChecks()) {
    const bool enabled = IsEnabled(*check, *rule_);
    // What people have stopped is stopped whatever the policy asks for.
    if (!enabled && check != &kHoldCheck) continue;
    Part part{check, enabled, {}, {}};
    if (const std::string_view why = NotDue(*check, change_); !why.empty()) {
      part.outcome = Skipped(*check, why, *rule_, now_);
      parts_.push_back(std::move(part));
      continue;
    }
    for (v1::Query& query : check->needs(change_, *rule_)) {
      part.observations.push_back(query.id());
      queries_.push_back(std::move(query));
    }
    parts_.push_back(std::move(part));
  }
  const auto by_id = [](const v1::Query& a, const v1::Query& b) { return a.id() < b.id(); };
  const auto same_id = [](const v1::Query& a, const v1::Query& b) { return a.id() == b.id(); };
  std::stable_sort(queries_.begin(), queries_.end(), by_id);
  queries_.erase(std::unique(queries_.begin(), queries_.end(), same_id), queries_.end());
}

void Judging::Judge(const Evidence& evidence, Part& part) const {
  v1::CheckOutcome outcome = JudgeSafely(*part.check, change_, evidence, *rule_, now_);
  outcome.set_check(std::string(part.check->id));
  outcome.clear_observations();
  for (const std::string& id : part.observations) outcome.add_observations(id);
  Decide(SettingsFor(*rule_, outcome), now_, outcome);
  part.outcome = std::move(outcome);
}

bool Judging::Decided(const Evidence& evidence) {
  bool blocked = false, go_back = false;
  for (Part& part : parts_) {
    const bool complete = std::all_of(part.observations.begin(), part.observations.end(),
                                      [&](const std::string& id) { return evidence.Contains(id); });
    if (!part.outcome && complete) Judge(evidence, part);
    if (!part.outcome || !BlocksWhateverComes(evidence, *part.outcome)) continue;
    blocked = true;
    go_back = go_back || part.outcome->advice() == v1::ADVICE_ROLL_BACK;
  }
  return blocked && (go_back || !change_.canary().has_started_at());
}

// Where the overrides have not been seen yet, every finding that the policy lets people override
// may still turn out to be covered.
bool Judging::BlocksWhateverComes(const Evidence& evidence, const v1::CheckOutcome& outcome) const {
  if (!overrides_ || !Blocks(outcome)) return Blocks(outcome);
  const Overrides overrides(rule_, overrides_, evidence, now_);
  const bool seen = evidence.Contains(kOverridesObservation);
  v1::CheckOutcome covered = outcome;
  Cover(
      SettingsFor(*rule_, outcome),
      [&](const v1::Finding& finding) -> std::string {
        if (seen) return overrides.CoverOf(finding);
        return overrides.MayCover(finding) ? kOverridesObservation : "";
      },
      covered);
  return Blocks(covered);
}

std::vector<CarriedState> Judging::Carry(const Evidence& evidence) const {
  std::vector<CarriedState> all;
  for (const Part& part : parts_) {
    if (part.check->carry == nullptr || !NotDue(*part.check, change_).empty()) continue;
    for (CarriedState& state : part.check->carry(change_, evidence, *rule_, now_)) {
      all.push_back(std::move(state));
    }
  }
  return all;
}

v1::Verdict Judging::Verdict(const Evidence& evidence) {
  std::vector<v1::CheckOutcome> outcomes;
  for (Part& part : parts_) {
    // Of a verdict from before anybody asked for it nothing is said.
    if (!part.enabled && !evidence.Contains(kHoldsObservation)) continue;
    if (!part.outcome) Judge(evidence, part);
    if (!part.enabled && HoldsNothing(*part.outcome)) continue;
    outcomes.push_back(*std::move(part.outcome));
  }
  v1::Verdict verdict;
  *verdict.mutable_change() = Thin(change_);
  *verdict.mutable_create_time() = ToProto(now_);
  const std::string unseen = ApplyOverrides(evidence, outcomes, verdict);
  const auto add_missing = [&](v1::CheckOutcome outcome) {
    Decide(v1::CheckSettings::default_instance(), now_, outcome);
    outcomes.push_back(std::move(outcome));
  };
  if (rule_ == nullptr) add_missing(NoRule(change_));
  if (evidence.Contains(kClockObservation)) {
    add_missing(ClockBehind(evidence.Get(kClockObservation)));
  }
  Fold(rule_ == nullptr ? v1::PolicyRule::default_instance() : *rule_, std::move(outcomes), now_,
       verdict);
  if (!unseen.empty() && verdict.decision() != v1::DECISION_ALLOW) {
    absl::StrAppend(verdict.mutable_reason(), "; no override counts: ", unseen);
  }
  EndWithOverrides(verdict);
  return verdict;
}

std::string Judging::ApplyOverrides(const Evidence& evidence,
                                    std::vector<v1::CheckOutcome>& outcomes,
                                    v1::Verdict& verdict) const {
  if (!overrides_) return "";
  Overrides overrides(rule_, overrides_, evidence, now_);
  overrides.KeepNeeded(outcomes, *rule_);
  for (v1::CheckOutcome& outcome : outcomes) {
    Cover(
        SettingsFor(*rule_, outcome),
        [&](const v1::Finding& finding) { return overrides.CoverOf(finding); }, outcome);
  }
  overrides.Tell(outcomes, *rule_, verdict);
  return overrides.absence();
}

// What an override lets go, it lets go until it is over; a rollout keeps what it has used.
void Judging::EndWithOverrides(v1::Verdict& verdict) const {
  if (has_rollout_) return;
  for (const v1::CountedOverride& counted : verdict.counted_overrides()) {
    const absl::Time until =
        std::min(FromProto(verdict.valid_until()), FromProto(counted.override().expire_time()));
    *verdict.mutable_valid_until() = ToProto(until);
  }
}

}  // namespace gate
