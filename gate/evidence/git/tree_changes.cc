#include "gate/evidence/git/tree_changes.h"

#include <algorithm>
#include <map>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "checks/render/escape.h"

namespace gate::git {
namespace {

// As git's diff.renameLimit.
constexpr size_t kRenameLimit = 1000;
constexpr size_t kMostFiles = 1'000'000;

// Whether it can be the name of a file or folder. No program of git makes others.
bool IsSafeName(std::string_view name) {
  return !name.empty() && name != "." && name != ".." && name.find('/') == std::string_view::npos &&
         !absl::EqualsIgnoreCase(std::string(name), ".git");
}

absl::Status Unsafe(const Repository& repository, const std::string& path) {
  return absl::DataLossError(absl::StrCat("the mirror ", repository.name(), " has a file named \"",
                                          render::ValidUtf8(path), "\", which no tree may have"));
}

// Trees of people are far less deep.
constexpr int kDeepest = 500;

// Compares two trees folder by folder; folders that are the same are not opened.
class Comparison {
 public:
  explicit Comparison(const Repository& repository) : repository_(repository) {}

  absl::Status Compare(git_tree* before, git_tree* after, const std::string& folder, int depth);
  std::vector<TreeChange> changes;

 private:
  // Null: it is not there.
  absl::Status CompareOne(const git_tree_entry* before, const git_tree_entry* after,
                          const std::string& folder, int depth);
  absl::StatusOr<TreeHandle> Folder(const git_tree_entry* entry) const;

