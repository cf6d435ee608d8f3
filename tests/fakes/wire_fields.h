// Fields of protobuf by their numbers, for messages of which there is no generated code here.
// https://protobuf.dev/programming-guides/encoding
#ifndef TESTS_FAKES_WIRE_FIELDS_H_
#define TESTS_FAKES_WIRE_FIELDS_H_

#include <cstdint>
#include <cstring>
#include <string>

namespace gate::wire {

inline std::string Varint(uint64_t value) {
  std::string bytes;
  for (; value > 0x7f; value >>= 7) bytes += static_cast<char>((value & 0x7f) | 0x80);
  return bytes + static_cast<char>(value);
}

inline uint64_t ZigZag(int64_t value) {
  return (static_cast<uint64_t>(value) << 1) ^ static_cast<uint64_t>(value >> 63);
}

inline std::string Number(int field, uint64_t value) {
  return Varint(static_cast<uint64_t>(field) << 3) + Varint(value);
}

inline std::string Bytes(int field, const std::string& bytes) {
  return Varint(static_cast<uint64_t>(field) << 3 | 2) + Varint(bytes.size()) + bytes;
}

inline std::string Double(int field, double value) {
  std::string bytes(sizeof value, '\0');
  std::memcpy(bytes.data(), &value, sizeof value);
  return Varint(static_cast<uint64_t>(field) << 3 | 1) + bytes;
}

}  // namespace gate::wire

#endif  // TESTS_FAKES_WIRE_FIELDS_H_
