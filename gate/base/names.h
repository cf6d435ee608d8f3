// Enum values as people and metrics name them: without the enum's prefix.
#ifndef GATE_BASE_NAMES_H_
#define GATE_BASE_NAMES_H_

#include <string>

#include "gate/v1/evidence.pb.h"
#include "gate/v1/verdict.pb.h"

namespace gate {

// "ALLOW", "HOLD", "BLOCK"; "UNSPECIFIED" for what has no name.
std::string ShortName(v1::Decision decision);

// "PASS", "FAIL", "INCONCLUSIVE", "SKIPPED".
std::string ShortName(v1::Outcome outcome);

// "TIMEOUT", "UNREACHABLE", ...
std::string ShortName(v1::AbsenceReason reason);

// "COUNTS", "VALUES", "HISTOGRAM".
std::string ShortName(v1::MetricKind kind);

}  // namespace gate

#endif  // GATE_BASE_NAMES_H_
