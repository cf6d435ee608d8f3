// The part of a policy rule that says how its changes go out, step by step.
#ifndef CHECKS_POLICY_ROLLOUT_PLAN_H_
#define CHECKS_POLICY_ROLLOUT_PLAN_H_

#include <vector>

#include "checks/check.h"
#include "gate/v1/change.pb.h"
#include "gate/v1/policy.pb.h"

namespace gate {

// What is wrong with the rule's plan, by the fields that policy.proto gives bounds for; none where
// it has no plan. Fields are relative to the rule.
std::vector<ParameterIssue> ValidateRolloutPlan(const v1::PolicyRule& rule);

// The plan for this change with every default filled in: names of steps, durations, the part of the
// peak. A migration step is left out where the change has no schema change. For a plan without
// issues.
v1::RolloutPlan ResolvedPlan(const v1::PolicyRule& rule, const v1::Change& change);

}  // namespace gate

#endif  // CHECKS_POLICY_ROLLOUT_PLAN_H_
