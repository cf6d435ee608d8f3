// base..head of repositories of all kinds: what is found, and what is said where something is not
// there.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>

#include "absl/strings/str_cat.h"
#include "gate/evidence/git/release.h"
#include "gate/evidence/git/repository.h"
#include "tests/evidence/git/releases.h"

namespace gate::git {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr auto kNever = Deadline::max();

std::string Refusal(const std::string& folder, const v1::ReleaseQuery& query,
                    absl::StatusCode code) {
  const auto release = AnswerRelease(query, folder, kNever);
  EXPECT_EQ(release.status().code(), code) << release.status();
  return std::string(release.status().message());
}

std::vector<std::string> Summaries(
    const google::protobuf::RepeatedPtrField<v1::ReleaseCommit>& commits) {
  std::vector<std::string> summaries;
  for (const v1::ReleaseCommit& commit : commits) summaries.push_back(commit.summary());
  return summaries;
}

// Every file below a folder, with its size and time.
std::map<std::string, std::string> FilesBelow(const std::string& folder) {
  std::map<std::string, std::string> files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (!entry.is_regular_file()) continue;
    files[entry.path().string()] =
        absl::StrCat(entry.file_size(), " ", entry.last_write_time().time_since_epoch().count());
  }
  return files;
}

class RevisionsTest : public testing::Test {
 protected:
  RevisionsTest() {
    base_ = repository_.CommitFile("a.txt", "1\n", "TASKS-1: one");
    second_ = repository_.CommitFile("a.txt", "1\n2\n", "TASKS-2: two");
    head_ = repository_.CommitFile("b.txt", "3\n", "TASKS-3: three");
  }

  ScratchRepository repository_;
  std::string base_, second_, head_;
};

