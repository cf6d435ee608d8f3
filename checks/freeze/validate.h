// What the parameters of the freeze check may not be.
#ifndef CHECKS_FREEZE_VALIDATE_H_
#define CHECKS_FREEZE_VALIDATE_H_

#include <vector>

#include "checks/check.h"

namespace gate::freeze {

// See Check::validate. Behind it every window can be expanded: its zone, times and rule are
// readable.
std::vector<ParameterIssue> Validate(const v1::Policy& policy, const v1::PolicyRule& rule);

}  // namespace gate::freeze

#endif  // CHECKS_FREEZE_VALIDATE_H_
