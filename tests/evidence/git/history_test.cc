// Random histories: what is answered is what the git program says.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "gate/evidence/git/ownership.h"
#include "gate/evidence/git/release.h"
#include "gate/evidence/git/revisions.h"
#include "gate/evidence/git/tickets.h"
#include "tests/evidence/git/random_history.h"

namespace gate::git {
namespace {

using testing::UnorderedElementsAreArray;

constexpr auto kNever = Deadline::max();

std::vector<std::string> Lines(const std::string& text) {
  return absl::StrSplit(text, '\n', absl::SkipEmpty());
}

std::vector<std::string> Revisions(
    const google::protobuf::RepeatedPtrField<v1::ReleaseCommit>& commits) {
  std::vector<std::string> revisions;
  for (const v1::ReleaseCommit& commit : commits) revisions.push_back(commit.revision());
  return revisions;
}

// A history, and what is answered of some ranges of it.
struct Case {
  explicit Case(unsigned seed) : history(seed, 50) {
    std::mt19937 random(seed);
    const std::vector<std::string>& commits = history.commits();
    const auto any = [&] { return commits[random() % commits.size()]; };
    for (int i = 0; i < 3; ++i) {
      const std::string base = any();
      releases.push_back(Answer(history.repository(), Between(base, any())));
    }
    releases.push_back(Answer(history.repository(), Between(commits[0], commits.back())));
  }

  RandomHistory history;
  std::vector<v1::Release> releases;
};

class HistoryTest : public testing::TestWithParam<unsigned> {
 protected:
  HistoryTest() : git_(Known().history.repository()), releases_(Known().releases) {}

  // Made once for all tests.
  static const Case& Known() {
    static std::map<unsigned, Case> cases;
    return cases.try_emplace(GetParam(), GetParam()).first->second;
  }

