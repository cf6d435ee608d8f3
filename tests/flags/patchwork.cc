#include "tests/flags/patchwork.h"

#include <algorithm>
#include <cctype>
#include <utility>

namespace gate::flags {
namespace {

constexpr std::string_view kBlanks = " \t";

size_t LineStart(std::string_view text, size_t byte) {
  return byte == 0 ? 0 : text.rfind('\n', byte - 1) + 1;
}

// The lines of a range, the first one as it stands, the others with another indentation.
void AddIndented(std::string_view original, Range range, const std::string& indent,
                 Pieces& pieces) {
  const std::string old = IndentAt(original, range.begin);
  for (size_t at = range.begin; at < range.end;) {
    const size_t end = std::min(original.find('\n', at), range.end);
    pieces.push_back({{at, end}, ""});
    if (end == range.end) return;
    pieces.push_back({{}, "\n"});
    at = end + 1;
    if (original.substr(at).starts_with(old)) {
      at = std::min(at + old.size(), range.end);
      pieces.push_back({{}, indent});
    }
  }
}

}  // namespace

Patchwork::Patchwork(std::string_view original, std::vector<Edit> edits) : original_(original) {
  std::ranges::stable_sort(edits, {}, [](const Edit& edit) { return edit.range.begin; });
  size_t at = 0;
  for (const Edit& edit : edits) {
    pieces_.push_back({{at, edit.range.begin}, ""});
    pieces_.insert(pieces_.end(), edit.instead.begin(), edit.instead.end());
    at = edit.range.end;
  }
  pieces_.push_back({{at, original.size()}, ""});
}

std::string Patchwork::Without(const std::vector<Range>& ranges) const {
  std::string text;
  for (const Piece& piece : pieces_) {
    text += piece.added;
    for (size_t at = piece.kept.begin; at < piece.kept.end; ++at) {
      const bool out = std::ranges::any_of(ranges, [&](Range each) { return each.Contains(at); });
      if (!out) text += original_[at];
    }
  }
  return text;
}

std::optional<size_t> Patchwork::Find(size_t byte) const {
  size_t at = 0;
  for (const Piece& piece : pieces_) {
    at += piece.added.size();
    if (piece.kept.Contains(byte)) return at + byte - piece.kept.begin;
    at += piece.kept.end - piece.kept.begin;
  }
  return std::nullopt;
}

Pieces Fill(std::string_view original, std::string_view form, const std::string& indent,
            const std::vector<Range>& ranges) {
  Pieces pieces;
  std::string line = indent;  // What the lines of a range are indented by.
  bool first = true;          // In this line nothing but blanks has been seen.
  for (size_t i = 0; i < form.size(); ++i) {
    if (form[i] == '$' && i + 1 < form.size() && std::isdigit(form[i + 1])) {
      AddIndented(original, ranges[static_cast<size_t>(form[++i] - '1')], line, pieces);
      first = false;
      continue;
    }
    pieces.push_back({{}, std::string(1, form[i])});
    if (form[i] == '\n') {
      pieces.push_back({{}, indent});
      line = indent;
      first = true;
    } else if (first && kBlanks.find(form[i]) != std::string_view::npos) {
      line += form[i];
    } else {
      first = false;
    }
  }
  return pieces;
}

std::string IndentAt(std::string_view original, size_t byte) {
  const size_t start = LineStart(original, byte);
  const size_t end = std::min(original.find_first_not_of(kBlanks, start), original.size());
  return std::string(original.substr(start, end - start));
}

}  // namespace gate::flags
