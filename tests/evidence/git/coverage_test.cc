// What a ticket's flag guards of its own code, beside other tickets' code in the same files.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "absl/strings/str_cat.h"
#include "gate/evidence/git/release.h"
#include "tests/evidence/git/releases.h"

namespace gate::git {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr char kBase[] = R"(def save(task):
    store(task)
    notify(task)


def close(task):
    archive(task)
)";

class CoverageTest : public testing::Test {
 protected:
  CoverageTest() { base_ = repository_.CommitFile("app.py", kBase, "base"); }

  // TASKS-1 is said to be behind new_list.
  v1::FlagCoverage Covered(const std::string& key = "TASKS-1") {
    v1::ReleaseQuery query = Between(base_, repository_.Head());
    v1::Ticket& ticket = *query.add_tickets();
    ticket.set_key("TASKS-1");
    ticket.set_flag("new_list");
    v1::FlagWrapper& wrapper = *query.add_flag_wrappers();
    wrapper.set_function("flag_on");
    return TicketOf(Answer(repository_, query), key).coverage();
  }
  // "path:line code" of what is not covered.
  static std::vector<std::string> Uncovered(const v1::FlagCoverage& coverage) {
    std::vector<std::string> lines;
    for (const v1::UncoveredLine& line : coverage.uncovered()) {
      lines.push_back(absl::StrCat(line.place().path(), ":", line.place().line(), " ",
                                   line.removed() ? "gone" : line.place().code()));
    }
    return lines;
  }

  ScratchRepository repository_;
  std::string base_;
};

TEST_F(CoverageTest, OneTicketAloneIsSaidTheSameOf) {
  repository_.CommitFile("app.py", absl::StrCat(kBase, "    notify(task)\n"), "TASKS-1");
  repository_.CommitFile("b.py", "run()\n", "TASKS-2\n\nFeature-Flag: run");
  v1::ReleaseQuery query = Between(base_, repository_.Head());
  query.add_tickets()->set_key("TASKS-1");
  query.mutable_tickets(0)->set_flag("new_list");
  const v1::Release whole = Answer(repository_, query);
  const auto alone = AnswerRelease(query, repository_.path(), Deadline::max(), "TASKS-1");
  ASSERT_TRUE(alone.ok());
  const v1::ReleaseTicket ticket = TicketOf(*alone, "TASKS-1");
  EXPECT_EQ(ticket.coverage().DebugString(), TicketOf(whole, "TASKS-1").coverage().DebugString());
  EXPECT_EQ(ticket.coverage().uncovered_size(), 1);
  EXPECT_FALSE(ticket.has_revert());
  EXPECT_TRUE(TicketOf(whole, "TASKS-2").has_coverage());
  EXPECT_FALSE(TicketOf(*alone, "TASKS-2").has_coverage());
}

TEST_F(CoverageTest, OneTicketOwnsEverything) {
  repository_.CommitFile("app.py", R"(def save(task):
    store(task)
    if flag_on("new_list"):
        index(task)
    notify(task)


def close(task):
    audit(task)
    archive(task)
)",
                         "TASKS-1: index");
  const v1::FlagCoverage coverage = Covered();
  EXPECT_EQ(coverage.flag(), "new_list");
  EXPECT_EQ(coverage.failure(), "");
  EXPECT_THAT(Uncovered(coverage), ElementsAre("app.py:9 audit(task)"));
  EXPECT_EQ(coverage.lines(), 3);
  EXPECT_EQ(coverage.covered_lines(), 2);
  EXPECT_GT(coverage.nodes(), coverage.covered_nodes());
  EXPECT_FALSE(coverage.defaults_off());
}

// Where nobody knows the flag: by a check of Unleash's own, and not by one that may say anything.
TEST_F(CoverageTest, WhetherItIsOffByDefaultIsSaidOfWhatIsCovered) {
  const auto save = [&](const std::string& check) {
    return absl::StrCat("def save(task):\n    store(task)\n    if ", check,
                        ":\n        index(task)\n    notify(task)\n\n\n",
                        "def close(task):\n    archive(task)\n");
  };
  repository_.CommitFile("app.py", save("unleash.is_enabled('new_list')"), "TASKS-1: index");
  EXPECT_TRUE(Covered().defaults_off());
  // Another ticket's line in the file does not matter.
  repository_.CommitFile("app.py", save("unleash.is_enabled('new_list')") + "    audit(task)\n",
                         "TASKS-2");
  EXPECT_TRUE(Covered().defaults_off());
  EXPECT_FALSE(Covered("TASKS-2").defaults_off());
  repository_.CommitFile("own.py", "def is_enabled(name):\n    return True\n", "TASKS-2: own");
  EXPECT_FALSE(Covered().defaults_off());
  repository_.Remove("own.py");
  repository_.CommitFile("app.py", save("flag_on('new_list')"), "TASKS-1: another way");
  EXPECT_EQ(Covered().covered_lines(), Covered().lines());
  EXPECT_FALSE(Covered().defaults_off());
}

