// A git checkout, read with the `git` program: it knows whatever the checkout was made with
// (partial clones, alternates, worktrees, safe.directory), and changes nothing here.
#ifndef CLIENTS_GATECTL_GIT_H_
#define CLIENTS_GATECTL_GIT_H_

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "clients/gatectl/problem.h"
#include "clients/gatectl/process.h"

namespace gate::ctl {

struct GitCommit {
  std::string revision;
  std::string author;   // "Name <address>"
  std::string summary;  // first line of the message
  std::string body;
};

struct GitChange {
  char kind = 'M';  // 'A' added, 'M' modified, 'D' deleted
  std::string path;
};

// A file as it was and as it is; renamed files are one.
struct GitMove {
  std::string before, after;        // Paths; empty where it was not there, or is not any more.
  std::string before_id, after_id;  // Of their contents.
  bool is_text = true;              // Else a submodule or a symbolic link.
  bool mode_changed = false;        // A file that was there: whether it can be run.
};

// A file of a revision. Submodules and symbolic links are none.
struct GitFile {
  std::string path;
  std::string id;  // Of its contents.
};

// Not for two threads at once.
class Git {
 public:
  // The checkout around `folder`, or a bare repository.
  static Or<Git> Open(const std::string& folder);

  const std::string& root() const { return root_; }

  // The full id of a revision. What is not there is a problem that says how to fetch it.
  Or<std::string> Resolve(const std::string& revision) const;
  // What both have in common.
  Or<std::string> MergeBase(const std::string& a, const std::string& b) const;
  // The newest tag of that pattern that `head` contains; "" where there is none.
  Or<std::string> NewestTag(const std::string& pattern, const std::string& head) const;
  // A tag right at the revision; "" where there is none.
  std::string TagAt(const std::string& revision) const;
  bool IsAncestor(const std::string& ancestor, const std::string& descendant) const;

  // base..head, oldest first; an empty base: only head itself.
  Or<std::vector<GitCommit>> Log(const std::string& base, const std::string& head) const;
  // Files under `path` that differ; an empty base: all files of head.
  Or<std::vector<GitChange>> Changes(const std::string& base, const std::string& head,
                                     const std::string& path) const;
  // All files that differ.
  Or<std::vector<GitMove>> Moves(const std::string& base, const std::string& head) const;
  // All files of a revision, sorted by path.
  Or<std::vector<GitFile>> Tree(const std::string& revision) const;
  // Paths of all files under `path`.
  Or<std::vector<std::string>> Files(const std::string& revision, const std::string& path) const;
  // The files' texts, in the order of `paths`.
  Or<std::vector<std::string>> Read(const std::string& revision,
                                    const std::vector<std::string>& paths) const;
  // Hands over contents by their ids, one after the other, each in pieces. Of those that are not
  // there, `take` is called with no piece. Memory does not grow with what is read.
  using TakePiece = std::function<void(size_t index, std::optional<std::string_view> piece)>;
  Or<bool> Stream(const std::vector<std::string>& ids, const TakePiece& take) const;
  // Files of head that differ from it in the working tree.
  Or<std::vector<std::string>> Modified() const;
  // Files under `path` that differ from head in the working tree, or are new in it.
  Or<std::vector<std::string>> Uncommitted(const std::string& path) const;

 private:
  explicit Git(std::string root) : root_(std::move(root)) {}
  Or<std::string> Run(const std::vector<std::string>& arguments, std::string_view input = "") const;
  bool IsShallow() const;

  std::string root_;
  // `git cat-file`, once something is to be read by its id.
  mutable std::shared_ptr<Conversation> contents_;
};

}  // namespace gate::ctl

#endif  // CLIENTS_GATECTL_GIT_H_
