// Patches that are taken, and what is refused. Against real git: tests/evidence/git.
#include "checks/flags/unified_diff.h"

#include <map>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace gate::flags {
namespace {

using ::testing::ElementsAre;
using ::testing::FieldsAre;
using ::testing::HasSubstr;
using Kind = UnreadChange::Kind;

using Tree = std::map<std::string, std::string>;

std::optional<Patch> Read(const std::string& patch, const Tree& tree, PatchProblem& problem) {
  return ReadPatch(
      patch,
      [&](const std::string& path) -> std::optional<std::string> {
        const auto found = tree.find(path);
        if (found == tree.end()) return std::nullopt;
        return found->second;
      },
      problem);
}

Patch Good(const std::string& patch, const Tree& tree) {
  PatchProblem problem;
  std::optional<Patch> read = Read(patch, tree, problem);
  EXPECT_TRUE(read) << problem.line << ": " << problem.message;
  return read.value_or(Patch());
}

constexpr char kChange[] =
    "diff --git a/a.py b/a.py\n"
    "index 1111111..2222222 100644\n"
    "--- a/a.py\n"
    "+++ b/a.py\n"
    "@@ -1,3 +1,3 @@ def f():\n"
    " one\n"
    "-two\n"
    "+TWO\n"
    " three\n";
const Tree kTree = {{"a.py", "one\nTWO\nthree\nfour\n"}};

TEST(UnifiedDiffTest, AChange) {
  const Patch patch = Good(kChange, kTree);
  ASSERT_EQ(patch.files.size(), 1u);
  EXPECT_EQ(patch.files[0].path, "a.py");
  EXPECT_EQ(patch.files[0].base, "one\ntwo\nthree\nfour\n");
  EXPECT_EQ(patch.files[0].head, "one\nTWO\nthree\nfour\n");
}

TEST(UnifiedDiffTest, NothingIsNoChange) { EXPECT_TRUE(Good("", kTree).files.empty()); }

TEST(UnifiedDiffTest, NewDeletedAndRenamedFiles) {
  const Patch patch = Good(
      "diff --git a/empty b/empty\n"
      "new file mode 100644\n"
      "index 0000000..e69de29\n"
      "diff --git a/new.py b/new.py\n"
      "new file mode 100644\n"
      "index 0000000..2222222\n"
      "--- /dev/null\n"
      "+++ b/new.py\n"
      "@@ -0,0 +1 @@\n"
      "+one\n"
      "\\ No newline at end of file\n"
      "diff --git a/old.py b/old.py\n"
      "deleted file mode 100644\n"
      "index 1111111..0000000\n"
      "--- a/old.py\n"
      "+++ /dev/null\n"
      "@@ -1,2 +0,0 @@\n"
      "-one\n"
      "-two\n"
      "diff --git a/was.py b/is.py\n"
      "similarity index 90%\n"
      "rename from was.py\n"
      "rename to is.py\n"
      "diff --git a/run.sh b/run.sh\n"
      "old mode 100644\n"
      "new mode 100755\n",
      {{"empty", ""}, {"new.py", "one"}, {"is.py", "x\n"}, {"run.sh", "y\n"}});
  ASSERT_EQ(patch.files.size(), 5u);
  EXPECT_EQ(patch.files[0].base, std::nullopt);
  EXPECT_EQ(patch.files[1].head, "one");
  EXPECT_EQ(patch.files[2].base, "one\ntwo\n");
  EXPECT_EQ(patch.files[2].head, std::nullopt);
  EXPECT_EQ(patch.files[3].base_path, "was.py");
  EXPECT_EQ(patch.files[3].base, "x\n");
  EXPECT_EQ(patch.files[4].base, patch.files[4].head);
  EXPECT_THAT(patch.unread, ElementsAre(FieldsAre("run.sh", Kind::kMode)));
}

TEST(UnifiedDiffTest, WhatIsNoTextIsNamed) {
  const Patch patch = Good(
      "diff --git a/a.png b/a.png\n"
      "index 1111111..2222222 100644\n"
      "Binary files a/a.png and b/a.png differ\n"
      "diff --git a/lib b/lib\n"
      "index 1111111..2222222 160000\n"
      "--- a/lib\n"
      "+++ b/lib\n"
      "@@ -1 +1 @@\n"
      "-Subproject commit 1111111\n"
      "+Subproject commit 2222222\n"
      "diff --git a/file b/file\n"
      "deleted file mode 100644\n"
      "index 1111111..0000000\n"
      "--- a/file\n"
      "+++ /dev/null\n"
      "@@ -1 +0,0 @@\n"
      "-x\n"
      "diff --git a/file b/file\n"
      "new file mode 120000\n"
      "index 0000000..2222222\n"
      "--- /dev/null\n"
      "+++ b/file\n"
      "@@ -0,0 +1 @@\n"
      "+target\n"
      "\\ No newline at end of file\n",
      {{"file", "whatever the link leads to"}});
  EXPECT_TRUE(patch.files.empty());
  EXPECT_THAT(patch.unread,
              ElementsAre(FieldsAre("a.png", Kind::kBinary), FieldsAre("lib", Kind::kSpecial),
                          FieldsAre("file", Kind::kSpecial), FieldsAre("file", Kind::kSpecial)));
}

TEST(UnifiedDiffTest, QuotedPaths) {
  const Patch patch = Good(
      "diff --git \"a/sch\\303\\266n \\\"x\\\".py\" \"b/sch\\303\\266n \\\"x\\\".py\"\n"
      "index 1111111..2222222 100644\n"
      "--- \"a/sch\\303\\266n \\\"x\\\".py\"\n"
      "+++ \"b/sch\\303\\266n \\\"x\\\".py\"\n"
      "@@ -1 +1 @@\n"
      "-a\n"
      "+b\n"
      "diff --git a/with blank.py b/with blank.py\n"
      "index 1111111..2222222 100644\n"
      "--- a/with blank.py\t\n"
      "+++ b/with blank.py\t\n"
      "@@ -1 +1 @@\n"
      "-a\n"
      "+b\n",
      {{"sch\303\266n \"x\".py", "b\n"}, {"with blank.py", "b\n"}});
  ASSERT_EQ(patch.files.size(), 2u);
  EXPECT_EQ(patch.files[1].path, "with blank.py");
}

struct Refused {
  const char* what;
  std::string patch;
  int line;
  const char* message;
};

std::string Replaced(std::string text, const std::string& from, const std::string& to) {
  const size_t at = text.find(from);
  return text.replace(at, from.size(), to);
}

TEST(UnifiedDiffTest, WhatIsNotUnderstoodIsRefused) {
  const std::string good = kChange;
  const Refused rows[] = {
      {"text before", "From: me\n" + good, 1, "nothing before or behind it"},
      {"text behind", good + "-- \n2.39.5\n", 10, "nothing before or behind it"},
      {"garbage between", good + "hello\n" + good, 10, "nothing before or behind it"},
      {"a plain diff", good.substr(good.find("---")), 1, "expected \"diff --git"},
      {"a combined diff", "diff --cc a.py\n", 1, "combined diff of a merge"},
      {"a combined hunk", Replaced(good, "@@ -1,3 +1,3 @@", "@@@ -1,3 -1,3 +1,3 @@@"), 5,
       "combined diff of a merge"},
      {"without prefixes", Replaced(good, "--- a/a.py", "--- a.py"), 4, "--no-prefix"},
      {"another name", Replaced(good, "+++ b/a.py", "+++ b/b.py"), 5, "names of the files differ"},
      {"a way out",
       Replaced(Replaced(Replaced(good, "a/a.py b/a.py", "a/../a.py b/../a.py"), "--- a/a.py",
                         "--- a/../a.py"),
                "+++ b/a.py", "+++ b/../a.py"),
       5, "no path in a repository"},
      {"an unknown line", Replaced(good, "index 1", "indox 1"), 2, "not understood: indox"},
      {"too few lines", Replaced(good, " three\n", ""), 9, "ends within a hunk"},
      {"too many lines", good + " four\n", 10, "nothing before or behind it"},
      {"an empty line", Replaced(good, " three\n", "\n"), 9, "an empty line"},
      {"numbers that do not fit", Replaced(good, "-1,3", "-1,4"), 10, "ends within a hunk"},
      {"a number that is none", Replaced(good, "-1,3", "-1,x"), 5, "hunk is not understood"},
      {"a large number", Replaced(good, "-1,3", "-99999999999,3"), 5, "hunk is not understood"},
      {"another version", Replaced(good, "+TWO", "+2"), 5, "a.py:2 is not what this hunk says"},
      {"another context", Replaced(good, " one\n", " uno\n"), 5, "a.py:1 is not what"},
      {"another place", Replaced(good, "-1,3 +1,3", "-2,3 +2,3"), 5, "a.py:2 is not what"},
      {"lines that drift", Replaced(good, "-1,3 +1,3", "-2,3 +1,3"), 5, "do not fit those before"},
      {"behind the end", Replaced(good, "-1,3 +1,3", "-3,3 +3,3"), 5, "fewer lines"},
      {"twice", good + good, 10, "in the patch twice"},
      {"a file that is not there",
       Replaced(
           Replaced(Replaced(good, "a/a.py b/a.py", "a/b.py b/b.py"), "--- a/a.py", "--- a/b.py"),
           "+++ b/a.py", "+++ b/b.py"),
       1, "b.py is not there after the change"},
      {"deleted, and still there",
       "diff --git a/a.py b/a.py\ndeleted file mode 100644\nindex 1..0\n--- a/a.py\n+++ /dev/null\n"
       "@@ -1 +0,0 @@\n-x\n",
       1, "is deleted, and still there"},
      {"new, and not whole",
       "diff --git a/a.py b/a.py\nnew file mode 100644\nindex 0..1\n--- /dev/null\n+++ b/a.py\n"
       "@@ -0,0 +1 @@\n+one\n",
       1, "does not have all of it"},
      {"new without saying so", Replaced(good, "--- a/a.py", "--- /dev/null"), 5,
       "/dev/null stands"},
      {"a binary patch", "diff --git a/a.py b/a.py\nindex 1..2 100644\nGIT binary patch\n", 3,
       "leave out --binary"},
      {"half a rename", "diff --git a/a.py b/b.py\nrename from a.py\n", 3,
       "does not name the file before and after"},
      {"no hunk", good.substr(0, good.find("@@")), 5, "expected a hunk"},
      {"a line without an end", good.substr(0, good.size() - 1), 9, "ends within a hunk"},
      {"a quoted path without an end", "diff --git \"a/x b/x\nnew file mode 100644\n", 3,
       "names of the files are not understood"},
  };
  for (const Refused& row : rows) {
    SCOPED_TRACE(row.what);
    PatchProblem problem;
    EXPECT_FALSE(Read(row.patch, kTree, problem));
    EXPECT_THAT(problem.message, HasSubstr(row.message));
    EXPECT_EQ(problem.line, row.line) << problem.message;
  }
}

}  // namespace
}  // namespace gate::flags
