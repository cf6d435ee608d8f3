// The cases of tests/golden/flags/LANGUAGE/NAME.ext: code with marks at the ends of its lines.
//
// A change adds the marked lines; what is not marked was there before, or what NAME.base.ext has.
// Marks: +C covered, +I covered through calls alone, +U not covered, +X not covered since nothing
// could be proven, +R something is gone there, +N does not run: was there before as well. The flag
// is tasks_v2.
#ifndef TESTS_FLAGS_CASES_H_
#define TESTS_FLAGS_CASES_H_

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "checks/flags/coverage.h"

namespace gate::flags {

inline constexpr char kCaseFlag[] = "tasks_v2";

// Texts by path.
using FileTexts = std::map<std::string, std::string>;

// Files in memory.
class Texts : public Sources {
 public:
  explicit Texts(FileTexts files) : files_(std::move(files)) {}
  std::vector<std::string> Mentioning(const std::string& word) const override;
  std::optional<std::string> Read(const std::string& path) const override;

 private:
  FileTexts files_;
};

struct MarkedCase {
  std::string name;  // "python_alias"
  std::string path;  // "alias.py"
  std::string base, head;
  bool has_base = false;             // In a file of its own.
  std::map<int, std::string> marks;  // By line, from 1: "C", "U", ...
};

// The mark of a line; empty for none.
std::string MarkOf(const std::string& line);

// Whether the change adds a line that has this mark.
bool IsAdded(const std::string& mark);

MarkedCase ReadCase(const std::filesystem::path& path);

// Sorted. From where the tests run, in tests/.
std::vector<std::filesystem::path> AllCases();

}  // namespace gate::flags

#endif  // TESTS_FLAGS_CASES_H_
