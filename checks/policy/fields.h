// Names of a message's fields and of an enum's values, as they are written in files.
#ifndef CHECKS_POLICY_FIELDS_H_
#define CHECKS_POLICY_FIELDS_H_

#include <string>
#include <string_view>
#include <vector>

#include "google/protobuf/descriptor.h"

namespace gate {

// Whether people write the field. Output-only fields are filled in by the gate.
bool IsWritten(const google::protobuf::FieldDescriptor& field);

// The field by its proto name or its JSON name, or nullptr.
const google::protobuf::FieldDescriptor* FindField(const google::protobuf::Descriptor& type,
                                                   std::string_view name);

// The proto names of all fields that people write, in the order of the proto.
std::vector<std::string_view> FieldNames(const google::protobuf::Descriptor& type);

// The enum's value name without the prefix that all have: DECISION_HOLD is "HOLD".
std::string_view ShortName(const google::protobuf::EnumValueDescriptor& value);

// The short names of all values but 0.
std::vector<std::string_view> ValueNames(const google::protobuf::EnumDescriptor& type);

// "ENFORCE, WARN or DRY_RUN".
std::string OneOf(const std::vector<std::string_view>& names);

// The path of a map's entry: labels["tier"].
std::string EntryPath(std::string_view map, std::string_view key);

}  // namespace gate

#endif  // CHECKS_POLICY_FIELDS_H_
