// The traffic check: whether traffic may be shared out among origins as the change says. Judged
// from the change and the policy alone; what the origins can bear is for the capacity check.
#ifndef CHECKS_TRAFFIC_TRAFFIC_H_
#define CHECKS_TRAFFIC_TRAFFIC_H_

#include "checks/check.h"

namespace gate {

extern const Check kTrafficCheck;

}  // namespace gate

#endif  // CHECKS_TRAFFIC_TRAFFIC_H_
