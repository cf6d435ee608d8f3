// Resource names, parsed strictly: "verdicts/…" and nothing that merely resembles it.
#ifndef GATE_API_NAMES_H_
#define GATE_API_NAMES_H_

#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace gate {

// Whether it can be the name of a service or an environment: 1 to 128 characters of A-Z a-z 0-9 . _
// and -.
bool IsName(std::string_view text);

// The same with colons, or nothing.
bool IsRequestId(std::string text);

// The id of "verdicts/" and 26 characters of Crockford's base 32.
absl::StatusOr<std::string> ParseVerdictName(std::string_view name);

// The id of "rollouts/" and 26 characters of Crockford's base 32.
absl::StatusOr<std::string> ParseRolloutName(std::string_view name);

// The id of "overrides/" and 26 characters of Crockford's base 32.
absl::StatusOr<std::string> ParseOverrideName(std::string_view name);
// The id of "freezes/", or "incidents/", and 26 characters of Crockford's base 32.
absl::StatusOr<std::string> ParseFreezeName(std::string_view name);
absl::StatusOr<std::string> ParseIncidentName(std::string_view name);

// The digest of "evidence/" and 64 hexadecimal digits in lower case.
absl::StatusOr<std::string> ParseEvidenceName(std::string_view name);

// The digest of "policies/" and 64 hexadecimal digits, or "current".
absl::StatusOr<std::string> ParsePolicyName(std::string_view name);

}  // namespace gate

#endif  // GATE_API_NAMES_H_
