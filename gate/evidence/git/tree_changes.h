// Which files differ between two trees: renames found, paths proven to be paths of files.
#ifndef GATE_EVIDENCE_GIT_TREE_CHANGES_H_
#define GATE_EVIDENCE_GIT_TREE_CHANGES_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "gate/evidence/git/repository.h"

namespace gate::git {

// A file on one side. Mode 0: it is not there.
struct TreeFile {
  std::string path;
  git_oid id = {};
  uint16_t mode = 0;

  bool there() const { return mode != 0; }
  bool submodule() const { return mode == GIT_FILEMODE_COMMIT; }
  bool link() const { return mode == GIT_FILEMODE_LINK; }
  bool text() const { return there() && !submodule() && !link(); }  // or binary: a file
};

struct TreeChange {
  TreeFile before, after;

  // As it is now; of a file that is gone as it was.
  const std::string& path() const { return after.there() ? after.path : before.path; }
  bool renamed() const { return before.there() && after.there() && before.path != after.path; }
};

// What differs between two trees (null: an empty one), by path. A file that became something else
// (a link, a submodule) is one change. With `renames` a file that is gone and one that is new and
// at least half like it are one change, as git has it. DATA_LOSS where a name in a tree is no name
// of a file (`..`): no program of git makes such trees.
absl::StatusOr<std::vector<TreeChange>> ChangesBetween(const Repository& repository,
                                                       git_tree* before, git_tree* after,
                                                       bool renames);

// A tree of these files alone, in memory; those that are not there are left out.
absl::StatusOr<TreeHandle> TreeOfFiles(const Repository& repository,
                                       const std::vector<const TreeFile*>& files);

// All files of a tree, by path.
absl::StatusOr<std::vector<TreeFile>> FilesOf(const Repository& repository, git_tree* tree);

}  // namespace gate::git

#endif  // GATE_EVIDENCE_GIT_TREE_CHANGES_H_
