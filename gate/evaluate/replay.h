// Judges what is on record again. The same evidence, policy and time give the same verdict, byte
// for byte; where they do not, the program has changed, and the differences say how.
#ifndef GATE_EVALUATE_REPLAY_H_
#define GATE_EVALUATE_REPLAY_H_

#include "absl/status/statusor.h"
#include "gate/policy/snapshot.h"
#include "gate/store/store.h"
#include "gate/v1/gate.pb.h"

namespace gate {

absl::StatusOr<v1::ReplayVerdictResponse> ReplayStored(Store& store, const v1::Verdict& stored);

// What another policy, which has no issues, would have said of the same evidence at the same time.
// Evidence answers a query only where the stored policy asked the very same: another selector under
// the same name was not observed.
absl::StatusOr<v1::Verdict> JudgeStoredBy(Store& store, const v1::Verdict& stored,
                                          const PolicySnapshot& policy);

// What the stored verdict would have been, had this override counted, under what the policy in
// force says of overrides.
absl::StatusOr<v1::Verdict> JudgeStoredWithOverride(Store& store, const v1::Verdict& stored,
                                                    const v1::OverridePolicy& policy,
                                                    const v1::Override& added);

}  // namespace gate

#endif  // GATE_EVALUATE_REPLAY_H_
