// How conditions are written, whatever they ask for: operators and their operands, brackets,
// negation, and where an if has its parts.
#ifndef CHECKS_FLAGS_CONDITIONS_H_
#define CHECKS_FLAGS_CONDITIONS_H_

#include <cstddef>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "checks/flags/syntax_tree.h"

namespace gate::flags {

// Arms before another, or operands of one expression: more are not followed.
inline constexpr size_t kMostConditions = 64;

// "and", "or", "==", "!=", or whatever else an operator is.
std::string_view OperatorOf(const SyntaxTree& tree, NodeId binary);

// The two operands; nothing where there are more or fewer.
std::optional<std::pair<NodeId, NodeId>> OperandsOf(const SyntaxTree& tree, NodeId binary);

// An expression as it is written: operands with the operators between them.
struct Operations {
  std::vector<NodeId> operands;
  std::vector<std::string_view> operators;
};

// Of a language whose grammar does not know which operators bind closer. Of more operands than are
// followed, some.
Operations OperationsOf(const SyntaxTree& tree, NodeId expression);

// Through brackets, waiting, and what only holds another.
NodeId Inside(const SyntaxTree& tree, NodeId node);

// What is turned: of `not x` and `!x`; 0 for anything else.
NodeId Turned(const SyntaxTree& tree, NodeId node);

// Whether a chain of calls and members begins with a `!`: some grammars read `!a.b()` as
// `(!a).b()`.
bool BeginsWithNot(const SyntaxTree& tree, NodeId node);

// In a comparison with true or false.
struct Comparison {
  NodeId other = 0;  // what is compared
  bool with = true;
};

// Of two operands; nothing where neither is true or false, or where the other may be missing and
// so be neither.
std::optional<Comparison> ComparisonOf(const SyntaxTree& tree, NodeId left, NodeId right);

// null, false, 0, [] and the like.
bool IsEmptyValue(const SyntaxTree& tree, NodeId node);

// condition, consequence or alternative of an if or a ternary; 0 where it has none.
NodeId PartOfIf(const SyntaxTree& tree, NodeId node, std::string_view part);

// All parts of one name.
std::vector<NodeId> PartsOf(const SyntaxTree& tree, NodeId node, std::string_view part);

// The conditions of an if or a guard, between commas, which all have to hold; those that give names
// values are left out.
struct Conditions {
  NodeId first = 0;  // What the first of them begins with.
  std::vector<NodeId> all;
  bool whole = false;  // It is one and nothing else.
};

Conditions ConditionsOf(const SyntaxTree& tree, NodeId node);

}  // namespace gate::flags

#endif  // CHECKS_FLAGS_CONDITIONS_H_
