// Merges and reverts tried in memory, as `git merge` and `git revert` would do them.
#ifndef GATE_EVIDENCE_GIT_TAKE_BACK_H_
#define GATE_EVIDENCE_GIT_TAKE_BACK_H_

#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "gate/evidence/git/repository.h"
#include "gate/evidence/git/revisions.h"
#include "gate/evidence/git/tickets.h"
#include "gate/evidence/git/tree_changes.h"
#include "gate/v1/release.pb.h"

namespace gate::git {

// A tree some of whose files have changed since.
class ChangedTree {
 public:
  ChangedTree(const Repository& repository, git_tree* tree)
      : repository_(repository), tree_(tree) {}

  // The file there; mode 0 where there is none.
  absl::StatusOr<TreeFile> At(const std::string& path) const;
  // Whether something lies at the path that is no file: a folder.
  bool IsFolder(const std::string& path) const;
  void Set(const std::string& path, const TreeFile& file) { changed_[path] = file; }
  // By path; mode 0: gone.
  const std::map<std::string, TreeFile>& changed() const { return changed_; }
  git_tree* tree() const { return tree_; }

 private:
  const Repository& repository_;
  git_tree* tree_;
  std::map<std::string, TreeFile> changed_;
};

struct TakeBackResult {
  std::vector<std::string> conflicts;  // paths, sorted
  // Paths of files over 256 KiB that have changed since: comparing them line by line takes longer
  // than an answer may, and most of them are generated.
  std::vector<std::string> untried;
  bool nothing = false;  // it was gone already

  bool clean() const { return conflicts.empty() && untried.empty(); }
};

// Takes what a commit has changed (`changes`: from its parent to it) back from a tree, which is
// changed where that is clean.
absl::StatusOr<TakeBackResult> TakeBack(const Repository& repository, const git_oid& commit,
                                        const std::vector<TreeChange>& changes, ChangedTree& tree);

// Whether a merge is what git makes of its two parents by itself. False of more than two parents.
absl::StatusOr<bool> IsPlainMerge(const Repository& repository, const RangeCommit& merge);

// What taking tickets back would come to.
class Reverts {
 public:
  // `plain_merges` as for AssignTickets. All of them outlive this.
  Reverts(const Repository& repository, const Range& range, const Ancestors& ancestors,
          const Tickets& tickets, const std::vector<bool>& plain_merges, Deadline deadline)
      : repository_(repository),
        range_(range),
        ancestors_(ancestors),
        tickets_(tickets),
        plain_merges_(plain_merges),
        deadline_(deadline) {}

  // Finds out which commits others have taken back; before Of.
  absl::Status Prepare();
  bool IsTakenBack(int commit) const { return taken_back_[static_cast<size_t>(commit)]; }

  // `head` is given what the tree would be, as far as it went. DEADLINE_EXCEEDED, or NOT_FOUND
  // where an object is missing; all else that goes wrong is the answer's failure.
  absl::StatusOr<v1::Revert> Of(const TicketWork& ticket, ChangedTree& head) const;

 private:
  struct Step {
    int commit = 0;
    size_t mainline = 0;
  };
  absl::StatusOr<bool> IsInverse(const TakenBack& taken) const;
  absl::StatusOr<std::vector<TreeChange>> ChangesOf(const Step& step) const;
  // Adds to `revert` what comes of one step.
  absl::Status Try(const Step& step, ChangedTree& head, v1::Revert& revert) const;
  std::string RevisionOf(const Step& step) const;
  // In the order in which they are taken back. `failure` says why there is none.
  std::vector<Step> StepsOf(const TicketWork& ticket, std::string& failure) const;

  const Repository& repository_;
  const Range& range_;
  const Ancestors& ancestors_;
  const Tickets& tickets_;
  const std::vector<bool>& plain_merges_;
  const Deadline deadline_;
  std::vector<bool> taken_back_;  // by commit
};

}  // namespace gate::git

#endif  // GATE_EVIDENCE_GIT_TAKE_BACK_H_
