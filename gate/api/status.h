// Errors as they travel: absl::Status with payloads <-> google.rpc.Status, and HTTP's codes for
// them.
#ifndef GATE_API_STATUS_H_
#define GATE_API_STATUS_H_

#include "absl/status/status.h"
#include "google/rpc/status.pb.h"

namespace gate {

inline constexpr char kRequestInfoUrl[] = "type.googleapis.com/google.rpc.RequestInfo";

// Code, message and every payload as a detail, ordered by type.
google::rpc::Status ToRpcStatus(const absl::Status& status);

// As google/rpc/code.proto maps them: INVALID_ARGUMENT 400, NOT_FOUND 404, ALREADY_EXISTS 409, ...
int HttpCode(absl::StatusCode code);

// NOT_FOUND for a resource name, with what to do about it.
absl::Status NoSuch(const std::string& name, std::string_view reason, std::string_view advice);

}  // namespace gate

#endif  // GATE_API_STATUS_H_
