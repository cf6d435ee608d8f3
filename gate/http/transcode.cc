#include "gate/http/transcode.h"

#include <google/protobuf/util/json_util.h>

#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "gate/api/status.h"
#include "gate/base/field_error.h"
#include "gate/log/json.h"

namespace gate {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::util::JsonStringToMessage;

// protobuf says "(change.commits[0]) x: Cannot find field." or "(change.kind): invalid value ...".
FieldError FieldErrorOf(std::string_view text) {
  std::string field;
  if (text.starts_with('(')) {
    const size_t end = text.find(')');
    field = std::string(text.substr(1, end - 1));
    text.remove_prefix(std::min(text.size(), end + 1));
  }
  const size_t colon = text.find(':');
  if (colon != std::string_view::npos) {
    std::string_view name = text.substr(0, colon);
    while (name.starts_with(' ')) name.remove_prefix(1);
    if (!name.empty()) absl::StrAppend(&field, field.empty() ? "" : ".", std::string(name));
    text.remove_prefix(colon + 1);
  }
  while (text.starts_with(' ')) text.remove_prefix(1);
  if (text == "Cannot find field.") return {field, "there is no field of this name"};
  return {field, std::string(text)};
}

const FieldDescriptor* FindField(const google::protobuf::Descriptor& type, std::string_view name) {
  const std::string key(name);
  const FieldDescriptor* field = type.FindFieldByName(key);
  if (field != nullptr) return field;
  for (int i = 0; i < type.field_count(); ++i) {
    if (type.field(i)->json_name() == key) return type.field(i);
  }
  return nullptr;
}

// Text in a form that JsonStringToMessage takes for the field: in quotes, unless it has to be a
// truth value.
std::string JsonValue(const FieldDescriptor& field, const std::string& text) {
  if (field.cpp_type() == FieldDescriptor::CPPTYPE_BOOL && (text == "true" || text == "false")) {
    return text;
  }
  std::string quoted;
  AppendJsonString(text, quoted);
  return quoted;
}

bool IsScalar(const FieldDescriptor& field) {
  if (field.is_map()) return false;
  if (field.cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) return true;
  const std::string& type = field.message_type()->full_name();
  return type == "google.protobuf.Timestamp" || type == "google.protobuf.Duration";
}

}  // namespace

absl::Status ParseJson(std::string_view json, Message& message) {
  // What is no JSON at all is found first: protobuf's own words for that name no place.
  const auto parsed = nlohmann::json::parse(json, nullptr, /*allow_exceptions=*/false);
  if (parsed.is_discarded() || !parsed.is_object()) {
    return InvalidFields({{"body", "must be a JSON object"}});
  }
  const auto status = JsonStringToMessage(std::string(json), &message);
  if (status.ok()) return absl::OkStatus();
  return InvalidFields(
      {FieldErrorOf(std::string_view(status.message().data(), status.message().size()))});
}

absl::Status SetField(std::string_view path, const std::string& text, Message& message) {
  const std::string whole(path);
  Message* target = &message;
  for (size_t dot = path.find('.'); dot != std::string_view::npos; dot = path.find('.')) {
    const FieldDescriptor* field = FindField(*target->GetDescriptor(), path.substr(0, dot));
    if (field == nullptr || field->is_repeated() ||
        field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) {
      return InvalidFields({{whole, "there is no parameter of this name"}});
    }
    target = target->GetReflection()->MutableMessage(target, field);
    path.remove_prefix(dot + 1);
  }
  const FieldDescriptor* field = FindField(*target->GetDescriptor(), path);
  if (field == nullptr || !IsScalar(*field)) {
    return InvalidFields({{whole, "there is no parameter of this name"}});
  }
  // The field alone, through the same door as a body, then merged: a repeated field grows.
  const std::string value = JsonValue(*field, text);
  const std::string json =
      absl::StrCat("{\"", field->json_name(), "\":", field->is_repeated() ? "[" : "", value,
                   field->is_repeated() ? "]" : "", "}");
  const std::unique_ptr<Message> alone(target->New());
  const auto status = JsonStringToMessage(json, alone.get());
  if (!status.ok()) {
    FieldError error =
        FieldErrorOf(std::string_view(status.message().data(), status.message().size()));
    error.field = whole;
    return InvalidFields({error});
  }
  target->MergeFrom(*alone);
  return absl::OkStatus();
}

std::string ToJson(const Message& message) {
  std::string json;
  const auto status = google::protobuf::util::MessageToJsonString(message, &json);
  return status.ok() ? json : "{}";
}

std::string ErrorJson(const absl::Status& status) {
  const google::rpc::Status rpc = ToRpcStatus(status);
  nlohmann::ordered_json error;
  error["code"] = HttpCode(status.code());
  error["message"] = rpc.message();
  error["status"] = absl::StatusCodeToString(status.code());
  error["details"] = nlohmann::ordered_json::array();
  for (const auto& detail : rpc.details()) {
    auto json = nlohmann::ordered_json::parse(ToJson(detail), nullptr, false);
    if (!json.is_discarded()) error["details"].push_back(std::move(json));
  }
  return nlohmann::ordered_json{{"error", std::move(error)}}.dump(
      -1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

}  // namespace gate
