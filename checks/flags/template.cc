#include "checks/flags/template.h"

#include <algorithm>

#include "absl/strings/ascii.h"

namespace gate::flags {
namespace {

bool IsBlank(char c) { return absl::ascii_isspace(static_cast<unsigned char>(c)); }

bool IsInWord(char each) {
  const auto c = static_cast<unsigned char>(each);
  return absl::ascii_isalnum(c) || c == '_' || c == '$' || c >= 128;
}

}  // namespace

std::vector<Span> MarkupLines(std::string_view text, uint32_t begin, uint32_t end) {
  std::vector<Span> lines;
  while (begin < end) {
    const size_t newline = text.substr(0, end).find('\n', begin);
    const auto behind = static_cast<uint32_t>(newline == text.npos ? end : newline);
    Span line = {begin, behind};
    while (line.begin < line.end && IsBlank(text[line.begin])) ++line.begin;
    while (line.begin < line.end && IsBlank(text[line.end - 1])) --line.end;
    if (line.begin < line.end) lines.push_back(line);
    begin = behind + 1;
  }
  return lines;
}

std::vector<Span> MarkupTokens(std::string_view text, Span stretch) {
  std::vector<Span> tokens;
  for (uint32_t at = stretch.begin; at < stretch.end;) {
    uint32_t end = at + 1;
    while (IsInWord(text[at]) && end < stretch.end && IsInWord(text[end])) ++end;
    if (!IsBlank(text[at])) tokens.push_back({at, end});
    at = end;
  }
  return tokens;
}

}  // namespace gate::flags
