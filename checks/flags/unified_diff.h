// Reads a patch as `git diff` prints it, and holds it against the texts after the change.
//
// Strict, since what a reader skips is what nobody judges: the usual ones drop combined sections
// and whatever stands before the first header, and say nothing. Here each line of the patch is
// understood, each hunk is found in the text after the change, word for word, at the line that it
// says, and the texts before the change are worked out from these; or the patch is refused, with
// the line and why. Format: git-diff(1), "Generating patch text with -p"; POSIX diff -u.
#ifndef CHECKS_FLAGS_UNIFIED_DIFF_H_
#define CHECKS_FLAGS_UNIFIED_DIFF_H_

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "checks/flags/coverage.h"

namespace gate::flags {

// What is wrong with a patch.
struct PatchProblem {
  int line = 0;  // of the patch, from 1
  std::string message;
};

// A change whose text the patch does not have.
struct UnreadChange {
  enum class Kind {
    kBinary,   // A binary file: that it differs is all that the patch says.
    kSpecial,  // A submodule or a symbolic link.
    kMode,     // Whether the file can be run; its text is among the files.
  };
  std::string path;
  Kind kind = Kind::kBinary;
};

struct Patch {
  std::vector<FileChange> files;
  std::vector<UnreadChange> unread;
};

// A file's text after the change; nothing where there is no such file.
using TextAfter = std::function<std::optional<std::string>(const std::string& path)>;

// Nothing where the patch is wrong; then `problem` says what. Paths come from the patch, never
// absolute and without "..". Patches of more than 64 MiB or 10,000 files are refused.
std::optional<Patch> ReadPatch(std::string_view patch, const TextAfter& after,
                               PatchProblem& problem);

}  // namespace gate::flags

#endif  // CHECKS_FLAGS_UNIFIED_DIFF_H_
