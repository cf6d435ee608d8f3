#include "checks/flags/imports.h"

#include <algorithm>
#include <string_view>
#include <vector>

namespace gate::flags {
namespace {

bool InTypeOrImport(const SyntaxTree& tree, NodeId node) {
  return tree.Around(node, Role::kType) != 0 || tree.Around(node, Role::kImport) != 0;
}

bool IsUsedAsValue(const SyntaxTree& tree, std::string_view name) {
  for (NodeId id = 0; id < tree.nodes().size(); ++id) {
    if (tree.Is(id, Role::kIdentifier) && tree.Text(id) == name && !InTypeOrImport(tree, id)) {
      return true;
    }
  }
  return false;
}

// Names that an import gives here: behind `as`, where it has one.
std::vector<std::string_view> NamesIn(const SyntaxTree& tree, NodeId part) {
  std::vector<std::string_view> names;
  for (NodeId id = part; id <= tree[part].last; ++id) {
    if (!tree.Is(id, Role::kIdentifier)) continue;
    const bool renamed = tree.Field(id) == "name" && tree.Child(tree[id].parent, "alias") != 0;
    if (!renamed) names.push_back(tree.Text(id));
  }
  return names;
}

// Whether an import is there when the program runs.
bool Loads(const SyntaxTree& tree, NodeId statement) {
  if (tree.language().name == "JavaScript") return true;
  const std::vector<std::string_view> names = NamesIn(tree, statement);
  return names.empty() ||
         std::ranges::any_of(names, [&](auto name) { return IsUsedAsValue(tree, name); });
}

}  // namespace

bool LoadsNothingNew(const SyntaxTree& base, const SyntaxTree& head, NodeId token) {
  const NodeId statement = head.Around(token, Role::kImport);
  const NodeId module = head.Child(statement, "source");
  if (module == 0 || token == module) return false;
  bool imported = false, loaded = false;
  for (NodeId id = 0; id < base.nodes().size(); ++id) {
    if (!base.Is(id, Role::kImport)) continue;
    const NodeId source = base.Child(id, "source");
    if (source == 0 || base.Text(source) != head.Text(module)) continue;
    imported = true;
    loaded = loaded || Loads(base, id);
  }
  if (!imported || loaded) return loaded;
  NodeId specifier = token;
  while (specifier != statement && head.Kind(specifier) != "import_specifier") {
    specifier = head[specifier].parent;
  }
  if (specifier == statement) return false;
  const std::vector<std::string_view> names = NamesIn(head, specifier);
  return std::ranges::none_of(names, [&](auto name) { return IsUsedAsValue(head, name); });
}

}  // namespace gate::flags
