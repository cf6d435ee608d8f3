// Which commits belong to which ticket.
#include "gate/evidence/git/tickets.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "gate/evidence/git/release.h"
#include "tests/evidence/git/releases.h"

namespace gate::git {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class TicketsTest : public testing::Test {
 protected:
  TicketsTest() { base_ = repository_.CommitFile("a.txt", "1\n2\n3\n4\n5\n6\n7\n8\n", "base"); }

  std::string CommitOf(const std::string& file, const std::string& message) {
    return repository_.CommitFile(file, absl::StrCat(file, "\n"), message);
  }
  v1::Release Ask(const v1::ReleaseQuery& extra = {}) {
    v1::ReleaseQuery query = Between(base_, repository_.Head());
    query.MergeFrom(extra);
    return Answer(repository_, query);
  }
  static v1::ReleaseQuery Knowing(const std::string& key) {
    v1::ReleaseQuery query;
    query.add_tickets()->set_key(key);
    return query;
  }

  ScratchRepository repository_;
  std::string base_;
};

TEST_F(TicketsTest, MessagesNameThem) {
  CommitOf("b", "TASKS-1: in UTF-8\n\nalso TASKS-2, and RFC-822");
  CommitOf("c", "nothing");
  const v1::Release release = Ask();
  EXPECT_THAT(release.commits(0).tickets(), ElementsAre("TASKS-1", "TASKS-2"));
  EXPECT_THAT(release.commits(1).tickets(), IsEmpty());
  EXPECT_THAT(SubjectsOf(release, ""), ElementsAre("nothing"));
  ASSERT_EQ(release.tickets_size(), 3);
  EXPECT_EQ(release.tickets(0).key(), "");
  EXPECT_THAT(release.tickets(1).paths(), ElementsAre("b"));
}

TEST_F(TicketsTest, PatternsAreTheProjectsOwn) {
  CommitOf("b", "gh#12 and TASKS-1");
  v1::ReleaseQuery query;
  query.add_ticket_patterns("gh#[0-9]+");
  EXPECT_THAT(SubjectsOf(Ask(query), "gh#12"), ElementsAre("gh#12 and TASKS-1"));
  query.set_ticket_patterns(0, "gh(");
  query.MergeFrom(Between(base_, repository_.Head()));
  const auto release = AnswerRelease(query, repository_.path(), Deadline::max());
  EXPECT_EQ(release.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(release.status().message()), HasSubstr("gh("));
}

TEST_F(TicketsTest, TrailersNameThem) {
  CommitOf("b", "some work\n\nTicket: proj/77, 78");
  CommitOf("c", "more work\n\nCloses: #5\nRefs: #6");
  CommitOf("d", "no trailer\n\nTicket: 99\n\nsince something follows");
  EXPECT_THAT(SubjectsOf(Ask(Knowing("#5")), "#5"), ElementsAre("more work"));
  EXPECT_THAT(SubjectsOf(Ask(), "proj/77"), ElementsAre("some work"));
  EXPECT_THAT(SubjectsOf(Ask(), "78"), ElementsAre("some work"));
  EXPECT_THAT(SubjectsOf(Ask(), ""), ElementsAre("more work", "no trailer"));
}

TEST_F(TicketsTest, TheChangeNamesCommits) {
  const std::string commit = CommitOf("b", "some work");
  v1::ReleaseQuery query = Knowing("TASKS-1");
  query.mutable_tickets(0)->add_commits(commit.substr(0, 8));
  query.mutable_tickets(0)->add_commits(base_);  // Has gone out before.
  query.mutable_tickets(0)->set_title("New list");
  const v1::Release release = Ask(query);
  EXPECT_THAT(TicketOf(release, "TASKS-1").commits(), ElementsAre(commit));
  EXPECT_EQ(TicketOf(release, "TASKS-1").title(), "New list");
  for (const char* wrong : {"abc", "main", "12345678901234567890123456789012345678901"}) {
    query.mutable_tickets(0)->set_commits(0, wrong);
    v1::ReleaseQuery whole = Between(base_, commit);
    whole.MergeFrom(query);
    EXPECT_THAT(
        std::string(AnswerRelease(whole, repository_.path(), Deadline::max()).status().message()),
        HasSubstr(wrong));
  }
}

TEST_F(TicketsTest, ATicketWithoutCommitsIsThereAsWell) {
  CommitOf("b", "TASKS-1");
  const v1::ReleaseTicket ticket = TicketOf(Ask(Knowing("TASKS-5")), "TASKS-5");
  EXPECT_THAT(ticket.commits(), IsEmpty());
  EXPECT_TRUE(ticket.revert().clean());
}

TEST_F(TicketsTest, WhatAMergeBroughtIsOfItsBranch) {
  repository_.Branch("feature", base_);
  CommitOf("b", "first");
  CommitOf("c", "second");
  repository_.Checkout("main");
  CommitOf("d", "TASKS-9: on main");
  repository_.Checkout("feature");
  repository_.Merge("main", "Merge branch 'main' into TASKS-118-x");
  CommitOf("e", "third");
  repository_.Checkout("main");
  repository_.Merge("feature", "Merge pull request #12 from org/TASKS-118-x\n\nNew list");
  const v1::Release release = Ask();
  EXPECT_THAT(SubjectsOf(release, "TASKS-118"),
              ElementsAre("first", "second", "Merge branch 'main' into TASKS-118-x", "third",
                          "Merge pull request #12 from org/TASKS-118-x"));
  EXPECT_THAT(SubjectsOf(release, "TASKS-9"), ElementsAre("TASKS-9: on main"));
  // A merge that changes nothing itself needs no ticket.
  EXPECT_EQ(release.tickets_size(), 2);
}

TEST_F(TicketsTest, BranchesInLowerCaseAreOfTicketsThatTheChangeNames) {
  repository_.Branch("feature", base_);
  CommitOf("b", "first");
  repository_.Checkout("main");
  repository_.Merge("feature", "Merge branch 'feature/tasks-118-list' into 'main'");
  EXPECT_THAT(SubjectsOf(Ask(Knowing("TASKS-118")), "TASKS-118").size(), 2u);
  EXPECT_THAT(SubjectsOf(Ask(Knowing("TASKS-11")), "TASKS-11"), IsEmpty());
  EXPECT_THAT(SubjectsOf(Ask(), ""), ElementsAre("first"));
}

TEST_F(TicketsTest, AMergeWithChangesOfItsOwnNeedsATicket) {
  repository_.Branch("feature", base_);
  CommitOf("b", "TASKS-1: first");
  repository_.Checkout("main");
  CommitOf("c", "TASKS-2: second");
  repository_.Merge("feature", "merged");
  EXPECT_EQ(Ask().tickets_size(), 2);
  repository_.Write("b", "something else\n");
  repository_.Git({"commit", "-q", "-a", "--amend", "--no-edit"});
  const v1::Release release = Ask();
  EXPECT_THAT(SubjectsOf(release, ""), ElementsAre("merged"));
  EXPECT_EQ(release.commits(2).parents_size(), 2);
  EXPECT_THAT(release.commits(2).paths(), ElementsAre("b"));
}

TEST_F(TicketsTest, OctopusMergesAreRead) {
  for (const char* name : {"one", "two", "three"}) {
    repository_.Branch(name, base_);
    CommitOf(name, absl::StrCat("work on ", name));
  }
  repository_.Checkout("main");
  CommitOf("d", "TASKS-2: main");
  repository_.Git({"merge", "-q", "-m", "Merge branches of TASKS-118", "one", "two", "three"});
  const v1::Release release = Ask();
  EXPECT_EQ(SubjectsOf(release, "TASKS-118").size(), 4u);
  EXPECT_THAT(SubjectsOf(release, "TASKS-2"), ElementsAre("TASKS-2: main"));
}

TEST_F(TicketsTest, RevertsBelongToWhatTheyTakeBackAndNothingIsLeft) {
  CommitOf("b", "TASKS-1: first");
  const std::string second = CommitOf("c", "TASKS-1: second");
  repository_.Git({"revert", "--no-edit", "HEAD", "HEAD~1"});
  const v1::Release release = Ask();
  EXPECT_EQ(SubjectsOf(release, "TASKS-1").size(), 4u);
  EXPECT_EQ(release.tickets_size(), 1);
  EXPECT_THAT(TicketOf(release, "TASKS-1").revert().commits(), IsEmpty());
  EXPECT_TRUE(TicketOf(release, "TASKS-1").revert().clean());
  EXPECT_THAT(SubjectsOf(release, "TASKS-1")[2], HasSubstr("Revert"));
}

TEST_F(TicketsTest, ARevertOfARevertBringsItBack) {
  const std::string first = CommitOf("b", "TASKS-1: first");
  repository_.Git({"revert", "--no-edit", "HEAD"});
  repository_.Git({"revert", "--no-edit", "HEAD"});
  const v1::Release release = Ask();
  EXPECT_EQ(SubjectsOf(release, "TASKS-1").size(), 3u);
  EXPECT_THAT(TicketOf(release, "TASKS-1").revert().commits(), ElementsAre(first));
}

// What a message says is not believed: the files decide whether anything is left.
TEST_F(TicketsTest, AMessageThatClaimsARevertTakesNothingBack) {
  const std::string first = CommitOf("b", "TASKS-1: first");
  const std::string claim =
      CommitOf("c", absl::StrCat("not so\n\nThis reverts commit ", first, "."));
  EXPECT_THAT(TicketOf(Ask(), "TASKS-1").revert().commits(), ElementsAre(claim, first));
}

TEST_F(TicketsTest, AMergeThatWasRevertedLeavesNothingOfItsBranch) {
  repository_.Branch("feature", base_);
  CommitOf("b", "first");
  CommitOf("c", "second");
  repository_.Checkout("main");
  CommitOf("d", "TASKS-2: main");
  const std::string merge = repository_.Merge("feature", "Merge branch 'TASKS-118-x'");
  repository_.Git({"revert", "--no-edit", "-m", "1", merge});
  const v1::Release release = Ask();
  EXPECT_EQ(SubjectsOf(release, "TASKS-118").size(), 4u);
  EXPECT_THAT(TicketOf(release, "TASKS-118").revert().commits(), IsEmpty());
  EXPECT_EQ(TicketOf(release, "TASKS-2").revert().commits_size(), 1);
}

TEST_F(TicketsTest, AMergeWithChangesOfItsOwnGoesBackAsAWholeOrByHand) {
  repository_.Branch("feature", base_);
  const std::string first = CommitOf("b", "first");
  repository_.Checkout("main");
  CommitOf("d", "TASKS-2: main");
  repository_.Merge("feature", "Merge branch 'TASKS-118-x'");
  repository_.Write("b", "something else\n");
  repository_.Git({"commit", "-q", "-a", "--amend", "--no-edit"});
  EXPECT_THAT(TicketOf(Ask(), "TASKS-118").revert().commits(), ElementsAre(repository_.Head()));
  // Named in the message's body alone, it brings commits of nobody.
  repository_.Git({"commit", "-q", "--amend", "-m", "Merge branch 'main'\n\nfor TASKS-118"});
  const v1::Release release = Ask();
  const v1::Revert revert = TicketOf(release, "TASKS-118").revert();
  EXPECT_FALSE(revert.clean());
  EXPECT_THAT(revert.failure(), HasSubstr("take its changes back by hand"));
  EXPECT_THAT(SubjectsOf(release, ""), ElementsAre("first"));
}

TEST_F(TicketsTest, FlagsComeFromTheChangeOrATrailer) {
  const std::string commit = CommitOf("b", "TASKS-1: work\n\nFeature-Flag: new_list");
  CommitOf("c", "TASKS-2: work\n\nFeature-Flag: one");
  CommitOf("d", "TASKS-2: more\n\nFeature-Flag: two");
  CommitOf("e", "no ticket\n\nFeature-Flag: three");
  v1::Release release = Ask();
  EXPECT_EQ(TicketOf(release, "TASKS-1").flag(), "new_list");
  EXPECT_EQ(TicketOf(release, "TASKS-1").flag_origin(), commit);
  EXPECT_EQ(TicketOf(release, "TASKS-2").flag(), "");
  EXPECT_THAT(TicketOf(release, "TASKS-2").coverage().failure(), HasSubstr("two flags: one"));
  EXPECT_EQ(TicketOf(release, "").flag(), "");
  v1::ReleaseQuery query = Knowing("TASKS-1");
  query.mutable_tickets(0)->set_flag("other");
  release = Ask(query);
  EXPECT_EQ(TicketOf(release, "TASKS-1").flag(), "other");
  EXPECT_EQ(TicketOf(release, "TASKS-1").flag_origin(), "the change");
}

TEST_F(TicketsTest, NamesThatAreNoTextAreTold) {
  repository_.Write("caf\xe9.txt", "x\n");
  repository_.Commit("TASKS-1");
  const v1::Release release = Ask();
  EXPECT_THAT(release.commits(0).paths(), ElementsAre("caf\xef\xbf\xbd.txt"));
  EXPECT_TRUE(v1::Release().ParseFromString(release.SerializeAsString()));
}

// As the program has it, for messages of all shapes.
TEST_F(TicketsTest, TrailersAreThoseOfGitsOwnRules) {
  const std::vector<std::string> messages = {
      "subject\n\nTicket: 1\nRefs: 2\n",
      "subject\n\nTicket: 1\n\nlast words\n",
      "subject\n\nwords\nTicket: 1\n",
      "subject\n\nSigned-off-by: A <a@b.c>\nwords\nTicket: 1\n",
      "subject\n\nticket : 5\n",
      "subject\n\nTicket: 1\n  goes on\n",
      "subject\n\nTicket:\n",
      "Ticket: 1\n",
      "subject\n\n(cherry picked from commit abc)\nTicket: 3\n",
  };
  for (const std::string& message : messages) {
    repository_.Write("message", message);
    const std::string told =
        repository_.Git({"interpret-trailers", "--parse", "--no-divider", "message"});
    std::vector<std::string> expected;
    for (const std::string& line :
         std::vector<std::string>(absl::StrSplit(told, '\n', absl::SkipEmpty()))) {
      if (absl::StartsWithIgnoreCase(line, "ticket:")) {
        expected.emplace_back(absl::StripAsciiWhitespace(line.substr(7)));
      }
    }
    std::vector<std::string> found = TrailersOf(message, "Ticket");
    for (std::string& value : found) {
      value = absl::StrJoin(absl::StrSplit(value, absl::ByAnyChar("\n "), absl::SkipEmpty()), " ");
    }
    EXPECT_EQ(found, expected) << message;
  }
}

TEST(SourceOfMerge, IsTheBranchAndNotWhereItWent) {
  EXPECT_EQ(SourceOfMerge("Merge branch 'TASKS-1-x' into 'TASKS-2-y'"), "Merge branch 'TASKS-1-x'");
  EXPECT_EQ(SourceOfMerge("Merge branch 'x' into 'main'\n\nTASKS-1\n"),
            "Merge branch 'x'\n\nTASKS-1\n");
  EXPECT_EQ(SourceOfMerge("Merge remote-tracking branch 'origin/main' into x\n\nTASKS-1"),
            "Merge remote-tracking branch 'origin/main'");
  EXPECT_EQ(SourceOfMerge("Merge branch 'release/1.2'\n\nTASKS-1"), "Merge branch 'release/1.2'");
  EXPECT_EQ(SourceOfMerge("Merged in TASKS-1-x (pull request #4)\n\nTitle"),
            "Merged in TASKS-1-x (pull request #4)\n\nTitle");
}

}  // namespace
}  // namespace gate::git
