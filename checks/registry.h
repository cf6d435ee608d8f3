// All checks, in one table sorted by id.
#ifndef CHECKS_REGISTRY_H_
#define CHECKS_REGISTRY_H_

#include <span>
#include <string_view>

#include "checks/check.h"

namespace gate {

// Every check that the gate knows, by id, ascending.
std::span<const Check* const> AllChecks();

// The check with that id, or nullptr.
const Check* FindCheck(std::string_view id);

// The rule "check.rule", or nullptr. Those of offline_rules.h too.
const RuleDoc* FindRule(std::string_view id);

// Whether the policy rule enables the check: its field of gate.v1.Checks is present.
bool IsEnabled(const Check& check, const v1::PolicyRule& rule);

// The settings that every check's parameters begin with; defaults where they are not given.
const v1::CheckSettings& SettingsOf(const Check& check, const v1::PolicyRule& rule);

}  // namespace gate

#endif  // CHECKS_REGISTRY_H_
