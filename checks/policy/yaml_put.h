// One scalar of a file into one field of a message, of whatever type.
#ifndef CHECKS_POLICY_YAML_PUT_H_
#define CHECKS_POLICY_YAML_PUT_H_

#include "checks/policy/yaml_scalar.h"
#include "checks/policy/yaml_tree.h"
#include "google/protobuf/message.h"

namespace gate {

// Sets a singular field, or adds to a repeated one; or says what is wrong. Not for message fields.
Complaint PutScalar(const YamlNode& node, const google::protobuf::FieldDescriptor& field,
                    google::protobuf::Message& message);

}  // namespace gate

#endif  // CHECKS_POLICY_YAML_PUT_H_
