// From a policy file and its calendars on disk to a snapshot that can be put in force.
#ifndef GATE_POLICY_LOADER_H_
#define GATE_POLICY_LOADER_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "checks/policy/yaml.h"
#include "gate/policy/snapshot.h"

namespace gate {

// What a policy file holds: a snapshot, or every reason why there is none.
struct LoadedPolicy {
  std::shared_ptr<const PolicySnapshot> snapshot;  // null when there are issues
  std::vector<FileIssue> issues;                   // in the file's order
  // The files that were read or should have been: the policy, then its calendars.
  std::vector<std::string> files;
};

// Reads the policy file (at most 1 MiB) and the calendars that it names (at most 1 MiB each,
// relative to the folder of the policy file). `now` becomes the snapshot's `effective`.
//
// The digest covers the policy and, through Policy.calendar_digests, the text of each calendar: a
// calendar that changes makes another policy.
LoadedPolicy LoadPolicy(const std::string& path, absl::Time now);

// The snapshot of a policy that was parsed without issues, with the text of each of its calendars.
std::shared_ptr<const PolicySnapshot> MakeSnapshot(
    v1::Policy policy, std::map<std::string, std::string, std::less<>> calendars, absl::Time now);

}  // namespace gate

#endif  // GATE_POLICY_LOADER_H_
