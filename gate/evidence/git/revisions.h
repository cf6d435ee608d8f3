// base..head: the commits that a release brings, and those that it takes back.
#ifndef GATE_EVIDENCE_GIT_REVISIONS_H_
#define GATE_EVIDENCE_GIT_REVISIONS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "gate/evidence/git/repository.h"

namespace gate::git {

// Commits of a release at the most.
inline constexpr size_t kMostCommits = 5000;

struct RangeCommit {
  git_oid id;
  std::vector<git_oid> parents;
  // Of each parent its index in Range::commits; kOutside where it is not in the range.
  std::vector<int> parent_indexes;
  static constexpr int kOutside = -1;
  std::string author;   // "Name <address>"
  std::string message;  // of a very long one its beginning
  int64_t time = 0;     // when it was committed, seconds since 1970

  bool merge() const { return parents.size() > 1; }
};

struct Range {
  git_oid base, head;
  std::vector<RangeCommit> commits;  // oldest first, each behind its parents
  std::vector<RangeCommit> lost;     // in base and not in head, newest first, at most 100
};

// NOT_FOUND where a commit in between is missing, INVALID_ARGUMENT where both have no commit in
// common, RESOURCE_EXHAUSTED above the most.
absl::StatusOr<Range> ReadRange(const Repository& repository, const git_oid& base,
                                const git_oid& head, Deadline deadline);

// For each commit of the range its ancestors in the range, and itself.
class Ancestors {
 public:
  explicit Ancestors(const Range& range);
  // Whether `ancestor` is reached from `commit`.
  bool Reaches(int commit, int ancestor) const {
    return (words_[static_cast<size_t>(commit) * width_ + static_cast<size_t>(ancestor) / 64] >>
                (ancestor % 64) &
            1) != 0;
  }
  // What a merge brought to one of its parents: commits that its other parents reach and that one
  // does not. Oldest first.
  std::vector<int> BroughtBy(int merge, size_t mainline = 0) const;

 private:
  const Range& range_;
  size_t width_;  // words of 64 commits
  std::vector<uint64_t> words_;
};

}  // namespace gate::git

#endif  // GATE_EVIDENCE_GIT_REVISIONS_H_
