#include "tests/support/golden.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>

namespace gate::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::AssertionFailure;
using ::testing::AssertionResult;
using ::testing::AssertionSuccess;

constexpr char kHowToRefresh[] =
    "to refresh it:  cmake --build --preset debug --target golden\nand read the diff";

bool Updating() {
  const char* update = std::getenv("GATE_UPDATE_GOLDENS");
  return update != nullptr && std::string_view(update) == "1";
}

std::optional<std::string> Read(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file || fs::is_directory(path)) return std::nullopt;
  return std::string(std::istreambuf_iterator<char>(file), {});
}

AssertionResult Write(const std::string& path, std::string_view text) {
  std::error_code ignored;  // Of the folder; writing the file says what matters.
  fs::create_directories(fs::path(path).parent_path(), ignored);
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << text << std::flush;
  if (!file) return AssertionFailure() << path << ": cannot be written";
  return AssertionSuccess();
}

std::string_view LineFrom(std::string_view text, size_t start) {
  return text.substr(start, text.find('\n', start) - start);
}

AssertionResult Difference(const std::string& path, std::string_view expected,
                           std::string_view actual) {
  const auto [e, a] = std::mismatch(expected.begin(), expected.end(), actual.begin(), actual.end());
  const size_t same = e - expected.begin();
  const size_t line_start = same == 0 ? 0 : expected.rfind('\n', same - 1) + 1;
  const auto line = 1 + std::count(expected.begin(), expected.begin() + line_start, '\n');
  return AssertionFailure() << path << ":" << line << ": differs\n"
                            << "  golden: " << LineFrom(expected, line_start) << "\n"
                            << "  actual: " << LineFrom(actual, line_start) << "\n"
                            << "all that is said now:\n"
                            << actual << "\n"
                            << kHowToRefresh;
}

}  // namespace

AssertionResult MatchesGolden(const std::string& path, std::string_view actual) {
  const std::optional<std::string> expected = Read(path);
  if (expected == actual) return AssertionSuccess();
  if (Updating()) return Write(path, actual);
  if (!expected) {
    return AssertionFailure() << path << ": no such golden file; it would hold:\n"
                              << actual << "\n"
                              << kHowToRefresh;
  }
  return Difference(path, *expected, actual);
}

std::vector<std::string> GoldenFiles(const std::string& folder, std::string_view suffix) {
  std::vector<std::string> paths;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    const std::string path = entry.path().string();
    if (path.ends_with(suffix) && entry.is_regular_file()) paths.push_back(path);
  }
  std::sort(paths.begin(), paths.end());
  EXPECT_FALSE(paths.empty()) << folder << ": no *" << suffix << " (tests run in tests/)";
  return paths;
}

std::string GoldenFor(std::string_view path, std::string_view suffix, std::string_view golden) {
  return std::string(path.substr(0, path.size() - suffix.size())) + std::string(golden);
}

AssertionResult NoStrayGoldens(const std::string& folder, const std::set<std::string>& referenced) {
  AssertionResult strays = AssertionFailure() << "no test reads:";
  bool any = false;
  std::error_code error;
  for (const auto& entry : fs::recursive_directory_iterator(folder, error)) {
    const std::string path = entry.path().string();
    if (!entry.is_regular_file() || referenced.count(path)) continue;
    strays << "\n  " << path;
    any = true;
  }
  if (error) return AssertionFailure() << folder << ": " << error.message();
  return any ? strays : AssertionSuccess();
}

AssertionResult NoStrayGoldens(const std::string& folder,
                               const std::vector<std::string>& suffixes) {
  std::set<std::string> referenced;
  for (const std::string& input : GoldenFiles(folder, suffixes.front())) {
    for (const std::string& suffix : suffixes) {
      referenced.insert(GoldenFor(input, suffixes.front(), suffix));
    }
  }
  return NoStrayGoldens(folder, referenced);
}

std::string ReadFile(const std::string& path) {
  const std::optional<std::string> text = Read(path);
  EXPECT_TRUE(text) << path << ": cannot be read (tests run in tests/)";
  return text.value_or("");
}

}  // namespace gate::testing
