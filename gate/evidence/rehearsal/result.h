// Small parts of the message that a rehearsal fills in.
#ifndef GATE_EVIDENCE_REHEARSAL_RESULT_H_
#define GATE_EVIDENCE_REHEARSAL_RESULT_H_

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

v1::LostCoverage& AddLost(v1::CoverageKind kind, std::string_view reason, std::string_view text,
                          const std::string& path, int line, v1::Rehearsal& rehearsal);

void SetTook(std::chrono::nanoseconds took, google::protobuf::Duration& duration);

// How it ended, from what the server said and how the session ended.
void SetFailure(const SqlError& error, SessionEnd end, const std::string& path, int line,
                v1::Rehearsal& rehearsal);

}  // namespace gate

#endif  // GATE_EVIDENCE_REHEARSAL_RESULT_H_
