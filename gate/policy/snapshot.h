// The policy in force: one immutable snapshot, replaced as a whole.
#ifndef GATE_POLICY_SNAPSHOT_H_
#define GATE_POLICY_SNAPSHOT_H_

#include <map>
#include <memory>
#include <string>

#include "absl/time/time.h"
#include "gate/base/mutex.h"
#include "gate/v1/policy.pb.h"

namespace gate {

// A loaded, validated policy and what belongs to it. Immutable.
struct PolicySnapshot {
  v1::Policy policy;  // with calendar_digests
  // Sha256Hex of `bytes`.
  std::string digest;
  // DeterministicBytes(policy), stored with verdicts so that they can be judged again.
  std::shared_ptr<const std::string> bytes;
  // Text of each calendar of the policy, by its name.
  std::map<std::string, std::string, std::less<>> calendars;
  absl::Time effective;
};

// Holds the snapshot in force; readers keep theirs for as long as they need it. Thread-safe.
class PolicyHolder {
 public:
  explicit PolicyHolder(std::shared_ptr<const PolicySnapshot> snapshot)
      : snapshot_(std::move(snapshot)) {}

  std::shared_ptr<const PolicySnapshot> Current() const GATE_EXCLUDES(mu_) {
    MutexLock lock(mu_);
    return snapshot_;
  }
  void Replace(std::shared_ptr<const PolicySnapshot> snapshot) GATE_EXCLUDES(mu_) {
    MutexLock lock(mu_);
    snapshot_ = std::move(snapshot);
  }

 private:
  mutable Mutex mu_;
  std::shared_ptr<const PolicySnapshot> snapshot_ GATE_GUARDED_BY(mu_);
};

}  // namespace gate

#endif  // GATE_POLICY_SNAPSHOT_H_
