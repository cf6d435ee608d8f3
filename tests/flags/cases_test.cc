// Marked lines of code -> covered or not; see cases.h.
#include "tests/flags/cases.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "checks/flags/coverage.h"

namespace gate::flags {
namespace {

std::string Told(const ChangedLine& line) {
  if (line.removed) return "R";
  switch (line.state) {
    case ChangedLine::State::kCovered:
      return line.rule == "G8" ? "I" : "C";
    case ChangedLine::State::kUncovered:
      return "U";
    case ChangedLine::State::kUnknown:
      return "X";
  }
  return "?";
}

class FlagCase : public ::testing::TestWithParam<std::filesystem::path> {};

TEST_P(FlagCase, LinesAreAsMarked) {
  const MarkedCase marked = ReadCase(GetParam());
  const std::vector<std::string> lines = absl::StrSplit(marked.head, '\n');
  FileChange change;
  change.path = marked.path;
  change.base = marked.base;
  change.head = marked.head;
  const Coverage coverage =
      Cover({change}, Texts(FileTexts{{marked.path, marked.head}}), {kCaseFlag, {}});
  std::map<int, std::string> told;
  for (const ChangedLine& line : coverage.lines) {
    std::string& here = told[line.place.line];
    if (here.empty() || here == "R") here = Told(line);
    std::printf("  %d %s %s %s | %s", line.place.line, Told(line).c_str(), line.rule.c_str(),
                line.place.code.c_str(), line.reason.c_str());
    for (const Place& place : line.witness)
      std::printf(" <- %d: %s", place.line, place.code.c_str());
    std::printf("\n");
  }
  for (const auto& [line, mark] : marked.marks) {
    const std::string seen = told.contains(line) ? told[line] : "N";
    EXPECT_EQ(seen, mark) << marked.path << ":" << line << ": "
                          << lines[static_cast<size_t>(line) - 1];
  }
  for (const auto& [line, mark] : told) {
    EXPECT_TRUE(marked.marks.contains(line)) << marked.path << ":" << line << " " << mark;
  }
}

INSTANTIATE_TEST_SUITE_P(Golden, FlagCase, ::testing::ValuesIn(AllCases()),
                         [](const auto& info) { return ReadCase(info.param).name; });

}  // namespace
}  // namespace gate::flags
