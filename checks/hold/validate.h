// What the parameters of the hold check may not be.
#ifndef CHECKS_HOLD_VALIDATE_H_
#define CHECKS_HOLD_VALIDATE_H_

#include <vector>

#include "checks/check.h"

namespace gate::hold {

// See Check::validate.
std::vector<ParameterIssue> Validate(const v1::Policy& policy, const v1::PolicyRule& rule);

}  // namespace gate::hold

#endif  // CHECKS_HOLD_VALIDATE_H_
