// The freeze check: changes do not start inside a DENY window, nor, where there are ALLOW windows,
// outside all of them.
#ifndef CHECKS_FREEZE_FREEZE_H_
#define CHECKS_FREEZE_FREEZE_H_

#include "checks/check.h"

namespace gate {

extern const Check kFreezeCheck;

}  // namespace gate

#endif  // CHECKS_FREEZE_FREEZE_H_
