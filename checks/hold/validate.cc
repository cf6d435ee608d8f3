#include "checks/hold/validate.h"

#include <algorithm>
#include <set>
#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "checks/hold/rules.h"
#include "google/protobuf/util/message_differencer.h"

namespace gate::hold {
namespace {

constexpr int kMaxCaps = 100;
constexpr int kMaxNames = 200;
constexpr int kMostAtOnce = 10'000;

bool IsId(std::string_view id) {
  return !id.empty() && id.size() <= 64 && std::ranges::all_of(id, [](unsigned char c) {
    return absl::ascii_islower(c) || absl::ascii_isdigit(c) || c == '-';
  });
}

bool IsPattern(std::string_view name) {
  if (name.ends_with('*')) name.remove_suffix(1);
  return name.size() <= 128 && std::ranges::all_of(name, [](unsigned char c) {
           return absl::ascii_isalnum(c) || c == '.' || c == '_' || c == '-';
         });
}

class Validator {
 public:
  Validator(const v1::Policy& policy, const v1::PolicyRule& rule)
      : policy_(policy), rule_(rule), hold_(rule.checks().hold()) {}

  std::vector<ParameterIssue> Run() {
    if (!v1::IncidentSeverity_IsValid(hold_.incidents_from())) {
      Add("incidents_from", "has to be MINOR, MAJOR or CRITICAL");
    }
    Kinds("incident_exempt_kinds", hold_.incident_exempt_kinds());
    for (int i = 0; i < hold_.settings().exemptions_size(); ++i) {
      if (MayBeExempted(hold_.settings().exemptions(i).rule())) continue;
      Add(absl::StrCat("settings.exemptions[", i, "].rule"),
          "declared freezes count whatever the policy says; whoever declares one says which kinds "
          "of change are exempt, and an override lets one change through");
    }
    if (hold_.caps_size() > kMaxCaps) {
      Add("caps", absl::StrCat("has more than ", kMaxCaps, " caps"));
      return std::move(issues_);
    }
    for (int i = 0; i < hold_.caps_size(); ++i) Cap(hold_.caps(i), absl::StrCat("caps[", i, "]"));
    return std::move(issues_);
  }

 private:
  void Add(const std::string& field, std::string message) {
    issues_.push_back({absl::StrCat("checks.hold.", field), std::move(message)});
  }

  void Kinds(const std::string& field, const google::protobuf::RepeatedField<int>& kinds) {
    for (int i = 0; i < kinds.size(); ++i) {
      if (kinds[i] != v1::CHANGE_KIND_UNSPECIFIED && v1::ChangeKind_IsValid(kinds[i])) continue;
      Add(absl::StrCat(field, "[", i, "]"), "has to be a kind of change, for example HOTFIX");
    }
  }

  void Names(const std::string& field,
             const google::protobuf::RepeatedPtrField<std::string>& names) {
    if (names.size() > kMaxNames) {
      return Add(field, absl::StrCat("has more than ", kMaxNames, " names"));
    }
    for (int i = 0; i < names.size(); ++i) {
      if (!names[i].empty() && IsPattern(names[i])) continue;
      Add(absl::StrCat(field, "[", i, "]"),
          "has to be a name of A-Z a-z 0-9 . _ -, or the beginning of one and \"*\"");
    }
  }

  void Cap(const v1::ConcurrencyCap& cap, const std::string& at) {
    if (!IsId(cap.name())) Add(at + ".name", "has to be 1 to 64 characters of a-z, 0-9 and -");
    if (!names_.insert(cap.name()).second) {
      Add(at + ".name", absl::StrCat("\"", cap.name(), "\" is the name of an earlier cap"));
    }
    if (cap.at_most() < 1 || cap.at_most() > kMostAtOnce) {
      Add(at + ".at_most",
          absl::StrCat("has to be 1 to ", kMostAtOnce,
                       "; to let nothing start, declare a freeze (gatectl freeze create)"));
    }
    Names(at + ".services", cap.services());
    Names(at + ".environments", cap.environments());
    Kinds(at + ".exempt_kinds", cap.exempt_kinds());
    for (const v1::PolicyRule& other : policy_.rules()) {
      // Told once, at the later one.
      if (&other == &rule_) break;
      for (const v1::ConcurrencyCap& theirs : other.checks().hold().caps()) {
        if (theirs.name() != cap.name() ||
            google::protobuf::util::MessageDifferencer::Equals(theirs, cap)) {
          continue;
        }
        Add(at, absl::StrCat("the cap \"", cap.name(), "\" is another one in the rule \"",
                             other.name(), "\"; give it the same fields, or another name"));
      }
    }
  }

  const v1::Policy& policy_;
  const v1::PolicyRule& rule_;
  const v1::HoldPolicy& hold_;
  std::set<std::string> names_;
  std::vector<ParameterIssue> issues_;
};

}  // namespace

std::vector<ParameterIssue> Validate(const v1::Policy& policy, const v1::PolicyRule& rule) {
  return Validator(policy, rule).Run();
}

}  // namespace gate::hold
