// Judges what is on record again. The same evidence, policy and time give the same verdict, byte
// for byte; where they do not, the program has changed, and the differences say how.
#ifndef GATE_EVALUATE_REPLAY_H_
#define GATE_EVALUATE_REPLAY_H_

#include "absl/status/statusor.h"
#include "gate/store/store.h"
#include "gate/v1/gate.pb.h"

namespace gate {

absl::StatusOr<v1::ReplayVerdictResponse> ReplayStored(Store& store, const v1::Verdict& stored);

}  // namespace gate

#endif  // GATE_EVALUATE_REPLAY_H_
