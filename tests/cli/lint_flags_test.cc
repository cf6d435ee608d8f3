// One change told in different ways to `gatectl lint flags` is one answer.
#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "clients/gatectl/files.h"
#include "clients/gatectl/process.h"
#include "gate/v1/report.pb.h"
#include "gtest/gtest.h"
#include "tests/fakes/child_process.h"
#include "tests/fakes/scratch_repository.h"

namespace gate::ctl {
namespace {

namespace fs = std::filesystem;

v1::LintReport Lint(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), {GATECTL_FOLDER "/gatectl", "lint", "flags", "-o", "json",
                                       "--flag", "tasks_v2"});
  const ProcessResult result = RunProcess(arguments, "", "");
  v1::LintReport report;
  const Or<bool> read = ParseFile("report", result.out, report);
  EXPECT_TRUE(read) << result.out << result.err;
  return report;
}

// Of a report what does not depend on the order in which a way lists files. A patch does not have
// the pictures, which are not judged.
std::multiset<std::string> Said(const v1::LintReport& report) {
  std::multiset<std::string> said = {v1::Decision_Name(report.decision())};
  for (const v1::Finding& finding : report.findings()) said.insert(finding.ShortDebugString());
  for (const v1::LintInput& input : report.inputs()) said.insert(input.path());
  said.erase("logo.png");
  return said;
}

class LintFlagsTest : public ::testing::Test {
 protected:
  // As a repository, and as a patch with a folder.
  void ExpectTheSame(const std::string& base, const std::string& head, v1::Decision decision) {
    const TempFolder folder;
    const std::string patch = folder.File("change.patch"), tree = folder.File("tree");
    repository_.Git({"diff-tree", "-p", "-M", "--output=" + patch, base, head});
    repository_.Git({"worktree", "add", "-q", "--detach", tree, head});
    const v1::LintReport of_range =
        Lint({"--repo", repository_.path(), "--base", base, "--head", head});
    EXPECT_EQ(of_range.decision(), decision) << of_range.DebugString();
    EXPECT_EQ(Said(of_range), Said(Lint({"--patch", patch, "--tree", tree})));
    // A linked worktree is a repository too.
    EXPECT_EQ(Said(of_range), Said(Lint({"--repo", tree, "--base", base, "--head", head})));
    repository_.Git({"worktree", "remove", "--force", tree});
  }

  ScratchRepository repository_;
};

TEST_F(LintFlagsTest, APatchIsJudgedAsItsRevisions) {
  repository_.Write("app/a.py", "def f(task):\n    task.save()\n");
  repository_.Write("app/old.py", "def g(task):\n    a = 1\n    b = 2\n    c = 3\n    f(task)\n");
  repository_.Write("app/gone.py", "def h(task):\n    pass\n");
  repository_.Write("app/with blank \"x\".py", "def i(task):\n    pass\n");
  repository_.Write("tests/test_a.py", "f(1)\n");
  repository_.Write("logo.png", std::string("\x89PNG\0", 5));
  const std::string first = repository_.Commit("Begin");
  repository_.Write("app/a.py",
                    "def f(task):\n    if flag_on('tasks_v2'):\n        new(task)\n"
                    "    task.save()\n");
  repository_.Write("app/new.py", "def new(task):\n    task.save_v2()\n");
  repository_.Write("tests/test_a.py", "f(2)\n");
  repository_.Write("logo.png", std::string("\x89PNG\0\1", 6));
  const std::string behind = repository_.Commit("TASKS-1: new");
  ExpectTheSame(first, behind, v1::DECISION_ALLOW);

  repository_.Git({"mv", "app/old.py", "app/renamed.py"});
  repository_.Write("app/renamed.py",
                    "def g(task):\n    a = 1\n    b = 2\n    c = 4\n    f(task)\n");
  repository_.Remove("app/gone.py");
  repository_.Write("app/with blank \"x\".py", "def i(task):\n    new(task)\n");
  fs::permissions(repository_.File("app/a.py"), fs::perms::owner_exec, fs::perm_options::add);
  fs::create_symlink("a.py", repository_.File("app/link.py"));
  repository_.Commit("TASKS-2: more");
  repository_.Git({"update-index", "--add", "--cacheinfo", "160000," + first + ",library"});
  repository_.Git({"commit", "-q", "-m", "TASKS-2: a submodule"});
  const std::string leaks = repository_.Head();
  ExpectTheSame(behind, leaks, v1::DECISION_BLOCK);
  ExpectTheSame(first, leaks, v1::DECISION_BLOCK);
  ExpectTheSame(leaks, first, v1::DECISION_BLOCK);
}

TEST_F(LintFlagsTest, OnlyTheLinesOfATicketAreItsOwn) {
  const std::string base =
      repository_.CommitFile("app/a.py", "def f(task):\n    x()\n\n\ndef g(task):\n    y()\n", "A");
  repository_.CommitFile("app/a.py",
                         "def f(task):\n    if flag_on('tasks_v2'):\n        n(task)\n    x()\n\n\n"
                         "def g(task):\n    y()\n",
                         "TASKS-1: behind");
  const std::string head = repository_.CommitFile(
      "app/a.py",
      "def f(task):\n    if flag_on('tasks_v2'):\n        n(task)\n    x()\n\n\n"
      "def g(task):\n    y()\n    z()\n",
      "TASKS-2: not behind");
  const std::vector<std::string> range = {"--repo", repository_.path(), "--base",
                                          base,     "--head",           head};
  const auto of_ticket = [&](const char* ticket) {
    std::vector<std::string> arguments = range;
    arguments.insert(arguments.end(), {"--ticket", ticket});
    return Lint(arguments);
  };
  EXPECT_EQ(Lint(range).decision(), v1::DECISION_BLOCK);
  EXPECT_EQ(of_ticket("TASKS-1").decision(), v1::DECISION_ALLOW);
  const v1::LintReport second = of_ticket("TASKS-2");
  EXPECT_EQ(second.decision(), v1::DECISION_BLOCK);
  EXPECT_EQ(second.findings(0).rule(), "flags.uncovered");
  EXPECT_EQ(second.findings(0).location().line(), 9);
}

}  // namespace
}  // namespace gate::ctl
