// Small parts of the message that a rehearsal fills in. Its lists are bounded, whatever the SQL of
// others comes to: what they have no room for is counted in `left_out`.
#ifndef GATE_EVIDENCE_REHEARSAL_RESULT_H_
#define GATE_EVIDENCE_REHEARSAL_RESULT_H_

#include <algorithm>
#include <chrono>
#include <string>
#include <string_view>

#include "gate/evidence/rehearsal/session.h"
#include "gate/v1/rehearsal.pb.h"

namespace gate {

// At most so many bytes of it, whole characters.
std::string Shortened(std::string_view sql, size_t most = 4096);

// "column "x" does not exist (42703)"
std::string Describe(const SqlError& error);

// A statement as a rehearsal tells it: of its text at most 4,096 bytes.
v1::WorkloadStatement Told(const v1::WorkloadStatement& statement);

void AddLost(v1::CoverageKind kind, std::string_view reason, std::string_view text,
             const std::string& path, int line, v1::Rehearsal& rehearsal);
void LoseStatement(const v1::WorkloadStatement& statement, std::string_view reason,
                   v1::Rehearsal& rehearsal);

// The room that a list's messages may take up together.
class ListRoom {
 public:
  explicit ListRoom(size_t bytes) : left_(bytes) {}
  // Whether there was some left before this one.
  bool Take(size_t bytes) {
    const bool had_some = left_ > 0;
    left_ -= std::min(left_, bytes);
    return had_some;
  }
  bool IsFull() const { return left_ == 0; }

 private:
  size_t left_;
};

void SetTook(std::chrono::nanoseconds took, google::protobuf::Duration& duration);

// How it ended, from what the server said and how the session ended.
void SetFailure(const SqlError& error, SessionEnd end, const std::string& path, int line,
                v1::Rehearsal& rehearsal);

}  // namespace gate

#endif  // GATE_EVIDENCE_REHEARSAL_RESULT_H_
