// Code points of a text that need not be UTF-8.
#ifndef CHECKS_RENDER_UTF8_H_
#define CHECKS_RENDER_UTF8_H_

#include <string>
#include <string_view>

namespace gate::render {

inline constexpr char32_t kReplacement = 0xFFFD;

// Takes the first code point off the text, which must not be empty. A byte that starts no valid
// sequence (overlong, surrogate, cut short) is taken alone and read as U+FFFD.
char32_t TakeCodePoint(std::string_view& text);

// Appends the code point as UTF-8.
void AppendUtf8(char32_t code_point, std::string& out);

}  // namespace gate::render

#endif  // CHECKS_RENDER_UTF8_H_
