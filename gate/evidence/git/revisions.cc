#include "gate/evidence/git/revisions.h"

#include <algorithm>
#include <limits>
#include <queue>
#include <set>
#include <unordered_map>
#include <utility>

#include "absl/strings/str_cat.h"

namespace gate::git {
namespace {

constexpr size_t kMostLost = 100;
constexpr size_t kLongestMessage = 64 << 10;
constexpr size_t kMostRead = 1'000'000;
// Clocks of those who commit disagree: this far beyond the last commit that only one side has been
// seen to reach, the walk looks for a way of the other side to it.
constexpr int kBeyond = 1000;

enum Side : uint8_t { kHead = 1, kBase = 2, kBoth = 3 };

// Walks from both ends by time, newest first, and marks who reaches what.
class Walk {
 public:
  explicit Walk(const Repository& repository) : repository_(repository) {}

  absl::Status Run(const git_oid& base, const git_oid& head, Deadline deadline);

  struct Seen {
    uint8_t sides = 0;
    bool read = false;
    bool waiting = false;  // in the queue
    int64_t time = 0;
    std::vector<git_oid> parents;
  };
  using Commits = std::unordered_map<git_oid, Seen, OidHash, OidEqual>;
  const Commits& commits() const { return commits_; }

 private:
  struct Entry {
    int64_t time;
    git_oid id;
    bool operator<(const Entry& other) const {
      return time != other.time ? time < other.time : git_oid_cmp(&id, &other.id) < 0;
    }
  };

  absl::Status Mark(const git_oid& id, uint8_t sides);
  bool Done();

