#include "gate/evidence/git/ownership.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <set>
#include <utility>

#include "absl/strings/ascii.h"
#include "gate/evidence/git/line_changes.h"

namespace gate::git {
namespace {

// What is larger is looked at as a whole.
constexpr size_t kLargestFile = 2 << 20;
// Of a commit that changes more, files are looked at as wholes.
constexpr size_t kMostFilesOfCommit = 2000;
constexpr size_t kMostBytesOfCommit = 64 << 20;

using File = Ownership::File;
using Files = Ownership::Files;
using FilePointer = std::shared_ptr<const File>;

FilePointer Find(const Files& files, const std::string& path) {
  const auto found = files.find(path);
  return found == files.end() ? nullptr : found->second;
}

int SetOf(const FilePointer& file, size_t line) {
  if (file == nullptr) return TicketSets::kNone;
  if (file->whole) return file->workers;
  return line < file->lines.size() ? file->lines[line] : TicketSets::kNone;
}

int WorkersOf(const FilePointer& file) {
  return file == nullptr ? TicketSets::kNone : file->workers;
}

// A file that a commit has changed, with both texts.
struct Edit {
  const TreeChange* change = nullptr;
  FilePointer old;
  std::string before, after;
  std::vector<Hunk> hunks;
  bool whole = false;
};

class Annotation {
 public:
  Annotation(const Repository& repository, const Range& range, const Tickets& tickets,
             TicketSets& sets)
      : repository_(repository), range_(range), tickets_(tickets), sets_(sets) {}

  absl::StatusOr<Files> Run(Deadline deadline);

 private:
  absl::Status Commit(const RangeCommit& commit, int own, Files& files);
  absl::Status Merge(const RangeCommit& merge, int own, const std::vector<Files>& parents,
                     Files& files);
  absl::StatusOr<FilePointer> MergedFile(const TreeFile& file, int own,
                                         const std::vector<std::optional<TreeFile>>& before,
                                         const std::vector<FilePointer>& old);

  absl::StatusOr<std::vector<TreeChange>> Changes(const RangeCommit& commit, size_t parent,
                                                  bool renames) const;
  // The text; nothing where it is looked at as a whole.
  absl::StatusOr<std::optional<std::string>> TextOf(const TreeFile& file) const;
  absl::Status Read(Edit& edit) const;
  FilePointer Apply(const Edit& edit, int own, const std::map<std::string_view, int>& removed);

