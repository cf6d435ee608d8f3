#include "gate/evidence/git/release.h"

#include <algorithm>
#include <memory>
#include <set>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "checks/proto_time.h"
#include "checks/render/escape.h"
#include "gate/evidence/git/head_files.h"
#include "gate/evidence/git/ownership.h"
#include "gate/evidence/git/revisions.h"
#include "gate/evidence/git/take_back.h"
#include "gate/evidence/git/ticket_coverage.h"
#include "gate/evidence/git/tickets.h"
#include "gate/evidence/git/tree_changes.h"

namespace gate::git {
namespace {

constexpr size_t kMostPaths = 500'000;  // of all commits together
constexpr size_t kLongestSummary = 512;
constexpr size_t kMostAnswerBytes = 16 << 20;

using Paths = std::vector<std::string>;  // sorted

// Of a merge those that no parent has as they are.
absl::StatusOr<Paths> PathsOf(const Repository& repository, const RangeCommit& commit) {
  const absl::StatusOr<TreeHandle> after = repository.TreeOf(commit.id);
  if (!after.ok()) return after.status();
  std::set<std::string> paths;
  for (size_t parent = 0; parent < std::max<size_t>(commit.parents.size(), 1); ++parent) {
    TreeHandle before;
    if (!commit.parents.empty()) {
      absl::StatusOr<TreeHandle> tree = repository.TreeOf(commit.parents[parent]);
      if (!tree.ok()) return tree.status();
      before = *std::move(tree);
    }
    const auto changes = ChangesBetween(repository, before.get(), after->get(), !commit.merge());
    if (!changes.ok()) return changes.status();
    std::set<std::string> differing;
    for (const TreeChange& change : *changes) {
      for (const TreeFile* file : {&change.before, &change.after}) {
        if (file->there()) differing.insert(file->path);
      }
    }
    if (parent > 0)
      std::erase_if(paths, [&](const auto& path) { return !differing.contains(path); });
    if (parent == 0) paths = std::move(differing);
  }
  return Paths(paths.begin(), paths.end());
}

std::string SummaryOf(const std::string& message) {
  std::string line = message.substr(0, std::min(message.find('\n'), message.size()));
  if (line.size() > kLongestSummary) line.resize(kLongestSummary);
  return render::ValidUtf8(line);
}

v1::ReleaseCommit CommitOf(const RangeCommit& commit) {
  v1::ReleaseCommit told;
  told.set_revision(Hex(commit.id));
  told.set_author(render::ValidUtf8(commit.author));
  told.set_summary(SummaryOf(commit.message));
  told.mutable_time()->set_seconds(commit.time);
  for (const git_oid& parent : commit.parents) told.add_parents(Hex(parent));
  return told;
}

class Answer {
 public:
  Answer(const v1::ReleaseQuery& query, const std::string& only_ticket,
         const Repository& repository, Range range, Deadline deadline)
      : query_(query),
        only_ticket_(only_ticket),
        repository_(repository),
        range_(std::move(range)),
        ancestors_(range_),
        deadline_(deadline) {}

  absl::StatusOr<v1::Release> Run();

 private:
  absl::Status ReadPaths();
  absl::Status Cover(v1::Release& release);
  absl::Status TakeBack(v1::Release& release);
  void AddCommits(v1::Release& release) const;
  void AddTickets(v1::Release& release) const;
  bool IsToBeCovered(const TicketWork& work) const {
    return !work.flag.empty() && (only_ticket_.empty() || work.key == only_ticket_);
  }

