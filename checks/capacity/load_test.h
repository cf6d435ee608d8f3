// What a load test in another environment says of production: as much as their mixes overlap.
#ifndef CHECKS_CAPACITY_LOAD_TEST_H_
#define CHECKS_CAPACITY_LOAD_TEST_H_

#include <vector>

#include "checks/capacity/report.h"
#include "checks/capacity/resource.h"

namespace gate::capacity {

void TellLoadTest(const Setting& setting, const std::vector<ResourceAnswer>& answers,
                  Report& report);

}  // namespace gate::capacity

#endif  // CHECKS_CAPACITY_LOAD_TEST_H_