  const Repository& repository_;
};

bool IsFolder(const git_tree_entry* entry) {
  return entry != nullptr && git_tree_entry_type(entry) == GIT_OBJECT_TREE;
}

// Nothing where it is a folder.
TreeFile FileOf(const git_tree_entry* entry, const std::string& path) {
  if (entry == nullptr || IsFolder(entry)) return {};
  return {path, *git_tree_entry_id(entry), static_cast<uint16_t>(git_tree_entry_filemode(entry))};
}

absl::StatusOr<TreeHandle> Comparison::Folder(const git_tree_entry* entry) const {
  if (!IsFolder(entry)) return TreeHandle();
  return repository_.Tree(*git_tree_entry_id(entry));
}

absl::Status Comparison::Compare(git_tree* before, git_tree* after, const std::string& folder,
                                 int depth) {
  if (depth > kDeepest) {
    return absl::DataLossError(
        absl::StrCat("the mirror ", repository_.name(), " has folders too deep to be looked into"));
  }
  const auto same = [](const git_tree_entry* a, const git_tree_entry* b) {
    return git_oid_equal(git_tree_entry_id(a), git_tree_entry_id(b)) != 0 &&
           git_tree_entry_filemode(a) == git_tree_entry_filemode(b);
  };
  for (size_t i = 0; after != nullptr && i < git_tree_entrycount(after); ++i) {
    const git_tree_entry* now = git_tree_entry_byindex(after, i);
    const git_tree_entry* old =
        before == nullptr ? nullptr : git_tree_entry_byname(before, git_tree_entry_name(now));
    if (old != nullptr && same(old, now)) continue;
    if (absl::Status done = CompareOne(old, now, folder, depth); !done.ok()) return done;
  }
  for (size_t i = 0; before != nullptr && i < git_tree_entrycount(before); ++i) {
    const git_tree_entry* old = git_tree_entry_byindex(before, i);
    if (after != nullptr && git_tree_entry_byname(after, git_tree_entry_name(old)) != nullptr) {
      continue;
    }
    if (absl::Status done = CompareOne(old, nullptr, folder, depth); !done.ok()) return done;
  }
  return absl::OkStatus();
}

absl::Status Comparison::CompareOne(const git_tree_entry* before, const git_tree_entry* after,
                                    const std::string& folder, int depth) {
  const char* name = git_tree_entry_name(after != nullptr ? after : before);
  const std::string path = absl::StrCat(folder, name);
  if (!IsSafeName(name)) return Unsafe(repository_, path);
  TreeChange change{FileOf(before, path), FileOf(after, path)};
  if (change.before.there() || change.after.there()) changes.push_back(std::move(change));
  if (!IsFolder(before) && !IsFolder(after)) return absl::OkStatus();
  const absl::StatusOr<TreeHandle> old_folder = Folder(before), new_folder = Folder(after);
  if (!old_folder.ok()) return old_folder.status();
  if (!new_folder.ok()) return new_folder.status();
  return Compare(old_folder->get(), new_folder->get(), path + "/", depth + 1);
}

// Puts files that are gone and new ones that are like them together.
absl::Status FindRenames(const Repository& repository, std::vector<TreeChange>& changes) {
  std::map<std::string_view, TreeChange*> gone, added;
  std::vector<const TreeFile*> before, after;
  for (TreeChange& change : changes) {
    if (change.before.there() == change.after.there()) continue;
    (change.after.there() ? added : gone)[change.path()] = &change;
    (change.after.there() ? after : before)
        .push_back(change.after.there() ? &change.after : &change.before);
  }
  if (before.empty() || after.empty()) return absl::OkStatus();
  const absl::StatusOr<TreeHandle> old_tree = TreeOfFiles(repository, before);
  if (!old_tree.ok()) return old_tree.status();
  const absl::StatusOr<TreeHandle> new_tree = TreeOfFiles(repository, after);
  if (!new_tree.ok()) return new_tree.status();
  git_diff* raw = nullptr;
  int code =
      git_diff_tree_to_tree(&raw, repository.get(), old_tree->get(), new_tree->get(), nullptr);
  if (code != 0) return repository.Failed(code, "files that may have been renamed");
  const DiffHandle diff(raw);
  git_diff_find_options find = GIT_DIFF_FIND_OPTIONS_INIT;
  find.flags = GIT_DIFF_FIND_RENAMES | GIT_DIFF_FIND_DONT_IGNORE_WHITESPACE;
  find.rename_limit = kRenameLimit;
  code = git_diff_find_similar(raw, &find);
  if (code != 0) return repository.Failed(code, "files that may have been renamed");
  for (size_t i = 0; i < git_diff_num_deltas(raw); ++i) {
    const git_diff_delta& delta = *git_diff_get_delta(raw, i);
    if (delta.status != GIT_DELTA_RENAMED) continue;
    const auto from = gone.find(delta.old_file.path), to = added.find(delta.new_file.path);
    if (from == gone.end() || to == added.end()) continue;
    to->second->before = std::exchange(from->second->before, {});
  }
  std::erase_if(changes, [](const TreeChange& change) {
    return !change.before.there() && !change.after.there();
  });
  return absl::OkStatus();
}

struct Listing {
  const Repository& repository;
  std::vector<TreeFile> files;
  absl::Status status;
};

int List(const char* root, const git_tree_entry* entry, void* payload) {
  Listing& listing = *static_cast<Listing*>(payload);
  const std::string path = absl::StrCat(root, git_tree_entry_name(entry));
  if (!IsSafeName(git_tree_entry_name(entry))) listing.status = Unsafe(listing.repository, path);
  if (listing.files.size() >= kMostFiles) {
    listing.status = absl::ResourceExhaustedError(absl::StrCat("more than ", kMostFiles, " files"));
  }
  if (!listing.status.ok()) return -1;
  if (git_tree_entry_type(entry) != GIT_OBJECT_TREE) {
    listing.files.push_back(
        {path, *git_tree_entry_id(entry), static_cast<uint16_t>(git_tree_entry_filemode(entry))});
  }
  return 0;
}

}  // namespace

absl::StatusOr<TreeHandle> TreeOfFiles(const Repository& repository,
                                       const std::vector<const TreeFile*>& files) {
  git_index* raw = nullptr;
  if (const int code = git_index_new(&raw); code != 0) return GitError(code, "a tree in memory");
  const IndexHandle index(raw);
  for (const TreeFile* file : files) {
    if (!file->there()) continue;
    git_index_entry entry = {};
    entry.path = file->path.c_str();
    entry.id = file->id;
    entry.mode = file->mode;
    if (const int code = git_index_add(raw, &entry); code != 0) {
      return GitError(code, render::ValidUtf8(file->path));
    }
  }
  git_oid id;
  if (const int code = git_index_write_tree_to(&id, raw, repository.get()); code != 0) {
    return GitError(code, "a tree in memory");
  }
  return repository.Tree(id);
}

absl::StatusOr<std::vector<TreeChange>> ChangesBetween(const Repository& repository,
                                                       git_tree* before, git_tree* after,
                                                       bool renames) {
  Comparison comparison(repository);
  if (absl::Status done = comparison.Compare(before, after, "", 0); !done.ok()) return done;
  std::vector<TreeChange>& changes = comparison.changes;
  if (renames) {
    if (absl::Status found = FindRenames(repository, changes); !found.ok()) return found;
  }
  std::ranges::sort(changes, {}, &TreeChange::path);
  return std::move(changes);
}

absl::StatusOr<std::vector<TreeFile>> FilesOf(const Repository& repository, git_tree* tree) {
  Listing listing{repository, {}, absl::OkStatus()};
  const int code = git_tree_walk(tree, GIT_TREEWALK_PRE, List, &listing);
  if (!listing.status.ok()) return listing.status;
  if (code != 0) return repository.Failed(code, "all files of a tree");
  std::ranges::sort(listing.files, {}, &TreeFile::path);
  return std::move(listing.files);
}

}  // namespace gate::git
