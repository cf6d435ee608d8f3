// What an evaluation leaves behind: the verdict with its digests, and the blobs it points to.
#ifndef GATE_EVALUATE_RECORD_H_
#define GATE_EVALUATE_RECORD_H_

#include "checks/evidence.h"
#include "gate/evaluate/content_memo.h"
#include "gate/policy/snapshot.h"
#include "gate/store/store.h"
#include "gate/v1/verdict.pb.h"

namespace gate {

// Adds observations, evidence digest and policy digest to the verdict, and collects the blobs: each
// value that was observed (without its time, so that the same value is stored once) and the policy.
VerdictRecord MakeRecord(v1::Verdict verdict, const Evidence& evidence,
                         const PolicySnapshot& policy, std::string request_digest,
                         ContentMemo& contents);

// The evidence of a stored verdict, as it was gathered.
absl::StatusOr<Evidence> LoadEvidence(Store& store, const v1::Verdict& verdict);

}  // namespace gate

#endif  // GATE_EVALUATE_RECORD_H_
