#include "gate/base/field_error.h"

#include <cmath>

#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"
#include "google/rpc/error_details.pb.h"

namespace gate {

absl::Status InvalidFields(const std::vector<FieldError>& errors, std::string_view reason) {
  if (errors.empty()) return absl::OkStatus();
  google::rpc::BadRequest details;
  std::string message;
  for (const FieldError& error : errors) {
    auto* violation = details.add_field_violations();
    violation->set_field(error.field);
    violation->set_description(error.message);
    absl::StrAppend(&message, message.empty() ? "" : "; ", error.field, ": ", error.message);
  }
  absl::Status status = WithReason(absl::InvalidArgumentError(message), reason);
  status.SetPayload(kBadRequestUrl, absl::Cord(details.SerializeAsString()));
  return status;
}

absl::Status WithReason(absl::Status status, std::string_view reason, double retry_after_seconds) {
  google::rpc::ErrorInfo info;
  info.set_reason(std::string(reason));
  info.set_domain("gate.v1");
  status.SetPayload(kErrorInfoUrl, absl::Cord(info.SerializeAsString()));
  if (retry_after_seconds > 0) {
    google::rpc::RetryInfo retry;
    retry.mutable_retry_delay()->set_seconds(static_cast<int64_t>(retry_after_seconds));
    retry.mutable_retry_delay()->set_nanos(
        static_cast<int32_t>(std::fmod(retry_after_seconds, 1.0) * 1e9));
    status.SetPayload(kRetryInfoUrl, absl::Cord(retry.SerializeAsString()));
  }
  return status;
}

}  // namespace gate
