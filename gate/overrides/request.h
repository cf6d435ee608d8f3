// What a person may ask to have overridden: of a verdict that stands in the way, findings that it
// has, under the policy in force.
#ifndef GATE_OVERRIDES_REQUEST_H_
#define GATE_OVERRIDES_REQUEST_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "gate/policy/snapshot.h"
#include "gate/store/store.h"
#include "gate/v1/overrides.pb.h"

namespace gate::overrides {

// The override that is asked for, as it would be kept, and what it comes to on the evidence of its
// verdict. Its name is new. Reads the store. INVALID_ARGUMENT names each wrong field;
// FAILED_PRECONDITION where the policy does not let it be (NEVER_OVERRIDDEN, NO_BREAK_GLASS,
// REVIEW_OVERDUE); NOT_FOUND where there is no such verdict, or its evidence is gone.
absl::StatusOr<v1::CreateOverrideResponse> Prepare(const v1::CreateOverrideRequest& request,
                                                   const std::string& actor,
                                                   const PolicySnapshot& policy, absl::Time now,
                                                   Store& store);

}  // namespace gate::overrides

#endif  // GATE_OVERRIDES_REQUEST_H_
