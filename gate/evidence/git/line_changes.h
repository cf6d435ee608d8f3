// Which lines of a text another one has in place of which.
#ifndef GATE_EVIDENCE_GIT_LINE_CHANGES_H_
#define GATE_EVIDENCE_GIT_LINE_CHANGES_H_

#include <cstddef>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace gate::git {

// Lines [old_begin, old_end) were replaced by [new_begin, new_end), from 0.
struct Hunk {
  size_t old_begin = 0, old_end = 0;
  size_t new_begin = 0, new_end = 0;
};

// In their order. Texts are looked at as they are, whatever attributes the repository gives them.
absl::StatusOr<std::vector<Hunk>> HunksBetween(std::string_view before, std::string_view after);

// Each without its line feed.
std::vector<std::string_view> LinesOf(std::string_view text);

// Without blanks around it.
std::string_view Stripped(std::string_view text);

// Whether git takes it for binary: a NUL among its first 8,000 bytes.
bool IsBinary(std::string_view text);

}  // namespace gate::git

#endif  // GATE_EVIDENCE_GIT_LINE_CHANGES_H_
