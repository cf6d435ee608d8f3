// Which lines of head belong to which tickets of a release.
//
// A walk over the range annotates lines with sets of tickets. A line that a commit adds belongs to
// the tickets of the commit, to those of the lines that its hunk replaced, and to those of an equal
// line that the commit removed elsewhere. A line of a merge belongs to whom the parents say that it
// is unchanged from; changed from all of them, to the merge's tickets and to all that have worked
// on the file. What was removed belongs to all that have worked on the file. In doubt (a file that
// is binary or large, a line that no commit of the range has written) it is the same: better one
// ticket too many than the right one missing.
#ifndef GATE_EVIDENCE_GIT_OWNERSHIP_H_
#define GATE_EVIDENCE_GIT_OWNERSHIP_H_

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "gate/evidence/git/repository.h"
#include "gate/evidence/git/revisions.h"
#include "gate/evidence/git/tickets.h"
#include "gate/evidence/git/tree_changes.h"

namespace gate::git {

// Sets of tickets, each known by a number. Few different ones occur.
class TicketSets {
 public:
  static constexpr int kNone = 0;

  TicketSets() { Number({}); }
  int Of(std::vector<int> tickets);  // sorted
  int Union(int a, int b);
  bool Contains(int set, int ticket) const;

 private:
  int Number(std::vector<int> tickets);

  std::vector<std::vector<int>> sets_;
  std::map<std::vector<int>, int> numbers_;
  absl::flat_hash_map<uint64_t, int> unions_;
};

class Ownership {
 public:
  // Everything is every ticket's.
  Ownership() = default;

  static absl::StatusOr<Ownership> Annotate(const Repository& repository, const Range& range,
                                            const Tickets& tickets, Deadline deadline);

  // Whether the ticket has worked on the file, under this name or an earlier one.
  bool WorkedOn(const std::string& path, int ticket) const;
  // Whether the line of head, from 1, is the ticket's.
  bool Owns(const std::string& path, int line, int ticket) const;

  // A file of which some commit of the range has changed something.
  struct File {
    std::vector<int> lines;  // sets, by line; none of them where `whole`
    bool whole = false;      // all of it is of all that have worked on it
    int workers = TicketSets::kNone;
  };
  // By path; files that the range has not changed are not in it.
  using Files = absl::flat_hash_map<std::string, std::shared_ptr<const File>>;

 private:
  TicketSets sets_;
  Files files_;  // of head
  bool everything_ = true;
};

}  // namespace gate::git

#endif  // GATE_EVIDENCE_GIT_OWNERSHIP_H_
