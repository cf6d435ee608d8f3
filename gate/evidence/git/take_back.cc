#include "gate/evidence/git/take_back.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "checks/render/escape.h"

namespace gate::git {
namespace {

constexpr int kMostConflicts = 100;
constexpr unsigned kRenameLimit = 1000;
constexpr size_t kLargestMerge = 256 << 10;

using Files = std::map<std::string, TreeFile>;

git_merge_options MergeOptions() {
  git_merge_options options = GIT_MERGE_OPTIONS_INIT;
  options.flags = GIT_MERGE_FIND_RENAMES;
  options.target_limit = kRenameLimit;
  return options;
}

absl::StatusOr<TreeHandle> TreeOf(const Repository& repository, const Files& files) {
  std::vector<const TreeFile*> list;
  for (const auto& [path, file] : files) list.push_back(&file);
  return TreeOfFiles(repository, list);
}

std::vector<std::string> ConflictsOf(git_index* index) {
  std::set<std::string> paths;
  git_index_conflict_iterator* conflicts = nullptr;
  if (git_index_conflict_iterator_new(&conflicts, index) != 0) return {};
  const git_index_entry *ancestor = nullptr, *ours = nullptr, *theirs = nullptr;
  while (git_index_conflict_next(&ancestor, &ours, &theirs, conflicts) == 0) {
    for (const git_index_entry* entry : {ancestor, ours, theirs}) {
      if (entry != nullptr) paths.insert(entry->path);
    }
  }
  git_index_conflict_iterator_free(conflicts);
  return {paths.begin(), paths.end()};
}

bool Same(const TreeFile& a, const TreeFile& b) {
  return a.there() == b.there() &&
         (!a.there() || (a.mode == b.mode && git_oid_equal(&a.id, &b.id) != 0));
}

// Paths above it: "a", "a/b" of "a/b/c".
std::vector<std::string> FoldersOf(const std::string& path) {
  std::vector<std::string> folders;
  for (size_t at = path.find('/'); at != std::string::npos; at = path.find('/', at + 1)) {
    folders.push_back(path.substr(0, at));
  }
  return folders;
}

// The parts of three trees that a three-way merge has to see.
struct ThreeWay {
  Files ancestor, ours, theirs;
};

// Whether files of these sizes can be half alike, as git reckons it.
bool SizesAreClose(size_t a, size_t b) { return 2 * std::min(a, b) >= std::max(a, b); }

// Files that have come since the commit and may be those of `parts` that have gone; and others that
// have gone and may be these as well.
absl::StatusOr<std::vector<std::string>> RenameCandidates(const Repository& repository,
                                                          git_tree* commit, const ThreeWay& parts,
                                                          const ChangedTree& tree) {
  const auto since = ChangesBetween(repository, commit, tree.tree(), false);
  if (!since.ok()) return since.status();
  std::vector<TreeFile> gone, added;
  for (const TreeChange& change : *since) {
    if (!change.after.there()) gone.push_back(change.before);
    if (!change.before.there()) added.push_back(change.after);
  }
  const ChangedTree of_commit(repository, commit);
  for (const auto& [path, now] : tree.changed()) {
    const absl::StatusOr<TreeFile> before = of_commit.At(path);
    if (!before.ok()) return before.status();
    if (before->there() && !now.there()) gone.push_back(*before);
    if (!before->there() && now.there()) added.push_back(now);
  }
  std::set<size_t> sizes;
  for (const auto& [path, before] : parts.ancestor) {
    if (!before.text() || parts.ours.at(path).there()) continue;
    const absl::StatusOr<size_t> size = repository.SizeOf(before.id, path);
    if (!size.ok()) return size.status();
    sizes.insert(*size);
  }
  std::vector<std::string> candidates;
  // First what is new and may be ours, then what has gone and may be that.
  for (const std::vector<TreeFile>* files : {&added, &gone}) {
    std::set<size_t> found;
    for (const TreeFile& file : *files) {
      if (!file.text()) continue;
      const absl::StatusOr<size_t> size = repository.SizeOf(file.id, file.path);
      if (!size.ok()) return size.status();
      if (std::ranges::none_of(sizes, [&](size_t own) { return SizesAreClose(own, *size); })) {
        continue;
      }
      candidates.push_back(file.path);
      found.insert(*size);
    }
    sizes = std::move(found);
  }
  return candidates;
}

absl::StatusOr<ThreeWay> PartsFor(const Repository& repository, git_tree* commit,
                                  const std::vector<TreeChange>& changes, const ChangedTree& tree) {
  ThreeWay parts;
  const ChangedTree of_commit(repository, commit);
  bool moved = false;
  const auto take = [&](const std::string& path) -> absl::Status {
    if (parts.ancestor.contains(path)) return absl::OkStatus();
    const absl::StatusOr<TreeFile> before = of_commit.At(path), now = tree.At(path);
    if (!before.ok()) return before.status();
    if (!now.ok()) return now.status();
    parts.ancestor[path] = parts.theirs[path] = *before;
    parts.ours[path] = *now;
    return absl::OkStatus();
  };
  for (const TreeChange& change : changes) {
    for (const TreeFile* side : {&change.before, &change.after}) {
      if (!side->there()) continue;
      if (absl::Status taken = take(side->path); !taken.ok()) return taken;
      for (const std::string& folder : FoldersOf(side->path)) {
        const absl::StatusOr<TreeFile> file = tree.At(folder);
        if (!file.ok()) return file.status();
        if (!file->there()) continue;
        if (absl::Status taken = take(folder); !taken.ok()) return taken;
      }
      moved |= parts.ancestor[side->path].there() && !parts.ours[side->path].there();
      moved |= tree.IsFolder(side->path);
    }
  }
  for (const TreeChange& change : changes) {
    if (change.after.there()) parts.theirs[change.after.path] = {};
  }
  for (const TreeChange& change : changes) {
    if (change.before.there()) parts.theirs[change.before.path] = change.before;
  }
  if (!moved) return parts;
  // A file of the commit has gone since: it may have another name now.
  const absl::StatusOr<std::vector<std::string>> others =
      RenameCandidates(repository, commit, parts, tree);
  if (!others.ok()) return others.status();
  for (const std::string& path : *others) {
    if (absl::Status taken = take(path); !taken.ok()) return taken;
  }
  return parts;
}

// Takes files that both sides have changed, and that are too large to be merged, out of the parts.
absl::StatusOr<std::vector<std::string>> TakeOutLarge(const Repository& repository,
                                                      ThreeWay& parts) {
  std::vector<std::string> large;
  for (const auto& [path, ancestor] : parts.ancestor) {
    const TreeFile &ours = parts.ours[path], &theirs = parts.theirs[path];
    if (!ancestor.text() || !ours.text() || !theirs.text()) continue;
    if (Same(ancestor, ours) || Same(ancestor, theirs) || Same(ours, theirs)) continue;
    for (const TreeFile* file : {&ancestor, &ours, &theirs}) {
      const absl::StatusOr<size_t> size = repository.SizeOf(file->id, path);
      if (!size.ok()) return size.status();
      if (*size <= kLargestMerge) continue;
      large.push_back(path);
      break;
    }
  }
  for (const std::string& path : large) {
    for (Files* side : {&parts.ancestor, &parts.ours, &parts.theirs}) side->erase(path);
  }
  return large;
}

}  // namespace

absl::StatusOr<TreeFile> ChangedTree::At(const std::string& path) const {
  const auto known = changed_.find(path);
  if (known != changed_.end()) return known->second;
  git_tree_entry* raw = nullptr;
  const int code = git_tree_entry_bypath(&raw, tree_, path.c_str());
  if (code == GIT_ENOTFOUND) return TreeFile{};
  if (code != 0) return repository_.Failed(code, render::ValidUtf8(path));
  const std::unique_ptr<git_tree_entry, FreedBy<git_tree_entry_free>> entry(raw);
  if (git_tree_entry_type(raw) == GIT_OBJECT_TREE) return TreeFile{};
  return TreeFile{path, *git_tree_entry_id(raw),
                  static_cast<uint16_t>(git_tree_entry_filemode(raw))};
}

bool ChangedTree::IsFolder(const std::string& path) const {
  git_tree_entry* raw = nullptr;
  if (git_tree_entry_bypath(&raw, tree_, path.c_str()) != 0) return false;
  const std::unique_ptr<git_tree_entry, FreedBy<git_tree_entry_free>> entry(raw);
  return git_tree_entry_type(raw) == GIT_OBJECT_TREE;
}

absl::StatusOr<TakeBackResult> TakeBack(const Repository& repository, const git_oid& commit,
                                        const std::vector<TreeChange>& changes, ChangedTree& tree) {
  const absl::StatusOr<TreeHandle> of_commit = repository.TreeOf(commit);
  if (!of_commit.ok()) return of_commit.status();
  absl::StatusOr<ThreeWay> parts = PartsFor(repository, of_commit->get(), changes, tree);
  if (!parts.ok()) return parts.status();
  auto large = TakeOutLarge(repository, *parts);
  if (!large.ok()) return large.status();
  const auto ancestor = TreeOf(repository, parts->ancestor);
  const auto ours = TreeOf(repository, parts->ours);
  const auto theirs = TreeOf(repository, parts->theirs);
  for (const auto* side : {&ancestor, &ours, &theirs}) {
    if (!side->ok()) return side->status();
  }
  const git_merge_options options = MergeOptions();
  git_index* raw = nullptr;
  if (const int code = git_merge_trees(&raw, repository.get(), ancestor->get(), ours->get(),
                                       theirs->get(), &options);
      code != 0) {
    return repository.Failed(code, absl::StrCat("what it takes to take ", Hex(commit), " back"));
  }
  const IndexHandle merged(raw);
  TakeBackResult result;
  result.untried = *std::move(large);
  if (git_index_has_conflicts(raw) != 0) result.conflicts = ConflictsOf(raw);
  if (!result.clean()) return result;
  result.nothing = true;
  for (const auto& [path, before] : parts->ours) {
    const git_index_entry* entry = git_index_get_bypath(raw, path.c_str(), 0);
    const TreeFile now = entry == nullptr
                             ? TreeFile{}
                             : TreeFile{path, entry->id, static_cast<uint16_t>(entry->mode)};
    if (Same(before, now)) continue;
    result.nothing = false;
    tree.Set(path, now);
  }
  return result;
}

absl::StatusOr<bool> IsPlainMerge(const Repository& repository, const RangeCommit& merge) {
  if (merge.parents.size() != 2) return false;
  const absl::StatusOr<CommitHandle> ours = repository.Commit(merge.parents[0]);
  const absl::StatusOr<CommitHandle> theirs = repository.Commit(merge.parents[1]);
  const absl::StatusOr<CommitHandle> commit = repository.Commit(merge.id);
  for (const auto* side : {&ours, &theirs, &commit}) {
    if (!side->ok()) return side->status();
  }
  const git_merge_options options = MergeOptions();
  git_index* raw = nullptr;
  if (const int code =
          git_merge_commits(&raw, repository.get(), ours->get(), theirs->get(), &options);
      code != 0) {
    return repository.Failed(code, absl::StrCat("what was merged by ", Hex(merge.id)));
  }
  const IndexHandle merged(raw);
  if (git_index_has_conflicts(raw) != 0) return false;
  git_oid tree;
  if (const int code = git_index_write_tree_to(&tree, raw, repository.get()); code != 0) {
    return repository.Failed(code, absl::StrCat("what was merged by ", Hex(merge.id)));
  }
  return git_oid_equal(&tree, git_commit_tree_id(commit->get())) != 0;
}

absl::StatusOr<std::vector<TreeChange>> Reverts::ChangesOf(const Step& step) const {
  const RangeCommit& commit = range_.commits[static_cast<size_t>(step.commit)];
  const absl::StatusOr<TreeHandle> after = repository_.TreeOf(commit.id);
  if (!after.ok()) return after.status();
  TreeHandle before;
  if (!commit.parents.empty()) {
    absl::StatusOr<TreeHandle> tree = repository_.TreeOf(commit.parents[step.mainline]);
    if (!tree.ok()) return tree.status();
    before = *std::move(tree);
  }
  return ChangesBetween(repository_, before.get(), after->get(), false);
}

// A message may say more than is so: taking the commit back from what was before must give what the
// revert has made.
absl::StatusOr<bool> Reverts::IsInverse(const TakenBack& taken) const {
  const RangeCommit& by = range_.commits[static_cast<size_t>(taken.by)];
  if (by.parents.size() != 1) return false;
  const absl::StatusOr<TreeHandle> before = repository_.TreeOf(by.parents[0]);
  if (!before.ok()) return before.status();
  const auto changes = ChangesOf({taken.commit, taken.mainline});
  if (!changes.ok()) return changes.status();
  ChangedTree tree(repository_, before->get());
  const absl::StatusOr<TakeBackResult> result =
      TakeBack(repository_, range_.commits[static_cast<size_t>(taken.commit)].id, *changes, tree);
  if (!result.ok()) return result.status();
  if (!result->clean()) return false;
  const auto made = ChangesOf({taken.by, 0});
  if (!made.ok()) return made.status();
  Files after;
  for (const TreeChange& change : *made) after[change.path()] = change.after;
  return std::ranges::equal(after, tree.changed(), [](const auto& a, const auto& b) {
    return a.first == b.first && Same(a.second, b.second);
  });
}

absl::Status Reverts::Prepare() {
  taken_back_.assign(range_.commits.size(), false);
  // Newest first: a revert that was taken back itself takes nothing back.
  for (auto taken = tickets_.taken_back.rbegin(); taken != tickets_.taken_back.rend(); ++taken) {
    if (absl::Status late = InTime(deadline_, "its reverts"); !late.ok()) return late;
    if (IsTakenBack(taken->by) || IsTakenBack(taken->commit)) continue;
    const absl::StatusOr<bool> inverse = IsInverse(*taken);
    if (!inverse.ok()) return inverse.status();
    if (!*inverse) continue;
    taken_back_[static_cast<size_t>(taken->by)] = true;
    taken_back_[static_cast<size_t>(taken->commit)] = true;
    if (!range_.commits[static_cast<size_t>(taken->commit)].merge()) continue;
    for (const int commit : ancestors_.BroughtBy(taken->commit, taken->mainline)) {
      taken_back_[static_cast<size_t>(commit)] = true;
    }
  }
  return absl::OkStatus();
}

std::vector<Reverts::Step> Reverts::StepsOf(const TicketWork& ticket, std::string& failure) const {
  std::set<int> left;
  for (const int commit : ticket.commits) {
    if (!IsTakenBack(commit)) left.insert(commit);
  }
  std::vector<Step> steps;
  for (auto commit = ticket.commits.rbegin(); commit != ticket.commits.rend(); ++commit) {
    if (!left.contains(*commit)) continue;
    if (!range_.commits[static_cast<size_t>(*commit)].merge()) {
      steps.push_back({*commit, 0});
      continue;
    }
    if (plain_merges_[static_cast<size_t>(*commit)]) continue;
    // What the merge has changed itself goes back with all that it brought, or not at all.
    for (const int brought : ancestors_.BroughtBy(*commit)) {
      if (left.erase(brought) > 0 || IsTakenBack(brought)) continue;
      failure =
          absl::StrCat("the merge ", ShortHex(range_.commits[static_cast<size_t>(*commit)].id),
                       " changes files itself, and brings commits of other tickets (",
                       ShortHex(range_.commits[static_cast<size_t>(brought)].id),
                       "): take its changes back by hand");
      return {};
    }
    steps.push_back({*commit, 0});
  }
  return steps;
}

absl::Status Reverts::Try(const Step& step, ChangedTree& head, v1::Revert& revert) const {
  if (absl::Status late = InTime(deadline_, "what would be taken back"); !late.ok()) return late;
  const std::string id = RevisionOf(step);
  const auto changes = ChangesOf(step);
  if (!changes.ok()) return changes.status();
  const auto result =
      TakeBack(repository_, range_.commits[static_cast<size_t>(step.commit)].id, *changes, head);
  if (!result.ok()) return result.status();
  if (result->clean() && result->nothing) return absl::OkStatus();
  revert.add_commits(id);
  if (result->clean()) return absl::OkStatus();
  revert.set_clean(false);
  revert.set_conflicting_commit(id);
  for (const std::string& path : result->conflicts) {
    if (revert.conflicting_paths_size() == kMostConflicts) break;
    revert.add_conflicting_paths(render::ValidUtf8(path));
  }
  if (result->conflicts.empty()) {
    revert.set_failure(absl::StrCat(render::ValidUtf8(result->untried[0]),
                                    " has changed since, and is too large for it to be tried"));
  }
  return absl::OkStatus();
}

std::string Reverts::RevisionOf(const Step& step) const {
  return Hex(range_.commits[static_cast<size_t>(step.commit)].id);
}

absl::StatusOr<v1::Revert> Reverts::Of(const TicketWork& ticket, ChangedTree& head) const {
  v1::Revert revert;
  const std::vector<Step> steps = StepsOf(ticket, *revert.mutable_failure());
  if (!revert.failure().empty()) return revert;
  revert.set_clean(true);
  for (const Step& step : steps) {
    if (!revert.clean()) {  // Behind the one that does not go back.
      revert.add_commits(RevisionOf(step));
      continue;
    }
    const absl::Status tried = Try(step, head, revert);
    if (absl::IsDeadlineExceeded(tried) || absl::IsNotFound(tried)) return tried;
    if (tried.ok()) continue;
    revert.add_commits(RevisionOf(step));
    revert.set_clean(false);
    revert.set_failure(std::string(tried.message()));
  }
  return revert;
}

}  // namespace gate::git
