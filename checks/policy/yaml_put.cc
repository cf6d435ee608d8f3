#include "checks/policy/yaml_put.h"

#include <cmath>
#include <limits>
#include <utility>

#include "checks/policy/suggest.h"
#include "google/protobuf/descriptor.pb.h"

namespace gate {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

// proto3 cannot tell a number 0 from one that is not given, and that one means its default: an
// explicit 0 would be read as something else than it says.
bool IsLost(const FieldDescriptor& field, double number) {
  return number == 0 && !field.has_presence() && !field.is_repeated() &&
         !field.containing_type()->options().map_entry();
}

constexpr char kLostZero[] =
    "0 cannot be told from \"not given\" here; leave the field out for its default";

// Puts one value into a singular field, or at the end of a repeated one.
#define GATE_PUT(Type, value)                                                        \
  (field.is_repeated() ? message.GetReflection()->Add##Type(&message, &field, value) \
                       : message.GetReflection()->Set##Type(&message, &field, value))

Complaint PutSigned(const YamlNode& node, const FieldDescriptor& field, Message& message) {
  const bool narrow = field.cpp_type() == FieldDescriptor::CPPTYPE_INT32;
  using Narrow = std::numeric_limits<int32_t>;
  using Wide = std::numeric_limits<int64_t>;
  int64_t number = 0;
  if (auto complaint = ReadInteger(node, narrow ? Narrow::min() : Wide::min(),
                                   narrow ? Narrow::max() : Wide::max(), number)) {
    return complaint;
  }
  if (IsLost(field, number)) return kLostZero;
  narrow ? GATE_PUT(Int32, static_cast<int32_t>(number)) : GATE_PUT(Int64, number);
  return std::nullopt;
}

Complaint PutUnsigned(const YamlNode& node, const FieldDescriptor& field, Message& message) {
  const bool narrow = field.cpp_type() == FieldDescriptor::CPPTYPE_UINT32;
  const uint64_t max =
      narrow ? std::numeric_limits<uint32_t>::max() : std::numeric_limits<uint64_t>::max();
  uint64_t number = 0;
  if (auto complaint = ReadUnsigned(node, max, number)) return complaint;
  if (IsLost(field, number)) return kLostZero;
  narrow ? GATE_PUT(UInt32, static_cast<uint32_t>(number)) : GATE_PUT(UInt64, number);
  return std::nullopt;
}

Complaint PutFloating(const YamlNode& node, const FieldDescriptor& field, Message& message) {
  const bool narrow = field.cpp_type() == FieldDescriptor::CPPTYPE_FLOAT;
  double number = 0;
  if (auto complaint = ReadDouble(node, number)) return complaint;
  if (narrow && std::abs(number) > std::numeric_limits<float>::max()) {
    return Quoted(node.text) + " is out of range";
  }
  if (IsLost(field, number)) return kLostZero;
  narrow ? GATE_PUT(Float, static_cast<float>(number)) : GATE_PUT(Double, number);
  return std::nullopt;
}

Complaint PutText(const YamlNode& node, const FieldDescriptor& field, Message& message) {
  std::string text;
  const bool bytes = field.type() == FieldDescriptor::TYPE_BYTES;
  if (auto complaint = bytes ? ReadBytes(node, text) : ReadString(node, text)) return complaint;
  GATE_PUT(String, std::move(text));
  return std::nullopt;
}

}  // namespace

Complaint PutScalar(const YamlNode& node, const FieldDescriptor& field, Message& message) {
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
    case FieldDescriptor::CPPTYPE_INT64:
      return PutSigned(node, field, message);
    case FieldDescriptor::CPPTYPE_UINT32:
    case FieldDescriptor::CPPTYPE_UINT64:
      return PutUnsigned(node, field, message);
    case FieldDescriptor::CPPTYPE_DOUBLE:
    case FieldDescriptor::CPPTYPE_FLOAT:
      return PutFloating(node, field, message);
    case FieldDescriptor::CPPTYPE_STRING:
      return PutText(node, field, message);
    case FieldDescriptor::CPPTYPE_BOOL: {
      bool truth = false;
      if (auto complaint = ReadBool(node, truth)) return complaint;
      GATE_PUT(Bool, truth);
      return std::nullopt;
    }
    case FieldDescriptor::CPPTYPE_ENUM: {
      int value = 0;
      if (auto complaint = ReadEnum(node, *field.enum_type(), value)) return complaint;
      GATE_PUT(EnumValue, value);
      return std::nullopt;
    }
    case FieldDescriptor::CPPTYPE_MESSAGE:
      break;
  }
  return "is a message";  // Not a scalar: no caller asks.
}

#undef GATE_PUT

}  // namespace gate
