// How an outcome counts under a rule: one answer for all who ask.
#ifndef CHECKS_SETTINGS_H_
#define CHECKS_SETTINGS_H_

#include "gate/v1/policy.pb.h"
#include "gate/v1/verdict.pb.h"

namespace gate {

// As the policy says for its check; for the hold check as HoldSettings says. Outcomes of no check
// (no rule, a clock that is behind) count as the defaults do.
v1::CheckSettings SettingsFor(const v1::PolicyRule& rule, const v1::CheckOutcome& outcome);

}  // namespace gate

#endif  // CHECKS_SETTINGS_H_
