// The clauses of the canary check, as people look them up.
#ifndef CHECKS_CANARY_RULES_H_
#define CHECKS_CANARY_RULES_H_

#include <span>
#include <string_view>

#include "checks/check.h"

namespace gate {

std::span<const RuleDoc> CanaryRules();

// Those whose severity a policy may set: findings beside the judgement itself.
inline constexpr std::string_view kSettableRules[] = {"canary.new_error_type", "canary.window"};

}  // namespace gate

#endif  // CHECKS_CANARY_RULES_H_
