// Strict at the door: what no request may be. Behind it nothing validates again.
#ifndef GATE_EVALUATE_VALIDATE_H_
#define GATE_EVALUATE_VALIDATE_H_

#include "absl/status/status.h"
#include "gate/v1/change.pb.h"
#include "gate/v1/gate.pb.h"

namespace gate {

// INVALID_ARGUMENT with every wrong field, by its path ("change.service"), or OK.
absl::Status ValidateRequest(const v1::EvaluateRequest& request);

}  // namespace gate

#endif  // GATE_EVALUATE_VALIDATE_H_
