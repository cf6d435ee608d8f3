// JSON strings out of bytes that anyone may have sent.
#ifndef GATE_LOG_JSON_H_
#define GATE_LOG_JSON_H_

#include <string>
#include <string_view>

namespace gate {

// Appends `text` in quotes. What is not UTF-8 becomes U+FFFD; control characters, quotes,
// backslashes and the line separators of Unicode are escaped.
void AppendJsonString(std::string_view text, std::string& out);

}  // namespace gate

#endif  // GATE_LOG_JSON_H_
