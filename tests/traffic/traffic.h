// The traffic check, asked as the server asks it.
#ifndef TESTS_TRAFFIC_TRAFFIC_H_
#define TESTS_TRAFFIC_TRAFFIC_H_

#include <string>

#include "checks/fold.h"
#include "checks/traffic/traffic.h"

namespace gate::testing {

inline v1::CheckOutcome JudgeTraffic(const v1::Change& change, const v1::TrafficPolicy& policy) {
  v1::PolicyRule rule;
  *rule.mutable_checks()->mutable_traffic() = policy;
  v1::CheckOutcome outcome = kTrafficCheck.judge(change, Evidence(), rule, absl::UnixEpoch());
  outcome.set_check("traffic");
  Decide(policy.settings(), absl::UnixEpoch(), outcome);
  return outcome;
}

}  // namespace gate::testing

#endif  // TESTS_TRAFFIC_TRAFFIC_H_
