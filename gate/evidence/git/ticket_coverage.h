// How much of a ticket's code its flag guards.
#ifndef GATE_EVIDENCE_GIT_TICKET_COVERAGE_H_
#define GATE_EVIDENCE_GIT_TICKET_COVERAGE_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "checks/flags/coverage.h"
#include "gate/evidence/git/head_files.h"
#include "gate/evidence/git/ownership.h"
#include "gate/evidence/git/tree_changes.h"
#include "gate/v1/flag.pb.h"

namespace gate::git {

// `changes`: what differs between base and head. Of them those count that the ticket has worked on,
// and in them the lines that are the ticket's. What has no lines that could be read (a submodule, a
// link, a mode, a very large file) is a line of which nothing can be proven.
// What cannot be read, or not in time, is an error; what is too large is the coverage's failure.
absl::StatusOr<v1::FlagCoverage> CoverTicket(const Repository& repository,
                                             const std::vector<TreeChange>& changes,
                                             const HeadFiles& head, const Ownership& ownership,
                                             int ticket, const flags::FlagQuestion& question);

}  // namespace gate::git

#endif  // GATE_EVIDENCE_GIT_TICKET_COVERAGE_H_
