#include "tests/evidence/native_write.h"

#include "tests/fakes/wire_fields.h"

namespace gate {
namespace {

using wire::Bytes, wire::Double, wire::Number, wire::Varint, wire::ZigZag;

// Fields by their numbers in prompb/types.proto.
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
