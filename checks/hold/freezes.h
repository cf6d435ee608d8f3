// Declared freezes.
#ifndef CHECKS_HOLD_FREEZES_H_
#define CHECKS_HOLD_FREEZES_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "gate/v1/change.pb.h"
#include "gate/v1/evidence.pb.h"
#include "gate/v1/verdict.pb.h"

namespace gate::hold {

// A freeze for the change that begins later.
struct Coming {
  absl::Time start;
  std::string sentence;
};

// Adds a finding for each freeze that is in force; the first one that begins after `now`.
std::optional<Coming> JudgeFreezes(const v1::Change& change, const v1::Holds& holds, absl::Time now,
                                   v1::CheckOutcome& outcome);

}  // namespace gate::hold

#endif  // CHECKS_HOLD_FREEZES_H_
