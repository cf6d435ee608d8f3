#include "gate/store/postgres_error.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "gate/base/field_error.h"

namespace gate {
namespace {

constexpr double kRetryAfterSeconds = 1;

std::string Describe(std::string_view what, std::string_view message) {
  return absl::StrCat(std::string(what),
                      ". PostgreSQL: ", absl::StripTrailingAsciiWhitespace(std::string(message)));
}

bool IsOneOf(std::string_view sqlstate, std::initializer_list<std::string_view> codes) {
  for (const std::string_view code : codes) {
    if (sqlstate.starts_with(code)) return true;
  }
  return false;
}

}  // namespace

absl::Status PostgresGone(std::string_view message) {
  return WithReason(absl::UnavailableError(Describe("the store cannot be reached", message)),
                    "STORE_GONE", kRetryAfterSeconds);
}

absl::Status PostgresError(std::string_view sqlstate, std::string_view message) {
  // Deadlock, serialization failure.
  if (IsOneOf(sqlstate, {"40"})) {
    return absl::AbortedError(Describe("the store was busy with the same rows", message));
  }
  // Lock not available, statement timeout.
  if (IsOneOf(sqlstate, {"55P03", "57014"})) {
    return WithReason(absl::UnavailableError(Describe("the store is locked, or too slow", message)),
                      "STORE_LOCKED", kRetryAfterSeconds);
  }
  // Connection exceptions, too many connections, shutdown or crash, read-only (a standby).
  if (IsOneOf(sqlstate, {"08", "53300", "57P", "58", "25006"})) return PostgresGone(message);
  // Disk full, out of memory.
  if (IsOneOf(sqlstate, {"53"})) {
    return WithReason(absl::ResourceExhaustedError(Describe("the store is full", message)),
                      "STORE_FULL", kRetryAfterSeconds);
  }
  // Missing tables, missing rights.
  if (IsOneOf(sqlstate, {"42", "3D", "3F", "28"})) {
    return absl::FailedPreconditionError(Describe("the store is not set up", message));
  }
  if (IsOneOf(sqlstate, {"XX001", "XX002"})) {
    return WithReason(absl::DataLossError(Describe("the store is damaged", message)),
                      "STORE_DAMAGED");
  }
  // Data exceptions, constraints, limits.
  if (IsOneOf(sqlstate, {"22", "23", "54"})) {
    return absl::InvalidArgumentError(Describe("the store refuses the verdict", message));
  }
  return absl::InternalError(
      absl::StrCat(Describe("the store failed", message), " (", std::string(sqlstate), ")"));
}

}  // namespace gate
