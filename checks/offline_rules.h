// Rules that `gatectl lint` says of what is no check of a verdict, as people look them up.
#ifndef CHECKS_OFFLINE_RULES_H_
#define CHECKS_OFFLINE_RULES_H_

#include <span>

#include "checks/check.h"

namespace gate {

// By id, ascending.
std::span<const RuleDoc> OfflineRules();

}  // namespace gate

#endif  // CHECKS_OFFLINE_RULES_H_