TEST_F(CoverageTest, LinesOfOtherTicketsAreTheirs) {
  repository_.CommitFile("app.py", R"(def save(task):
    store(task)
    if flag_on("new_list"):
        index(task)
    notify(task)


def close(task):
    archive(task)
)",
                         "TASKS-1: index");
  repository_.CommitFile("app.py", R"(def save(task):
    store(task)
    if flag_on("new_list"):
        index(task)
    notify(task)


def close(task):
    audit(task)
    archive(task)
)",
                         "TASKS-2: audit");
  const v1::FlagCoverage coverage = Covered();
  EXPECT_THAT(Uncovered(coverage), IsEmpty());
  EXPECT_EQ(coverage.lines(), 2);
  EXPECT_EQ(coverage.covered_nodes(), coverage.nodes());
}

TEST_F(CoverageTest, ALineThatTwoHaveChangedIsBoths) {
  repository_.CommitFile("app.py", absl::StrCat(kBase, "\n\naudit(1)\n"), "TASKS-1: audit");
  repository_.CommitFile("app.py", absl::StrCat(kBase, "\n\naudit(2)\n"), "TASKS-2: more");
  EXPECT_THAT(Uncovered(Covered()), ElementsAre("app.py:10 audit(2)"));
}

TEST_F(CoverageTest, CodeThatAnotherTicketMovesStaysItsOwn) {
  repository_.CommitFile("app.py", absl::StrCat(kBase, "\n\ndef audit(task):\n    send(task)\n"),
                         "TASKS-1: audit");
  repository_.Write("app.py", kBase);
  repository_.CommitFile("audit.py", "import wire\n\n\ndef audit(task):\n    send(task)\n",
                         "TASKS-2: a file of its own");
  EXPECT_THAT(Uncovered(Covered()), testing::Contains("audit.py:5 send(task)"));
}

TEST_F(CoverageTest, CodeInARenamedFileStaysItsOwn) {
  repository_.CommitFile("app.py", absl::StrCat(kBase, "\n\naudit(1)\n"), "TASKS-1: audit");
  repository_.Git({"mv", "app.py", "tasks.py"});
  repository_.Commit("TASKS-2: another name");
  EXPECT_THAT(Uncovered(Covered()), testing::Contains("tasks.py:10 audit(1)"));
}

TEST_F(CoverageTest, RemovedCodeIsOfAllThatHaveWorkedOnTheFile) {
  std::string text = kBase;
  text.insert(text.find("    archive"), "    if flag_on(\"new_list\"):\n        go()\n");
  repository_.CommitFile("app.py", text, "TASKS-1: go");
  EXPECT_THAT(Uncovered(Covered()), IsEmpty());
  text.erase(text.find("    notify(task)\n"), 17);
  repository_.CommitFile("app.py", text, "TASKS-2: silent");
  const v1::FlagCoverage coverage = Covered();
  ASSERT_EQ(coverage.uncovered_size(), 1) << coverage.DebugString();
  EXPECT_TRUE(coverage.uncovered(0).removed());
}

TEST_F(CoverageTest, WhatWasRevertedIsNotLookedAt) {
  repository_.CommitFile("app.py", absl::StrCat(kBase, "\n\naudit(1)\n"), "TASKS-1: audit");
  repository_.Git({"revert", "--no-edit", "HEAD"});
  repository_.CommitFile("other.py", "go()\n", "TASKS-2: go");
  const v1::FlagCoverage coverage = Covered();
  EXPECT_EQ(coverage.lines(), 0);
  EXPECT_THAT(Uncovered(coverage), IsEmpty());
}