  const Repository& repository_;
  Commits commits_;
  std::priority_queue<Entry> queue_;
  int one_sided_ = 0;  // commits in the queue that one side alone reaches
  int64_t oldest_one_sided_ = std::numeric_limits<int64_t>::max();
  int beyond_ = 0;
};

absl::Status Walk::Mark(const git_oid& id, uint8_t sides) {
  Seen& commit = commits_[id];
  const uint8_t before = commit.sides;
  commit.sides |= sides;
  if (commit.sides == before) return absl::OkStatus();
  if (commit.waiting) {
    --one_sided_;
    return absl::OkStatus();
  }
  if (!commit.read) {
    const absl::StatusOr<CommitHandle> handle = repository_.Commit(id);
    if (!handle.ok()) {
      // Beyond what both reach nothing is asked: a shallow clone may end there.
      if (absl::IsNotFound(handle.status()) && commit.sides == kBoth) return absl::OkStatus();
      return handle.status();
    }
    commit.read = true;
    commit.time = git_commit_time(handle->get());
    for (unsigned i = 0; i < git_commit_parentcount(handle->get()); ++i) {
      commit.parents.push_back(*git_commit_parent_id(handle->get(), i));
    }
  }
  if (commit.sides != kBoth) {
    ++one_sided_;
    oldest_one_sided_ = std::min(oldest_one_sided_, commit.time);
  }
  commit.waiting = true;
  queue_.push({commit.time, id});
  return absl::OkStatus();
}

bool Walk::Done() {
  if (queue_.empty()) return true;
  if (one_sided_ > 0 || queue_.top().time >= oldest_one_sided_) {
    beyond_ = 0;
    return false;
  }
  return ++beyond_ > kBeyond;
}

absl::Status Walk::Run(const git_oid& base, const git_oid& head, Deadline deadline) {
  if (absl::Status marked = Mark(head, kHead); !marked.ok()) return marked;
  if (absl::Status marked = Mark(base, kBase); !marked.ok()) return marked;
  for (size_t steps = 0; !Done(); ++steps) {
    if (steps % 1024 == 0) {
      if (absl::Status late = InTime(deadline, "its history"); !late.ok()) return late;
    }
    if (commits_.size() > kMostRead) {
      return absl::ResourceExhaustedError(
          absl::StrCat("more than ", kMostRead, " commits lie between the revisions"));
    }
    Seen& commit = commits_[queue_.top().id];
    queue_.pop();
    commit.waiting = false;
    const uint8_t sides = commit.sides;
    if (sides != kBoth) --one_sided_;
    for (const git_oid& parent : commit.parents) {
      if (absl::Status marked = Mark(parent, sides); !marked.ok()) return marked;
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<RangeCommit> ReadCommit(const Repository& repository, const git_oid& id) {
  const absl::StatusOr<CommitHandle> handle = repository.Commit(id);
  if (!handle.ok()) return handle.status();
  RangeCommit commit;
  commit.id = id;
  commit.time = git_commit_time(handle->get());
  for (unsigned i = 0; i < git_commit_parentcount(handle->get()); ++i) {
    commit.parents.push_back(*git_commit_parent_id(handle->get(), i));
  }
  const git_signature* author = git_commit_author(handle->get());
  if (author != nullptr) commit.author = absl::StrCat(author->name, " <", author->email, ">");
  const char* message = git_commit_message(handle->get());
  if (message != nullptr) commit.message = std::string(message).substr(0, kLongestMessage);
  return commit;
}

// Oldest first, each behind its parents.
std::vector<git_oid> InOrder(const Walk::Commits& commits, uint8_t side) {
  std::unordered_map<git_oid, std::vector<git_oid>, OidHash, OidEqual> children;
  std::unordered_map<git_oid, int, OidHash, OidEqual> missing_parents;
  using Ready = std::pair<int64_t, std::string>;  // by time, then by id
  std::set<Ready> ready;
  for (const auto& [id, commit] : commits) {
    if (commit.sides != side) continue;
    int missing = 0;
    for (const git_oid& parent : commit.parents) {
      if (commits.at(parent).sides != side) continue;
      children[parent].push_back(id);
      ++missing;
    }
    missing_parents[id] = missing;
    if (missing == 0) ready.emplace(commit.time, Hex(id));
  }
  std::vector<git_oid> order;
  while (!ready.empty()) {
    git_oid id;
    git_oid_fromstr(&id, ready.begin()->second.c_str());
    ready.erase(ready.begin());
    order.push_back(id);
    for (const git_oid& child : children[id]) {
      if (--missing_parents[child] == 0) ready.emplace(commits.at(child).time, Hex(child));
    }
  }
  return order;
}

}  // namespace

absl::StatusOr<Range> ReadRange(const Repository& repository, const git_oid& base,
                                const git_oid& head, Deadline deadline) {
  Walk walk(repository);
  if (absl::Status walked = walk.Run(base, head, deadline); !walked.ok()) return walked;
  if (std::ranges::none_of(walk.commits(),
                           [](const auto& entry) { return entry.second.sides == kBoth; })) {
    return absl::InvalidArgumentError(
        absl::StrCat(ShortHex(base), " and ", ShortHex(head), " have no commit in common in ",
                     repository.name(), ": are both of this repository?"));
  }
  Range range{base, head, {}, {}};
  const std::vector<git_oid> brought = InOrder(walk.commits(), kHead);
  if (brought.size() > kMostCommits) {
    return absl::ResourceExhaustedError(absl::StrCat(
        "the release has ", brought.size(), " commits; at most ", kMostCommits, " are looked at"));
  }
  std::unordered_map<git_oid, int, OidHash, OidEqual> indexes;
  for (const git_oid& id : brought) {
    absl::StatusOr<RangeCommit> commit = ReadCommit(repository, id);
    if (!commit.ok()) return commit.status();
    for (const git_oid& parent : commit->parents) {
      const auto found = indexes.find(parent);
      commit->parent_indexes.push_back(found == indexes.end() ? RangeCommit::kOutside
                                                              : found->second);
    }
    indexes[id] = static_cast<int>(range.commits.size());
    range.commits.push_back(*std::move(commit));
  }
  std::vector<git_oid> lost = InOrder(walk.commits(), kBase);
  std::ranges::reverse(lost);
  lost.resize(std::min(lost.size(), kMostLost));
  for (const git_oid& id : lost) {
    absl::StatusOr<RangeCommit> commit = ReadCommit(repository, id);
    if (!commit.ok()) return commit.status();
    range.lost.push_back(*std::move(commit));
  }
  return range;
}

Ancestors::Ancestors(const Range& range)
    : range_(range),
      width_(range.commits.size() / 64 + 1),
      words_(range.commits.size() * width_, 0) {
  for (size_t i = 0; i < range.commits.size(); ++i) {
    uint64_t* own = &words_[i * width_];
    own[i / 64] |= uint64_t{1} << (i % 64);
    for (const int parent : range.commits[i].parent_indexes) {
      if (parent == RangeCommit::kOutside) continue;
      const uint64_t* theirs = &words_[static_cast<size_t>(parent) * width_];
      for (size_t word = 0; word < width_; ++word) own[word] |= theirs[word];
    }
  }
}

std::vector<int> Ancestors::BroughtBy(int merge, size_t mainline) const {
  const RangeCommit& commit = range_.commits[static_cast<size_t>(merge)];
  const int kept = commit.parent_indexes[mainline];
  std::vector<int> brought;
  for (int i = 0; i < merge; ++i) {
    if (Reaches(merge, i) && (kept == RangeCommit::kOutside || !Reaches(kept, i))) {
      brought.push_back(i);
    }
  }
  return brought;
}

}  // namespace gate::git
