// Any message of the API as JSON or YAML: the protobuf JSON mapping (lowerCamelCase, words of
// enums, times in RFC 3339), with empty fields present, so that a script may read them without
// asking first.
#ifndef CHECKS_RENDER_MESSAGE_H_
#define CHECKS_RENDER_MESSAGE_H_

#include <string>

#include "google/protobuf/message.h"

namespace gate::render {

// Indented, with a line feed at the end.
std::string ToJson(const google::protobuf::Message& message);

// One line, with a line feed at the end.
std::string ToJsonLine(const google::protobuf::Message& message);

// The same as YAML 1.2: blocks, strings quoted where YAML would read something else.
std::string ToYaml(const google::protobuf::Message& message);

}  // namespace gate::render

#endif  // CHECKS_RENDER_MESSAGE_H_
