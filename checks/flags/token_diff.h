// Which tokens of a file a change added, and which it removed. Blanks and comments are no tokens.
#ifndef CHECKS_FLAGS_TOKEN_DIFF_H_
#define CHECKS_FLAGS_TOKEN_DIFF_H_

#include <cstdint>
#include <string_view>
#include <vector>

#include "checks/flags/syntax_tree.h"

namespace gate::flags {

// A run of tokens, as indices.
struct TokenRun {
  size_t begin = 0, end = 0;
  size_t size() const { return end - begin; }
};

struct TokenDiff {
  // Leaves of the trees, in the order of the text; a string is one of them.
  std::vector<NodeId> base, head;
  std::vector<TokenRun> removed;  // of `base`
  std::vector<TokenRun> added;    // of `head`
  // For each token of head the one of base that it is, or kNone where it was added.
  std::vector<size_t> same;
  static constexpr size_t kNone = SIZE_MAX;
};

std::vector<NodeId> Tokens(const SyntaxTree& tree);

// Minimal up to a thousand changes in a row; beyond that whole stretches count as replaced, which
// errs towards more having changed. (Myers, An O(ND) Difference Algorithm and Its Variations,
// Algorithmica 1 (1986).)
TokenDiff Compare(const SyntaxTree& base, const SyntaxTree& head);

}  // namespace gate::flags

#endif  // CHECKS_FLAGS_TOKEN_DIFF_H_
