#include "checks/flags/own_names.h"

#include <algorithm>
#include <string_view>

namespace gate::flags {
namespace {

// The function around a place, or the class or file that it stands in without one between.
NodeId Around(const SyntaxTree& tree, NodeId node) {
  for (NodeId at = tree[node].parent; at != 0; at = tree[at].parent) {
    const Role role = tree[at].role;
    if (role == Role::kFunction || role == Role::kLambda || role == Role::kClass) return at;
    // Of a class without a name.
    if (tree.Kind(at).ends_with("class_body") || tree.Kind(at) == "object_literal") return at;
  }
  return 0;
}

bool IsInFunction(const SyntaxTree& tree, NodeId node) {
  const NodeId around = Around(tree, node);
  if (around == 0) return tree.language().is_shown;
  return tree.Is(around, Role::kFunction) || tree.Is(around, Role::kLambda);
}

// Whether a declaration outside of functions is of a constant that none derived from the class
// knows: `private final`; or of the module, whose names are new where they are declared.
bool IsOwnConstant(const SyntaxTree& tree, NodeId declaration) {
  if (tree.language().constants.empty()) return false;
  bool constant = false, own = Around(tree, declaration) == 0;
  NodeId statement = declaration;
  for (NodeId at = tree[declaration].parent; at != 0; at = tree[at].parent) {
    const Role role = tree[at].role;
    if (role != Role::kOther && role != Role::kHolder) break;
    if (tree.Kind(at).ends_with("body") || tree.Kind(at) == "declaration_list") break;
    statement = at;
  }
  const NodeId name = tree.Child(declaration, "name");
  for (NodeId word = statement; word < name; ++word) {
    if (!tree.IsLeaf(word)) continue;
    const std::string_view text = tree.Text(word);
    if (text == "override" || text == "open") return false;
    constant = constant || std::ranges::count(tree.language().constants, text) > 0;
    own = own || text == "private" || text == "fileprivate";
  }
  return constant && own;
}

// Whether what is declared there is what a name means where it stands.
bool Holds(const SyntaxTree& tree, NodeId declaration, NodeId name) {
  NodeId block = tree[declaration].parent;
  while (tree.Is(block, Role::kOther) || tree.Is(block, Role::kHolder)) block = tree[block].parent;
  return tree.Contains(block, name);
}

// Whether a name is declared before the place where it stands, in a function around that.
bool IsDeclaredBefore(const SyntaxTree& tree, NodeId name) {
  const std::string_view text = tree.Text(name);
  for (NodeId function = Around(tree, name); function != 0; function = Around(tree, function)) {
    if (tree.Is(function, Role::kClass)) return false;
    for (NodeId id = function + 1; id < name; ++id) {
      const NodeId declared = tree.Is(id, Role::kDeclaration) ? tree.Child(id, "name") : 0;
      if (declared == 0 || Around(tree, id) != function || !Holds(tree, id, name)) continue;
      for (NodeId each = declared; each <= tree[declared].last; ++each) {
        if (tree.IsLeaf(each) && tree.Text(each) == text) return true;
      }
    }
  }
  return false;
}

// Whether a function says that the name is of the file, or of the function around it.
bool IsOfOthers(const SyntaxTree& tree, NodeId name) {
  const NodeId function = Around(tree, name);
  for (NodeId id = function; id <= tree[function].last; ++id) {
    const std::string_view kind = tree.Kind(id);
    if (kind != "global_statement" && kind != "nonlocal_statement") continue;
    for (NodeId each = id; each <= tree[id].last; ++each) {
      if (tree.IsLeaf(each) && tree.Text(each) == tree.Text(name)) return true;
    }
  }
  return false;
}

}  // namespace

bool IsOwnName(const SyntaxTree& tree, NodeId given) {
  const bool declaration = tree.Is(given, Role::kDeclaration);
  const NodeId target = tree.Child(given, declaration ? "name" : "left");
  if (target == 0) return false;
  if (!IsInFunction(tree, given)) return declaration && IsOwnConstant(tree, given);
  for (NodeId id = target; id <= tree[target].last; ++id) {
    const Role role = tree[id].role;
    if (role == Role::kMember || role == Role::kSubscript || role == Role::kUnary) return false;
    if (!tree.IsLeaf(id) || !tree[id].named) continue;
    if (IsOfOthers(tree, id)) return false;
    if (declaration) continue;
    // Of a language that knows no declarations, a plain name: neither @on nor $on.
    const bool local = tree.language().grammar == nullptr ||
                       (tree.language().gives_declare ? tree.Kind(id) == "identifier"
                                                      : IsDeclaredBefore(tree, id));
    if (!local) return false;
  }
  return true;
}

bool IsReadAlone(const SyntaxTree& tree, NodeId name) {
  if (!tree.Is(name, Role::kIdentifier)) return false;
  const std::string_view kind = tree.Kind(name);
  if (kind == "property_identifier" || kind == "field_identifier") return false;
  const NodeId parent = tree[name].parent;
  if (tree.Is(parent, Role::kNamedArgument) && name == tree[parent].first_child) return false;
  if (tree.Kind(parent) == "navigation_suffix" ||
      tree.Kind(parent) == "member_binding_expression") {
    return false;
  }
  if (tree.Is(parent, Role::kCall) && name == tree.Child(parent, "function")) {
    return tree.Child(parent, "object") == 0 && !tree.language().dots_call;
  }
  return !tree.Is(parent, Role::kMember) || name == tree[parent].first_child;
}

}  // namespace gate::flags
