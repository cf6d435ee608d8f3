// A version that has all of the traffic has nothing beside it to be compared with. What is left is
// what the old version was before it, and the same hours of earlier weeks.
#ifndef CHECKS_CANARY_ALONE_H_
#define CHECKS_CANARY_ALONE_H_

#include "gate/v1/evidence.pb.h"
#include "gate/v1/judge.pb.h"

namespace gate {

// Whether no old code has had traffic in the last intervals in which the canary had some.
bool RunsAlone(const v1::MetricSeries& series);

// Whether in one of the earlier weeks, at the hours of the last half of an hour, events were as
// frequent as the canary's are now, give or take the limit: then it is the hour, and not the
// version. False where no earlier week is known, and of other kinds than COUNTS.
bool EarlierWeeksHadAsMany(const v1::MetricSeries& series, double limit);

// What the canary check makes of it, for who asks without a change: metrics whose canary runs
// alone, is proven to be worse than the old version was before it, and has no earlier week to
// excuse it are a FAIL, and so BLOCK and ROLL_BACK.
void CallHarmAlone(const v1::JudgeRequest& request, v1::JudgeResponse& response);

}  // namespace gate

#endif  // CHECKS_CANARY_ALONE_H_
