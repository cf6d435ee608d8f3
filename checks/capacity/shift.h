// A shift of traffic at the coming weekly peak: the workers of each origin for its share of it.
#ifndef CHECKS_CAPACITY_SHIFT_H_
#define CHECKS_CAPACITY_SHIFT_H_

#include "checks/capacity/report.h"
#include "checks/capacity/resource.h"

namespace gate::capacity {

// Adds what it finds to the report. Returns what the origins come to, in short.
std::string JudgeShift(const Setting& setting, Report& report);

}  // namespace gate::capacity

#endif  // CHECKS_CAPACITY_SHIFT_H_
