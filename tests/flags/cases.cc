#include "tests/flags/cases.h"

#include <algorithm>
#include <cctype>
#include <fstream>
#include <iterator>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "checks/flags/language.h"

namespace gate::flags {
namespace {

std::string Contents(const std::filesystem::path& path) {
  std::ifstream file(path);
  return std::string(std::istreambuf_iterator<char>(file), {});
}

}  // namespace

std::vector<std::string> Texts::Mentioning(const std::string& word) const {
  std::vector<std::string> paths;
  for (const auto& [path, text] : files_) {
    if (text.find(word) != std::string::npos) paths.push_back(path);
  }
  return paths;
}

std::optional<std::string> Texts::Read(const std::string& path) const {
  const auto found = files_.find(path);
  if (found == files_.end()) return std::nullopt;
  return found->second;
}

std::string MarkOf(const std::string& line) {
  const size_t at = line.rfind("+");
  if (at == std::string::npos || at + 1 >= line.size()) return "";
  const char mark = line[at + 1];
  const bool alone =
      at + 2 >= line.size() || !std::isalnum(static_cast<unsigned char>(line[at + 2]));
  return alone && std::string("CUNIXR").find(mark) != std::string::npos ? std::string(1, mark) : "";
}

bool IsAdded(const std::string& mark) { return !mark.empty() && mark != "N"; }

MarkedCase ReadCase(const std::filesystem::path& path) {
  MarkedCase marked;
  marked.name = absl::StrCat(path.parent_path().filename().string(), "_", path.stem().string());
  marked.path = path.filename();
  marked.head = Contents(path);
  const std::vector<std::string> lines = absl::StrSplit(marked.head, '\n');
  for (size_t i = 0; i < lines.size(); ++i) {
    const std::string mark = MarkOf(lines[i]);
    if (!IsAdded(mark)) absl::StrAppend(&marked.base, lines[i], "\n");
    if (!mark.empty()) marked.marks[static_cast<int>(i) + 1] = mark;
  }
  std::filesystem::path before = path;
  before.replace_extension(".base" + path.extension().string());
  marked.has_base = std::filesystem::exists(before);
  if (marked.has_base) marked.base = Contents(before);
  return marked;
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

}  // namespace gate::flags
