#include "checks/flags/definitions.h"

#include <algorithm>

namespace gate::flags {
namespace {

bool SaysOverride(std::string_view annotation) {
  return annotation == "override" || annotation == "@Override";
}

// By an annotation that says more than that it overrides another.
bool IsAnnotated(const SyntaxTree& tree, NodeId function) {
  const NodeId body = tree.Child(function, "body");
  const auto& calm = tree.language().calm_annotations;
  for (NodeId id = function + 1; id < body; ++id) {
    if (tree.Is(id, Role::kParameters)) id = tree[id].last;
    if (!tree.Is(id, Role::kAnnotation) || SaysOverride(tree.Text(id))) continue;
    const bool says_nothing = std::ranges::any_of(calm, [&](std::string_view name) {
      return tree.Text(id).find(name) != std::string_view::npos;
    });
    if (!says_nothing) return true;
  }
  return false;
}

// By whatever name its importers like: export default function fresh() {}.
bool IsDefault(const SyntaxTree& tree, NodeId function) {
  const NodeId around = tree[function].parent;
  return tree.Kind(around) == "export_statement" &&
         std::ranges::any_of(tree.Children(around), [&](NodeId child) {
           return child < function && tree.Text(child) == "default";
         });
}

bool Overrides(const SyntaxTree& tree, NodeId function) {
  const NodeId body = tree.Child(function, "body");
  for (NodeId id = function + 1; id < body; ++id) {
    if (tree.Is(id, Role::kParameters)) id = tree[id].last;
    if (tree.Is(id, Role::kAnnotation) && SaysOverride(tree.Text(id))) return true;
  }
  return false;
}

// Whether it is a method of a controller that is open to requests, by routes that do not name it.
bool IsAction(const SyntaxTree& tree, NodeId function) {
  const NodeId around = tree.Around(function, Role::kClass);
  const NodeId body = around == 0 ? 0 : tree.Child(around, "body");
  const NodeId name = around == 0 ? 0 : tree.Child(around, "name");
  if (body == 0 || name == 0) return false;
  const std::string_view bases =
      tree.text().substr(tree[name].end, tree[body].begin - tree[name].end);
  if (bases.find("Controller") == std::string_view::npos) return false;
  for (NodeId word = function; word < tree.Child(function, "name"); ++word) {
    const std::string_view text = tree.Text(word);
    if (text == "private" || text == "protected" || text == "internal") return false;
  }
  // In Ruby all behind such a word, in the class itself.
  for (NodeId before = tree[body].first_child; before != 0 && before < function;
       before = tree[before].next) {
    if (tree.Text(before) == "private" || tree.Text(before) == "protected") return false;
  }
  return true;
}

}  // namespace

std::string NameOf(const SyntaxTree& tree, NodeId definition) {
  const NodeId name = tree.Child(definition, "name");
  return name == 0 ? "" : std::string(tree.Text(name));
}

NodeId FunctionNamed(const SyntaxTree& tree, NodeId token) {
  const NodeId parent = tree[token].parent;
  const bool constant = tree.Is(parent, Role::kDeclaration);
  const NodeId function = constant ? tree.Child(parent, "value") : parent;
  const bool named =
      function != 0 && tree.Is(function, Role::kFunction) && tree.Child(function, "name") == token;
  return named ? function : 0;
}

NodeId DefinitionAround(const SyntaxTree& tree, NodeId node) {
  for (NodeId at = node; at != 0; at = tree[at].parent) {
    const NodeId parent = tree[at].parent;
    if (tree.Is(parent, Role::kFunction) && at == tree.Child(parent, "body")) return parent;
  }
  return 0;
}

bool RunsLater(const SyntaxTree& tree, NodeId node) {
  for (NodeId at = node; at != 0; at = tree[at].parent) {
    const NodeId parent = tree[at].parent;
    if (tree.Is(parent, Role::kLambda)) return true;
    if (tree.Is(parent, Role::kFunction) && at == tree.Child(parent, "body")) return true;
    if (tree.Is(parent, Role::kClass)) return false;
  }
  return tree.language().is_shown;
}

NodeId HeaderAround(const SyntaxTree& tree, NodeId token) {
  if (!tree[token].named || tree.Is(token, Role::kComment)) return 0;
  if (const NodeId function = FunctionNamed(tree, token)) return function;
  for (NodeId at = token; at != 0; at = tree[at].parent) {
    const NodeId around = tree[at].parent;
    if (tree.Is(at, Role::kType) || tree.Is(at, Role::kAnnotation)) return 0;
    if (tree.Is(around, Role::kFunction) || tree.Is(around, Role::kClass)) {
      return at == tree.Child(around, "body") ? 0 : around;
    }
  }
  return 0;
}

std::string_view WhyCalledByOthers(const SyntaxTree& tree, NodeId function) {
  if (tree.Is(tree[function].parent, Role::kDecorated) || IsAnnotated(tree, function)) {
    return "what it is marked with may hand it to somebody who calls it";
  }
  if (IsDefault(tree, function)) return "whoever imports its module calls it as they like";
  if (Overrides(tree, function)) return kOverrides;
  if (IsAction(tree, function)) return kRouted;
  if (std::ranges::count(tree.language().called_by_others, NameOf(tree, function)) > 0) {
    return "it is called by the framework, not by its name";
  }
  return "";
}

}  // namespace gate::flags
