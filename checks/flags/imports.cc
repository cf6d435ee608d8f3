#include "checks/flags/imports.h"

#include <algorithm>
#include <vector>

namespace gate::flags {
namespace {

// Names that are used outside of types and imports.
std::set<std::string_view> UsedIn(const SyntaxTree& tree) {
  std::set<std::string_view> used;
  for (NodeId id = 0; id < tree.nodes().size(); ++id) {
    if (tree.Is(id, Role::kType) || tree.Is(id, Role::kImport)) {
      id = tree[id].last;
    } else if (tree.Is(id, Role::kIdentifier)) {
      used.insert(tree.Text(id));
    }
  }
  return used;
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

}  // namespace

void Imports::ReadBase() {
  loaded_.emplace();
  const bool always = base_.language().name == "JavaScript";
  const Names used = always ? Names() : UsedIn(base_);
  for (NodeId id = 0; id < base_.nodes().size(); ++id) {
    const NodeId module = base_.Is(id, Role::kImport) ? base_.Child(id, "source") : 0;
    if (module == 0) continue;
    const std::vector<std::string_view> names = NamesIn(base_, id);
    bool& loaded = (*loaded_)[base_.Text(module)];
    loaded = loaded || always || names.empty() ||
             std::ranges::any_of(names, [&](auto name) { return used.contains(name); });
  }
}

bool Imports::LoadNothingNew(NodeId token) {
  const NodeId statement = head_.Around(token, Role::kImport);
  const NodeId module = head_.Child(statement, "source");
  if (module == 0 || token == module) return false;
  if (!loaded_) ReadBase();
  const auto before = loaded_->find(head_.Text(module));
  if (before == loaded_->end()) return false;
  if (before->second) return true;
  NodeId specifier = token;
  while (specifier != statement && head_.Kind(specifier) != "import_specifier") {
    specifier = head_[specifier].parent;
  }
  if (specifier == statement) return false;
  if (!used_) used_ = UsedIn(head_);
  const std::vector<std::string_view> names = NamesIn(head_, specifier);
  return std::ranges::none_of(names, [&](auto name) { return used_->contains(name); });
}

}  // namespace gate::flags