  const v1::ReleaseQuery& query_;
  const std::string& only_ticket_;
  const Repository& repository_;
  const Range range_;
  const Ancestors ancestors_;
  const Deadline deadline_;
  std::vector<Paths> paths_;        // by commit
  std::vector<bool> plain_merges_;  // by commit
  Tickets tickets_;
};

absl::Status Answer::ReadPaths() {
  size_t count = 0;
  for (const RangeCommit& commit : range_.commits) {
    if (absl::Status late = InTime(deadline_, "what its commits change"); !late.ok()) return late;
    absl::StatusOr<Paths> paths = PathsOf(repository_, commit);
    if (!paths.ok()) return paths.status();
    count += paths->size();
    if (count > kMostPaths) {
      return absl::ResourceExhaustedError(
          absl::StrCat("the release changes files more than ", kMostPaths, " times"));
    }
    bool plain = commit.merge();
    if (plain && !paths->empty()) {
      const absl::StatusOr<bool> merged = IsPlainMerge(repository_, commit);
      if (!merged.ok()) return merged.status();
      plain = *merged;
    }
    plain_merges_.push_back(plain);
    paths_.push_back(*std::move(paths));
  }
  return absl::OkStatus();
}

void Answer::AddCommits(v1::Release& release) const {
  for (size_t i = 0; i < range_.commits.size(); ++i) {
    v1::ReleaseCommit& told = *release.add_commits();
    told = CommitOf(range_.commits[i]);
    for (const int ticket : tickets_.of_commit[i]) {
      const std::string& key = tickets_.all[static_cast<size_t>(ticket)].key;
      if (!key.empty()) told.add_tickets(key);
    }
    for (const std::string& path : paths_[i]) told.add_paths(render::ValidUtf8(path));
  }
  for (const RangeCommit& commit : range_.lost) *release.add_lost() = CommitOf(commit);
}

void Answer::AddTickets(v1::Release& release) const {
  for (const TicketWork& work : tickets_.all) {
    v1::ReleaseTicket& told = *release.add_tickets();
    told.set_key(work.key);
    told.set_title(work.title);
    told.set_flag(work.flag);
    told.set_flag_origin(work.flag_origin);
    std::set<std::string> paths;
    for (const int commit : work.commits) {
      told.add_commits(Hex(range_.commits[static_cast<size_t>(commit)].id));
      paths.insert(paths_[static_cast<size_t>(commit)].begin(),
                   paths_[static_cast<size_t>(commit)].end());
    }
    for (const std::string& path : paths) told.add_paths(render::ValidUtf8(path));
    if (!work.flag_problem.empty()) told.mutable_coverage()->set_failure(work.flag_problem);
  }
}

absl::Status Answer::Cover(v1::Release& release) {
  if (std::ranges::none_of(tickets_.all, [&](const auto& work) { return IsToBeCovered(work); })) {
    return absl::OkStatus();
  }
  const absl::StatusOr<TreeHandle> base = repository_.TreeOf(range_.base);
  const absl::StatusOr<TreeHandle> head = repository_.TreeOf(range_.head);
  if (!base.ok()) return base.status();
  if (!head.ok()) return head.status();
  const auto changes = ChangesBetween(repository_, base->get(), head->get(), true);
  if (!changes.ok()) return changes.status();
  auto files = FilesOf(repository_, head->get());
  if (!files.ok()) return files.status();
  const HeadFiles head_files(repository_, *std::move(files), deadline_);
  Ownership ownership;
  if (tickets_.all.size() > 1) {
    auto annotated = Ownership::Annotate(repository_, range_, tickets_, deadline_);
    if (!annotated.ok()) return annotated.status();
    ownership = *std::move(annotated);
  }
  for (size_t i = 0; i < tickets_.all.size(); ++i) {
    if (!IsToBeCovered(tickets_.all[i])) continue;
    if (absl::Status late = InTime(deadline_, "what flags guard"); !late.ok()) return late;
    flags::FlagQuestion question{tickets_.all[i].flag, {}};
    for (const v1::FlagWrapper& wrapper : query_.flag_wrappers()) {
      question.wrappers.push_back({wrapper.function(), wrapper.property()
                                                           ? flags::Wrapper::kProperty
                                                           : std::max(wrapper.argument(), 1) - 1});
    }
    auto coverage =
        CoverTicket(repository_, *changes, head_files, ownership, static_cast<int>(i), question);
    if (!coverage.ok()) return coverage.status();
    *release.mutable_tickets(static_cast<int>(i))->mutable_coverage() = *std::move(coverage);
  }
  return absl::OkStatus();
}

absl::Status Answer::TakeBack(v1::Release& release) {
  Reverts reverts(repository_, range_, ancestors_, tickets_, plain_merges_, deadline_);
  if (absl::Status prepared = reverts.Prepare(); !prepared.ok()) return prepared;
  const absl::StatusOr<TreeHandle> head = repository_.TreeOf(range_.head);
  if (!head.ok()) return head.status();
  for (size_t i = 0; i < tickets_.all.size(); ++i) {
    ChangedTree tree(repository_, head->get());
    auto revert = reverts.Of(tickets_.all[i], tree);
    if (!revert.ok()) return revert.status();
    *release.mutable_tickets(static_cast<int>(i))->mutable_revert() = *std::move(revert);
  }
  return absl::OkStatus();
}

absl::StatusOr<v1::Release> Answer::Run() {
  if (absl::Status read = ReadPaths(); !read.ok()) return read;
  absl::StatusOr<Tickets> tickets = AssignTickets(query_, range_, ancestors_, plain_merges_);
  if (!tickets.ok()) return tickets.status();
  tickets_ = *std::move(tickets);
  v1::Release release;
  release.set_repository(query_.repository());
  release.set_base_revision(Hex(range_.base));
  release.set_head_revision(Hex(range_.head));
  AddCommits(release);
  AddTickets(release);
  if (absl::Status covered = Cover(release); !covered.ok()) return covered;
  if (only_ticket_.empty()) {
    if (absl::Status taken = TakeBack(release); !taken.ok()) return taken;
  }
  if (release.ByteSizeLong() > kMostAnswerBytes) {
    return absl::ResourceExhaustedError("what there is to say of the release is more than 16 MiB");
  }
  return release;
}

}  // namespace

absl::StatusOr<v1::Release> AnswerRelease(const v1::ReleaseQuery& query, const std::string& folder,
                                          Deadline deadline, const std::string& only_ticket) {
  const absl::StatusOr<Repository> repository = Repository::Open(folder, query.repository());
  if (!repository.ok()) return repository.status();
  if (query.base_revision().empty() || query.head_revision().empty()) {
    return absl::InvalidArgumentError(
        "the change does not say which revision runs now, and which is to go out");
  }
  const absl::StatusOr<git_oid> base = repository->Resolve(query.base_revision());
  if (!base.ok()) return base.status();
  const absl::StatusOr<git_oid> head = repository->Resolve(query.head_revision());
  if (!head.ok()) return head.status();
  absl::StatusOr<Range> range = ReadRange(*repository, *base, *head, deadline);
  if (!range.ok()) return range.status();
  return Answer(query, only_ticket, *repository, *std::move(range), deadline).Run();
}

}  // namespace gate::git
