#include "checks/flags/token_diff.h"

#include <algorithm>
#include <string>
#include <utility>

namespace gate::flags {
namespace {

constexpr size_t kMostEdits = 1000;

// Tokens that begin on one line, as they are written.
struct Line {
  size_t begin, end;  // tokens
  std::string text;
};

std::vector<Line> LinesOf(const SyntaxTree& tree, const std::vector<NodeId>& tokens) {
  std::vector<Line> lines;
  for (size_t i = 0; i < tokens.size(); ++i) {
    if (i == 0 || tree[tokens[i]].row != tree[tokens[i - 1]].row) lines.push_back({i, i, ""});
    lines.back().end = i + 1;
    lines.back().text.append(tree.Text(tokens[i])) += '\0';
  }
  return lines;
}

std::vector<std::string_view> TextsOf(const std::vector<Line>& lines) {
  std::vector<std::string_view> texts;
  texts.reserve(lines.size());
  for (const Line& line : lines) texts.push_back(line.text);
  return texts;
}

// Texts of tokens.
std::vector<std::string_view> TextsOf(const SyntaxTree& tree, const std::vector<NodeId>& tokens) {
  std::vector<std::string_view> texts;
  texts.reserve(tokens.size());
  for (const NodeId token : tokens) texts.push_back(tree.Text(token));
  return texts;
}

// Pairs of equal elements in ascending order, as many as can be, between [a0, a1) and [b0, b1).
class Matcher {
 public:
  Matcher(const std::vector<std::string_view>& a, const std::vector<std::string_view>& b,
          std::vector<size_t>& same)
      : a_(a), b_(b), same_(same) {}

  void Match(size_t a0, size_t a1, size_t b0, size_t b1) {
    while (a0 < a1 && b0 < b1 && a_[a0] == b_[b0]) same_[b0++] = a0++;
    while (a0 < a1 && b0 < b1 && a_[a1 - 1] == b_[b1 - 1]) same_[--b1] = --a1;
    if (a0 == a1 || b0 == b1) return;
    const auto n = static_cast<int64_t>(a1 - a0), m = static_cast<int64_t>(b1 - b0);
    const auto most = std::min<int64_t>(n + m, kMostEdits);
    // Farthest x on each diagonal, one copy for each number of edits.
    std::vector<std::vector<int64_t>> trace;
    std::vector<int64_t> far(static_cast<size_t>(2 * most + 3), 0);
    const auto at = [&](int64_t diagonal) -> int64_t& {
      return far[static_cast<size_t>(diagonal + most + 1)];
    };
    for (int64_t edits = 0; edits <= most; ++edits) {
      trace.push_back(far);
      for (int64_t k = -edits; k <= edits; k += 2) {
        int64_t x =
            k == -edits || (k != edits && at(k - 1) < at(k + 1)) ? at(k + 1) : at(k - 1) + 1;
        int64_t y = x - k;
        while (x < n && y < m && Equal(a0, x, b0, y)) ++x, ++y;
        at(k) = x;
        if (x >= n && y >= m) return Trace(trace, most, a0, b0, n, m);
      }
    }
  }

 private:
  bool Equal(size_t a0, int64_t x, size_t b0, int64_t y) const {
    return a_[a0 + static_cast<size_t>(x)] == b_[b0 + static_cast<size_t>(y)];
  }

  void Trace(const std::vector<std::vector<int64_t>>& trace, int64_t most, size_t a0, size_t b0,
             int64_t x, int64_t y) {
    for (auto edits = static_cast<int64_t>(trace.size()) - 1; edits >= 0; --edits) {
      const auto at = [&](int64_t diagonal) {
        return trace[static_cast<size_t>(edits)][static_cast<size_t>(diagonal + most + 1)];
      };
      const int64_t k = x - y;
      const bool down = k == -edits || (k != edits && at(k - 1) < at(k + 1));
      const int64_t before_k = down ? k + 1 : k - 1;
      const int64_t before_x = edits == 0 ? 0 : at(before_k);
      const int64_t before_y = edits == 0 ? 0 : before_x - before_k;
      while (x > before_x && y > before_y) {
        --x, --y;
        same_[b0 + static_cast<size_t>(y)] = a0 + static_cast<size_t>(x);
      }
      x = before_x;
      y = before_y;
    }
  }

