#include "gate/evidence/git/repository.h"

#include <git2/sys/mempack.h>
#include <git2/sys/odb_backend.h>
#include <git2/sys/repository.h>

#include <algorithm>
#include <iterator>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "checks/render/escape.h"

namespace gate::git {
namespace {

constexpr size_t kShortestAbbreviation = 7;

// Once for the process. Nothing else in it uses libgit2.
void StartLibrary() {
  static const bool started = [] {
    git_libgit2_init();
    git_libgit2_opts(GIT_OPT_SET_OWNER_VALIDATION, 0);
    for (const int level : {GIT_CONFIG_LEVEL_SYSTEM, GIT_CONFIG_LEVEL_GLOBAL, GIT_CONFIG_LEVEL_XDG,
                            GIT_CONFIG_LEVEL_PROGRAMDATA}) {
      git_libgit2_opts(GIT_OPT_SET_SEARCH_PATH, level, "");
    }
    // What they change is of no matter to reading objects that are there.
    const char* extensions[] = {"partialclone", "preciousobjects", "worktreeconfig"};
    git_libgit2_opts(GIT_OPT_SET_EXTENSIONS, extensions, std::size(extensions));
    // What is written is for memory alone; whether it is whole does not matter.
    git_libgit2_opts(GIT_OPT_ENABLE_STRICT_OBJECT_CREATION, 0);
    git_libgit2_opts(GIT_OPT_SET_CACHE_MAX_SIZE, static_cast<ssize_t>(64 << 20));
    git_libgit2_opts(GIT_OPT_SET_MWINDOW_SIZE, static_cast<size_t>(32 << 20));
    git_libgit2_opts(GIT_OPT_SET_MWINDOW_MAPPED_LIMIT, static_cast<size_t>(512 << 20));
    return true;
  }();
  static_cast<void>(started);
}

int Found(const git_config_entry*, void* found) {
  *static_cast<bool*>(found) = true;
  return 0;
}

bool IsPartial(git_repository* repository) {
  git_config* raw = nullptr;
  if (git_repository_config_snapshot(&raw, repository) != 0) return false;
  const ConfigHandle config(raw);
  bool partial = false;
  for (const char* name : {"^extensions\\.partialclone$", "^remote\\..*\\.promisor$"}) {
    git_config_foreach_match(config.get(), name, Found, &partial);
  }
  return partial;
}

// From here on no configuration has an effect.
int ForgetConfiguration(git_repository* repository) {
  git_config* raw = nullptr;
  const int code = git_config_new(&raw);
  if (code != 0) return code;
  const ConfigHandle none(raw);
  return git_repository_set_config(repository, none.get());
}

// What is made goes to memory; what is there is not even touched.
int WriteToMemory(git_odb* objects) {
  for (size_t i = 0; i < git_odb_num_backends(objects); ++i) {
    git_odb_backend* backend = nullptr;
    if (const int code = git_odb_get_backend(&backend, objects, i); code != 0) return code;
    backend->write = nullptr;
    backend->writestream = nullptr;
    backend->writepack = nullptr;
    backend->writemidx = nullptr;
    backend->freshen = nullptr;
  }
  git_odb_backend* memory = nullptr;
  if (const int code = git_mempack_new(&memory); code != 0) return code;
  constexpr int kFirst = 999;
  return git_odb_add_backend(objects, memory, kFirst);
}

std::string FileName(const git_oid& id, const std::string& path) {
  return absl::StrCat("the file ", render::ValidUtf8(path), " (", ShortHex(id), ")");
}

}  // namespace

absl::StatusOr<Repository> Repository::Open(const std::string& folder, const std::string& name) {
  StartLibrary();
  const auto failed = [&] {
    const git_error* error = git_error_last();
    return absl::FailedPreconditionError(absl::StrCat(
        "the mirror ", name,
        " cannot be opened: ", error == nullptr ? "unknown error" : std::string(error->message)));
  };
  git_repository* raw = nullptr;
  if (git_repository_open_ext(&raw, folder.c_str(), GIT_REPOSITORY_OPEN_NO_SEARCH, nullptr) != 0) {
    return failed();
  }
  const RepositoryHandle found(raw);
  // Once more as a bare one: then it has no work tree.
  if (git_repository_open_ext(&raw, git_repository_path(found.get()),
                              GIT_REPOSITORY_OPEN_NO_SEARCH | GIT_REPOSITORY_OPEN_BARE,
                              nullptr) != 0) {
    return failed();
  }
  RepositoryHandle handle(raw);
  const bool shallow = git_repository_is_shallow(raw) == 1;
  const bool partial = IsPartial(raw);
  git_odb* objects = nullptr;
  if (ForgetConfiguration(raw) != 0 || git_repository_odb(&objects, raw) != 0) return failed();
  Repository repository(std::move(handle), OdbHandle(objects), name);
  repository.shallow_ = shallow;
  repository.partial_ = partial;
  if (WriteToMemory(objects) != 0) return failed();
  return repository;
}

absl::Status Repository::Missing(const std::string& what) const {
  return absl::NotFoundError(absl::StrCat(
      "the mirror ", name_, " does not have ", what,
      shallow_   ? "; it is a shallow clone: git fetch --unshallow"
      : partial_ ? "; it is a partial clone, which leaves files out: clone it without --filter"
                 : "; fetch it"));
}

absl::Status Repository::Failed(int code, const std::string& what) const {
  return code == GIT_ENOTFOUND ? Missing(what) : GitError(code, what);
}

absl::StatusOr<git_oid> Repository::Resolve(const std::string& revision) const {
  const bool digits = std::ranges::all_of(revision, absl::ascii_isxdigit);
  if (!digits || revision.size() < kShortestAbbreviation || revision.size() > GIT_OID_HEXSZ) {
    return absl::InvalidArgumentError(
        absl::StrCat("\"", revision,
                     "\" is no revision: the id of a commit is wanted, 7 to 40 hexadecimal digits; "
                     "names of branches and tags move"));
  }
  git_oid prefix;
  git_object* raw = nullptr;
  git_oid_fromstrn(&prefix, revision.c_str(), revision.size());
  const int code =
      git_object_lookup_prefix(&raw, repository_.get(), &prefix, revision.size(), GIT_OBJECT_ANY);
  if (code == GIT_ENOTFOUND) return Missing(revision);
  if (code == GIT_EAMBIGUOUS) {
    return absl::InvalidArgumentError(
        absl::StrCat(revision, " fits several objects of the mirror ", name_, "; give more of it"));
  }
  if (code != 0) return GitError(code, revision);
  const ObjectHandle object(raw);
  git_object* peeled = nullptr;
  if (git_object_peel(&peeled, object.get(), GIT_OBJECT_COMMIT) != 0) {
    return absl::InvalidArgumentError(absl::StrCat(revision, " is no commit"));
  }
  const ObjectHandle commit(peeled);
  return *git_object_id(commit.get());
}

absl::StatusOr<CommitHandle> Repository::Commit(const git_oid& id) const {
  git_commit* raw = nullptr;
  const int code = git_commit_lookup(&raw, repository_.get(), &id);
  if (code != 0) return Failed(code, absl::StrCat("the commit ", Hex(id)));
  return CommitHandle(raw);
}

absl::StatusOr<TreeHandle> Repository::Tree(const git_oid& id) const {
  git_tree* raw = nullptr;
  const int code = git_tree_lookup(&raw, repository_.get(), &id);
  if (code != 0) return Failed(code, absl::StrCat("the tree ", Hex(id)));
  return TreeHandle(raw);
}

absl::StatusOr<TreeHandle> Repository::TreeOf(const git_oid& commit) const {
  const absl::StatusOr<CommitHandle> handle = Commit(commit);
  if (!handle.ok()) return handle.status();
  return Tree(*git_commit_tree_id(handle->get()));
}

absl::StatusOr<size_t> Repository::SizeOf(const git_oid& id, const std::string& path) const {
  if (const auto known = sizes_.find(id); known != sizes_.end()) return known->second;
  size_t size = 0;
  git_object_t type = GIT_OBJECT_INVALID;
  const int code = git_odb_read_header(&size, &type, objects_.get(), &id);
  if (code != 0) return Failed(code, FileName(id, path));
  return sizes_[id] = size;
}

absl::StatusOr<std::optional<std::string>> Repository::Blob(const git_oid& id, size_t max_bytes,
                                                            const std::string& path) const {
  const absl::StatusOr<size_t> size = SizeOf(id, path);
  if (!size.ok()) return size.status();
  if (*size > max_bytes) return std::nullopt;
  git_blob* raw = nullptr;
  if (const int code = git_blob_lookup(&raw, repository_.get(), &id); code != 0) {
    return Failed(code, FileName(id, path));
  }
  const BlobHandle blob(raw);
  return std::string(static_cast<const char*>(git_blob_rawcontent(raw)), git_blob_rawsize(raw));
}

}  // namespace gate::git
