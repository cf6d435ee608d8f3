#include "checks/render/escape.h"

#include <algorithm>
#include <array>

#include "absl/strings/str_format.h"
#include "checks/render/utf8.h"

namespace gate::render {
namespace {

// Calls `visit(code_point)` for each code point.
template <typename Visit>
void ForEachCodePoint(std::string_view text, Visit visit) {
  while (!text.empty()) visit(TakeCodePoint(text));
}

bool IsControl(char32_t c) { return c < 0x20 || (c >= 0x7F && c <= 0x9F); }

// Characters that reorder what is shown around them, or hide: text is not what it looks like.
bool IsDeceptive(char32_t c) {
  return (c >= 0x202A && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069) || c == 0x200E ||
         c == 0x200F || c == 0x2028 || c == 0x2029 || c == 0xFEFF;
}

struct Range {
  char32_t first, last;
};

bool In(const auto& ranges, char32_t c) {
  return std::any_of(ranges.begin(), ranges.end(),
                     [c](const Range& range) { return c >= range.first && c <= range.last; });
}

constexpr std::array<Range, 7> kZeroWidth = {{{0x0300, 0x036F},
                                              {0x0483, 0x0489},
                                              {0x0591, 0x05BD},
                                              {0x1AB0, 0x1AFF},
                                              {0x200B, 0x200D},
                                              {0x20D0, 0x20FF},
                                              {0xFE00, 0xFE0F}}};
constexpr std::array<Range, 10> kWide = {{{0x1100, 0x115F},
                                          {0x2E80, 0x303E},
                                          {0x3041, 0xA4CF},
                                          {0xAC00, 0xD7A3},
                                          {0xF900, 0xFAFF},
                                          {0xFE30, 0xFE6F},
                                          {0xFF00, 0xFF60},
                                          {0xFFE0, 0xFFE6},
                                          {0x1F300, 0x1F9FF},
                                          {0x20000, 0x3FFFD}}};

std::string EscapeGithub(std::string_view text, bool property) {
  std::string out;
  ForEachCodePoint(text, [&](char32_t c) {
    if (c == '%') {
      out += "%25";
    } else if (c == '\r') {
      out += "%0D";
    } else if (c == '\n') {
      out += "%0A";
    } else if (property && c == ':') {
      out += "%3A";
    } else if (property && c == ',') {
      out += "%2C";
    } else {
      AppendUtf8(c, out);
    }
  });
  return out;
}

}  // namespace

std::string ValidUtf8(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  ForEachCodePoint(text, [&out](char32_t c) { AppendUtf8(c, out); });
  return out;
}

std::string EscapeTerminal(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const char32_t c = TakeCodePoint(text);
    if (c == '\r' && !text.empty() && text[0] == '\n') continue;
    if (c == '\n' || c == '\t') {
      out.push_back(static_cast<char>(c));
    } else if (IsControl(c) || IsDeceptive(c)) {
      out += absl::StrFormat("\\u{%x}", static_cast<unsigned>(c));
    } else {
      AppendUtf8(c, out);
    }
  }
  return out;
}

std::string EscapeTerminalLine(std::string_view text) {
  std::string out = EscapeTerminal(text);
  for (char& c : out) {
    if (c == '\n' || c == '\t') c = ' ';
  }
  return out;
}

std::string EscapeXml(std::string_view text) {
  std::string out;
  ForEachCodePoint(text, [&out](char32_t c) {
    switch (c) {
      case '&':
        out += "&amp;";
        return;
      case '<':
        out += "&lt;";
        return;
      case '>':
        out += "&gt;";
        return;
      case '"':
        out += "&quot;";
        return;
      case '\n':
        out += "&#10;";
        return;
      default:
        break;
    }
    const bool allowed = c == '\t' || (!IsControl(c) && c != 0xFFFE && c != 0xFFFF);
    AppendUtf8(allowed ? c : kReplacement, out);
  });
  return out;
}

std::string EscapeGithubMessage(std::string_view text) { return EscapeGithub(text, false); }

std::string EscapeGithubProperty(std::string_view text) { return EscapeGithub(text, true); }

std::string EscapeMarkdown(std::string_view text) {
  std::string out;
  for (const char c : EscapeTerminalLine(text)) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '@':
        out += "&#64;";  // mentions nobody
        break;
      case '\\':
      case '`':
      case '*':
      case '_':
      case '[':
      case ']':
      case '|':
      case '#':
      case '~':
        out += '\\';
        [[fallthrough]];
      default:
        out += c;
    }
  }
  return out;
}

std::string MarkdownCodeBlock(std::string_view language, std::string_view text) {
  const std::string escaped = EscapeTerminal(text);
  size_t longest = 2;
  size_t run = 0;
  for (const char c : escaped) {
    run = c == '`' ? run + 1 : 0;
    longest = std::max(longest, run);
  }
  const std::string fence(longest + 1, '`');
  std::string out = fence + std::string(language) + "\n" + escaped;
  if (!escaped.empty() && escaped.back() != '\n') out += "\n";
  return out + fence + "\n";
}

std::string EscapeUriPath(std::string_view path) {
  while (path.substr(0, 2) == "./") path.remove_prefix(2);
  while (path.substr(0, 1) == "/") path.remove_prefix(1);
  std::string out;
  for (const char c : ValidUtf8(path)) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') ||
                       (byte >= 'a' && byte <= 'z') ||
                       std::string_view("-._~/+@").find(c) != std::string_view::npos;
    if (plain) {
      out += c;
    } else if (c == '\\') {
      out += '/';
    } else {
      out += absl::StrFormat("%%%02X", byte);
    }
  }
  return out;
}

int DisplayWidth(std::string_view text) {
  int width = 0;
  ForEachCodePoint(text, [&width](char32_t c) {
    if (!In(kZeroWidth, c)) width += In(kWide, c) ? 2 : 1;
  });
  return width;
}

}  // namespace gate::render
