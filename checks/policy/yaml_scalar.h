// The values that a field can have, from the text that a person wrote. Each function fills `out`,
// or says what is wrong.
#ifndef CHECKS_POLICY_YAML_SCALAR_H_
#define CHECKS_POLICY_YAML_SCALAR_H_

#include <cstdint>
#include <optional>
#include <string>

#include "checks/policy/yaml_tree.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/duration.pb.h"
#include "google/protobuf/timestamp.pb.h"

namespace gate {

// What is wrong with a value, and what to write instead.
using Complaint = std::optional<std::string>;

// true or false, without quotes.
Complaint ReadBool(const YamlNode& node, bool& out);

// A decimal whole number within the bounds of its type.
Complaint ReadInteger(const YamlNode& node, int64_t min, int64_t max, int64_t& out);
Complaint ReadUnsigned(const YamlNode& node, uint64_t max, uint64_t& out);

// A decimal number, finite.
Complaint ReadDouble(const YamlNode& node, double& out);

// Any text, as it stands: `1.10` stays "1.10".
Complaint ReadString(const YamlNode& node, std::string& out);

// Base 64.
Complaint ReadBytes(const YamlNode& node, std::string& out);

// The name of a value without the common prefix, in any case, or with it. Not the value 0, which
// says nothing.
Complaint ReadEnum(const YamlNode& node, const google::protobuf::EnumDescriptor& type, int& out);

// "90s", "1h30m", "1.5h"; units d, h, m, s, ms, us, ns, the larger ones first.
Complaint ReadDuration(const YamlNode& node, google::protobuf::Duration& out);

// RFC 3339 with an offset: "2026-11-27T12:00:00-05:00".
Complaint ReadTimestamp(const YamlNode& node, google::protobuf::Timestamp& out);

}  // namespace gate

#endif  // CHECKS_POLICY_YAML_SCALAR_H_
