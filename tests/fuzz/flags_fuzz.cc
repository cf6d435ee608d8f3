// Any bytes as a change of a file: a name in the first line, whose ending says the language, the
// text before, a NUL, the text after. Without a NUL there was nothing before; of a name that is of
// no language, one is taken.
//
// Nothing is covered by a flag that the code does not name; nothing is said of a text that did not
// change; and what is said lies in the text, has a rule, and a reason where it is not covered.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "checks/flags/coverage.h"
#include "checks/flags/language.h"

namespace {

using gate::flags::ChangedLine;
using gate::flags::Coverage;
using gate::flags::FileChange;

// Both in the cases and here; and in no text that anybody writes.
constexpr char kFlag[] = "tasks_v2";
constexpr char kNoFlag[] = "qzx_unheard_of";

class Texts : public gate::flags::Sources {
 public:
  explicit Texts(std::map<std::string, std::string> texts) : texts_(std::move(texts)) {}
  std::vector<std::string> Mentioning(const std::string& word) const override {
    std::vector<std::string> paths;
    for (const auto& [path, text] : texts_) {
      if (text.find(word) != std::string::npos) paths.push_back(path);
    }
    return paths;
  }
  std::optional<std::string> Read(const std::string& path) const override {
    const auto found = texts_.find(path);
    if (found == texts_.end()) return std::nullopt;
    return found->second;
  }

 private:
  std::map<std::string, std::string> texts_;
};

std::string EndingFor(std::string_view name) {
  const size_t dot = name.rfind('.');
  if (dot != std::string_view::npos && gate::flags::LanguageOf(name) != nullptr) {
    return std::string(name.substr(dot));
  }
  unsigned sum = 0;
  for (const char c : name) sum += static_cast<unsigned char>(c);
  const auto all = gate::flags::AllLanguages();
  return std::string(all[sum % all.size()]->extensions[0]);
}

void CheckLines(const Coverage& coverage, const FileChange& change) {
  const auto last = std::ranges::count(change.head.value_or(""), '\n') + 1;
  const Coverage& c = coverage;
  if (c.covered_nodes < 0 || c.covered_nodes + c.unknown_nodes > c.nodes) std::abort();
  for (size_t i = 0; i < c.lines.size(); ++i) {
    const ChangedLine& line = c.lines[i];
    const bool covered = line.state == ChangedLine::State::kCovered;
    if (line.rule.empty() || covered != line.reason.empty()) std::abort();
    if (line.place.path != change.path) std::abort();
    if (line.place.line < 1 || line.place.line > last) std::abort();
    if (i > 0 && c.lines[i - 1].place.line > line.place.line) std::abort();
  }
}

Coverage Cover(const FileChange& change, const char* flag) {
  // Who else calls what is changed: the text as it was before, in another file.
  Texts texts({{change.path, change.head.value_or("")},
               {"other_" + change.path, change.base.value_or("")}});
  Coverage coverage = gate::flags::Cover({change}, texts, {flag, {{"flagged", 0}, {"flag", -1}}});
  CheckLines(coverage, change);
  return coverage;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view all(reinterpret_cast<const char*>(data), size);
  const size_t line = std::min(all.find('\n'), all.size());
  const std::string_view texts = all.substr(std::min(line + 1, all.size()));
  const size_t zero = texts.find('\0');
  FileChange change;
  change.path = "a" + EndingFor(all.substr(0, line));
  if (zero != std::string_view::npos) change.base = texts.substr(0, zero);
  change.head = zero == std::string_view::npos ? texts : texts.substr(zero + 1);
  Cover(change, kFlag);

  FileChange unflagged = change;
  const std::map<std::string, std::string> head = {{change.path, *change.head}};
  const Texts sources(head);
  const Coverage without = gate::flags::Cover({unflagged}, sources, {kNoFlag, {}});
  CheckLines(without, unflagged);
  for (const ChangedLine& said : without.lines) {
    if (said.state == ChangedLine::State::kCovered && said.rule != "import") std::abort();
  }
  if (!without.disabled.empty()) std::abort();

  FileChange same = change;
  same.base = same.head;
  const Coverage unchanged = Cover(same, kFlag);
  if (unchanged.nodes > 0 && unchanged.unknown_nodes != unchanged.nodes) std::abort();
  return 0;
}
