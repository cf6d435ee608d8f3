// What another policy would have said of what is on record.
#ifndef GATE_EVALUATE_WHAT_IF_H_
#define GATE_EVALUATE_WHAT_IF_H_

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "gate/store/store.h"
#include "gate/v1/gate.pb.h"
#include "gate/v1/policies.pb.h"

namespace gate {

// One verdict; `identical` where no check and no decision comes out otherwise, else `differences`
// says which: "canary: PASS, now FAIL". INVALID_ARGUMENT names what is wrong with the policy.
absl::StatusOr<v1::ReplayVerdictResponse> ReplayBy(Store& store, const v1::Verdict& stored,
                                                   const v1::Policy& policy, absl::Time now);

// The verdicts of the time before `now`. INVALID_ARGUMENT names what is wrong with the request;
// RESOURCE_EXHAUSTED and UNAVAILABLE are the store's. Blocks, a millisecond or so for each verdict.
absl::StatusOr<v1::WhatIfResponse> WhatIf(Store& store, const v1::WhatIfRequest& request,
                                          absl::Time now);

}  // namespace gate

#endif  // GATE_EVALUATE_WHAT_IF_H_
