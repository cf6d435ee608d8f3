#include "gate/api/names.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "gate/base/field_error.h"

namespace gate {
namespace {

constexpr std::string_view kCrockford = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
constexpr size_t kMaxName = 128;
constexpr std::string_view kHexadecimal = "0123456789abcdef";

bool Consists(std::string_view text, size_t size, std::string_view alphabet) {
  return text.size() == size && text.find_first_not_of(alphabet) == std::string_view::npos;
}

// What follows the prefix; empty where the name does not begin with it.
std::string_view After(std::string_view prefix, std::string_view name) {
  return name.starts_with(prefix) ? name.substr(prefix.size()) : std::string_view();
}

absl::Status BadName(std::string_view expected) {
  return InvalidFields({{"name", std::string(expected)}});
}

}  // namespace

bool IsName(std::string_view text) {
  return !text.empty() && text.size() <= kMaxName && std::ranges::all_of(text, [](unsigned char c) {
    return absl::ascii_isalnum(c) || c == '.' || c == '_' || c == '-';
  });
}

bool IsRequestId(std::string text) {
  std::erase(text, ':');
  return text.empty() || IsName(text);
}

absl::StatusOr<std::string> ParseVerdictName(std::string_view name) {
  const std::string_view id = After("verdicts/", name);
  if (!Consists(id, 26, kCrockford)) {
    return BadName(
        R"(must be "verdicts/" and 26 characters, as Evaluate and ListVerdicts give it)");
  }
  return std::string(id);
}

absl::StatusOr<std::string> ParseRolloutName(std::string_view name) {
  const std::string_view id = After("rollouts/", name);
  if (!Consists(id, 26, kCrockford)) {
    return BadName(R"(must be "rollouts/" and 26 characters, as Start and List give it)");
  }
  return std::string(id);
}

absl::StatusOr<std::string> ParseOverrideName(std::string_view name) {
  const std::string_view id = After("overrides/", name);
  if (!Consists(id, 26, kCrockford)) {
    return BadName(R"(must be "overrides/" and 26 characters, as Create and List give it)");
  }
  return std::string(id);
}

absl::StatusOr<std::string> ParseFreezeName(std::string_view name) {
  const std::string_view id = After("freezes/", name);
  if (!Consists(id, 26, kCrockford)) {
    return BadName(R"(must be "freezes/" and 26 characters, as Create and List give it)");
  }
  return std::string(id);
}

absl::StatusOr<std::string> ParseIncidentName(std::string_view name) {
  const std::string_view id = After("incidents/", name);
  if (!Consists(id, 26, kCrockford)) {
    return BadName(R"(must be "incidents/" and 26 characters, as Report and List give it)");
  }
  return std::string(id);
}

absl::StatusOr<std::string> ParseEvidenceName(std::string_view name) {
  const std::string_view digest = After("evidence/", name);
  if (!Consists(digest, 64, kHexadecimal)) {
    return BadName(
        R"(must be "evidence/" and 64 hexadecimal digits, as a verdict's observations give it)");
  }
  return std::string(digest);
}

absl::StatusOr<std::string> ParsePolicyName(std::string_view name) {
  const std::string_view digest = After("policies/", name);
  if (digest != "current" && !Consists(digest, 64, kHexadecimal)) {
    return BadName(R"(must be "policies/current", or "policies/" and 64 hexadecimal digits)");
  }
  return std::string(digest);
}

}  // namespace gate
