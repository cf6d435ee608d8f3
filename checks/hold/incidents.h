// Open incidents, and whether a rollout has mended the one that it was started for.
#ifndef CHECKS_HOLD_INCIDENTS_H_
#define CHECKS_HOLD_INCIDENTS_H_

#include <vector>

#include "absl/time/time.h"
#include "checks/evidence.h"
#include "gate/v1/change.pb.h"
#include "gate/v1/policy.pb.h"
#include "gate/v1/verdict.pb.h"

namespace gate::hold {

// Adds a finding for each open incident that holds the change.
void JudgeIncidents(const v1::Change& change, const v1::HoldPolicy& policy, const v1::Holds& holds,
                    v1::CheckOutcome& outcome);

// What has to be seen of the signal of the incident that the change is to mend; nothing before all
// of the change is out.
std::vector<v1::Query> SignalQueries(const v1::Change& change);

// Adds a finding where all of the change is out and its incident was not seen to be mended.
void JudgeMended(const v1::Change& change, const Evidence& evidence, absl::Time now,
                 v1::CheckOutcome& outcome);

}  // namespace gate::hold

#endif  // CHECKS_HOLD_INCIDENTS_H_
