// What the hold check says in words that do not depend on the change.
#ifndef CHECKS_HOLD_RULES_H_
#define CHECKS_HOLD_RULES_H_

#include <span>
#include <string_view>

#include "checks/check.h"

namespace gate::hold {

inline constexpr char kFreeze[] = "hold.freeze";
inline constexpr char kIncident[] = "hold.incident";
inline constexpr char kConcurrency[] = "hold.concurrency";
inline constexpr char kNotMended[] = "hold.not_mended";
inline constexpr char kUnknown[] = "hold.unknown";

std::span<const RuleDoc> Rules();

// Whether a policy may make a standing exception to the rule: not to what a person has stopped, nor
// to not knowing whether anybody has.
inline bool MayBeExempted(std::string_view rule) { return rule != kFreeze && rule != kUnknown; }

}  // namespace gate::hold

#endif  // CHECKS_HOLD_RULES_H_
