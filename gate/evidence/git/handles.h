// What libgit2 hands out, owned; and its errors as Status.
#ifndef GATE_EVIDENCE_GIT_HANDLES_H_
#define GATE_EVIDENCE_GIT_HANDLES_H_

#include <git2.h>

#include <chrono>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace gate::git {

using Deadline = std::chrono::steady_clock::time_point;

template <auto kFree>
struct FreedBy {
  template <typename T>
  void operator()(T* object) const {
    kFree(object);
  }
};

using RepositoryHandle = std::unique_ptr<git_repository, FreedBy<git_repository_free>>;
using CommitHandle = std::unique_ptr<git_commit, FreedBy<git_commit_free>>;
using TreeHandle = std::unique_ptr<git_tree, FreedBy<git_tree_free>>;
using BlobHandle = std::unique_ptr<git_blob, FreedBy<git_blob_free>>;
using ObjectHandle = std::unique_ptr<git_object, FreedBy<git_object_free>>;
using DiffHandle = std::unique_ptr<git_diff, FreedBy<git_diff_free>>;
using PatchHandle = std::unique_ptr<git_patch, FreedBy<git_patch_free>>;
using IndexHandle = std::unique_ptr<git_index, FreedBy<git_index_free>>;
using ConfigHandle = std::unique_ptr<git_config, FreedBy<git_config_free>>;
using OdbHandle = std::unique_ptr<git_odb, FreedBy<git_odb_free>>;
using OdbObjectHandle = std::unique_ptr<git_odb_object, FreedBy<git_odb_object_free>>;

// For maps by object.
struct OidHash {
  size_t operator()(const git_oid& id) const {
    size_t hash = 0;  // An id is random already.
    std::memcpy(&hash, id.id, sizeof hash);
    return hash;
  }
};
struct OidEqual {
  bool operator()(const git_oid& a, const git_oid& b) const { return git_oid_equal(&a, &b) != 0; }
};

// 40 digits.
std::string Hex(const git_oid& id);
// The first 10 of them, for people.
std::string ShortHex(const git_oid& id);

// The failure of a call of libgit2: `what`, and its words. NOT_FOUND, RESOURCE_EXHAUSTED, or
// DATA_LOSS.
absl::Status GitError(int code, std::string_view what);

// DEADLINE_EXCEEDED once the time is over: "the release was not read in time: " and `doing`.
absl::Status InTime(Deadline deadline, std::string_view doing);

}  // namespace gate::git

#endif  // GATE_EVIDENCE_GIT_HANDLES_H_
