#include "gate/evidence/git/tree_changes.h"

#include <algorithm>
#include <map>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "checks/render/escape.h"

namespace gate::git {
namespace {

// As git's diff.renameLimit.
constexpr size_t kRenameLimit = 1000;
constexpr size_t kMostFiles = 1'000'000;

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
  struct Sides {
    const git_tree_entry* before = nullptr;
    const git_tree_entry* after = nullptr;
  };

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
  std::map<std::string_view, Sides> names;
  for (size_t i = 0; before != nullptr && i < git_tree_entrycount(before); ++i) {
    const git_tree_entry* entry = git_tree_entry_byindex(before, i);
    names[git_tree_entry_name(entry)].before = entry;
  }
  for (size_t i = 0; after != nullptr && i < git_tree_entrycount(after); ++i) {
    const git_tree_entry* entry = git_tree_entry_byindex(after, i);
    names[git_tree_entry_name(entry)].after = entry;
  }
  for (const auto& [name, sides] : names) {
    if (sides.before != nullptr && sides.after != nullptr &&
        git_oid_equal(git_tree_entry_id(sides.before), git_tree_entry_id(sides.after)) != 0 &&
        git_tree_entry_filemode(sides.before) == git_tree_entry_filemode(sides.after)) {
      continue;
    }
    const std::string path = absl::StrCat(folder, std::string(name));
    if (!IsSafePath(path)) return Unsafe(repository_, path);
    TreeChange change{FileOf(sides.before, path), FileOf(sides.after, path)};
    if (change.before.there() || change.after.there()) changes.push_back(std::move(change));
    if (!IsFolder(sides.before) && !IsFolder(sides.after)) continue;
    const absl::StatusOr<TreeHandle> old_folder = Folder(sides.before);
    if (!old_folder.ok()) return old_folder.status();
    const absl::StatusOr<TreeHandle> new_folder = Folder(sides.after);
    if (!new_folder.ok()) return new_folder.status();
    absl::Status compared = Compare(old_folder->get(), new_folder->get(), path + "/", depth + 1);
    if (!compared.ok()) return compared;
  }
  return absl::OkStatus();
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
  if (!IsSafePath(path)) listing.status = Unsafe(listing.repository, path);
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

bool IsSafePath(std::string_view path) {
  if (path.empty() || path.find('\0') != std::string_view::npos) return false;
  const std::vector<std::string> parts = absl::StrSplit(std::string(path), '/');
  for (const std::string& part : parts) {
    if (part.empty() || part == "." || part == ".." || absl::EqualsIgnoreCase(part, ".git")) {
      return false;
    }
  }
  return true;
}

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