TEST_F(CoverageTest, MergedBranchesKeepTheirOwn) {
  repository_.Branch("one", base_);
  repository_.CommitFile("app.py", absl::StrCat("import one\n\n", kBase, "\n\naudit(1)\n"),
                         "TASKS-1: audit");
  repository_.Branch("two", base_);
  std::string text = kBase;
  text.insert(text.find("    notify"), "    index(task)\n");
  repository_.CommitFile("app.py", text, "TASKS-2: index");
  repository_.Checkout("main");
  repository_.Merge("one", "Merge branch 'TASKS-1-audit'");
  repository_.Merge("two", "Merge branch 'TASKS-2-index'");
  EXPECT_THAT(Uncovered(Covered()), ElementsAre("app.py:1 import one", "app.py:13 audit(1)"));
}

TEST_F(CoverageTest, CallersAreFoundInTheWholeTree) {
  repository_.CommitFile("far/away.py", "from app import index\n\nindex(1)\n", "base as well");
  base_ = repository_.Head();
  repository_.CommitFile("app.py", absl::StrCat(kBase, R"(

def index(task):
    send(task)


def run(task):
    if flag_on("new_list"):
        index(task)
)"),
                         "TASKS-1: index");
  const v1::FlagCoverage coverage = Covered();
  ASSERT_FALSE(coverage.uncovered().empty());
  bool reached = false;
  for (const v1::UncoveredLine& line : coverage.uncovered()) {
    for (const v1::CodePlace& place : line.witness()) reached |= place.path() == "far/away.py";
  }
  EXPECT_TRUE(reached) << coverage.DebugString();
}

TEST_F(CoverageTest, WhatHasNoLinesCannotBeProven) {
  repository_.CommitFile("run.sh", "#!/bin/sh\n", "base as well");
  std::filesystem::create_symlink("app.py", repository_.File("link"));
  base_ = repository_.Commit("a link");
  std::filesystem::remove(repository_.File("link"));
  std::filesystem::create_symlink("/etc/passwd", repository_.File("link"));
  repository_.Git(
      {"update-index", "--add", "--cacheinfo", absl::StrCat("160000,", base_, ",vendored")});
  std::filesystem::permissions(repository_.File("run.sh"), std::filesystem::perms(0755));
  repository_.Git({"add", "link", "run.sh"});
  repository_.Git({"commit", "-q", "-m", "TASKS-1: elsewhere"});
  const v1::FlagCoverage coverage = Covered();
  std::vector<std::string> rules;
  for (const v1::UncoveredLine& line : coverage.uncovered()) {
    EXPECT_TRUE(line.unknown());
    rules.push_back(absl::StrCat(line.place().path(), " ", line.rule()));
  }
  EXPECT_THAT(rules, ElementsAre("link symlink", "run.sh file_mode", "vendored submodule"));
  EXPECT_EQ(coverage.unknown_nodes(), 3);
}

TEST_F(CoverageTest, AttributesOfTheRepositoryHideNothing) {
  repository_.CommitFile(".gitattributes", "*.py binary -diff\n", "base as well");
  base_ = repository_.Head();
  repository_.CommitFile("app.py", absl::StrCat(kBase, "\n\naudit(1)\n"), "TASKS-1: audit");
  repository_.CommitFile("other.py", "go()\n", "TASKS-2: go");
  EXPECT_THAT(Uncovered(Covered()), ElementsAre("app.py:10 audit(1)"));
}

TEST_F(CoverageTest, LongListsAreCutAndCounted) {
  std::string text = kBase;
  for (int i = 0; i < 600; ++i) absl::StrAppend(&text, "audit(", i, ")\n");
  repository_.CommitFile("app.py", text, "TASKS-1: audit");
  const v1::FlagCoverage coverage = Covered();
  EXPECT_EQ(coverage.uncovered_size(), 500);
  EXPECT_EQ(coverage.more(), coverage.lines() - 500);
}

TEST_F(CoverageTest, ALostCommitIsNoTicketsAndHidesNothing) {
  repository_.Branch("hotfix", base_);
  const std::string hotfix =
      repository_.CommitFile("app.py", absl::StrCat("import fix\n\n", kBase), "TASKS-9: hotfix");
  repository_.Checkout("main");
  repository_.CommitFile("app.py", absl::StrCat(kBase, "\n\naudit(1)\n"), "TASKS-1: audit");
  repository_.CommitFile("other.py", "go()\n", "TASKS-2: go");
  base_ = hotfix;
  EXPECT_THAT(Uncovered(Covered()), testing::Contains("app.py:10 audit(1)"));
}

}  // namespace
}  // namespace gate::git
