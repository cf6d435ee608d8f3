// Judges cohorts: is harm beyond the margin proven for any metric, is safety for all? Else how much
// longer? Pure: the same request gives the same answer, to the last bit, in whatever order its
// points come.
#ifndef CHECKS_CANARY_JUDGE_H_
#define CHECKS_CANARY_JUDGE_H_

#include <optional>

#include "absl/time/time.h"
#include "gate/v1/evidence.pb.h"
#include "gate/v1/judge.pb.h"

namespace gate {

// `request` has no issues (judge_request.h), but series may hold anything.
//
// A metric FAILs where its evidence for harm outweighs its part of alpha, whatever the metrics have
// to do with each other; it PASSes where harm beyond its margin is excluded at alpha and nothing is
// wrong with its series. The old version is held against its own past as well (past_watch.h), each
// metric at its part of a tenth of alpha: where both versions got worse the metric FAILs, where
// only the old one did and the canary is proven to be better the advice is ACCELERATE, and where
// nobody can tell yet nothing PASSes. Strata that stand out, at another tenth, FAIL as well.
v1::JudgeResponse JudgeMetrics(const v1::JudgeRequest& request);

// What the intervals of one metric of the request that end by `until` came to, for a later request
// that asks the same and has it instead of those points (MetricSeries.state). Nothing where there
// is nothing to keep yet: the canary has had no traffic, or the series does not tell its step.
std::optional<v1::MetricState> StateOf(const v1::JudgeRequest& request, int metric,
                                       absl::Time until);

}  // namespace gate

#endif  // CHECKS_CANARY_JUDGE_H_
