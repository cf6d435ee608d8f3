#include "checks/policy/fields.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace gate {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::EnumDescriptor;
using google::protobuf::EnumValueDescriptor;
using google::protobuf::FieldDescriptor;

// "ChangeKind" -> "CHANGE_KIND_".
std::string Prefix(const EnumDescriptor& type) {
  std::string prefix;
  for (char c : type.name()) {
    if (absl::ascii_isupper(c) && !prefix.empty()) prefix += '_';
    prefix += absl::ascii_toupper(c);
  }
  return prefix + "_";
}

}  // namespace

bool IsWritten(const FieldDescriptor& field) {
  return field.full_name() != "gate.v1.Policy.calendar_digests";
}

const FieldDescriptor* FindField(const Descriptor& type, std::string_view name) {
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor& field = *type.field(i);
    if ((field.name() == name || field.json_name() == name) && IsWritten(field)) return &field;
  }
  return nullptr;
}

std::vector<std::string_view> FieldNames(const Descriptor& type) {
  std::vector<std::string_view> names;
  for (int i = 0; i < type.field_count(); ++i) {
    if (IsWritten(*type.field(i))) names.push_back(type.field(i)->name());
  }
  return names;
}

std::string_view ShortName(const EnumValueDescriptor& value) {
  const std::string prefix = Prefix(*value.type());
  std::string_view name = value.name();
  if (name.starts_with(prefix)) name.remove_prefix(prefix.size());
  return name;
}

std::vector<std::string_view> ValueNames(const EnumDescriptor& type) {
  std::vector<std::string_view> names;
  for (int i = 0; i < type.value_count(); ++i) {
    if (type.value(i)->number() != 0) names.push_back(ShortName(*type.value(i)));
  }
  return names;
}

std::string OneOf(const std::vector<std::string_view>& names) {
  std::string text;
  for (size_t i = 0; i < names.size(); ++i) {
    if (i > 0) text += i + 1 == names.size() ? " or " : ", ";
    text += names[i];
  }
  return text;
}

std::string EntryPath(std::string_view map, std::string_view key) {
  std::string path(map);
  return path.append("[\"").append(key).append("\"]");
}

}  // namespace gate
