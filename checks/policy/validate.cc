// What every policy has to keep, as policy.h says.
#include <map>
#include <set>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "checks/policy/access.h"
#include "checks/policy/fields.h"
#include "checks/policy/match.h"
#include "checks/policy/override_policy.h"
#include "checks/policy/policy.h"
#include "checks/policy/rollout_plan.h"
#include "checks/policy/suggest.h"
#include "checks/policy/utf8.h"
#include "checks/proto_time.h"
#include "checks/registry.h"

namespace gate {
namespace {

// So that looking for clashes among all pairs of selectors stays a matter of milliseconds.
constexpr int kMaxRules = 500;
constexpr int kMaxNames = 200;
constexpr int kMaxClashes = 100;
constexpr int kMaxRuleName = 100;
constexpr size_t kMaxName = 128;  // as of Change.service and Change.environment
constexpr size_t kMaxLabelKey = 63;
constexpr char kNameCharacters[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";

class Validator {
 public:
  Validator(const v1::Policy& policy, const FieldPlaces* places)
      : policy_(policy), places_(places) {}

  std::vector<ParameterIssue> Run();

 private:
  void Issue(std::string field, std::string message) {
    issues_.push_back({std::move(field), std::move(message)});
  }
  // " in line 14", where that is known.
  std::string Line(const std::string& field) const {
    return places_ ? absl::StrCat(" in line ", places_->Find(field).line) : "";
  }

  void CheckName(const v1::PolicyRule& rule, const std::string& at);
  void CheckDuration(const google::protobuf::Duration& duration, absl::Duration min,
                     absl::Duration max, const std::string& at);
  void CheckSelector(const v1::Selector& selector, const std::string& at);
  void CheckNames(const google::protobuf::RepeatedPtrField<std::string>& names,
                  const std::string& at);
  void CheckChecks(const v1::PolicyRule& rule, const std::string& at);
  void CheckSettings(const Check& check, const v1::CheckSettings& settings, const std::string& at);
  void CheckExemption(const Check& check, const v1::Exemption& exemption, const std::string& at);
  void CheckClashes();

  const v1::Policy& policy_;
  const FieldPlaces* places_;
  std::map<std::string, std::string> names_;  // of rules, to their path
  std::vector<ParameterIssue> issues_;
};

std::string RulePath(int i) { return absl::StrCat("rules[", i, "]"); }

std::vector<ParameterIssue> Validator::Run() {
  if (policy_.rules().empty()) {
    Issue("rules", "a policy needs rules: without one that matches, every change is held");
  }
  if (policy_.rules_size() > kMaxRules) {
    Issue("rules", absl::StrCat("at most ", kMaxRules, " rules, has ", policy_.rules_size()));
    return std::move(issues_);
  }
  for (int i = 0; i < policy_.rules_size(); ++i) {
    const v1::PolicyRule& rule = policy_.rules(i);
    CheckName(rule, RulePath(i));
    if (rule.has_verdict_ttl()) {
      CheckDuration(rule.verdict_ttl(), absl::Seconds(1), absl::Hours(24),
                    RulePath(i) + ".verdict_ttl");
    }
    if (rule.has_gather_timeout()) {
      CheckDuration(rule.gather_timeout(), absl::Milliseconds(10), absl::Seconds(60),
                    RulePath(i) + ".gather_timeout");
    }
    CheckSelector(rule.match(), RulePath(i) + ".match");
    CheckChecks(rule, RulePath(i));
    for (ParameterIssue& issue : ValidateRolloutPlan(rule)) {
      Issue(absl::StrCat(RulePath(i), ".", issue.field), std::move(issue.message));
    }
    for (ParameterIssue& issue : ValidateOverridePolicy(rule)) {
      Issue(absl::StrCat(RulePath(i), ".", issue.field), std::move(issue.message));
    }
  }
  CheckClashes();
  for (ParameterIssue& issue : ValidateAccess(policy_)) issues_.push_back(std::move(issue));
  for (const auto& [name, path] : policy_.calendars()) {
    if (name.empty()) Issue(EntryPath("calendars", name), "a calendar needs a name");
    if (path.empty()) Issue(EntryPath("calendars", name), "a calendar needs the path of its file");
  }
  return std::move(issues_);
}

void Validator::CheckName(const v1::PolicyRule& rule, const std::string& at) {
  const std::string field = at + ".name";
  const std::string& name = rule.name();
  if (name.empty()) return Issue(field, "a rule needs a name: verdicts show it");
  if (CountCharacters(name) > kMaxRuleName || name.find_first_of("\r\n\t") != std::string::npos) {
    return Issue(field,
                 absl::StrCat("a name has at most ", kMaxRuleName, " characters on one line"));
  }
  const auto [first, added] = names_.emplace(name, at);
  if (added) return;
  Issue(field, absl::StrCat("the name ", Quoted(name), " is taken by the rule", Line(first->second),
                            places_ ? "" : " " + first->second));
}

void Validator::CheckDuration(const google::protobuf::Duration& duration, absl::Duration min,
                              absl::Duration max, const std::string& at) {
  const absl::Duration value = FromProto(duration);
  if (value >= min && value <= max) return;
  Issue(at, absl::StrCat(absl::FormatDuration(value), " is out of range: ",
                         absl::FormatDuration(min), " to ", absl::FormatDuration(max)));
}

void Validator::CheckSelector(const v1::Selector& selector, const std::string& at) {
  CheckNames(selector.services(), at + ".services");
  CheckNames(selector.environments(), at + ".environments");
  std::set<int> kinds;
  for (int i = 0; i < selector.change_kinds_size(); ++i) {
    const v1::ChangeKind kind = selector.change_kinds(i);
    const std::string field = absl::StrCat(at, ".change_kinds[", i, "]");
    if (!v1::ChangeKind_IsValid(kind) || kind == v1::CHANGE_KIND_UNSPECIFIED) {
      Issue(field, "no kind of change");
    } else if (!kinds.insert(kind).second) {
      Issue(field, absl::StrCat(v1::ChangeKind_Name(kind), " is named twice"));
    }
  }
  for (const auto& [key, value] : selector.labels()) {
    const int length = CountCharacters(key);
    if (length >= 1 && length <= static_cast<int>(kMaxLabelKey)) continue;
    Issue(EntryPath(at + ".labels", key), "the key of a label has 1 to 63 characters");
  }
}

void Validator::CheckNames(const google::protobuf::RepeatedPtrField<std::string>& names,
                           const std::string& at) {
  if (names.size() > kMaxNames) {
    return Issue(at, absl::StrCat("at most ", kMaxNames, " names, has ", names.size(),
                                  "; a pattern such as \"team-*\" names many"));
  }
  std::set<std::string_view> seen;
  for (int i = 0; i < names.size(); ++i) {
    const std::string field = absl::StrCat(at, "[", i, "]");
    std::string_view name = names[i];
    if (!seen.insert(name).second) Issue(field, Quoted(name) + " is named twice");
    if (name.empty()) Issue(field, "a name is not empty");
    if (name.ends_with('*')) name.remove_suffix(1);
    if (name.find('*') != std::string_view::npos) {
      Issue(field, Quoted(names[i]) + " has a \"*\" before its end; only a last one is a pattern");
    } else if (name.find_first_not_of(kNameCharacters) != std::string_view::npos) {
      Issue(field, Quoted(names[i]) +
                       " can match nothing: names have letters, digits, \".\", \"_\" and \"-\"");
    } else if (name.size() > kMaxName) {
      Issue(field, absl::StrCat("a name has at most ", kMaxName, " characters"));
    }
  }
}

void Validator::CheckChecks(const v1::PolicyRule& rule, const std::string& at) {
  bool any = false;
  for (const Check* check : AllChecks()) {
    if (!IsEnabled(*check, rule)) continue;
    any = true;
    CheckSettings(*check, SettingsOf(*check, rule),
                  absl::StrCat(at, ".checks.", std::string(check->id), ".settings"));
    for (ParameterIssue& issue : check->validate(policy_, rule)) {
      Issue(at + "." + issue.field, std::move(issue.message));
    }
  }
  if (any) return;
  std::vector<std::string_view> ids;
  for (const Check* check : AllChecks()) ids.push_back(check->id);
  Issue(at + ".checks", "the rule has no checks and would allow everything; enable " + OneOf(ids));
}

void Validator::CheckSettings(const Check& check, const v1::CheckSettings& settings,
                              const std::string& at) {
  if (settings.on_inconclusive() == v1::DECISION_ALLOW) {
    Issue(
        at + ".on_inconclusive",
        "not knowing never allows a change; it is HOLD or BLOCK, or set \"requirement: OPTIONAL\"");
  }
  for (int i = 0; i < settings.exemptions_size(); ++i) {
    CheckExemption(check, settings.exemptions(i), absl::StrCat(at, ".exemptions[", i, "]"));
  }
}

void Validator::CheckExemption(const Check& check, const v1::Exemption& exemption,
                               const std::string& at) {
  std::vector<std::string_view> rules;
  for (const RuleDoc& rule : check.rules()) rules.push_back(rule.id);
  const std::string& rule = exemption.rule();
  if (rule.empty()) {
    Issue(at + ".rule", "an exemption names the rule that it is from");
  } else if (FindRule(rule) == nullptr) {
    Issue(at + ".rule", absl::StrCat("unknown rule ", Quoted(rule), DidYouMean(rule, rules)));
  } else if (!rule.starts_with(std::string(check.id) + ".")) {
    Issue(at + ".rule",
          absl::StrCat(Quoted(rule), " is no rule of this check; write it with the check ",
                       Quoted(rule.substr(0, rule.find('.')))));
  }
  if (exemption.reason().empty()) Issue(at + ".reason", "an exemption needs a reason");
  if (exemption.owner().empty()) Issue(at + ".owner", "an exemption needs an owner");
  if (!exemption.has_expires_at()) {
    Issue(at + ".expires_at", "an exemption needs an end: \"expires_at\"");
  }
}

// "service "payments", environment "production", CODE".
std::string Describe(const v1::Change& change) {
  std::string text = absl::StrCat("a change of service ", Quoted(change.service()), " in ",
                                  Quoted(change.environment()), ", kind ");
  const auto* kind = v1::ChangeKind_descriptor()->FindValueByNumber(change.kind());
  text += ShortName(*kind);
  const std::map<std::string, std::string> labels(change.labels().begin(), change.labels().end());
  for (const auto& [key, value] : labels) absl::StrAppend(&text, ", label ", key, ": ", value);
  return text;
}

void Validator::CheckClashes() {
  int told = 0;
  for (int j = 1; j < policy_.rules_size(); ++j) {
    for (int i = 0; i < j && told < kMaxClashes; ++i) {
      const v1::PolicyRule& a = policy_.rules(i);
      const v1::PolicyRule& b = policy_.rules(j);
      const auto clash = FindClash(a.match(), b.match());
      if (!clash) continue;
      ++told;
      Issue(RulePath(j) + ".match",
            absl::StrCat("the rules ", Quoted(a.name()), Line(RulePath(i)), " and ",
                         Quoted(b.name()), Line(RulePath(j)), " pick ", Describe(*clash),
                         " equally specifically; let one of them name more"));
    }
  }
}

}  // namespace

std::vector<ParameterIssue> ValidatePolicy(const v1::Policy& policy, const FieldPlaces* places) {
  return Validator(policy, places).Run();
}

}  // namespace gate
