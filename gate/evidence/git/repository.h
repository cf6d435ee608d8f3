// A git repository on this machine, bare or not, read by libgit2. Objects are the truth: the work
// tree is never looked at, nothing in the repository's configuration has an effect, no hook, filter
// or other program runs, and nothing is written: objects that a merge in memory makes stay there.
#ifndef GATE_EVIDENCE_GIT_REPOSITORY_H_
#define GATE_EVIDENCE_GIT_REPOSITORY_H_

#include <optional>
#include <string>
#include <unordered_map>
#include <utility>

#include "absl/status/statusor.h"
#include "gate/evidence/git/handles.h"

namespace gate::git {

// Not thread-safe.
class Repository {
 public:
  // `name` is what errors call it. Repositories of other users are read as well: mirrors often
  // belong to whoever fetches. FAILED_PRECONDITION where there is none, or one of a kind that
  // cannot be read (SHA-256).
  static absl::StatusOr<Repository> Open(const std::string& folder, const std::string& name);

  const std::string& name() const { return name_; }
  bool shallow() const { return shallow_; }
  git_repository* get() const { return repository_.get(); }

  // The commit of a revision: an id of 40 digits, or the first 7 or more of one; a tag's id leads
  // to its commit. NOT_FOUND says how to get it; INVALID_ARGUMENT where it is no id, or fits
  // several objects.
  absl::StatusOr<git_oid> Resolve(const std::string& revision) const;

  absl::StatusOr<CommitHandle> Commit(const git_oid& id) const;
  absl::StatusOr<TreeHandle> Tree(const git_oid& id) const;
  // The tree of a commit.
  absl::StatusOr<TreeHandle> TreeOf(const git_oid& commit) const;
  // A file's bytes; nothing where it has more than `max_bytes`. `path` is for errors.
  absl::StatusOr<std::optional<std::string>> Blob(const git_oid& id, size_t max_bytes,
                                                  const std::string& path) const;
  // Bytes of a file; what was asked once is known.
  absl::StatusOr<size_t> SizeOf(const git_oid& id, const std::string& path) const;

  // As GitError; of what is not there, how to get it.
  absl::Status Failed(int code, const std::string& what) const;

 private:
  Repository(RepositoryHandle repository, OdbHandle objects, std::string name)
      : repository_(std::move(repository)), objects_(std::move(objects)), name_(std::move(name)) {}
  // NOT_FOUND: it does not have `what`, and what to do.
  absl::Status Missing(const std::string& what) const;

  RepositoryHandle repository_;
  OdbHandle objects_;
  std::string name_;
  mutable std::unordered_map<git_oid, size_t, OidHash, OidEqual> sizes_;
  bool shallow_ = false;
  bool partial_ = false;  // made with --filter: files may be missing
};

}  // namespace gate::git

#endif  // GATE_EVIDENCE_GIT_REPOSITORY_H_
