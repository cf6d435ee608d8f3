// What must hold of a text before it is parsed, and places in it.
//
// The parser takes C strings and believes them: text behind a NUL would be invisible to it, and
// broken UTF-8 would shift every place. Both are refused here, with the place of the first bad
// byte.
#ifndef CHECKS_MIGRATION_SQL_TEXT_H_
#define CHECKS_MIGRATION_SQL_TEXT_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gate::migration {

inline constexpr size_t kMaxTextBytes = size_t{20} << 20;

// Bytes [begin, end) of a text.
struct Span {
  uint32_t begin = 0;
  uint32_t end = 0;
};

inline std::string_view Slice(std::string_view text, Span span) {
  return text.substr(span.begin, span.end - span.begin);
}

// The text without a byte order mark.
std::string_view WithoutByteOrderMark(std::string_view text);

// Why a text cannot be read, for people.
struct TextFlaw {
  std::string message;  // "byte 0xE9 is not UTF-8 (is the file Latin-1?)"
  uint32_t offset = 0;
};

// The first reason why this text cannot be read, or nothing.
std::optional<TextFlaw> FindFlaw(std::string_view text);

// From byte offsets to lines and columns, both from 1, columns in code points. Built in one pass;
// a question costs a search over the lines and at most one block of counting, however long lines
// are.
class Places {
 public:
  // `text` is valid UTF-8 and outlives this.
  explicit Places(std::string_view text);

  struct Place {
    int32_t line = 1;
    int32_t column = 1;
  };
  Place At(uint32_t offset) const;

 private:
  uint32_t CodePointsBefore(uint32_t offset) const;

  std::string_view text_;
  std::vector<uint32_t> lines_;   // offset of each line's first byte
  std::vector<uint32_t> blocks_;  // code points before each block of kBlock bytes
};

}  // namespace gate::migration

#endif  // CHECKS_MIGRATION_SQL_TEXT_H_
