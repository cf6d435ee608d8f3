// The hold check: what people, incidents and other rollouts hold up.
//
// It is asked of every change. Freezes that somebody has declared, and whether a rollout has mended
// the incident that it was started for, count whatever the policy says; open incidents and caps
// where the policy has the check. What it sees is one observation, which the gate makes with each
// evaluation.
#ifndef CHECKS_HOLD_HOLD_H_
#define CHECKS_HOLD_HOLD_H_

#include <vector>

#include "checks/check.h"

namespace gate {

extern const Check kHoldCheck;

// Id of the observation of a v1::Holds.
inline constexpr char kHoldsObservation[] = "gate.holds";

// How an outcome of the check counts: as the policy says, and enforced, whatever it says, where a
// declared freeze is in force, an incident is not mended, or nobody knows.
v1::CheckSettings HoldSettings(const v1::PolicyRule& rule, const v1::CheckOutcome& outcome);

// Whether the outcome holds nothing, now or soon, so that a verdict under a policy without the
// check does without it.
bool HoldsNothing(const v1::CheckOutcome& outcome);

// The caps of the rule under which a rollout needs a place for its first step, with this verdict on
// it: not those that an exception covers, nor those that are only warned of.
std::vector<v1::ConcurrencyCap> CapsToTake(const v1::Change& change, const v1::PolicyRule& rule,
                                           const v1::Verdict& verdict);

}  // namespace gate

#endif  // CHECKS_HOLD_HOLD_H_
