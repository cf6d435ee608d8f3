// A text made of pieces of another one and of new ones, which remembers what came from where.
#ifndef TESTS_FLAGS_PATCHWORK_H_
#define TESTS_FLAGS_PATCHWORK_H_

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gate::flags {

// Bytes of the original.
struct Range {
  size_t begin = 0, end = 0;
  bool Contains(size_t byte) const { return begin <= byte && byte < end; }
};

// Either a range of the original, or a text of its own.
struct Piece {
  Range kept;
  std::string added;
};
using Pieces = std::vector<Piece>;

// What stands in a range is replaced.
struct Edit {
  Range range;
  Pieces instead;
};

class Patchwork {
 public:
  // The edits do not overlap; those of the same place come in their order. The original outlives
  // it.
  Patchwork(std::string_view original, std::vector<Edit> edits);

  std::string Text() const { return Without({}); }
  // Without what comes from some ranges of the original.
  std::string Without(const std::vector<Range>& ranges) const;
  // Where a byte of the original stands now; nothing where it is gone.
  std::optional<size_t> Find(size_t byte) const;

 private:
  std::string_view original_;
  Pieces pieces_;
};

// A text in whose lines $1, $2, ... stand for ranges of the original: each is indented as the line
// that it stands in, all of them by `indent` more.
Pieces Fill(std::string_view original, std::string_view form, const std::string& indent,
            const std::vector<Range>& ranges);

// The blanks that a line of the original begins with, which has the byte.
std::string IndentAt(std::string_view original, size_t byte);

}  // namespace gate::flags

#endif  // TESTS_FLAGS_PATCHWORK_H_
