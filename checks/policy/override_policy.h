// How overrides are made of a policy rule's changes: checked at the door, and resolved with its
// defaults.
#ifndef CHECKS_POLICY_OVERRIDE_POLICY_H_
#define CHECKS_POLICY_OVERRIDE_POLICY_H_

#include <optional>
#include <string_view>
#include <vector>

#include "checks/check.h"
#include "gate/v1/policy.pb.h"

namespace gate {

// What the rule's overrides may not be. Fields are relative to the rule: "overrides.longest". None
// where it has none.
std::vector<ParameterIssue> ValidateOverridePolicy(const v1::PolicyRule& rule);

// With all defaults filled in. Nothing where the rule lets nobody override, or is null.
std::optional<v1::OverridePolicy> ResolvedOverridePolicy(const v1::PolicyRule* rule);

// Whether nobody overrides this rule of a check, break-glass included.
bool IsNeverOverridden(const v1::OverridePolicy& policy, std::string_view rule);

}  // namespace gate

#endif  // CHECKS_POLICY_OVERRIDE_POLICY_H_
