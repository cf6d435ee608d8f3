#include "checks/render/paint.h"

#include <algorithm>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "checks/render/escape.h"
#include "checks/render/utf8.h"

namespace gate::render {
namespace {

const char* Code(Style style) {
  switch (style) {
    case Style::kBold:
      return "1";
    case Style::kDim:
      return "2";
    case Style::kRed:
      return "1;31";
    case Style::kYellow:
      return "1;33";
    case Style::kGreen:
      return "1;32";
    case Style::kBlue:
      return "1;34";
    case Style::kMagenta:
      return "1;35";
    case Style::kPlain:
      break;
  }
  return "0";
}

// One line of text in lines of at most `width` columns.
void WrapLine(std::string_view line, const std::string& margin, int width, std::string& out) {
  std::string current;
  for (const absl::string_view word_view : absl::StrSplit(std::string(line), ' ')) {
    const std::string word(word_view);
    const int needed = DisplayWidth(current) + 1 + DisplayWidth(word);
    if (!current.empty() && width > 0 && needed > width) {
      out += margin + current + "\n";
      current = word;
    } else {
      current += (current.empty() ? "" : " ") + word;
    }
  }
  out += margin + current + "\n";
}

}  // namespace

std::string Paint(std::string_view text, Style style, bool color) {
  if (!color || style == Style::kPlain) return std::string(text);
  return absl::StrCat("\x1b[", Code(style), "m", std::string(text), "\x1b[0m");
}

Style StyleOf(v1::Decision decision) {
  switch (decision) {
    case v1::DECISION_ALLOW:
      return Style::kGreen;
    case v1::DECISION_HOLD:
      return Style::kYellow;
    case v1::DECISION_BLOCK:
      return Style::kRed;
    default:
      return Style::kMagenta;
  }
}

Style StyleOf(v1::Outcome outcome) {
  switch (outcome) {
    case v1::OUTCOME_PASS:
      return Style::kGreen;
    case v1::OUTCOME_FAIL:
      return Style::kRed;
    case v1::OUTCOME_SKIPPED:
      return Style::kDim;
    default:
      return Style::kMagenta;
  }
}

Style StyleOf(v1::Severity severity) {
  switch (severity) {
    case v1::SEVERITY_INFO:
      return Style::kBlue;
    case v1::SEVERITY_WARN:
      return Style::kYellow;
    default:
      return Style::kRed;
  }
}

std::string Wrap(std::string_view text, int indent, int width) {
  const std::string margin(indent, ' ');
  const int room = width == 0 ? 0 : std::max(20, width - indent);
  while (!text.empty() && text.back() == '\n') text.remove_suffix(1);
  if (text.empty()) return "";
  std::string out;
  for (const absl::string_view line_view : absl::StrSplit(std::string(text), '\n')) {
    const std::string line(line_view);
    if (line.empty()) {
      out += "\n";
    } else if (line[0] == ' ' || line[0] == '\t') {
      out += margin + line + "\n";
    } else {
      WrapLine(line, margin, room, out);
    }
  }
  return out;
}

std::string PadRight(std::string_view text, int width) {
  return std::string(text) + std::string(std::max(0, width - DisplayWidth(text)), ' ');
}

std::string Clip(std::string_view text, int width, bool unicode) {
  if (DisplayWidth(text) <= width) return std::string(text);
  const std::string_view mark = unicode ? "…" : "...";
  const int room = std::max(0, width - DisplayWidth(mark));
  std::string out;
  int used = 0;
  while (!text.empty()) {
    std::string next;
    AppendUtf8(TakeCodePoint(text), next);
    if (used + DisplayWidth(next) > room) break;
    used += DisplayWidth(next);
    out += next;
  }
  return out + std::string(mark);
}

}  // namespace gate::render
