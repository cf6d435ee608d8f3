// The clauses of the canary check, as people look them up.
#ifndef CHECKS_CANARY_RULES_H_
#define CHECKS_CANARY_RULES_H_

#include <span>

#include "checks/check.h"

namespace gate {

std::span<const RuleDoc> CanaryRules();

}  // namespace gate

#endif  // CHECKS_CANARY_RULES_H_
