#include "tests/evidence/git/random_history.h"

#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"

namespace gate::git {

RandomHistory::RandomHistory(unsigned seed, int steps) : random_(seed) {
  for (int file = 0; file < 4; ++file) {
    std::string text;
    for (int line = 0; line < 25; ++line) absl::StrAppend(&text, NewLine(), "\n");
    repository_.Write(absl::StrCat("src/", file, ".py"), text);
  }
  Record(repository_.Commit("the beginning"));
  for (int i = 0; i < steps; ++i) Step();
}

std::string RandomHistory::NewLine() {
  return absl::StrCat("value_", lines_++, " = compute(", Below(1000), ")");
}

std::string RandomHistory::Message() {
  const size_t ticket = Below(4);
  return ticket == 0 ? "some work" : absl::StrCat("TASKS-", ticket, ": some work");
}

void RandomHistory::Record(const std::string& revision) {
  commits_.push_back(revision);
  // Clocks of those who commit disagree.
  repository_.SetTime(1'700'000'000 + static_cast<int64_t>(Below(100'000)));
}

std::vector<std::string> RandomHistory::Files() const {
  return absl::StrSplit(repository_.Git({"ls-files"}), '\n', absl::SkipEmpty());
}

void RandomHistory::Edit(const std::string& path) {
  std::vector<std::string> lines =
      absl::StrSplit(ReadFile(repository_.File(path)), '\n', absl::SkipEmpty());
  for (size_t edits = 1 + Below(3); edits > 0; --edits) {
    const size_t at = Below(lines.size() + 1);
    const auto place = lines.begin() + static_cast<ptrdiff_t>(at);
    switch (Below(3)) {
      case 0:
        lines.insert(place, NewLine());
        break;
      case 1:
        if (at < lines.size()) lines[at] = NewLine();
        break;
      default:
        if (at < lines.size() && lines.size() > 5) lines.erase(place);
    }
  }
  repository_.Write(path, absl::StrJoin(lines, "\n") + "\n");
}

void RandomHistory::Merge() {
  const std::string& other = branches_[Below(branches_.size())];
  if (other == branch_) return;
  const bool named = Below(2) == 0;
  const std::string message = absl::StrCat("Merge branch '", named ? "TASKS-7-x" : other, "'");
  const RunResult result = repository_.TryGit({"merge", "--no-ff", "-m", message, other});
  if (result.exit == 0 && Below(4) > 0) {
    Record(repository_.Head());
    return;
  }
  // With conflicts in it, or with something of its own.
  const std::vector<std::string> files = Files();
  if (!files.empty()) Edit(files[Below(files.size())]);
  repository_.Git({"add", "-A"});
  if (result.exit == 0) {
    repository_.Git({"commit", "-q", "--amend", "--no-edit"});
  } else if (repository_.TryGit({"commit", "-q", "-m", message}).exit != 0) {
    repository_.TryGit({"merge", "--abort"});
    return;
  }
  Record(repository_.Head());
}

void RandomHistory::Revert() {
  const std::string& commit = commits_[Below(commits_.size())];
  const bool merge = repository_.TryGit({"rev-parse", "--verify", commit + "^2"}).exit == 0;
  std::vector<std::string> command = {"revert", "--no-edit"};
  if (merge) command.insert(command.end(), {"-m", "1"});
  command.push_back(commit);
  if (repository_.TryGit(command).exit == 0) {
    Record(repository_.Head());
  } else {
    repository_.TryGit({"revert", "--abort"});
    repository_.Git({"reset", "-q", "--hard"});
  }
}

void RandomHistory::Step() {
  const std::vector<std::string> files = Files();
  const size_t kind = Below(20);
  if (kind < 10 || files.empty()) {
    if (!files.empty()) Edit(files[Below(files.size())]);
    Record(repository_.Commit(Message()));
  } else if (kind == 10) {
    std::string text;
    for (int line = 0; line < 12; ++line) absl::StrAppend(&text, NewLine(), "\n");
    Record(repository_.CommitFile(absl::StrCat("new/", lines_, ".py"), text, Message()));
  } else if (kind == 11) {
    const std::string& from = files[Below(files.size())];
    const std::string to = absl::StrCat("moved/", lines_++, ".py");
    repository_.Write(to, ReadFile(repository_.File(from)));
    repository_.Remove(from);
    if (Below(2) == 0) Edit(to);
    Record(repository_.Commit(Message()));
  } else if (kind == 12) {
    repository_.Remove(files[Below(files.size())]);
    Record(repository_.Commit(Message()));
  } else if (kind == 13) {
    branch_ = absl::StrCat("branch-", branches_.size());
    branches_.push_back(branch_);
    repository_.Branch(branch_,
                       commits_[commits_.size() - 1 - Below(std::min<size_t>(commits_.size(), 8))]);
  } else if (kind == 14) {
    branch_ = branches_[Below(branches_.size())];
    repository_.Checkout(branch_);
  } else if (kind < 18) {
    Merge();
  } else {
    Revert();
  }
}

}  // namespace gate::git
