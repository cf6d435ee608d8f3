// What waits in a queue since the release: consumers that are outrun are seen here first, before
// any error.
//
// The normal range of a queue is three times its usual weekly peak (the median of the weeks, so
// that neither one bad week nor the flood itself moves it), and at least ten seconds of its
// consumers' work. Beyond that and rising for five intervals it grows; beyond that otherwise it has
// not drained yet. That is a rule of thumb with no promise of a rate: a queue that leaves this
// range by itself is false alarm.
#ifndef CHECKS_CAPACITY_BACKLOG_H_
#define CHECKS_CAPACITY_BACKLOG_H_

#include "absl/time/time.h"
#include "checks/capacity/report.h"
#include "checks/capacity/resource.h"

namespace gate::capacity {

// `drain` is what consumers take per second; 0: unknown. `start` is the first traffic of the new
// version.
void JudgeBacklog(const Setting& setting, const v1::CapacityResource& resource, double drain,
                  absl::Time start, Report& report);

}  // namespace gate::capacity

#endif  // CHECKS_CAPACITY_BACKLOG_H_
