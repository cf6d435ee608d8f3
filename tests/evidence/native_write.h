// Native histograms in Prometheus' remote-write protocol, which is the one way to give a server
// some with times of the test's choice.
#ifndef TESTS_EVIDENCE_NATIVE_WRITE_H_
#define TESTS_EVIDENCE_NATIVE_WRITE_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/time/time.h"

namespace gate {

// A histogram since its process began. Bucket i of the schema holds what is over base^(i-1) and at
// or under base^i, with base = 2^(2^-schema).
struct NativeSample {
  absl::Time time;
  int schema = 0;
  std::map<int, int64_t> buckets;
  int64_t zeros = 0;  // At or under 0.001.
};

// A prometheus.WriteRequest with one series.
std::string NativeWriteRequest(const std::map<std::string, std::string>& labels,
                               const std::vector<NativeSample>& samples);

}  // namespace gate

#endif  // TESTS_EVIDENCE_NATIVE_WRITE_H_