  const Repository& repository_;
  const Range& range_;
  const Tickets& tickets_;
  TicketSets& sets_;
};

absl::StatusOr<std::vector<TreeChange>> Annotation::Changes(const RangeCommit& commit,
                                                            size_t parent, bool renames) const {
  const absl::StatusOr<TreeHandle> after = repository_.TreeOf(commit.id);
  if (!after.ok()) return after.status();
  if (commit.parents.empty()) return ChangesBetween(repository_, nullptr, after->get(), renames);
  const absl::StatusOr<TreeHandle> before = repository_.TreeOf(commit.parents[parent]);
  if (!before.ok()) return before.status();
  return ChangesBetween(repository_, before->get(), after->get(), renames);
}

absl::StatusOr<std::optional<std::string>> Annotation::TextOf(const TreeFile& file) const {
  if (!file.there()) return std::string();
  if (!file.text()) return std::nullopt;
  auto text = repository_.Blob(file.id, kLargestFile, file.path);
  if (!text.ok()) return text.status();
  if (*text && IsBinary(**text)) return std::nullopt;
  return *std::move(text);
}

absl::Status Annotation::Read(Edit& edit) const {
  auto before = TextOf(edit.change->before), after = TextOf(edit.change->after);
  if (!before.ok()) return before.status();
  if (!after.ok()) return after.status();
  if (!*before || !*after) {
    edit.whole = true;
    return absl::OkStatus();
  }
  edit.before = **std::move(before);
  edit.after = **std::move(after);
  auto hunks = HunksBetween(edit.before, edit.after);
  if (!hunks.ok()) return hunks.status();
  edit.hunks = *std::move(hunks);
  return absl::OkStatus();
}

FilePointer Annotation::Apply(const Edit& edit, int own,
                              const std::map<std::string_view, int>& removed) {
  auto file = std::make_shared<File>();
  file->workers = sets_.Union(own, WorkersOf(edit.old));
  file->whole = edit.whole;
  if (edit.whole) return file;
  const std::vector<std::string_view> after = LinesOf(edit.after);
  file->lines.reserve(after.size());
  size_t old_line = 0;
  const auto keep_until = [&](size_t new_line) {
    while (file->lines.size() < new_line) file->lines.push_back(SetOf(edit.old, old_line++));
  };
  for (const Hunk& hunk : edit.hunks) {
    keep_until(hunk.new_begin);
    int set = own;
    for (size_t line = hunk.old_begin; line < hunk.old_end; ++line) {
      set = sets_.Union(set, SetOf(edit.old, line));
    }
    for (size_t line = hunk.new_begin; line < hunk.new_end; ++line) {
      const auto moved = removed.find(Stripped(after[line]));
      const int owners = moved == removed.end() ? set : sets_.Union(set, moved->second);
      file->lines.push_back(owners);
      file->workers = sets_.Union(file->workers, owners);
    }
    old_line = hunk.old_end;
  }
  keep_until(after.size());
  return file;
}

absl::Status Annotation::Commit(const RangeCommit& commit, int own, Files& files) {
  const auto changes = Changes(commit, 0, true);
  if (!changes.ok()) return changes.status();
  std::vector<Edit> edits(changes->size());
  std::map<std::string_view, int> removed;  // text -> whose it was
  size_t bytes = 0;
  for (size_t i = 0; i < edits.size(); ++i) {
    Edit& edit = edits[i];
    edit.change = &(*changes)[i];
    if (edit.change->before.there()) edit.old = Find(files, edit.change->before.path);
    edit.whole = edits.size() > kMostFilesOfCommit || bytes > kMostBytesOfCommit;
    if (!edit.change->after.there() && edit.old == nullptr) edit.whole = true;  // Nobody's lines.
    if (edit.whole) continue;
    if (absl::Status read = Read(edit); !read.ok()) return read;
    bytes += edit.before.size() + edit.after.size();
    if (edit.old == nullptr) continue;
    const std::vector<std::string_view> before = LinesOf(edit.before);
    for (const Hunk& hunk : edit.hunks) {
      for (size_t line = hunk.old_begin; line < hunk.old_end; ++line) {
        const int set = SetOf(edit.old, line);
        const std::string_view text = Stripped(before[line]);
        if (set == TicketSets::kNone || std::ranges::none_of(text, absl::ascii_isalnum)) continue;
        int& known = removed[text];
        known = sets_.Union(known, set);
      }
    }
  }
  for (const Edit& edit : edits) {
    FilePointer file = Apply(edit, own, removed);
    // Under its old name as well: that is where its code was removed.
    if (edit.change->before.there()) files[edit.change->before.path] = file;
    files[edit.change->path()] = std::move(file);
  }
  return absl::OkStatus();
}

absl::StatusOr<FilePointer> Annotation::MergedFile(
    const TreeFile& file, int own, const std::vector<std::optional<TreeFile>>& before,
    const std::vector<FilePointer>& old) {
  auto merged = std::make_shared<File>();
  int workers = own;
  for (const FilePointer& parent : old) workers = sets_.Union(workers, WorkersOf(parent));
  merged->workers = workers;
  auto text = TextOf(file);
  if (!text.ok()) return text.status();
  merged->whole = !*text;
  if (merged->whole || !file.there()) return merged;
  const size_t lines = LinesOf(**text).size();
  std::vector<std::optional<int>> sets(lines);
  for (size_t parent = 0; parent < before.size(); ++parent) {
    if (!before[parent]) continue;
    auto theirs = TextOf(*before[parent]);
    if (!theirs.ok()) return theirs.status();
    if (!*theirs) continue;
    const auto hunks = HunksBetween(**theirs, **text);
    if (!hunks.ok()) return hunks.status();
    size_t line = 0, old_line = 0;
    const auto keep_until = [&](size_t end) {
      for (; line < end; ++line, ++old_line) {
        const int set = SetOf(old[parent], old_line);
        sets[line] = sets[line] ? sets_.Union(*sets[line], set) : set;
      }
    };
    for (const Hunk& hunk : *hunks) {
      keep_until(hunk.new_begin);
      line = hunk.new_end;
      old_line = hunk.old_end;
    }
    keep_until(lines);
  }
  for (const std::optional<int>& set : sets) merged->lines.push_back(set.value_or(workers));
  return merged;
}

absl::Status Annotation::Merge(const RangeCommit& merge, int own, const std::vector<Files>& parents,
                               Files& files) {
  // What differs from each parent, by path now.
  std::vector<std::map<std::string, TreeChange>> differs(parents.size());
  for (size_t parent = 0; parent < parents.size(); ++parent) {
    auto changes = Changes(merge, parent, true);
    if (!changes.ok()) return changes.status();
    for (TreeChange& change : *changes) {
      const std::string path = change.path();
      differs[parent].emplace(path, std::move(change));
    }
  }
  std::set<std::string> paths;
  for (size_t parent = 0; parent < parents.size(); ++parent) {
    for (const auto& [path, file] : parents[parent]) paths.insert(path);
    for (const auto& [path, change] : differs[parent]) paths.insert(path);
  }
  for (const std::string& path : paths) {
    std::vector<FilePointer> same, all;
    std::vector<std::optional<TreeFile>> before;
    const TreeFile* after = nullptr;
    int workers = TicketSets::kNone;
    for (size_t parent = 0; parent < parents.size(); ++parent) {
      const auto change = differs[parent].find(path);
      const bool differing = change != differs[parent].end();
      const std::string& name =
          differing && change->second.before.there() ? change->second.before.path : path;
      FilePointer old = Find(parents[parent], name);
      workers = sets_.Union(workers, WorkersOf(old));
      workers = sets_.Union(workers, WorkersOf(Find(parents[parent], path)));
      if (differing) {
        after = &change->second.after;
        before.push_back(change->second.before.there() ? std::optional(change->second.before)
                                                       : std::nullopt);
      } else {
        same.push_back(old);
      }
      all.push_back(std::move(old));
    }
    FilePointer file;
    if (same.empty()) {
      auto merged = MergedFile(*after, own, before, all);
      if (!merged.ok()) return merged.status();
      file = *std::move(merged);
    } else {
      file = same[0];
      for (const FilePointer& other : same) {
        if (other == file) continue;
        auto both = std::make_shared<File>();
        both->whole = (file != nullptr && file->whole) || (other != nullptr && other->whole);
        const size_t lines = std::max(file == nullptr ? 0 : file->lines.size(),
                                      other == nullptr ? 0 : other->lines.size());
        for (size_t line = 0; line < lines && !both->whole; ++line) {
          both->lines.push_back(sets_.Union(SetOf(file, line), SetOf(other, line)));
        }
        both->workers = sets_.Union(WorkersOf(file), WorkersOf(other));
        file = std::move(both);
      }
    }
    if (WorkersOf(file) != sets_.Union(WorkersOf(file), workers)) {
      auto known = file == nullptr ? std::make_shared<File>() : std::make_shared<File>(*file);
      // All that others have done to it was undone by the merge: its lines are as before.
      known->workers = sets_.Union(known->workers, workers);
      file = std::move(known);
    }
    if (file != nullptr) files[path] = std::move(file);
  }
  return absl::OkStatus();
}

absl::StatusOr<Files> Annotation::Run(Deadline deadline) {
  const size_t count = range_.commits.size();
  std::vector<int> uses(count, 0);  // children that still need it
  for (const RangeCommit& commit : range_.commits) {
    for (const int parent : commit.parent_indexes) {
      if (parent != RangeCommit::kOutside) ++uses[static_cast<size_t>(parent)];
    }
  }
  std::vector<Files> states(count);
  const auto take = [&](int parent) {
    if (parent == RangeCommit::kOutside) return Files();
    Files& state = states[static_cast<size_t>(parent)];
    return --uses[static_cast<size_t>(parent)] == 0 ? std::exchange(state, {}) : state;
  };
  for (size_t i = 0; i < count; ++i) {
    if (absl::Status late = InTime(deadline, "whose its lines are"); !late.ok()) return late;
    const RangeCommit& commit = range_.commits[i];
    const int own = sets_.Of(tickets_.of_commit[i]);
    if (commit.merge()) {
      std::vector<Files> parents;
      for (const int parent : commit.parent_indexes) parents.push_back(take(parent));
      if (absl::Status merged = Merge(commit, own, parents, states[i]); !merged.ok()) return merged;
    } else {
      if (!commit.parents.empty()) states[i] = take(commit.parent_indexes[0]);
      if (absl::Status done = Commit(commit, own, states[i]); !done.ok()) return done;
    }
  }
  // The last one is head: all others are its ancestors.
  return count == 0 ? Files() : std::move(states.back());
}

}  // namespace

int TicketSets::Number(std::vector<int> tickets) {
  const auto [entry, fresh] = numbers_.emplace(std::move(tickets), static_cast<int>(sets_.size()));
  if (fresh) sets_.push_back(entry->first);
  return entry->second;
}

int TicketSets::Of(std::vector<int> tickets) { return Number(std::move(tickets)); }

int TicketSets::Union(int a, int b) {
  if (a == b || b == kNone) return a;
  if (a == kNone) return b;
  if (a > b) std::swap(a, b);
  const uint64_t key = static_cast<uint64_t>(a) << 32 | static_cast<uint64_t>(b);
  const auto known = unions_.find(key);
  if (known != unions_.end()) return known->second;
  std::vector<int> both;
  std::ranges::set_union(sets_[static_cast<size_t>(a)], sets_[static_cast<size_t>(b)],
                         std::back_inserter(both));
  return unions_[key] = Number(std::move(both));
}

bool TicketSets::Contains(int set, int ticket) const {
  return std::ranges::binary_search(sets_[static_cast<size_t>(set)], ticket);
}

absl::StatusOr<Ownership> Ownership::Annotate(const Repository& repository, const Range& range,
                                              const Tickets& tickets, Deadline deadline) {
  Ownership ownership;
  ownership.everything_ = false;
  auto files = Annotation(repository, range, tickets, ownership.sets_).Run(deadline);
  if (!files.ok()) return files.status();
  ownership.files_ = *std::move(files);
  return ownership;
}

bool Ownership::WorkedOn(const std::string& path, int ticket) const {
  if (everything_) return true;
  const FilePointer file = Find(files_, path);
  const int workers = WorkersOf(file);
  return workers == TicketSets::kNone || sets_.Contains(workers, ticket);
}

bool Ownership::Owns(const std::string& path, int line, int ticket) const {
  if (everything_) return true;
  const FilePointer file = Find(files_, path);
  const int set = line < 1 ? TicketSets::kNone : SetOf(file, static_cast<size_t>(line) - 1);
  return set == TicketSets::kNone ? WorkedOn(path, ticket) : sets_.Contains(set, ticket);
}

}  // namespace gate::git
