// Which commits of a release belong to which ticket.
//
// A commit belongs to the tickets
//   that its message names (patterns), or a trailer of it: Ticket, Refs, Closes, Fixes;
//   that the change says it belongs to, by revision;
//   of the branch that a merge has brought it in from: "Merge branch 'TASKS-118-x'", "Merge pull
//     request #12 from org/TASKS-118-x";
//   of the commit that it takes back ("This reverts commit ..."), and the other way round.
// One that belongs to none is of the ticket without a key, unless it is a merge that changes
// nothing itself.
#ifndef GATE_EVIDENCE_GIT_TICKETS_H_
#define GATE_EVIDENCE_GIT_TICKETS_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "gate/evidence/git/revisions.h"
#include "gate/v1/release.pb.h"

namespace gate::git {

// What of a release belongs to one ticket.
struct TicketWork {
  std::string key;  // empty: commits without one
  std::string title;
  std::string flag;          // empty: none, or `flag_problem` says why none is known
  std::string flag_origin;   // "the change", or the commit whose trailer it is
  std::string flag_problem;  // its commits name several
  std::vector<int> commits;  // indexes in the range, oldest first
};

// A commit whose message says that it takes another one of the range back.
struct TakenBack {
  int by = 0;
  int commit = 0;
  size_t mainline = 0;  // of a merge: the parent that is kept, from 0
};

struct Tickets {
  std::vector<TicketWork> all;              // by key
  std::vector<std::vector<int>> of_commit;  // indexes in `all`, by commit
  std::vector<TakenBack> taken_back;        // by the commit that says so
};

// `plain_merges`, by commit: whether it is a merge that changes nothing itself.
// INVALID_ARGUMENT where a pattern, a ticket or a revision of the query is wrong.
absl::StatusOr<Tickets> AssignTickets(const v1::ReleaseQuery& query, const Range& range,
                                      const Ancestors& ancestors,
                                      const std::vector<bool>& plain_merges);

// The values of trailers of that name, as `git interpret-trailers --parse` finds them; the name in
// any case.
std::vector<std::string> TrailersOf(const std::string& message, const std::string& name);

// What a merge's message says of where its commits come from: its first line without what they were
// merged into, and the rest unless they come from a branch that all work goes to ("main").
std::string SourceOfMerge(std::string_view message);

}  // namespace gate::git

#endif  // GATE_EVIDENCE_GIT_TICKETS_H_
