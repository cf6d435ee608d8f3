// Which files count, which are read to find out who calls what, and how lines are put together.
#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "checks/flags/binary.h"
#include "checks/flags/coverage.h"
#include "checks/flags/stretches.h"
#include "checks/flags/word_index.h"
#include "tests/flags/snapshot.h"

namespace gate::flags {
namespace {

using State = ChangedLine::State;
using Lines = std::vector<std::string>;
using Texts = std::map<std::string, std::string>;

const FlagQuestion kQuestion = {"tasks_v2", {}};

std::vector<std::string> Told(const Coverage& coverage) {
  std::vector<std::string> told;
  for (const ChangedLine& line : coverage.lines) {
    const char* state = line.state == State::kCovered     ? "covered"
                        : line.state == State::kUncovered ? "uncovered"
                                                          : "unknown";
    told.push_back(absl::StrCat(line.place.path, ":", line.place.line, " ", state, " ", line.rule));
  }
  return told;
}

TEST(FilesTest, CodeThatIsMovedIntoTestsIsGone) {
  const std::string code = "def store(task):\n    task.save()\n";
  const Coverage coverage =
      Cover({{"tests/store.py", "app/store.py", code, code}}, Snapshot(Texts()), kQuestion);
  EXPECT_EQ(Told(coverage), (Lines{"app/store.py:1 uncovered removed"}));
}

TEST(FilesTest, CodeThatIsMovedOutOfTestsIsNew) {
  const std::string code = "task.save()\n";
  const Coverage coverage = Cover({{"app/store.py", "tests/store.py", code, code}},
                                  Snapshot(Texts{{"app/store.py", code}}), kQuestion);
  EXPECT_EQ(Told(coverage), (Lines{"app/store.py:1 uncovered load"}));
}

TEST(FilesTest, TestsAndDocumentationDoNotCount) {
  const std::string code = "task.save()\n";
  EXPECT_TRUE(Cover({{"tests/store.py", "", code, std::nullopt},
                     {"src/list.spec.ts", "", std::nullopt, code},
                     {"docs/guide.md", "", code, code + code}},
                    Snapshot(Texts()), kQuestion)
                  .lines.empty());
}

TEST(FilesTest, PicturesDoNotCountAndProgramsDo) {
  const std::string picture("\x89PNG\r\n\x1a\n\0\0\0\rIHDR", 16);
  const std::string program(
      "\x7f"
      "ELF\2\1\1\0",
      8);  // NOLINT: two literals
  const Coverage coverage = Cover({{"web/logo.png", "", std::nullopt, picture},
                                   {"web/hidden.png", "", std::nullopt, program},
                                   {"web/gone.png", "", picture, std::nullopt},
                                   {"bin/tool", "", std::nullopt, program},
                                   {"app/strange.py", "", std::nullopt, "a(\0)"}},
                                  Snapshot(Texts()), kQuestion);
  EXPECT_EQ(Told(coverage), (Lines{"app/strange.py:1 unknown unknown", "bin/tool:1 unknown unknown",
                                   "web/hidden.png:1 unknown unknown"}));
}

TEST(FilesTest, WhatIsNeededOfTheCodeIsReadAndNoMore) {
  const std::string before = "def store(task):\n    task.save()\n";
  const std::string after = before + "    task.log_v2()\n";
  Texts files = {{"app/store.py", after}};
  for (int i = 100; i < 200; ++i) {
    files[absl::StrCat("app/view", i, ".py")] = "def view(task):\n    store(task)\n";
    files[absl::StrCat("app/other", i, ".py")] = "def other(task):\n    task.restore()\n";
  }
  const Snapshot snapshot(files);
  const Coverage coverage = Cover({{"app/store.py", "", before, after}}, snapshot, kQuestion);
  EXPECT_EQ(Told(coverage), (Lines{"app/store.py:3 uncovered called"}));
  EXPECT_EQ(coverage.lines[0].witness[0].path, "app/view100.py");
  // The first caller, and the first who mentions its caller, where a second is looked for.
  EXPECT_LE(snapshot.reads(), 100);
}

TEST(FilesTest, WhoIsMentionedWhereNobodyCanReadIsUnknown) {
  const std::string code = "def store(task):\n    task.log_v2()\n";
  const Coverage coverage =
      Cover({{"app/store.py", "", std::nullopt, code}},
            Snapshot(Texts{{"app/store.py", code}, {"jobs.yaml", "run: app.store\n"}}), kQuestion);
  ASSERT_EQ(Told(coverage), (Lines{"app/store.py:2 unknown unknown"}));
  EXPECT_EQ(coverage.lines[0].reason,
            "it is mentioned in jobs.yaml, which cannot be read: there is no grammar for this "
            "language");
}

TEST(FilesTest, WhatTheRuntimeCallsHasNoOtherWitness) {
  const std::string before =
      "def other():\n    Task().save()\n\nclass Task:\n    def save(self):\n";
  const std::string after = before + "        self.log()\n";
  const Coverage coverage = Cover({{"app/task.py", "", before + "        pass\n", after}},
                                  Snapshot(Texts{{"app/task.py", after}}), kQuestion);
  ASSERT_EQ(coverage.lines.size(), 1u);
  EXPECT_EQ(coverage.lines[0].runtime, "save");
  EXPECT_TRUE(coverage.lines[0].witness.empty());
}

TEST(StretchesTest, LinesOfWhichTheSameIsSaidAreOne) {
  const std::string before =
      "def store(task):\n"
      "    task.a()\n"
      "    task.b()\n";
  const std::string after =
      "def store(task):\n"
      "    task.new()\n"
      "\n"
      "    # Twice.\n"
      "    task.new()\n"
      "    task.a()\n"
      "    task.new()\n"
      "    if flag_on('tasks_v2'):\n"
      "        task.v2()\n"
      "    task.new()\n"
      "    task.b()\n";
  const Coverage coverage = Cover({{"app/store.py", "", before, after}},
                                  Snapshot(Texts{{"app/store.py", after}}), kQuestion);
  std::vector<std::string> ranges;
  for (const Stretch& stretch : UncoveredStretches(coverage)) {
    ranges.push_back(
        absl::StrCat(stretch.first->place.line, "-", stretch.end_line, " of ", stretch.lines));
  }
  EXPECT_EQ(ranges, (Lines{"2-5 of 2", "7-7 of 1", "10-10 of 1"}));
}

TEST(WordIndexTest, WordsAreFoundWhole) {
  WordIndex index;
  index.Begin("b");
  index.Append("store(ta");
  index.Append("sk); a.réserve");
  index.End();
  index.Begin("a");
  index.Append("restore store_2 task");
  index.End();
  index.AddUnknown("c");
  EXPECT_EQ(index.Mentioning("store"), (Lines{"b", "c"}));
  EXPECT_EQ(index.Mentioning("task"), (Lines{"a", "b", "c"}));
  EXPECT_EQ(index.Mentioning("réserve"), (Lines{"b", "c"}));
  EXPECT_EQ(index.Mentioning("store_2"), (Lines{"a", "c"}));
  EXPECT_EQ(index.Mentioning("ta"), (Lines{"c"}));
  EXPECT_EQ(index.Mentioning("task.store"), (Lines{"b", "c"})) << "all of its words";
  EXPECT_EQ(index.Mentioning("task?"), (Lines{"a", "b", "c"}));
}

}  // namespace
}  // namespace gate::flags
