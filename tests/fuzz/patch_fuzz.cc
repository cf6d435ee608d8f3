// Patches against texts: the input is a patch, a NUL byte, and the text that each of its files has
// after the change. What is taken has to be a change of that text.
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>

#include "checks/flags/unified_diff.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const size_t middle = input.find('\0');
  const std::string_view patch = input.substr(0, middle);
  const std::string text(middle == std::string_view::npos ? "" : input.substr(middle + 1));
  const auto after = [&](const std::string& path) -> std::optional<std::string> {
    // A file whose name begins like that is gone.
    if (path.starts_with("gone")) return std::nullopt;
    return text;
  };
  gate::flags::PatchProblem problem;
  const auto read = gate::flags::ReadPatch(patch, after, problem);
  if (!read) {
    if (problem.line < 1 || problem.message.empty()) std::abort();
    return 0;
  }
  for (const gate::flags::FileChange& change : read->files) {
    if (change.head && *change.head != text) std::abort();
    if (!change.head && !change.base) std::abort();
    if (change.path.empty() || change.path.find("..") == 0) std::abort();
  }
  return 0;
}
