// Files that the build puts into the program.
#ifndef GATE_EMBEDDED_DESCRIPTORS_H_
#define GATE_EMBEDDED_DESCRIPTORS_H_

#include <string_view>

namespace gate {

// The protos of gate.v1 with their comments: a google.protobuf.FileDescriptorSet. Not to be used
// before main().
extern const std::string_view kDescriptors;

}  // namespace gate

#endif  // GATE_EMBEDDED_DESCRIPTORS_H_
