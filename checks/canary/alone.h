// A version that has all of the traffic has nothing beside it to be compared with. What is left is
// what the old version was before it, and the same hours of earlier weeks.
#ifndef CHECKS_CANARY_ALONE_H_
#define CHECKS_CANARY_ALONE_H_

#include "gate/v1/evidence.pb.h"

namespace gate {

// Whether no old code has had traffic in the last intervals in which the canary had some.
bool RunsAlone(const v1::MetricSeries& series);

// Whether in one of the earlier weeks, at the hours of the last half of an hour, events were as
// frequent as the canary's are now, give or take the limit: then it is the hour, and not the
// version. False where no earlier week is known, and of other kinds than COUNTS.
bool EarlierWeeksHadAsMany(const v1::MetricSeries& series, double limit);

}  // namespace gate

#endif  // CHECKS_CANARY_ALONE_H_
