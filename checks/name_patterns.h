// Names of services and environments as people write them in freezes, incidents and caps.
#ifndef CHECKS_NAME_PATTERNS_H_
#define CHECKS_NAME_PATTERNS_H_

#include <algorithm>
#include <string>
#include <string_view>

#include "google/protobuf/repeated_field.h"

namespace gate {

// Whether one of the patterns is the name; a trailing "*" matches any ending, and no patterns match
// all.
inline bool PicksName(const google::protobuf::RepeatedPtrField<std::string>& patterns,
                      std::string_view name) {
  return patterns.empty() || std::ranges::any_of(patterns, [&](std::string_view pattern) {
           if (!pattern.ends_with('*')) return pattern == name;
           pattern.remove_suffix(1);
           return name.starts_with(pattern);
         });
}

// Whether `thing` (a freeze, an incident, a cap) is for a service in an environment.
template <typename Thing>
bool Concerns(const Thing& thing, std::string_view service, std::string_view environment) {
  return PicksName(thing.services(), service) && PicksName(thing.environments(), environment);
}

}  // namespace gate

#endif  // CHECKS_NAME_PATTERNS_H_