  const std::vector<std::string_view>& a_;
  const std::vector<std::string_view>& b_;
  std::vector<size_t>& same_;
};

// Markup is no code, whatever it says.
bool AreAlikeMarkup(const SyntaxTree& base, NodeId old, const SyntaxTree& head, NodeId now) {
  return base.Is(old, Role::kMarkup) == head.Is(now, Role::kMarkup);
}

// Whether a blank stands at either end of what is between a token and the one before it.
bool HasBlankBefore(const SyntaxTree& tree, NodeId before, NodeId token) {
  const auto is_blank = [](char c) { return c == ' ' || (c >= '\t' && c <= '\r'); };
  const std::string_view between =
      tree.text().substr(tree[before].end, tree[token].begin - tree[before].end);
  return !between.empty() && (is_blank(between.front()) || is_blank(between.back()));
}

// In markup, blanks between two words or signs that follow each other are shown: whether there are
// any has to be as it was.
void TakeMarkupApart(const SyntaxTree& base, const SyntaxTree& head, TokenDiff& diff) {
  size_t before = TokenDiff::kNone;  // What the token before is, in base.
  for (size_t i = 0; i < diff.head.size(); ++i) {
    const size_t same = diff.same[i];
    const size_t last = std::exchange(before, same);
    if (same == TokenDiff::kNone) continue;
    const NodeId old = diff.base[same], now = diff.head[i];
    bool stays = AreAlikeMarkup(base, old, head, now);
    const bool follows = stays && last != TokenDiff::kNone && last + 1 == same;
    if (follows && (head.Is(now, Role::kMarkup) || head.Is(diff.head[i - 1], Role::kMarkup))) {
      stays =
          HasBlankBefore(base, diff.base[last], old) == HasBlankBefore(head, diff.head[i - 1], now);
    }
    if (!stays) diff.same[i] = TokenDiff::kNone;
  }
}

}  // namespace

std::vector<NodeId> Tokens(const SyntaxTree& tree) {
  std::vector<NodeId> tokens;
  const auto& nodes = tree.nodes();
  for (NodeId id = 0; id < nodes.size(); ++id) {
    const SyntaxTree::Node& node = nodes[id];
    if (node.role == Role::kComment) {
      id = node.last;
      continue;
    }
    const bool whole = node.role == Role::kString && !node.broken;
    if (node.begin < node.end && (node.first_child == 0 || whole)) {
      tokens.push_back(id);
      id = node.last;
    }
  }
  return tokens;
}

TokenDiff Compare(const SyntaxTree& base, const SyntaxTree& head) {
  TokenDiff diff;
  diff.base = Tokens(base);
  diff.head = Tokens(head);
  diff.same.assign(diff.head.size(), TokenDiff::kNone);
  const auto before = TextsOf(base, diff.base), after = TextsOf(head, diff.head);
  // Lines first: what is alike in two lines that have nothing to do with each other is chance.
  const std::vector<Line> lines_before = LinesOf(base, diff.base);
  const std::vector<Line> lines_after = LinesOf(head, diff.head);
  std::vector<size_t> same_lines(lines_after.size(), TokenDiff::kNone);
  const auto texts_before = TextsOf(lines_before), texts_after = TextsOf(lines_after);
  Matcher(texts_before, texts_after, same_lines)
      .Match(0, texts_before.size(), 0, texts_after.size());
  Matcher tokens(before, after, diff.same);
  size_t a = 0, b = 0;  // tokens behind the last line that is the same
  for (size_t i = 0; i < lines_after.size(); ++i) {
    if (same_lines[i] == TokenDiff::kNone) continue;
    const Line& old = lines_before[same_lines[i]];
    const Line& now = lines_after[i];
    tokens.Match(a, old.begin, b, now.begin);
    for (size_t token = 0; now.begin + token < now.end; ++token) {
      diff.same[now.begin + token] = old.begin + token;
    }
    a = old.end;
    b = now.end;
  }
  tokens.Match(a, before.size(), b, after.size());
  TakeMarkupApart(base, head, diff);

  const auto add = [](std::vector<TokenRun>& runs, size_t at) {
    if (!runs.empty() && runs.back().end == at) {
      ++runs.back().end;
    } else {
      runs.push_back({at, at + 1});
    }
  };
  size_t next = 0;  // token of base
  for (size_t i = 0; i < diff.head.size(); ++i) {
    if (diff.same[i] == TokenDiff::kNone) {
      add(diff.added, i);
      continue;
    }
    while (next < diff.same[i]) add(diff.removed, next++);
    ++next;
  }
  while (next < diff.base.size()) add(diff.removed, next++);
  return diff;
}

}  // namespace gate::flags
