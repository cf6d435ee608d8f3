// What the hold check says in words that do not depend on the change.
#ifndef CHECKS_HOLD_RULES_H_
#define CHECKS_HOLD_RULES_H_

#include <span>

#include "checks/check.h"

namespace gate::hold {

inline constexpr char kFreeze[] = "hold.freeze";
inline constexpr char kIncident[] = "hold.incident";
inline constexpr char kConcurrency[] = "hold.concurrency";
inline constexpr char kNotMended[] = "hold.not_mended";
inline constexpr char kUnknown[] = "hold.unknown";

std::span<const RuleDoc> Rules();

}  // namespace gate::hold

#endif  // CHECKS_HOLD_RULES_H_
