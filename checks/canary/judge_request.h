// What a JudgeRequest has to be, and what it means where it says nothing.
#ifndef CHECKS_CANARY_JUDGE_REQUEST_H_
#define CHECKS_CANARY_JUDGE_REQUEST_H_

#include <vector>

#include "checks/check.h"
#include "gate/v1/judge.pb.h"

namespace gate {

// What no request may be. Fields are named as in JSON: "metrics[0].points[3].cohorts.canary".
// Points that cannot be counted are no mistake of the request: they are told as defects of the
// series.
std::vector<ParameterIssue> ValidateJudgeRequest(const v1::JudgeRequest& request);

// Its alpha.
double AlphaOf(const v1::JudgeRequest& request);

// What a metric weighs among the others: a critical one as much as three.
double WeightOf(const v1::MetricSeries& metric);

}  // namespace gate

#endif  // CHECKS_CANARY_JUDGE_REQUEST_H_
