#include "clients/gatectl/overdraw.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "checks/render/escape.h"

namespace gate::ctl {
namespace {

// Rows of a terminal that the lines take, escape sequences not counted: a window that was made
// narrower has folded them.
int Rows(std::string_view lines, int width) {
  int rows = 0;
  std::string line;
  for (size_t i = 0; i < lines.size(); ++i) {
    if (lines[i] == '\x1b') {
      i = lines.find('m', i);
      if (i == std::string_view::npos) break;
    } else if (lines[i] != '\n') {
      line += lines[i];
    } else {
      rows += std::max(1, (render::DisplayWidth(line) + width - 1) / width);
      line.clear();
    }
  }
  return rows;
}

}  // namespace

void Overdraw::Draw(const std::string& lines, int width) {
  if (lines == drawn_ && width == width_) return;
  std::string out = drawn_.empty() ? "\x1b[?25l" : "";  // the cursor would flicker
  if (!drawn_.empty()) absl::StrAppend(&out, "\x1b[", Rows(drawn_, width), "A\r");
  for (const char c : lines) {
    if (c == '\n') out += "\x1b[K";  // what the line before left behind
    out += c;
  }
  write_(out + "\x1b[J");
  drawn_ = lines;
  width_ = width;
}

void Overdraw::Clear() {
  if (drawn_.empty()) return;
  write_(absl::StrCat("\x1b[", Rows(drawn_, width_), "A\r\x1b[J\x1b[?25h"));
  drawn_.clear();
}

}  // namespace gate::ctl
