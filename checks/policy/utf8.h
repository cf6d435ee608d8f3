// Texts from outside: whether they are text at all, and where a byte is in them.
#ifndef CHECKS_POLICY_UTF8_H_
#define CHECKS_POLICY_UTF8_H_

#include <cstddef>
#include <string_view>

namespace gate {

// The offset of the first byte that is not UTF-8 (RFC 3629: no overlong forms, no surrogates), or
// npos.
size_t FindInvalidUtf8(std::string_view text);

// The offset of the first control character other than tab, line feed and carriage return, or npos.
size_t FindControlCharacter(std::string_view text);

// Number of characters (code points) in valid UTF-8.
int CountCharacters(std::string_view text);

}  // namespace gate

#endif  // CHECKS_POLICY_UTF8_H_
