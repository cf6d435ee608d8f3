// Texts made to hurt whoever reads them: each is answered, and nothing of them is covered.
#include <gtest/gtest.h>

#include <cctype>
#include <map>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "checks/flags/coverage.h"
#include "checks/flags/language.h"
#include "tests/flags/snapshot.h"

namespace gate::flags {
namespace {

std::string Times(size_t count, std::string_view text) {
  std::string all;
  all.reserve(count * text.size());
  for (size_t i = 0; i < count; ++i) all += text;
  return all;
}

std::string RandomBytes(size_t count) {
  std::mt19937 random(7);  // NOLINT: the same each time
  std::string bytes;
  for (size_t i = 0; i < count; ++i) bytes += static_cast<char>(random());
  return bytes;
}

class Hostile : public ::testing::TestWithParam<const Language*> {
 protected:
  // What is said of a file that the change adds, or changes from another text.
  Coverage CoverNew(const std::string& text, const std::string& before = "") const {
    const std::string path = "src/a" + std::string(GetParam()->extensions[0]);
    const std::map<std::string, std::string> files = {{path, text}};
    return Cover({{path, "", before, text}}, Snapshot(files), {"tasks_v2", {}});
  }

  static void ExpectNothingCovered(const Coverage& coverage) {
    for (const ChangedLine& line : coverage.lines) {
      EXPECT_NE(line.state, ChangedLine::State::kCovered) << line.place.line << ": " << line.rule;
      EXPECT_FALSE(line.reason.empty());
    }
  }
};

TEST_P(Hostile, AnEmptyFileHasNothingToCover) {
  EXPECT_TRUE(CoverNew("").AllCovered());
  EXPECT_TRUE(CoverNew("\n\n \n").AllCovered());
  EXPECT_TRUE(CoverNew("").lines.empty());
}

TEST_P(Hostile, BracketsThatAreNeverClosed) {
  for (const char* bracket : {"(", "{a:["}) {
    const Coverage coverage = CoverNew(Times(66000, bracket));
    ExpectNothingCovered(coverage);
  }
}

TEST_P(Hostile, CodeThatIsNestedHundredThousandDeep) {
  const size_t deep = 100'000;
  for (const std::string& text : {
           Times(deep, "(") + "tasks_v2" + Times(deep, ")"),
           "x = " + Times(deep, "!") + "tasks_v2",
           "x = a" + Times(deep, ".b"),
           "x = a" + Times(deep, " && isEnabled('tasks_v2')"),
           Times(deep, "if a {") + "b()" + Times(deep, "}"),
           "{% if " + Times(deep, "a or ") + "is_enabled('tasks_v2') %}b{% endif %}",
           "{% if " + Times(deep, "a == ") + "is_enabled('tasks_v2') %}b{% endif %}",
           "{% if " + Times(deep, "not ") + "is_enabled('tasks_v2') %}b{% endif %}",
           "{% if a %}{{ " + Times(deep, "a ~ ") + "a" + Times(deep, "|b") + " }}{% endif %}",
           Times(deep, "{% if a %}") + "b" + Times(deep, "{% endif %}"),
           Times(deep, "<% if a %>") + "b" + Times(deep, "<% end %>"),
       }) {
    ExpectNothingCovered(CoverNew(text));
  }
}

TEST_P(Hostile, BytesAtRandom) {
  ExpectNothingCovered(CoverNew(RandomBytes(200'000)));
  ExpectNothingCovered(CoverNew("tasks_v2" + RandomBytes(50'000), RandomBytes(50'001)));
  ExpectNothingCovered(CoverNew(std::string(100'000, '\0') + "tasks_v2"));
}

TEST_P(Hostile, ManyChangesInOneFile) {
  const Coverage coverage = CoverNew(Times(20'000, "b(tasks_v2)\n"), Times(20'000, "a(tasks)\n"));
  EXPECT_GT(coverage.uncovered_lines(), 0);
  ExpectNothingCovered(coverage);
}

TEST(HostileTest, AFileThatIsTooLargeIsUnknownAsAWhole) {
  const std::string large = Times(5'000'000, "a(tasks)\n \n");  // 50 MB
  const Coverage coverage = Cover({{"src/a.py", "", "", large}},
                                  Snapshot(std::map<std::string, std::string>()), {"tasks_v2", {}});
  ASSERT_EQ(coverage.lines.size(), 1u);
  EXPECT_EQ(coverage.lines[0].state, ChangedLine::State::kUnknown);
  EXPECT_EQ(coverage.lines[0].reason, "the file is larger than 2 MiB");
}

INSTANTIATE_TEST_SUITE_P(
    Languages, Hostile, ::testing::ValuesIn(AllLanguages().begin(), AllLanguages().end()),
    [](const auto& info) {
      std::string name;
      for (const char c : info.param->name) {
        name += c == '#' ? std::string("Sharp")
                         : std::string(std::isalnum(static_cast<unsigned char>(c)) != 0 ? 1 : 0, c);
      }
      return name;
    });

}  // namespace
}  // namespace gate::flags
