// The JSON Schema of files that ParseYaml takes, as yaml.h says.
#include <limits>
#include <map>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "checks/policy/fields.h"
#include "checks/policy/yaml.h"
#include "google/protobuf/descriptor.h"
#include "nlohmann/json.hpp"

namespace gate {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::EnumDescriptor;
using google::protobuf::FieldDescriptor;
using Json = nlohmann::ordered_json;

// The comment before the declaration as one paragraph; empty where the descriptor has none.
template <typename Declaration>
std::string Comment(const Declaration& declaration) {
  google::protobuf::SourceLocation location;
  if (!declaration.GetSourceLocation(&location)) return "";
  std::string text = location.leading_comments;
  absl::RemoveExtraAsciiWhitespace(&text);
  return text;
}

// The enum's own comment, and what each value means.
std::string Describe(const EnumDescriptor& type) {
  std::string text = Comment(type);
  for (int i = 0; i < type.value_count(); ++i) {
    if (type.value(i)->number() == 0) continue;
    const std::string_view name = ShortName(*type.value(i));
    absl::StrAppend(&text, text.empty() ? "" : "\n", "- ", std::string(name), ": ",
                    Comment(*type.value(i)));
  }
  return text;
}

class Writer {
 public:
  // Definitions by the message's full name, so that a message is written once.
  Json& definitions() { return definitions_; }

  Json Message(const Descriptor& type);

 private:
  Json Field(const FieldDescriptor& field);
  Json Value(const FieldDescriptor& field);
  Json Number(const FieldDescriptor& field);
  Json Reference(const Descriptor& type);

  Json definitions_ = Json::object();
};

Json Writer::Message(const Descriptor& type) {
  Json schema = {{"type", "object"}, {"additionalProperties", false}};
  if (std::string comment = Comment(type); !comment.empty()) schema["description"] = comment;
  Json& properties = schema["properties"] = Json::object();
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor& field = *type.field(i);
    if (IsWritten(field)) properties[field.name()] = Field(field);
  }
  return schema;
}

Json Writer::Field(const FieldDescriptor& field) {
  Json schema;
  if (field.is_map()) {
    const FieldDescriptor& value = *field.message_type()->map_value();
    schema = {{"type", "object"}, {"minProperties", 1}, {"additionalProperties", Value(value)}};
  } else if (field.is_repeated()) {
    schema = {{"type", "array"}, {"minItems", 1}, {"items", Value(field)}};
  } else {
    schema = Value(field);
    const std::string type = schema.value("type", "");
    const bool number = type == "integer" || type == "number";
    if (number && !field.has_presence()) schema["not"] = {{"const", 0}};
  }
  std::string text = Comment(field);
  if (field.enum_type() != nullptr) absl::StrAppend(&text, "\n", Describe(*field.enum_type()));
  if (!text.empty()) schema["description"] = text;
  return schema;
}

Json Writer::Value(const FieldDescriptor& field) {
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_BOOL:
      return {{"type", "boolean"}};
    case FieldDescriptor::CPPTYPE_STRING:
      return {{"type", "string"}};
    case FieldDescriptor::CPPTYPE_ENUM: {
      Json names = Json::array();
      for (std::string_view name : ValueNames(*field.enum_type())) names.push_back(name);
      return {{"type", "string"}, {"enum", names}};
    }
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return Reference(*field.message_type());
    default:
      return Number(field);
  }
}

Json Writer::Number(const FieldDescriptor& field) {
  using Bounds = std::numeric_limits<int32_t>;
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
      return {{"type", "integer"}, {"minimum", Bounds::min()}, {"maximum", Bounds::max()}};
    case FieldDescriptor::CPPTYPE_INT64:
      return {{"type", "integer"}};
    case FieldDescriptor::CPPTYPE_UINT32:
    case FieldDescriptor::CPPTYPE_UINT64:
      return {{"type", "integer"}, {"minimum", 0}};
    default:
      return {{"type", "number"}};
  }
}

Json Writer::Reference(const Descriptor& type) {
  const std::string& name = type.full_name();
  if (name == "google.protobuf.Duration") {
    return {{"type", "string"}, {"pattern", "^([0-9]+(\\.[0-9]+)?(d|h|m|s|ms|us|ns))+$"}};
  }
  if (name == "google.protobuf.Timestamp") {
    return {{"type", "string"}, {"format", "date-time"}};
  }
  if (!definitions_.contains(name)) {
    definitions_[name] = nullptr;  // In the making: a message may hold itself.
    definitions_[name] = Message(type);
  }
  return {{"$ref", "#/$defs/" + name}};
}

}  // namespace

std::string JsonSchema(const Descriptor& descriptor, std::string_view title) {
  Json schema = {{"$schema", "https://json-schema.org/draft/2020-12/schema"}, {"title", title}};
  Writer writer;
  schema.update(writer.Message(descriptor));
  schema["$defs"] = std::move(writer.definitions());
  return schema.dump(2) + "\n";
}

}  // namespace gate
