#include "checks/flags/conditions.h"

#include <algorithm>

namespace gate::flags {
namespace {

bool IsOperator(const SyntaxTree& tree, NodeId node) {
  return tree.Field(node) == "operator" || tree.Field(node) == "op";
}

std::optional<bool> ConstantOf(const SyntaxTree& tree, NodeId node) {
  if (tree.Is(node, Role::kTrue)) return true;
  if (tree.Is(node, Role::kFalse)) return false;
  return std::nullopt;
}

// Whether what it is asked on may be missing: then it is neither true nor false.
bool MayBeNothing(const SyntaxTree& tree, NodeId node) {
  return tree.language().may_be_missing || tree.Text(node).find("?.") != std::string_view::npos ||
         tree.Text(node).find("&.") != std::string_view::npos;
}

void AddOperations(const SyntaxTree& tree, NodeId node, Operations& flat) {
  if (flat.operands.size() > kMostConditions) return;
  const auto operands = tree.Is(node, Role::kBinary) ? OperandsOf(tree, node) : std::nullopt;
  if (!operands) {
    flat.operands.push_back(node);
    return;
  }
  AddOperations(tree, operands->first, flat);
  flat.operators.push_back(OperatorOf(tree, node));
  AddOperations(tree, operands->second, flat);
}

}  // namespace

std::string_view OperatorOf(const SyntaxTree& tree, NodeId binary) {
  std::string_view found;
  for (const NodeId child : tree.Children(binary)) {
    const bool sign = !tree[child].named && !tree.Is(child, Role::kNull);
    if (sign || IsOperator(tree, child)) found = tree.Text(child);
  }
  if (found == "&&" || found == "and") return "and";
  if (found == "||" || found == "or") return "or";
  if (found == "==" || found == "===" || found == "is") return "==";
  if (found == "!=" || found == "!==" || found == "is not") return "!=";
  return found;
}

std::optional<std::pair<NodeId, NodeId>> OperandsOf(const SyntaxTree& tree, NodeId binary) {
  const std::vector<NodeId> children = tree.NamedChildren(binary);
  std::vector<NodeId> operands;
  for (const NodeId child : children) {
    if (!IsOperator(tree, child)) operands.push_back(child);
  }
  if (operands.size() != 2) return std::nullopt;
  return std::pair(operands[0], operands[1]);
}

Operations OperationsOf(const SyntaxTree& tree, NodeId expression) {
  Operations flat;
  AddOperations(tree, expression, flat);
  return flat;
}

NodeId Inside(const SyntaxTree& tree, NodeId node) {
  for (;;) {
    const Role role = tree[node].role;
    if (role != Role::kParenthesized && role != Role::kAwait && role != Role::kHolder) return node;
    const std::vector<NodeId> children = tree.NamedChildren(node);
    if (children.size() != 1) return node;
    node = children[0];
  }
}

NodeId Turned(const SyntaxTree& tree, NodeId node) {
  const Role role = tree[node].role;
  if (role != Role::kNot && role != Role::kUnary) return 0;
  const NodeId first = tree[node].first_child;
  if (role == Role::kUnary && (first == 0 || tree.Text(first) != "!")) return 0;
  const std::vector<NodeId> children = tree.NamedChildren(node);
  return children.empty() ? 0 : children.back();
}

bool BeginsWithNot(const SyntaxTree& tree, NodeId node) {
  if (!tree.Is(node, Role::kCall) && !tree.Is(node, Role::kMember)) return false;
  for (NodeId at = node; !tree.IsLeaf(at); at = tree[at].first_child) {
    if (Turned(tree, at) != 0) return true;
  }
  return false;
}

std::optional<Comparison> ComparisonOf(const SyntaxTree& tree, NodeId left, NodeId right) {
  left = Inside(tree, left);
  right = Inside(tree, right);
  const auto left_is = ConstantOf(tree, left), right_is = ConstantOf(tree, right);
  if (!left_is && !right_is) return std::nullopt;
  const NodeId other = right_is ? left : right;
  const bool constant = right_is ? *right_is : *left_is;
  if (!constant && MayBeNothing(tree, other)) return std::nullopt;
  return Comparison{other, constant};
}

bool IsEmptyValue(const SyntaxTree& tree, NodeId node) {
  switch (tree[node].role) {
    case Role::kNull:
    case Role::kFalse:
      return true;
    case Role::kLiteral:
      return tree.Text(node) == "0";
    case Role::kHolder:
    case Role::kArguments:
      return std::ranges::all_of(tree.NamedChildren(node),
                                 [&](NodeId each) { return IsEmptyValue(tree, each); });
    default:
      return tree.NamedChildren(node).empty() && !tree.IsLeaf(node);  // [], {}, ()
  }
}

NodeId PartOfIf(const SyntaxTree& tree, NodeId node, std::string_view part) {
  if (const NodeId child = tree.Child(node, part)) return child;
  if (!tree.Is(node, Role::kTernary) || tree.Child(node, "condition") != 0) return 0;
  const std::vector<NodeId> children = tree.NamedChildren(node);
  const size_t which = part == "condition" ? 0 : part == "consequence" ? 1 : 2;
  const size_t at = tree.language().ternary[which];
  return at < children.size() ? children[at] : 0;
}

std::vector<NodeId> PartsOf(const SyntaxTree& tree, NodeId node, std::string_view part) {
  std::vector<NodeId> all;
  const NodeId first = tree.Child(node, part);
  if (first == 0) return all;
  all.push_back(first);
  const uint16_t field = tree[first].field;
  for (NodeId child = tree[first].next; child != 0 && field != 0; child = tree[child].next) {
    if (tree[child].named && tree[child].field == field) all.push_back(child);
  }
  return all;
}

Conditions ConditionsOf(const SyntaxTree& tree, NodeId node) {
  Conditions conditions;
  conditions.first = PartOfIf(tree, node, "condition");
  if (conditions.first == 0) return conditions;
  if (tree.Field(conditions.first) != "condition") {
    conditions.all = {conditions.first};
    conditions.whole = true;
    return conditions;
  }
  size_t parts = 0;
  std::vector<NodeId> part;
  const auto close = [&] {
    ++parts;
    if (part.size() == 1 && tree[part[0]].named) conditions.all.push_back(part[0]);
    part.clear();
  };
  for (NodeId child = conditions.first; child != 0; child = tree[child].next) {
    const std::string_view field = tree.Field(child);
    if (field == "condition" || field == "bound_identifier") {
      part.push_back(child);
    } else if (tree.Text(child) == ",") {
      close();
    } else {
      break;
    }
  }
  close();
  conditions.whole = parts == 1 && conditions.all.size() == 1;
  return conditions;
}

}  // namespace gate::flags
