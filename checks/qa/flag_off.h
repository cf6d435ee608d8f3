// Whether a ticket's code is off: behind a flag whole, and the flag off for everyone.
#ifndef CHECKS_QA_FLAG_OFF_H_
#define CHECKS_QA_FLAG_OFF_H_

#include <string>

#include "gate/v1/evidence.pb.h"
#include "gate/v1/flag.pb.h"
#include "gate/v1/release.pb.h"

namespace gate::qa {

// The state of a flag, and where it was read: "https://unleash.example.com (production, revision
// 17)". Value UNKNOWN where it is not known, with why in `detail`.
struct FlagSeen {
  v1::FlagState state;
  std::string server;
  bool asked = false;     // A flag server is configured.
  bool answered = false;  // It answered.
};
FlagSeen Look(const std::string& flag, bool asked, const v1::Observation& flags);

// Whether nothing of the code that it speaks of runs where the flag is off.
bool IsCovered(const v1::FlagCoverage& coverage);

// Whether the flag is off for everyone: the server says so, or leaves it to the code, whose checks
// all fall back to off.
bool IsOff(const v1::FlagState& state, const v1::FlagCoverage& coverage);

}  // namespace gate::qa

#endif  // CHECKS_QA_FLAG_OFF_H_