  const ScratchRepository& git_;
  const std::vector<v1::Release>& releases_;
};

TEST_P(HistoryTest, CommitsAreThoseOfTheRangeEachBehindItsParents) {
  for (const v1::Release& release : releases_) {
    const std::string range = release.base_revision() + ".." + release.head_revision();
    const std::vector<std::string> commits = Revisions(release.commits());
    EXPECT_THAT(commits, UnorderedElementsAreArray(Lines(git_.Git({"rev-list", range}))));
    EXPECT_THAT(Revisions(release.lost()),
                UnorderedElementsAreArray(Lines(git_.Git(
                    {"rev-list", release.head_revision() + ".." + release.base_revision()}))));
    std::set<std::string> seen;
    for (const std::string& commit : commits) {
      for (const std::string& parent : Lines(git_.Git({"show", "-s", "--format=%P", commit}))) {
        for (const std::string& id : std::vector<std::string>(absl::StrSplit(parent, ' '))) {
          const bool in_range = std::ranges::find(commits, id) != commits.end();
          EXPECT_TRUE(!in_range || seen.contains(id)) << commit << " before its parent " << id;
        }
      }
      seen.insert(commit);
    }
  }
}

TEST_P(HistoryTest, PathsAreThoseThatGitNames) {
  for (const v1::Release& release : releases_) {
    for (const v1::ReleaseCommit& commit : release.commits()) {
      std::set<std::string> expected;
      if (commit.parents_size() > 1) {
        for (const std::string& path : Lines(git_.Git(
                 {"diff-tree", "-c", "-r", "--name-only", "--no-commit-id", commit.revision()}))) {
          expected.insert(path);
        }
      } else {
        for (const std::string& line :
             Lines(git_.Git({"diff-tree", "--root", "-r", "-M", "--name-status", "--no-commit-id",
                             commit.revision()}))) {
          const std::vector<std::string> words = absl::StrSplit(line, '\t');
          expected.insert(words.begin() + 1, words.end());
        }
      }
      EXPECT_EQ(std::set<std::string>(commit.paths().begin(), commit.paths().end()), expected)
          << commit.revision();
    }
  }
}

// Taken back one after the other by the git program. Where all of a folder's files have moved it
// guesses that new ones should have, too, and stops to ask; that guess is not made here.
TEST_P(HistoryTest, TicketsGoBackAsGitRevertTakesThem) {
  ScratchRepository scratch;
  const std::string clone = scratch.File("clone");
  scratch.Git({"clone", "-q", git_.path(), clone});
  scratch.Git({"-C", clone, "config", "user.name", "Ann"});
  scratch.Git({"-C", clone, "config", "user.email", "ann@example.com"});
  int clean = 0;
  for (const v1::Release& release : releases_) {
    for (const v1::ReleaseTicket& ticket : release.tickets()) {
      const v1::Revert& revert = ticket.revert();
      if (!revert.failure().empty()) continue;
      scratch.TryGit({"-C", clone, "revert", "--abort"});
      scratch.Git({"-C", clone, "reset", "-q", "--hard"});
      scratch.Git({"-C", clone, "checkout", "-q", release.head_revision()});
      std::string failed;
      for (const std::string& commit : revert.commits()) {
        std::vector<std::string> command = {
            "-C", clone, "-c", "merge.directoryRenames=false", "revert", "--no-edit"};
        const auto found =
            std::ranges::find(release.commits(), commit, &v1::ReleaseCommit::revision);
        ASSERT_NE(found, release.commits().end());
        if (found->parents_size() > 1) command.insert(command.end(), {"-m", "1"});
        command.push_back(commit);
        if (scratch.TryGit(command).exit == 0) continue;
        failed = commit;
        break;
      }
      const std::string context =
          absl::StrCat(release.base_revision(), "..", release.head_revision(), " ", ticket.key());
      EXPECT_EQ(revert.clean(), failed.empty())
          << context << "\n"
          << revert.DebugString() << scratch.TryGit({"-C", clone, "status"}).output;
      EXPECT_EQ(revert.conflicting_commit(), failed) << context;
      if (failed.empty() != revert.clean()) continue;
      clean += failed.empty();
      if (failed.empty()) continue;
      const std::vector<std::string> unmerged =
          Lines(scratch.Git({"-C", clone, "diff", "--name-only", "--diff-filter=U"}));
      EXPECT_THAT(std::vector<std::string>(revert.conflicting_paths().begin(),
                                           revert.conflicting_paths().end()),
                  testing::IsSupersetOf(unmerged))
          << context;
    }
  }
  EXPECT_GT(clean, 0);
}

// Whom git blames for a line, owns it.
TEST_P(HistoryTest, LinesBelongToThoseWhomGitBlames) {
  for (const v1::Release& release : releases_) {
    const auto repository = Repository::Open(git_.path(), "shop");
    ASSERT_TRUE(repository.ok());
    const auto range = ReadRange(*repository, *repository->Resolve(release.base_revision()),
                                 *repository->Resolve(release.head_revision()), kNever);
    ASSERT_TRUE(range.ok());
    const Ancestors ancestors(*range);
    const auto tickets = AssignTickets(v1::ReleaseQuery(), *range, ancestors,
                                       std::vector<bool>(range->commits.size()));
    ASSERT_TRUE(tickets.ok());
    const auto ownership = Ownership::Annotate(*repository, *range, *tickets, kNever);
    ASSERT_TRUE(ownership.ok()) << ownership.status();
    for (const std::string& path :
         Lines(git_.Git({"ls-tree", "-r", "--name-only", release.head_revision()}))) {
      int line = 0;
      for (const std::string& blamed :
           Lines(git_.Git({"blame", "-s", "-l", release.head_revision(), "--", path}))) {
        ++line;
        const std::string revision = blamed.substr(blamed[0] == '^', 39);
        for (size_t i = 0; i < range->commits.size(); ++i) {
          if (!absl::StartsWith(Hex(range->commits[i].id), revision)) continue;
          for (const int ticket : tickets->of_commit[i]) {
            EXPECT_TRUE(ownership->Owns(path, line, ticket))
                << release.head_revision() << ":" << path << ":" << line << " of " << blamed;
          }
        }
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Random, HistoryTest, testing::Values(2, 4, 5));

}  // namespace
}  // namespace gate::git
