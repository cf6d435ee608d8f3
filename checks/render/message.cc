#include "checks/render/message.h"

#include <cctype>
#include <nlohmann/json.hpp>
#include <string_view>

#include "absl/strings/str_split.h"
#include "checks/policy/fields.h"
#include "checks/render/escape.h"
#include "google/protobuf/util/json_util.h"

namespace gate::render {
namespace {

using Json = nlohmann::ordered_json;

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;

void ShortenValue(const FieldDescriptor& field, Json& value);

// Enum values by the words that people use: "BLOCK", not "DECISION_BLOCK".
void Shorten(const Descriptor& type, Json& object) {
  if (!object.is_object()) return;  // A well-known type, which has a form of its own.
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor& field = *type.field(i);
    const auto member = object.find(field.json_name());
    if (member == object.end()) continue;
    if (field.is_repeated()) {
      const FieldDescriptor& element = field.is_map() ? *field.message_type()->map_value() : field;
      for (Json& value : *member) ShortenValue(element, value);
    } else {
      ShortenValue(field, *member);
    }
  }
}

void ShortenValue(const FieldDescriptor& field, Json& value) {
  if (field.message_type() != nullptr) return Shorten(*field.message_type(), value);
  if (field.enum_type() == nullptr || !value.is_string()) return;
  const auto* named = field.enum_type()->FindValueByName(value.get_ref<const std::string&>());
  if (named != nullptr) value = std::string(ShortName(*named));
}

Json Print(const google::protobuf::Message& message) {
  google::protobuf::util::JsonPrintOptions options;
  options.always_print_primitive_fields = true;
  std::string text;
  // Fails only for messages that no proto of ours holds (an Any of an unknown type).
  if (!google::protobuf::util::MessageToJsonString(message, &text, options).ok()) text = "{}";
  Json json = Json::parse(ValidUtf8(text), nullptr, /*allow_exceptions=*/false);
  Shorten(*message.GetDescriptor(), json);
  return json;
}

// Whether YAML reads the text as this string without quotes.
bool IsPlain(std::string_view text) {
  if (text.empty() || !std::isalpha(static_cast<unsigned char>(text[0]))) return false;
  for (const char c : text) {
    const bool safe = std::isalnum(static_cast<unsigned char>(c)) ||
                      std::string_view("_./-").find(c) != std::string_view::npos;
    if (!safe) return false;
  }
  std::string lower(text);
  for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  for (const char* word : {"true", "false", "yes", "no", "on", "off", "null", "y", "n"}) {
    if (lower == word) return false;
  }
  return true;
}

// Whether the text can stand as a literal block: lines of printable characters that do not begin or
// end in blanks that a reader would lose.
bool IsBlock(std::string_view text) {
  if (text.find('\n') == std::string_view::npos || text.front() == '\n' || text.front() == ' ') {
    return false;
  }
  if (text.back() == '\n') return false;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte < 0x20 && c != '\n') || byte >= 0x7F) return false;
  }
  return true;
}

std::string Scalar(const Json& value, int indent) {
  if (!value.is_string()) return value.dump();
  const auto& text = value.get_ref<const std::string&>();
  if (IsPlain(text)) return text;
  if (!IsBlock(text)) {
    return value.dump(-1, ' ', /*ensure_ascii=*/false, Json::error_handler_t::replace);
  }
  std::string block = "|-";
  for (const absl::string_view line : absl::StrSplit(text, '\n')) {
    block += "\n";
    if (!line.empty()) block += std::string(indent, ' ') + std::string(line);
  }
  return block;
}

void Emit(const Json& value, int indent, std::string& out);

// What follows "key:" or "-".
void EmitValue(const Json& value, int indent, bool in_list, std::string& out) {
  if (value.is_object() && !value.empty() && in_list) {
    std::string nested;
    Emit(value, indent + 2, nested);
    out += " " + nested.substr(indent + 2);  // the first key goes on the line of the dash
  } else if (value.is_structured() && !value.empty()) {
    out += "\n";
    Emit(value, indent + 2, out);
  } else if (value.is_structured()) {
    out += value.is_array() ? " []\n" : " {}\n";
  } else {
    out += " " + Scalar(value, indent + 2) + "\n";
  }
}

void Emit(const Json& value, int indent, std::string& out) {
  const std::string margin(indent, ' ');
  if (value.is_object()) {
    for (const auto& [key, member] : value.items()) {
      out += margin + Scalar(Json(key), indent) + ":";
      EmitValue(member, indent, /*in_list=*/false, out);
    }
  } else {
    for (const Json& element : value) {
      out += margin + "-";
      EmitValue(element, indent, /*in_list=*/true, out);
    }
  }
}

}  // namespace

std::string ToJson(const google::protobuf::Message& message) {
  const Json json = Print(message);
  return json.dump(2, ' ', /*ensure_ascii=*/false, Json::error_handler_t::replace) + "\n";
}

std::string ToJsonLine(const google::protobuf::Message& message) {
  const Json json = Print(message);
  return json.dump(-1, ' ', /*ensure_ascii=*/false, Json::error_handler_t::replace) + "\n";
}

std::string ToYaml(const google::protobuf::Message& message) {
  const Json json = Print(message);
  std::string out;
  Emit(json, 0, out);
  return out.empty() ? "{}\n" : out;
}

}  // namespace gate::render
