#include "checks/policy/override_policy.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "checks/policy/suggest.h"
#include "checks/proto_time.h"
#include "checks/registry.h"

namespace gate {
namespace {

constexpr int kMaxApprovals = 10;
constexpr int kMaxNever = 200;
constexpr absl::Duration kLongest = absl::Hours(24);
constexpr absl::Duration kReviewWithin = absl::Hours(24);

bool MatchesPattern(std::string_view pattern, std::string_view rule) {
  if (!pattern.ends_with('*')) return pattern == rule;
  return rule.starts_with(pattern.substr(0, pattern.size() - 1));
}

std::vector<std::string_view> AllRules() {
  std::vector<std::string_view> all;
  for (const Check* check : AllChecks()) {
    for (const RuleDoc& rule : check->rules()) all.push_back(rule.id);
  }
  return all;
}

class Validator {
 public:
  explicit Validator(const v1::OverridePolicy& policy) : policy_(policy) {}

  std::vector<ParameterIssue> Run() {
    if (policy_.approvals() < 0 || policy_.approvals() > kMaxApprovals) {
      Issue("approvals", absl::StrCat("1 to ", kMaxApprovals));
    }
    Within("longest", policy_.has_longest(), policy_.longest(), absl::Minutes(1), kLongest);
    Within("review_within", policy_.has_review_within(), policy_.review_within(), absl::Hours(1),
           absl::Hours(30 * 24));
    if (policy_.has_review_within() && !policy_.break_glass()) {
      Issue("review_within", "only what broke the glass is reviewed; add break_glass: true");
    }
    CheckNever();
    return std::move(issues_);
  }

 private:
  void Issue(std::string_view field, std::string message) {
    issues_.push_back({absl::StrCat("overrides.", std::string(field)), std::move(message)});
  }

  void Within(std::string_view field, bool given, const google::protobuf::Duration& duration,
              absl::Duration min, absl::Duration max) {
    const absl::Duration value = FromProto(duration);
    if (!given || (value >= min && value <= max)) return;
    Issue(field, absl::StrCat(absl::FormatDuration(value), " is out of range: ",
                              absl::FormatDuration(min), " to ", absl::FormatDuration(max)));
  }

  // A misspelt one would let through what nobody should.
  void CheckNever() {
    if (policy_.never_size() > kMaxNever) {
      return Issue("never", absl::StrCat("at most ", kMaxNever));
    }
    const std::vector<std::string_view> all = AllRules();
    for (int i = 0; i < policy_.never_size(); ++i) {
      const std::string& pattern = policy_.never(i);
      const bool means_a_rule = std::ranges::any_of(
          all, [&](std::string_view rule) { return MatchesPattern(pattern, rule); });
      if (!pattern.empty() && means_a_rule) continue;
      Issue(absl::StrCat("never[", i, "]"),
            absl::StrCat("unknown rule ", Quoted(pattern), DidYouMean(pattern, all)));
    }
  }

  const v1::OverridePolicy& policy_;
  std::vector<ParameterIssue> issues_;
};

}  // namespace

std::vector<ParameterIssue> ValidateOverridePolicy(const v1::PolicyRule& rule) {
  if (!rule.has_overrides()) return {};
  return Validator(rule.overrides()).Run();
}

std::optional<v1::OverridePolicy> ResolvedOverridePolicy(const v1::PolicyRule* rule) {
  if (rule == nullptr || !rule->has_overrides()) return std::nullopt;
  v1::OverridePolicy policy = rule->overrides();
  if (policy.approvals() == 0) policy.set_approvals(1);
  if (!policy.has_longest()) *policy.mutable_longest() = ToProto(kLongest);
  if (!policy.has_review_within()) *policy.mutable_review_within() = ToProto(kReviewWithin);
  return policy;
}

bool IsNeverOverridden(const v1::OverridePolicy& policy, std::string_view rule) {
  return std::ranges::any_of(
      policy.never(), [&](const std::string& pattern) { return MatchesPattern(pattern, rule); });
}

}  // namespace gate
