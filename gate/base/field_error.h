// Errors of a request that say which field is wrong. They travel as absl::Status with a
// google.rpc.BadRequest payload, which gate/rpc turns into google.rpc.Status details.
#ifndef GATE_BASE_FIELD_ERROR_H_
#define GATE_BASE_FIELD_ERROR_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"

namespace gate {

struct FieldError {
  std::string field;    // "change.service"
  std::string message;  // "must not be empty"
};

// Type URLs of the payloads.
inline constexpr char kBadRequestUrl[] = "type.googleapis.com/google.rpc.BadRequest";
inline constexpr char kErrorInfoUrl[] = "type.googleapis.com/google.rpc.ErrorInfo";
inline constexpr char kRetryInfoUrl[] = "type.googleapis.com/google.rpc.RetryInfo";

// OK where there are none. `reason` is the ErrorInfo reason, UPPER_SNAKE_CASE.
absl::Status InvalidFields(const std::vector<FieldError>& errors,
                           std::string_view reason = "INVALID_REQUEST");

// A status with an ErrorInfo{reason, domain "gate.v1"} and, where `retry_after` > 0, a RetryInfo.
absl::Status WithReason(absl::Status status, std::string_view reason,
                        double retry_after_seconds = 0);

}  // namespace gate

#endif  // GATE_BASE_FIELD_ERROR_H_
