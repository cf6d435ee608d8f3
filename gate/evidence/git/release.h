// What a repository says of a release: a gate.v1.ReleaseQuery answered from a folder of this
// machine.
#ifndef GATE_EVIDENCE_GIT_RELEASE_H_
#define GATE_EVIDENCE_GIT_RELEASE_H_

#include <string>

#include "absl/status/statusor.h"
#include "gate/evidence/git/handles.h"
#include "gate/v1/release.pb.h"

namespace gate::git {

// `query.repository` is what the repository is called. The answer follows from the query and the
// objects of the repository alone, whatever its branches are now.
// FAILED_PRECONDITION: there is no repository that can be read. NOT_FOUND: it does not have a
// revision, or what leads to it; the message says what to fetch. INVALID_ARGUMENT: the query makes
// no sense. RESOURCE_EXHAUSTED: it is too large. DEADLINE_EXCEEDED. DATA_LOSS: it is damaged.
// With `only_ticket` coverage is worked out for that ticket alone, and nothing is taken back.
absl::StatusOr<v1::Release> AnswerRelease(const v1::ReleaseQuery& query, const std::string& folder,
                                          Deadline deadline, const std::string& only_ticket = "");

}  // namespace gate::git

#endif  // GATE_EVIDENCE_GIT_RELEASE_H_
