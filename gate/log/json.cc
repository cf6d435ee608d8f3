#include "gate/log/json.h"

#include <cstdio>

namespace gate {
namespace {

// The length of the well-formed UTF-8 sequence that `text` begins with, or 0 (Unicode 15, table
// 3-7).
size_t SequenceLength(std::string_view text) {
  const auto byte = [&](size_t i) {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u;
  };
  const auto follows = [&](size_t i) { return (byte(i) & 0xC0) == 0x80; };
  const unsigned lead = byte(0);
  if (lead < 0x80) return 1;
  if (lead >= 0xC2 && lead <= 0xDF) return follows(1) ? 2 : 0;
  if (lead >= 0xE0 && lead <= 0xEF) {
    const bool second =
        follows(1) && (lead != 0xE0 || byte(1) >= 0xA0) && (lead != 0xED || byte(1) <= 0x9F);
    return second && follows(2) ? 3 : 0;
  }
  if (lead >= 0xF0 && lead <= 0xF4) {
    const bool second =
        follows(1) && (lead != 0xF0 || byte(1) >= 0x90) && (lead != 0xF4 || byte(1) <= 0x8F);
    return second && follows(2) && follows(3) ? 4 : 0;
  }
  return 0;
}

// Whether the byte stands for itself inside of a JSON string.
bool IsPlain(unsigned char byte) {
  return byte >= 0x20 && byte < 0x7F && byte != '"' && byte != '\\';
}

void AppendEscaped(unsigned code, std::string& out) {
  char text[8];
  std::snprintf(text, sizeof(text), "\\u%04x", code);
  out += text;
}

}  // namespace

void AppendJsonString(std::string_view text, std::string& out) {
  out += '"';
  for (size_t i = 0; i < text.size();) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (IsPlain(byte)) {
      out += text[i++];
      continue;
    }
    const std::string_view rest = text.substr(i);
    const size_t length = SequenceLength(rest);
    if (byte == '"' || byte == '\\') {
      out += '\\';
      out += text[i];
    } else if (byte < 0x20 || byte == 0x7F) {
      AppendEscaped(byte, out);
    } else if (length == 0) {
      AppendEscaped(0xFFFD, out);
    } else if (length == 2 && rest[0] == '\xC2' && static_cast<unsigned char>(rest[1]) < 0xA0) {
      AppendEscaped(static_cast<unsigned char>(rest[1]), out);  // C1 controls
    } else if (rest.starts_with("\u2028") || rest.starts_with("\u2029")) {
      out += rest[2] == '\xA8' ? "\\u2028" : "\\u2029";
    } else {
      out.append(rest.substr(0, length));
    }
    i += length == 0 ? 1 : length;
  }
  out += '"';
}

}  // namespace gate
