#include "checks/render/code_frame.h"

#include <algorithm>
#include <vector>

#include "absl/strings/str_cat.h"
#include "checks/render/escape.h"
#include "checks/render/utf8.h"
#include "checks/render/words.h"

namespace gate::render {
namespace {

constexpr int kTabWidth = 4;
constexpr int kMostLines = 6;  // of one range; more are cut in the middle

// One shown cell: what stands for one code point of the file.
struct Cell {
  std::string shown;
  int width = 0;
  bool marked = false;
};

// The lines first..last (one-based) of the text, fewer where it ends before.
std::vector<std::string_view> Lines(const SourceText& text, int first, int last) {
  std::vector<std::string_view> lines;
  for (int number = first; number <= std::min(last, text.lines()); ++number) {
    lines.push_back(text.Line(number));
  }
  return lines;
}

// The line as cells; columns from..to (one-based, exclusive end) are marked.
std::vector<Cell> Cells(std::string_view line, int from, int to) {
  std::vector<Cell> cells;
  int at = 0;
  for (int column = 1; !line.empty(); ++column) {
    const char32_t c = TakeCodePoint(line);
    Cell cell;
    if (c == '\t') {
      cell.shown = std::string(kTabWidth - at % kTabWidth, ' ');
    } else {
      std::string raw;
      AppendUtf8(c, raw);
      cell.shown = EscapeTerminalLine(raw);
    }
    cell.width = DisplayWidth(cell.shown);
    cell.marked = column >= from && column < to;
    at += cell.width;
    cells.push_back(std::move(cell));
  }
  return cells;
}

// Cuts a line that is wider than `room` so that the mark's beginning stays in view.
void CutAround(std::vector<Cell>& cells, int room, bool unicode) {
  int total = 0;
  for (const Cell& cell : cells) total += cell.width;
  if (room <= 0 || total <= room) return;
  const auto mark =
      std::find_if(cells.begin(), cells.end(), [](const Cell& c) { return c.marked; });
  size_t begin = mark == cells.end() ? 0 : mark - cells.begin();
  for (int before = 0; begin > 0 && before < room / 3; --begin) before += cells[begin - 1].width;
  size_t end = begin;
  for (int used = 0; end < cells.size() && used < room - 2; ++end) used += cells[end].width;
  const bool cut_behind = end < cells.size();
  cells = std::vector<Cell>(cells.begin() + begin, cells.begin() + end);
  const Cell dots = {unicode ? "…" : ".", 1, false};
  if (begin > 0) cells.insert(cells.begin(), dots);
  if (cut_behind) cells.push_back(dots);
}

std::string Carets(const std::vector<Cell>& cells) {
  std::string carets;
  for (const Cell& cell : cells) carets += std::string(cell.width, cell.marked ? '^' : ' ');
  carets.erase(carets.find_last_not_of(' ') + 1);
  return carets;
}

struct Frame {
  int gutter = 0;
  Style style = Style::kRed;
  const Options& options;

  std::string Margin(std::string_view number) const {
    return Paint(absl::StrCat(std::string(gutter - number.size(), ' '), std::string(number), " |"),
                 Style::kBlue, options.color);
  }

  // The line and what is marked in it.
  std::string Line(int number, std::string_view text, int from, int to) const {
    std::vector<Cell> cells = Cells(text, from, to);
    CutAround(cells, options.width == 0 ? 0 : options.width - gutter - 4, options.unicode);
    std::string shown;
    for (const Cell& cell : cells) shown += cell.shown;
    std::string carets = Carets(cells);
    // A place behind the last character: where something is missing.
    if (carets.empty() && from > static_cast<int>(cells.size()) && to > from) {
      carets = std::string(DisplayWidth(shown), ' ') + "^";
    }
    std::string out = Margin(std::to_string(number)) + (shown.empty() ? "" : " ") + shown + "\n";
    if (!carets.empty()) {
      const size_t blanks = carets.find('^');
      out += Margin("") + " " + carets.substr(0, blanks) +
             Paint(carets.substr(blanks), style, options.color) + "\n";
    }
    return out;
  }
};

// The first column of the line that is not blank: what a caret under leading blanks would miss.
int FirstInk(std::string_view line) {
  int column = 1;
  for (const char c : line) {
    if (c != ' ' && c != '\t') return column;
    ++column;
  }
  return 1;
}

constexpr int kLineEnd = 1 << 30;

}  // namespace

std::string CodeFrame(const v1::Location& location, Style style, const Options& options) {
  if (location.path().empty()) return "";
  const int first = location.line();
  const int last = std::max(first, location.end_line());
  const Frame frame = {static_cast<int>(std::to_string(last).size()) + 2, style, options};
  std::string out = std::string(frame.gutter - 1, ' ') + Paint("-->", Style::kBlue, options.color) +
                    " " + EscapeTerminalLine(Place(location)) + "\n";
  if (options.sources == nullptr || first < 1) return out;
  const auto source = options.sources->find(location.path());
  if (source == options.sources->end()) return out;
  const std::vector<std::string_view> lines = Lines(source->second, first, last);
  if (lines.empty()) return out;

  const int count = static_cast<int>(lines.size());
  out += frame.Margin("") + "\n";
  for (int i = 0; i < count; ++i) {
    if (count > kMostLines && i == kMostLines / 2) {
      const int left_out = count - kMostLines + 1;
      out += frame.Margin("") +
             Paint(absl::StrCat(" (", left_out, " more lines)"), Style::kDim, options.color) + "\n";
      i = count - kMostLines / 2 + 1;
    }
    const int number = first + i;
    const int from = i == 0 ? std::max(1, location.column()) : FirstInk(lines[i]);
    int to = number == last && location.end_column() > 0 ? location.end_column() : kLineEnd;
    if (location.column() < 1 && location.end_column() < 1) to = from;  // the whole line: no carets
    if (number == last && to <= from && location.column() > 0) to = from + 1;
    out += frame.Line(number, lines[i], from, to);
  }
  return out;
}

}  // namespace gate::render