TEST_F(RevisionsTest, CommitsAreOldestFirstWithAllThatIsKnownOfThem) {
  const v1::Release release = Answer(repository_, Between(base_, head_));
  EXPECT_EQ(release.repository(), "shop");
  EXPECT_EQ(release.base_revision(), base_);
  EXPECT_EQ(release.head_revision(), head_);
  ASSERT_THAT(Summaries(release.commits()), ElementsAre("TASKS-2: two", "TASKS-3: three"));
  const v1::ReleaseCommit& commit = release.commits(0);
  EXPECT_EQ(commit.revision(), second_);
  EXPECT_EQ(commit.author(), "Ann <ann@example.com>");
  EXPECT_EQ(commit.time().seconds(), 1'700'000'120);
  EXPECT_THAT(commit.tickets(), ElementsAre("TASKS-2"));
  EXPECT_THAT(commit.paths(), ElementsAre("a.txt"));
  EXPECT_THAT(commit.parents(), ElementsAre(base_));
}

TEST_F(RevisionsTest, AbbreviatedRevisionsAndIdsOfTagsAreResolved) {
  repository_.Git({"tag", "-a", "v1", "-m", "one", base_});
  const std::string tag = repository_.Git({"rev-parse", "v1"});
  ASSERT_NE(tag, base_);
  const v1::Release release = Answer(repository_, Between(tag, head_.substr(0, 7)));
  EXPECT_EQ(release.base_revision(), base_);
  EXPECT_EQ(release.head_revision(), head_);
}

TEST_F(RevisionsTest, WhatIsNoRevisionIsRefused) {
  for (const char* revision : {"main", "abc123", "v1.2", "HEAD~1", "--upload-pack=x"}) {
    EXPECT_THAT(
        Refusal(repository_.path(), Between(base_, revision), absl::StatusCode::kInvalidArgument),
        AllOf(HasSubstr(revision), HasSubstr("names of branches and tags move")));
  }
  EXPECT_THAT(Refusal(repository_.path(), Between("", head_), absl::StatusCode::kInvalidArgument),
              HasSubstr("which revision runs now"));
  const std::string tree = repository_.Git({"rev-parse", "HEAD^{tree}"});
  EXPECT_THAT(Refusal(repository_.path(), Between(base_, tree), absl::StatusCode::kInvalidArgument),
              HasSubstr("is no commit"));
}

TEST_F(RevisionsTest, AMissingRevisionIsToFetch) {
  EXPECT_EQ(Refusal(repository_.path(), Between(base_, std::string(40, 'a')),
                    absl::StatusCode::kNotFound),
            "the mirror shop does not have " + std::string(40, 'a') + "; fetch it");
}

TEST_F(RevisionsTest, CommitsThatRunAndAreNotInHeadAreLost) {
  repository_.Branch("hotfix", base_);
  const std::string hotfix = repository_.CommitFile("c.txt", "fix\n", "TASKS-9: hotfix");
  const v1::Release release = Answer(repository_, Between(hotfix, head_));
  EXPECT_THAT(Summaries(release.lost()), ElementsAre("TASKS-9: hotfix"));
  EXPECT_THAT(Summaries(release.commits()), ElementsAre("TASKS-2: two", "TASKS-3: three"));
  const v1::Release back = Answer(repository_, Between(head_, base_));
  EXPECT_THAT(Summaries(back.lost()), ElementsAre("TASKS-3: three", "TASKS-2: two"));
  EXPECT_TRUE(back.commits().empty());
  EXPECT_TRUE(Answer(repository_, Between(head_, head_)).commits().empty());
}

TEST_F(RevisionsTest, UnrelatedHistoriesAreRefused) {
  repository_.Git({"checkout", "-q", "--orphan", "other"});
  const std::string other = repository_.CommitFile("x.txt", "x\n", "another beginning");
  EXPECT_THAT(
      Refusal(repository_.path(), Between(base_, other), absl::StatusCode::kInvalidArgument),
      HasSubstr("have no commit in common in shop"));
}

TEST_F(RevisionsTest, BareOnesAndWorktreesAreRead) {
  ScratchRepository elsewhere;
  const std::string bare = elsewhere.File("bare.git"), tree = elsewhere.File("tree");
  elsewhere.Git({"clone", "-q", "--bare", repository_.path(), bare});
  repository_.Git({"worktree", "add", "-q", "--detach", tree, base_});
  for (const std::string& folder : {bare, tree, repository_.path() + "/.git"}) {
    const auto release = AnswerRelease(Between(base_, head_), folder, kNever);
    ASSERT_TRUE(release.ok()) << folder << ": " << release.status();
    EXPECT_EQ(release->commits_size(), 2);
  }
}

TEST_F(RevisionsTest, WhatIsNoRepositoryIsRefused) {
  const std::string inside = repository_.File("folder");
  std::filesystem::create_directory(inside);
  // Not the one around it either: a folder that is named is meant.
  for (const std::string& folder : {inside, std::string("/nowhere/at/all")}) {
    EXPECT_THAT(Refusal(folder, Between(base_, head_), absl::StatusCode::kFailedPrecondition),
                HasSubstr("the mirror shop cannot be opened"));
  }
  const std::string other = repository_.File("other");
  repository_.Git({"init", "-q", "--object-format=sha256", other});
  EXPECT_THAT(Refusal(other, Between(base_, head_), absl::StatusCode::kFailedPrecondition),
              HasSubstr("objectformat"));
}

TEST_F(RevisionsTest, AShallowCloneSaysSoWhereItEnds) {
  ScratchRepository elsewhere;
  const std::string shallow = elsewhere.File("shallow");
  const auto clone = [&](const char* depth) {
    std::filesystem::remove_all(shallow);
    elsewhere.Git({"clone", "-q", "--depth", depth, "file://" + repository_.path(), shallow});
  };
  clone("1");
  EXPECT_THAT(Refusal(shallow, Between(base_, head_), absl::StatusCode::kNotFound),
              AllOf(HasSubstr("shallow clone"), HasSubstr("git fetch --unshallow")));
  clone("2");
  EXPECT_THAT(Refusal(shallow, Between(base_, head_), absl::StatusCode::kNotFound),
              HasSubstr("shallow clone"));
  // All that is needed is there.
  const auto release = AnswerRelease(Between(second_, head_), shallow, kNever);
  ASSERT_TRUE(release.ok()) << release.status();
  EXPECT_EQ(release->commits_size(), 1);
}

TEST_F(RevisionsTest, APartialCloneSaysSoWhereAFileIsMissing) {
  ScratchRepository elsewhere;
  repository_.Git({"config", "uploadpack.allowFilter", "true"});
  const std::string partial = elsewhere.File("partial.git");
  elsewhere.Git(
      {"clone", "-q", "--bare", "--filter=blob:none", "file://" + repository_.path(), partial});
  v1::ReleaseQuery query = Between(base_, head_);
  query.add_tickets()->set_key("TASKS-2");
  query.mutable_tickets(0)->set_flag("two");
  const std::string said = Refusal(partial, query, absl::StatusCode::kNotFound);
  EXPECT_THAT(
      said, AllOf(HasSubstr("the mirror shop does not have the file"), HasSubstr("partial clone")));
}

TEST_F(RevisionsTest, NothingOfTheRepositoryRunsAndNothingIsWritten) {
  const std::string marker = repository_.File("ran");
  repository_.Write(".gitattributes", "*.txt filter=evil diff=evil merge=evil\n");
  for (const char* name :
       {"filter.evil.smudge", "filter.evil.clean", "diff.evil.textconv", "diff.evil.command",
        "merge.evil.driver", "core.fsmonitor", "core.sshCommand"}) {
    repository_.Git({"config", name, "touch " + marker});
  }
  repository_.Git({"config", "diff.ignoreSubmodules", "all"});
  repository_.Git({"pack-refs", "--all"});
  const auto before = FilesBelow(repository_.path());
  v1::ReleaseQuery query = Between(base_, head_);
  query.add_tickets()->set_key("TASKS-2");
  query.mutable_tickets(0)->set_flag("two");
  EXPECT_TRUE(TicketOf(Answer(repository_, query), "TASKS-2").revert().clean());
  EXPECT_EQ(FilesBelow(repository_.path()), before);
  EXPECT_FALSE(std::filesystem::exists(marker));
}

TEST_F(RevisionsTest, WhatIsLateSaysSo) {
  const auto release = AnswerRelease(Between(base_, head_), repository_.path(), Deadline::min());
  EXPECT_EQ(release.status().code(), absl::StatusCode::kDeadlineExceeded) << release.status();
}

TEST_F(RevisionsTest, ADamagedObjectIsToldAndNotBelieved) {
  const std::string blob = repository_.Git({"rev-parse", head_ + "^{tree}"});
  const std::string file =
      repository_.File(absl::StrCat(".git/objects/", blob.substr(0, 2), "/", blob.substr(2)));
  std::filesystem::permissions(file, std::filesystem::perms::owner_all);
  std::ofstream(file, std::ios::binary) << "no object";
  Refusal(repository_.path(), Between(base_, head_), absl::StatusCode::kDataLoss);
}

// Trees that no program of git makes, written by hand.
TEST_F(RevisionsTest, NamesThatLeadElsewhereAreRefused) {
  const std::string blob = repository_.Git({"rev-parse", "HEAD:a.txt"});
  std::string id;
  for (size_t i = 0; i < blob.size(); i += 2) {
    id += static_cast<char>(std::stoi(blob.substr(i, 2), nullptr, 16));
  }
  for (const std::string name : {"..", ".git", "."}) {
    const std::string tree = std::string("100644 ") + name + '\0' + id;
    repository_.Write("tree.bin", tree);
    const std::string evil =
        repository_.Git({"hash-object", "--literally", "-t", "tree", "-w", "tree.bin"});
    const std::string commit =
        repository_.Git({"commit-tree", evil, "-p", head_, "-m", "TASKS-4: evil"});
    EXPECT_THAT(Refusal(repository_.path(), Between(base_, commit), absl::StatusCode::kDataLoss),
                HasSubstr("which no tree may have"));
  }
}

}  // namespace
}  // namespace gate::git
