// The clauses of the qa check, as people look them up.
#ifndef CHECKS_QA_RULES_H_
#define CHECKS_QA_RULES_H_

#include <span>
#include <string_view>

#include "checks/check.h"
#include "gate/v1/policy.pb.h"

namespace gate::qa {

std::span<const RuleDoc> Rules();

bool IsRule(std::string_view id);
// Whether a policy may say how much the rule weighs: what is unproven it cannot wave through.
bool HasSeverity(std::string_view id);
// As the policy says, else the rule's own.
v1::Severity SeverityOf(const v1::QaPolicy& policy, std::string_view id);

}  // namespace gate::qa

#endif  // CHECKS_QA_RULES_H_
