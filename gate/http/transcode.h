// Between HTTP with JSON and the messages of the API, by reflection: a new field needs no code
// here.
#ifndef GATE_HTTP_TRANSCODE_H_
#define GATE_HTTP_TRANSCODE_H_

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "google/protobuf/message.h"

namespace gate {

// Protobuf JSON. INVALID_ARGUMENT names the field that is unknown or has a wrong value.
absl::Status ParseJson(std::string_view json, google::protobuf::Message& message);

// Sets one field by its path ("page_size", "pageSize", "change.service") from text: numbers, enums
// by name, Timestamp and Duration as protobuf JSON writes them. A repeated field gets one more
// value.
absl::Status SetField(std::string_view path, const std::string& text,
                      google::protobuf::Message& message);

// Protobuf JSON with lowerCamelCase names.
std::string ToJson(const google::protobuf::Message& message);

// {"error": {"code": 404, "message": …, "status": "NOT_FOUND", "details": […]}}
std::string ErrorJson(const absl::Status& status);

}  // namespace gate

#endif  // GATE_HTTP_TRANSCODE_H_
