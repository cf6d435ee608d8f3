// What is known to be true at a place because it is reached: conditions around it, and exits before
// it.
#ifndef CHECKS_FLAGS_FACTS_H_
#define CHECKS_FLAGS_FACTS_H_

#include <string_view>
#include <vector>

#include "checks/flags/syntax_tree.h"

namespace gate::flags {

// A condition, and how it came out.
struct Fact {
  NodeId condition = 0;
  bool holds = true;
  std::string_view rule;  // G1 to G5
};

// Adds what is known in `child`, of its parent.
void AddFacts(const SyntaxTree& tree, NodeId parent, NodeId child, std::vector<Fact>& facts);

// Adds what is known behind a statement, since it leaves the block otherwise.
void AddFactsBehind(const SyntaxTree& tree, NodeId statement, std::vector<Fact>& facts);

// Whether a statement is reached only through those before it in its block: not what handles their
// failing, nor a function that can be called before it is defined.
bool ComesBehind(const SyntaxTree& tree, NodeId statement);

}  // namespace gate::flags

#endif  // CHECKS_FLAGS_FACTS_H_
