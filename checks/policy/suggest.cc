#include "checks/policy/suggest.h"

#include <algorithm>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace gate {
namespace {

// Longer words are data, not slips of a key.
constexpr size_t kLongestWord = 64;
constexpr size_t kLongestQuote = 60;

// Optimal string alignment: Levenshtein with swaps of neighbours.
size_t Distance(std::string_view a, std::string_view b) {
  std::vector<size_t> before(b.size() + 1), last(b.size() + 1), row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) last[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t wrong = absl::ascii_tolower(a[i - 1]) != absl::ascii_tolower(b[j - 1]);
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + wrong});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        row[j] = std::min(row[j], before[j - 2] + 1);
      }
    }
    before.swap(last);
    last.swap(row);
  }
  return last[b.size()];
}

}  // namespace

std::string_view Nearest(std::string_view word, std::span<const std::string_view> candidates) {
  if (word.empty() || word.size() > kLongestWord) return {};
  std::string_view nearest;
  size_t allowed = std::max<size_t>(1, word.size() / 3);
  for (std::string_view candidate : candidates) {
    if (candidate.size() > kLongestWord) continue;
    const size_t distance = Distance(word, candidate);
    // A word of which every letter is wrong is no slip.
    if (distance > allowed || distance >= candidate.size()) continue;
    nearest = candidate;
    if (distance == 0) break;
    allowed = distance - 1;
  }
  return nearest;
}

std::string DidYouMean(std::string_view word, std::span<const std::string_view> candidates) {
  const std::string_view nearest = Nearest(word, candidates);
  return nearest.empty() ? "" : absl::StrCat("; did you mean ", Quoted(nearest), "?");
}

std::string Quoted(std::string_view text) {
  std::string quoted = "\"";
  bool cut = false;
  if (text.size() > kLongestQuote) {
    size_t end = kLongestQuote;
    while (end > 0 && (text[end] & 0xC0) == 0x80) --end;  // Not within a character.
    text = text.substr(0, end);
    cut = true;
  }
  for (char c : text) {
    if (c == '\n') {
      quoted += "\\n";
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) {
      absl::StrAppend(&quoted, "\\x", absl::Hex(static_cast<unsigned char>(c), absl::kZeroPad2));
    } else {
      quoted += c;
    }
  }
  return quoted + (cut ? "…\"" : "\"");
}

}  // namespace gate
