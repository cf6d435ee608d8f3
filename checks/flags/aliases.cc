#include "checks/flags/aliases.h"

#include <algorithm>
#include <string>

#include "checks/flags/flag_reads.h"

namespace gate::flags {
namespace {

bool IsExtension(const SyntaxTree& tree, NodeId definition) {
  return std::ranges::any_of(tree.Children(definition), [&](NodeId child) {
    return !tree[child].named && tree.Text(child) == "extension";
  });
}

// Whether a regular expression of Ruby gives the name to a part of what it finds: /(?<on>.*)/.
bool GivesByExpression(const SyntaxTree& tree, NodeId node, std::string_view name) {
  return tree.Kind(node) == "regex" &&
         tree.Text(node).find("(?<" + std::string(name) + ">") != std::string_view::npos;
}

// The class that an extension is of, where both stand in the file itself; 0 for none.
NodeId ExtendedBy(const SyntaxTree& tree, NodeId extension) {
  const NodeId name = tree.Child(extension, "name");
  if (tree[extension].parent != 0 || name == 0 || !IsExtension(tree, extension)) return 0;
  for (const NodeId other : tree.NamedChildren(0)) {
    if (!tree.Is(other, Role::kClass) || IsExtension(tree, other)) continue;
    const NodeId its = tree.Child(other, "name");
    if (its != 0 && tree.Text(its) == tree.Text(name)) return other;
  }
  return 0;
}

}  // namespace

// Of a name: the nearest function around it that gives it a value, or has it as a parameter. Of a
// field, or of a name outside of functions: where it is declared as a constant.
NodeId Aliases::ValueOf(NodeId name) const {
  bool field = false;
  NodeId word = name;
  if (tree_.Is(name, Role::kMember)) {
    const NodeId object = tree_.Child(name, "object");
    std::string_view on = object == 0 ? "" : tree_.Text(object);
    if (on.starts_with('!')) on.remove_prefix(1);
    if (on != "this" && on != "self") return 0;
    word = tree_.Child(name, "attribute");
    field = true;
  }
  if (word == 0 || !(field || tree_.Is(word, Role::kIdentifier))) return 0;
  const std::string_view text = LastName(tree_, word);
  for (NodeId function = field ? 0 : name; function != 0;) {
    function = tree_[function].parent;
    const Role role = tree_[function].role;
    if (role == Role::kBlockOfMarkup) return 0;
    const bool whole = function == 0 && tree_.language().is_shown;
    if (role != Role::kFunction && role != Role::kLambda && !whole) continue;
    NodeId given = 0;
    for (const std::optional<NodeId>& here : GiversIn(function, text)) {
      const bool declared =
          here && (tree_.Is(*here, Role::kDeclaration) || tree_.Is(*here, Role::kBinding));
      const bool elsewhere = declared && tree_.language().block_scopes && !Holds(*here, name);
      if (elsewhere) continue;
      if (!here || given != 0) return 0;
      given = *here;
    }
    if (given == 0) continue;
    if (tree_.Is(given, Role::kBinding)) return given < name && Holds(given, name) ? given : 0;
    const bool assigned = tree_.Is(given, Role::kAssignment);
    const NodeId value = tree_.Child(given, assigned ? "right" : "value");
    return value != 0 && value < name && Holds(given, name) ? value : 0;
  }
  for (NodeId around = tree_[name].parent;; around = tree_[around].parent) {
    if (tree_.Is(around, Role::kClass) || (tree_.Is(around, Role::kModule) && !field)) {
      const auto [known, fresh] = constants_.try_emplace(std::pair(around, text));
      NodeId holder = around;
      NodeId declared = fresh ? ConstantOf(holder, text) : 0;
      if (fresh && declared == 0) {
        holder = ExtendedBy(tree_, around);
        if (holder != 0) declared = ConstantOf(holder, text);
      }
      if (declared != 0) {
        const NodeId value = tree_.Child(declared, "value");
        known->second = value != 0 ? value : SetByConstructor(holder, declared, text);
      }
      if (known->second) return *known->second;
    }
    if (around == 0) return 0;
  }
}

// What gives values to a name in a function; nothing for what is not followed.
const std::vector<std::optional<NodeId>>& Aliases::GiversIn(NodeId function,
                                                            std::string_view name) const {
  const auto [entry, fresh] = givers_.try_emplace(std::pair(function, name));
  if (!fresh) return entry->second;
  for (NodeId id = function + 1; id <= tree_[function].last; ++id) {
    const Role role = tree_[id].role;
    if (GivesByExpression(tree_, id, name)) entry->second.push_back(std::nullopt);
    if ((role != Role::kBinding && role != Role::kIdentifier) || tree_.Text(id) != name) continue;
    std::optional<NodeId> here;
    if (role != Role::kBinding) {
      here = GivenBy(id);
    } else if (TakenOutOf(tree_, id) != 0) {
      here = id;
    }
    if (!here || *here != 0) entry->second.push_back(here);
  }
  return entry->second;
}

// What gives a value to the name that stands here; 0 where it is only read, nothing where that is
// not followed.
std::optional<NodeId> Aliases::GivenBy(NodeId id) const {
  for (NodeId child = id;; child = tree_[child].parent) {
    const NodeId parent = tree_[child].parent;
    const std::string_view field = tree_.Field(child);
    const bool first = tree_[id].begin == tree_[child].begin;
    switch (tree_[parent].role) {
      case Role::kOther:
      case Role::kHolder:
        if (parent == 0 || field == "right" || field == "value") return 0;
        continue;
      case Role::kBinding:
        if (field == "right" || field == "value") return 0;
        return std::nullopt;
      case Role::kParameters:
      case Role::kHandler:
      case Role::kImport:
        return std::nullopt;
      case Role::kUnary:  // Its address.
        if (tree_.Text(tree_[parent].first_child) == "&") return std::nullopt;
        return 0;
      case Role::kAssignment:
        if (child != tree_.Child(parent, "left")) return 0;
        // Only a plain one, of the name alone or as the first of several results.
        if (const NodeId op = tree_.Child(parent, "operator"); op != 0 && tree_.Text(op) != "=") {
          return std::nullopt;
        }
        if (tree_.Kind(parent).find("augmented") != std::string_view::npos) return std::nullopt;
        return first ? std::optional(parent) : std::nullopt;
      case Role::kDeclaration:
        if (child != tree_.Child(parent, "name")) return 0;
        return first ? std::optional(parent) : std::nullopt;
      case Role::kFunction:
      case Role::kLambda:
      case Role::kLoop:
      case Role::kIf:
      case Role::kGuard:
      case Role::kSwitch:
      case Role::kClass:
        for (const std::string_view gives : {"left", "name", "item", "pattern", "parameter",
                                             "parameters", "bound_identifier", "alias"}) {
          if (field == gives) return std::nullopt;
        }
        return 0;
      default:
        return 0;
    }
  }
}

// Whether a name that is declared there is the one that stands here.
bool Aliases::Holds(NodeId declaration, NodeId name) const {
  for (NodeId at = tree_[declaration].parent; at != 0; at = tree_[at].parent) {
    switch (tree_[at].role) {
      case Role::kBlock:
      case Role::kFunction:
      case Role::kLambda:
      case Role::kIf:
      case Role::kUnless:
      case Role::kElif:
      case Role::kElse:
      case Role::kLoop:
      case Role::kSwitch:
      case Role::kWhen:
      case Role::kArm:
      case Role::kTry:
      case Role::kHandler:
      case Role::kFinally:
      case Role::kClass:
        return tree_.Contains(at, name);
      default:
        break;
    }
  }
  return true;
}

// The declaration of a constant directly in a class or the file; 0 where there is none, or several.
NodeId Aliases::ConstantOf(NodeId around, std::string_view name) const {
  NodeId found = 0;
  for (NodeId id = around + 1; id <= tree_[around].last; ++id) {
    const Role role = tree_[id].role;
    if (role == Role::kFunction || role == Role::kLambda || role == Role::kClass) {
      id = tree_[id].last;
      continue;
    }
    const NodeId declared = role == Role::kDeclaration ? tree_.Child(id, "name") : 0;
    if (declared == 0) continue;
    NodeId first = declared;
    while (!tree_.IsLeaf(first)) first = tree_[first].first_child;
    if (tree_.Text(first) != name) continue;
    if (found != 0) return 0;
    found = id;
    // The statement that it is a part of, up to the name.
    NodeId statement = id;
    while (tree_[statement].parent != around &&
           tree_[statement].parent != tree_.Child(around, "body")) {
      statement = tree_[statement].parent;
    }
    // Nor one that a class derived from this one may have otherwise.
    bool constant = false;
    for (NodeId word = statement; word < declared; ++word) {
      if (tree_.IsLeaf(word) && tree_.Text(word) == "open") return 0;
      constant = constant || (tree_.IsLeaf(word) &&
                              std::ranges::count(tree_.language().constants, tree_.Text(word)) > 0);
    }
    if (!constant) return 0;
  }
  return found;
}

// What a constant of a class is given by its only constructor that gives it something.
NodeId Aliases::SetByConstructor(NodeId around, NodeId declared, std::string_view name) const {
  NodeId value = 0;
  for (NodeId id = around + 1; id <= tree_[around].last; ++id) {
    if (tree_.Is(id, Role::kDeclaration) && id != declared) {
      const NodeId other = tree_.Child(id, "name");
      if (other != 0 && tree_.Text(other) == name) return 0;
    }
    const NodeId left = tree_.Is(id, Role::kAssignment) ? tree_.Child(id, "left") : 0;
    if (left == 0 || LastName(tree_, left) != name) continue;
    const std::string_view target = tree_.Text(left);
    const std::string_view on = target.substr(0, target.size() - name.size());
    if (!on.empty() && on != "this." && on != "self.") continue;
    NodeId function = id;
    while (function != around && !tree_.Is(function, Role::kFunction) &&
           !tree_.Is(function, Role::kLambda)) {
      function = tree_[function].parent;
    }
    const std::string_view kind = tree_.Kind(function);
    const bool constructor = kind.find("constructor") != std::string_view::npos ||
                             kind.find("init") != std::string_view::npos;
    if (value != 0 || !constructor) return 0;
    value = tree_.Child(id, "right");
  }
  return value;
}

}  // namespace gate::flags
