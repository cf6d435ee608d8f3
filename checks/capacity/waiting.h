// What requests wait for a worker since a shift of traffic: an origin that is outrun is seen here
// first, long before any error.
//
// The normal range is three times the usual weekly peak of the service's wait (the median of the
// weeks), at least 0.1 s and what the policy allows. Beyond that for three intervals the shift is
// to go back, unless requests waited before it began, or the origin has a smaller share than
// before: then the way back would not help it. That is a rule of thumb with no promise of a rate,
// like that of a backlog.
#ifndef CHECKS_CAPACITY_WAITING_H_
#define CHECKS_CAPACITY_WAITING_H_

#include "checks/capacity/report.h"
#include "checks/capacity/resource.h"

namespace gate::capacity {

// Adds what it finds of all origins to the report.
void JudgeWaiting(const Setting& setting, Report& report);

}  // namespace gate::capacity

#endif  // CHECKS_CAPACITY_WAITING_H_
