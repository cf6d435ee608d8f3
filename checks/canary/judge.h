// Judges recorded cohorts: is harm beyond the margin proven for any metric, is safety for all? Else
// how much longer? Pure: the same request gives the same answer, to the last bit, in whatever order
// its points come.
#ifndef CHECKS_CANARY_JUDGE_H_
#define CHECKS_CANARY_JUDGE_H_

#include <vector>

#include "checks/check.h"
#include "gate/v1/judge.pb.h"

namespace gate {

// What no request may be. Fields are named as in JSON: "metrics[0].points[3].cohorts.canary".
// Points that cannot be counted are no mistake of the request: they are told as defects of the
// series.
std::vector<ParameterIssue> ValidateJudgeRequest(const v1::JudgeRequest& request);

// `request` has no issues. A metric FAILs where its evidence for harm outweighs its part of alpha,
// whatever the metrics have to do with each other; it PASSes where harm beyond its margin is
// excluded at alpha and nothing is wrong with its series.
v1::JudgeResponse JudgeMetrics(const v1::JudgeRequest& request);

}  // namespace gate

#endif  // CHECKS_CANARY_JUDGE_H_
