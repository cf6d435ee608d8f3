// A release read by another process: what is read comes from whoever may push, and neither the
// library that reads repositories nor the parsers of programming languages may take the server with
// them. The process has limits of memory, time and files, and cannot outlive us.
#ifndef GATE_EVIDENCE_RELEASE_PROCESS_H_
#define GATE_EVIDENCE_RELEASE_PROCESS_H_

#include <chrono>
#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "gate/v1/release.pb.h"

namespace gate {

// Thread-safe.
class ReleaseProcess {
 public:
  struct Options {
    std::string program;  // gate-release
    uint64_t memory_bytes = uint64_t{2} << 30;
  };
  explicit ReleaseProcess(Options options) : options_(std::move(options)) {}

  // The program beside our own. NOT_FOUND where it is not there.
  static absl::StatusOr<ReleaseProcess> Find();

  // As git::AnswerRelease. INTERNAL where the process ends otherwise than with an answer: how.
  absl::StatusOr<v1::Release> Answer(const v1::ReleaseQuery& query, const std::string& folder,
                                     std::chrono::steady_clock::time_point deadline) const;

  // What the program's exit code says: 0, or this and the code of a status.
  static constexpr int kFirstFailure = 32;

 private:
  Options options_;
};

}  // namespace gate

#endif  // GATE_EVIDENCE_RELEASE_PROCESS_H_
