#include "tests/evidence/native_write.h"

#include <cstring>

namespace gate {
namespace {

std::string Varint(uint64_t value) {
  std::string bytes;
  for (; value > 0x7f; value >>= 7) bytes += static_cast<char>((value & 0x7f) | 0x80);
  return bytes + static_cast<char>(value);
}

uint64_t ZigZag(int64_t value) {
  return (static_cast<uint64_t>(value) << 1) ^ static_cast<uint64_t>(value >> 63);
}

// Fields of protobuf, by their numbers in prompb/types.proto.
std::string Number(int field, uint64_t value) {
  return Varint(static_cast<uint64_t>(field) << 3) + Varint(value);
}
std::string Bytes(int field, const std::string& bytes) {
  return Varint(static_cast<uint64_t>(field) << 3 | 2) + Varint(bytes.size()) + bytes;
}
std::string Double(int field, double value) {
  std::string bytes(sizeof value, '\0');
  std::memcpy(bytes.data(), &value, sizeof value);
  return Varint(static_cast<uint64_t>(field) << 3 | 1) + bytes;
}

std::string Histogram(const NativeSample& sample) {
  int64_t count = sample.zeros, before = 0;
  int next = 0;
  std::string spans, deltas;
  for (const auto& [index, held] : sample.buckets) {
    spans += Bytes(11, Number(1, ZigZag(index - next)) + Number(2, 1));
    deltas += Varint(ZigZag(held - before));
    next = index + 1;
    before = held;
    count += held;
  }
  return Number(1, static_cast<uint64_t>(count)) + Double(3, 1) + Number(4, ZigZag(sample.schema)) +
         Double(5, 0.001) + Number(6, static_cast<uint64_t>(sample.zeros)) + spans +
         Bytes(12, deltas) + Number(15, static_cast<uint64_t>(absl::ToUnixMillis(sample.time)));
}

}  // namespace

std::string NativeWriteRequest(const std::map<std::string, std::string>& labels,
                               const std::vector<NativeSample>& samples) {
  std::string series;
  for (const auto& [name, value] : labels) series += Bytes(1, Bytes(1, name) + Bytes(2, value));
  for (const NativeSample& sample : samples) series += Bytes(4, Histogram(sample));
  return Bytes(1, series);
}

}  // namespace gate
