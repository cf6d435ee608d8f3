#include "clients/cpp/error.h"

#include <array>
#include <sstream>

#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"

namespace gate::client {
namespace {

constexpr std::array<std::string_view, 17> kNames = {
    "OK",        "CANCELLED",      "UNKNOWN",           "INVALID_ARGUMENT",   "DEADLINE_EXCEEDED",
    "NOT_FOUND", "ALREADY_EXISTS", "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION",
    "ABORTED",   "OUT_OF_RANGE",   "UNIMPLEMENTED",     "INTERNAL",           "UNAVAILABLE",
    "DATA_LOSS", "UNAUTHENTICATED"};

void Take(const google::rpc::ErrorInfo& info, Error& error) { error.reason = info.reason(); }

void Take(const google::rpc::BadRequest& request, Error& error) {
  for (const auto& violation : request.field_violations()) {
    error.violations.push_back({violation.field(), violation.description()});
  }
}

void Take(const google::rpc::PreconditionFailure& failure, Error& error) {
  for (const auto& violation : failure.violations()) {
    error.violations.push_back({violation.subject(), violation.description()});
  }
}

void Take(const google::rpc::RetryInfo& info, Error& error) {
  const auto& delay = info.retry_delay();
  if (delay.seconds() < 0 || delay.nanos() < 0 || delay.seconds() > 86'400) return;
  error.retry_after = std::chrono::seconds(delay.seconds()) + Duration(delay.nanos());
}

template <typename Detail>
void TakeIf(const google::protobuf::Any& any, Error& error) {
  Detail detail;
  if (any.Is<Detail>() && any.UnpackTo(&detail)) Take(detail, error);
}

}  // namespace

std::string_view Name(Code code) {
  const auto index = static_cast<size_t>(code);
  return index < kNames.size() ? kNames[index] : "UNKNOWN";
}

Error Decode(const grpc::Status& status) {
  Error error;
  error.code = static_cast<Code>(status.error_code());
  error.message = status.error_message();
  google::rpc::Status details;
  if (!details.ParseFromString(status.error_details())) return error;
  for (const auto& any : details.details()) {
    TakeIf<google::rpc::ErrorInfo>(any, error);
    TakeIf<google::rpc::BadRequest>(any, error);
    TakeIf<google::rpc::PreconditionFailure>(any, error);
    TakeIf<google::rpc::RetryInfo>(any, error);
  }
  return error;
}

std::string Error::ToString() const {
  std::ostringstream out;
  out << address << ": " << Name(code) << ": " << message;
  for (const Violation& violation : violations) {
    out << "; " << violation.field << ": " << violation.description;
  }
  out << " (" << attempts << (attempts == 1 ? " attempt" : " attempts") << " in "
      << std::chrono::duration_cast<std::chrono::milliseconds>(elapsed).count() << " ms";
  if (!request_id.empty()) out << ", request " << request_id;
  out << ")";
  return out.str();
}

}  // namespace gate::client
