// Marked lines of code -> covered or not. Cases: tests/golden/flags/LANGUAGE/NAME.ext.
//
// A change adds the marked lines; what is not marked was there before, or what NAME.base.ext has.
// Marks: +C covered, +I covered through calls alone, +U not covered, +X not covered since nothing
// could be proven, +R something is gone there, +N does not run: was there before as well. The flag
// is tasks_v2.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <system_error>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "checks/flags/coverage.h"

namespace gate::flags {
namespace {

class OneFile : public Sources {
 public:
  OneFile(std::string path, std::string text) : path_(std::move(path)), text_(std::move(text)) {}
  std::vector<std::string> Mentioning(const std::string& word) const override {
    if (text_.find(word) == std::string::npos) return {};
    return {path_};
  }
  std::optional<std::string> Read(const std::string& path) const override {
    if (path != path_) return std::nullopt;
    return text_;
  }

 private:
  std::string path_, text_;
};

std::string Contents(const std::filesystem::path& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

// The mark of a line: "C", "U", ...; empty for none.
std::string MarkOf(const std::string& line) {
  const size_t at = line.rfind("+");
  if (at == std::string::npos || at + 1 >= line.size()) return "";
  const char mark = line[at + 1];
  const bool alone =
      at + 2 >= line.size() || !std::isalnum(static_cast<unsigned char>(line[at + 2]));
  return alone && std::string("CUNIXR").find(mark) != std::string::npos ? std::string(1, mark) : "";
}

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
  const std::string head = Contents(GetParam());
  const std::vector<std::string> lines = absl::StrSplit(head, '\n');
  std::string base;
  std::map<int, std::string> wanted;
  for (size_t i = 0; i < lines.size(); ++i) {
    const std::string mark = MarkOf(lines[i]);
    if (mark.empty() || mark == "N") absl::StrAppend(&base, lines[i], "\n");
    if (!mark.empty()) wanted[static_cast<int>(i) + 1] = mark;
  }
  std::filesystem::path before = GetParam();
  before.replace_extension(".base" + GetParam().extension().string());
  if (std::filesystem::exists(before)) base = Contents(before);
  FileChange change;
  change.path = GetParam().filename();
  change.base = base;
  change.head = head;
  const Coverage coverage = Cover({change}, OneFile(change.path, head), {"tasks_v2", {}});
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
  for (const auto& [line, mark] : wanted) {
    const std::string seen = told.contains(line) ? told[line] : "N";
    EXPECT_EQ(seen, mark) << GetParam().filename() << ":" << line << ": "
                          << lines[static_cast<size_t>(line) - 1];
  }
  for (const auto& [line, mark] : told) {
    EXPECT_TRUE(wanted.contains(line)) << GetParam().filename() << ":" << line << " " << mark;
  }
}

std::vector<std::filesystem::path> AllCases() {
  std::vector<std::filesystem::path> cases;
  std::error_code elsewhere;  // Not where the tests run, there are none.
  for (const auto& entry :
       std::filesystem::recursive_directory_iterator("golden/flags", elsewhere)) {
    if (entry.path().stem().extension() == ".base") continue;
    if (entry.is_regular_file() && LanguageOf(entry.path().string()) != nullptr) {
      cases.push_back(entry.path());
    }
  }
  std::ranges::sort(cases);
  return cases;
}

INSTANTIATE_TEST_SUITE_P(Golden, FlagCase, ::testing::ValuesIn(AllCases()), [](const auto& info) {
  return absl::StrCat(info.param.parent_path().filename().string(), "_",
                      info.param.stem().string());
});

}  // namespace
}  // namespace gate::flags
