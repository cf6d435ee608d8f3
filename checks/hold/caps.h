// Caps on how many rollouts are moving at a time.
#ifndef CHECKS_HOLD_CAPS_H_
#define CHECKS_HOLD_CAPS_H_

#include <vector>

#include "gate/v1/change.pb.h"
#include "gate/v1/evidence.pb.h"
#include "gate/v1/policy.pb.h"
#include "gate/v1/verdict.pb.h"

namespace gate::hold {

// The caps under which the change needs a place now: none but before the first step of a rollout.
std::vector<const v1::ConcurrencyCap*> CapsFor(const v1::Change& change,
                                               const v1::HoldPolicy& policy);

// Adds a finding for each of them that is full.
void JudgeCaps(const v1::Change& change, const v1::HoldPolicy& policy, const v1::Holds& holds,
               v1::CheckOutcome& outcome);

}  // namespace gate::hold

#endif  // CHECKS_HOLD_CAPS_H_
