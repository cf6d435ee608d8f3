#include "checks/flags/guards.h"

#include <algorithm>

namespace gate::flags {
namespace {

// Names given to names, checks in checks: more is not followed.
constexpr int kDeepest = 20;
// Nor arms before another, or operands of one expression.
constexpr size_t kMost = 64;

bool IsOperator(const SyntaxTree& tree, NodeId node) {
  return tree.Field(node) == "operator" || tree.Field(node) == "op";
}

// "and", "or", "==", "!=", or whatever else an operator is.
std::string_view OperatorOf(const SyntaxTree& tree, NodeId binary) {
  std::string_view found;
  for (const NodeId child : tree.Children(binary)) {
    if (!tree[child].named || IsOperator(tree, child)) found = tree.Text(child);
  }
  if (found == "&&" || found == "and") return "and";
  if (found == "||" || found == "or") return "or";
  if (found == "==" || found == "===" || found == "is") return "==";
  if (found == "!=" || found == "!==" || found == "is not") return "!=";
  return found;
}

// Through brackets, waiting, and what only holds another.
NodeId Inside(const SyntaxTree& tree, NodeId node) {
  for (;;) {
    const Role role = tree[node].role;
    if (role != Role::kParenthesized && role != Role::kAwait && role != Role::kHolder) return node;
    const std::vector<NodeId> children = tree.NamedChildren(node);
    if (children.size() != 1) return node;
    node = children[0];
  }
}

// What is turned: of `not x` and `!x`; 0 for anything else.
NodeId Turned(const SyntaxTree& tree, NodeId node) {
  const Role role = tree[node].role;
  if (role != Role::kNot && role != Role::kUnary) return 0;
  const NodeId first = tree[node].first_child;
  if (role == Role::kUnary && (first == 0 || tree.Text(first) != "!")) return 0;
  const std::vector<NodeId> children = tree.NamedChildren(node);
  return children.empty() ? 0 : children.back();
}

// Whether a chain of calls and members begins with a `!`: some grammars read `!a.b()` as
// `(!a).b()`.
bool BeginsWithNot(const SyntaxTree& tree, NodeId node) {
  if (!tree.Is(node, Role::kCall) && !tree.Is(node, Role::kMember)) return false;
  for (NodeId at = node; !tree.IsLeaf(at); at = tree[at].first_child) {
    if (Turned(tree, at) != 0) return true;
  }
  return false;
}

std::optional<bool> Constant(const SyntaxTree& tree, NodeId node) {
  if (tree.Is(node, Role::kTrue)) return true;
  if (tree.Is(node, Role::kFalse)) return false;
  return std::nullopt;
}

// The two operands.
std::optional<std::pair<NodeId, NodeId>> Operands(const SyntaxTree& tree, NodeId binary) {
  const std::vector<NodeId> children = tree.NamedChildren(binary);
  std::vector<NodeId> operands;
  for (const NodeId child : children) {
    if (!IsOperator(tree, child)) operands.push_back(child);
  }
  if (operands.size() != 2) return std::nullopt;
  return std::pair(operands[0], operands[1]);
}

void Flatten(const SyntaxTree& tree, NodeId node, Operations& flat) {
  if (flat.operands.size() > kMost) return;
  const auto operands = tree.Is(node, Role::kBinary) ? Operands(tree, node) : std::nullopt;
  if (!operands) {
    flat.operands.push_back(node);
    return;
  }
  Flatten(tree, operands->first, flat);
  flat.operators.push_back(OperatorOf(tree, node));
  Flatten(tree, operands->second, flat);
}

// Whether what it is asked on may be missing: then it is neither true nor false.
bool MayBeNothing(const SyntaxTree& tree, NodeId node) {
  return tree.Text(node).find("?.") != std::string_view::npos ||
         tree.Text(node).find("&.") != std::string_view::npos;
}

// In a comparison with true or false: the other operand, and which it is compared with.
std::optional<std::pair<NodeId, bool>> ComparedWithConstant(const SyntaxTree& tree, NodeId node) {
  const auto operands = Operands(tree, node);
  if (!operands) return std::nullopt;
  const NodeId left = Inside(tree, operands->first), right = Inside(tree, operands->second);
  const auto left_is = Constant(tree, left), right_is = Constant(tree, right);
  if (!left_is && !right_is) return std::nullopt;
  const NodeId other = right_is ? left : right;
  const bool constant = right_is ? *right_is : *left_is;
  if (!constant && MayBeNothing(tree, other)) return std::nullopt;
  return std::pair(other, constant);
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

}  // namespace

NodeId PartOfIf(const SyntaxTree& tree, NodeId node, std::string_view part) {
  if (const NodeId child = tree.Child(node, part)) return child;
  if (!tree.Is(node, Role::kTernary) || tree.Child(node, "condition") != 0) return 0;
  const std::vector<NodeId> children = tree.NamedChildren(node);
  const size_t which = part == "condition" ? 0 : part == "consequence" ? 1 : 2;
  const size_t at = tree.language().ternary[which];
  return at < children.size() ? children[at] : 0;
}

namespace {

// All parts of one name.
std::vector<NodeId> AllOf(const SyntaxTree& tree, NodeId node, std::string_view part) {
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

// The conditions of an if or a guard, between commas, which all have to hold; those that give names
// values are left out.
struct Conditions {
  NodeId first = 0;  // What the first of them begins with.
  std::vector<NodeId> all;
  bool whole = false;  // It is one and nothing else.
};

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

}  // namespace

// ---- what conditions say
bool Guards::Implies(const Operations& flat, size_t begin, size_t end, bool value,
                     int depth) const {
  if (end - begin == 1) return Implies(flat.operands[begin], value, depth + 1);
  for (const std::string_view op : {"or", "and"}) {
    bool any = false, all = true, split = false;
    for (size_t from = begin, i = begin; i < end; ++i) {
      const bool here = i + 1 == end || flat.operators[i] == op;
      if (!here || (i + 1 == end && !split)) continue;
      split = true;
      const bool part = Implies(flat, from, i + 1, value, depth + 1);
      any = any || part;
      all = all && part;
      from = i + 1;
    }
    if (split) return (op == "and") == value ? any : all;
  }
  const std::string_view op = flat.operators[begin];
  if (end - begin != 2 || (op != "==" && op != "!=")) return false;
  const NodeId left = Inside(tree_, flat.operands[begin]);
  const NodeId right = Inside(tree_, flat.operands[begin + 1]);
  const auto left_is = Constant(tree_, left), right_is = Constant(tree_, right);
  if (!left_is && !right_is) return false;
  const NodeId other = right_is ? left : right;
  const bool constant = right_is ? *right_is : *left_is;
  if (!constant && MayBeNothing(tree_, other)) return false;
  return Implies(other, (op == "==") == (value == constant), depth + 1);
}

FlagReads::Read Guards::ReadOf(NodeId node) const {
  FlagReads::Read read = reads_.At(tree_, node);
  using Answer = FlagReads::Answer;
  if (BeginsWithNot(tree_, node)) {
    if (read.answer == Answer::kOn || read.answer == Answer::kOff) {
      read.answer = read.answer == Answer::kOn ? Answer::kOff : Answer::kOn;
    }
  }
  return read;
}

bool Guards::Implies(NodeId condition, bool value, int depth) const {
  if (depth > kDeepest) return false;
  const NodeId node = Inside(tree_, condition);
  const FlagReads::Read read = ReadOf(node);
  if (read.answer == FlagReads::Answer::kOn) return value;
  if (read.answer == FlagReads::Answer::kOff) return !value;
  if (read.answer == FlagReads::Answer::kUnknown) return false;
  if (const NodeId turned = Turned(tree_, node)) return Implies(turned, !value, depth + 1);
  switch (tree_[node].role) {
    case Role::kBinary: {
      if (tree_.language().flat_operators) {
        Operations flat;
        Flatten(tree_, node, flat);
        return flat.operands.size() > 1 && flat.operands.size() <= kMost &&
               Implies(flat, 0, flat.operands.size(), value, depth);
      }
      const std::string_view op = OperatorOf(tree_, node);
      const auto operands = Operands(tree_, node);
      if (!operands) return false;
      if (op == "and" || op == "or") {
        const bool left = Implies(operands->first, value, depth + 1);
        const bool right = Implies(operands->second, value, depth + 1);
        return (op == "and") == value ? left || right : left && right;
      }
      if (op != "==" && op != "!=") return false;
      const auto compared = ComparedWithConstant(tree_, node);
      if (!compared) return false;
      return Implies(compared->first, (op == "==") == (value == compared->second), depth + 1);
    }
    case Role::kDeclaration: {  // A name that is given a value on the way.
      const NodeId given = tree_.Child(node, "value");
      return given != 0 && Implies(given, value, depth + 1);
    }
    case Role::kIdentifier:
    case Role::kMember: {
      const NodeId given = ValueOf(node);
      return given != 0 && Implies(given, value != BeginsWithNot(tree_, node), depth + 1);
    }
    default:
      return false;
  }
}

// Of a name: the nearest function around it that gives it a value, or has it as a parameter. Of a
// field, or of a name outside of functions: where it is declared as a constant.
NodeId Guards::ValueOf(NodeId name) const {
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
    if (role != Role::kFunction && role != Role::kLambda) continue;
    NodeId given = 0;
    for (const std::optional<NodeId>& here : GiversIn(function, text)) {
      const bool elsewhere = here && tree_.Is(*here, Role::kDeclaration) &&
                             tree_.language().block_scopes && !Holds(*here, name);
      if (elsewhere) continue;
      if (!here || given != 0) return 0;
      given = *here;
    }
    if (given == 0) continue;
    const bool assigned = tree_.Is(given, Role::kAssignment);
    const NodeId value = tree_.Child(given, assigned ? "right" : "value");
    return value != 0 && value < name && Holds(given, name) ? value : 0;
  }
  for (NodeId around = tree_[name].parent;; around = tree_[around].parent) {
    if (tree_.Is(around, Role::kClass) || (tree_.Is(around, Role::kModule) && !field)) {
      const auto [known, fresh] = constants_.try_emplace(std::pair(around, text));
      const NodeId declared = fresh ? ConstantOf(around, text) : 0;
      if (declared != 0) {
        const NodeId value = tree_.Child(declared, "value");
        known->second = value != 0 ? value : SetByConstructor(around, declared, text);
      }
      if (known->second) return *known->second;
    }
    if (around == 0) return 0;
  }
}

// What gives values to a name in a function; nothing for what is not followed.
const std::vector<std::optional<NodeId>>& Guards::GiversIn(NodeId function,
                                                           std::string_view name) const {
  const auto [entry, fresh] = givers_.try_emplace(std::pair(function, name));
  if (!fresh) return entry->second;
  for (NodeId id = function + 1; id <= tree_[function].last; ++id) {
    const Role role = tree_[id].role;
    if ((role != Role::kBinding && role != Role::kIdentifier) || tree_.Text(id) != name) continue;
    const std::optional<NodeId> here = role == Role::kBinding ? std::nullopt : GivenBy(id);
    if (!here || *here != 0) entry->second.push_back(here);
  }
  return entry->second;
}

// What gives a value to the name that stands here; 0 where it is only read, nothing where that is
// not followed.
std::optional<NodeId> Guards::GivenBy(NodeId id) const {
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
bool Guards::Holds(NodeId declaration, NodeId name) const {
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
NodeId Guards::ConstantOf(NodeId around, std::string_view name) const {
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
NodeId Guards::SetByConstructor(NodeId around, NodeId declared, std::string_view name) const {
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

// ---- what is known at a place
bool Guards::FallsThrough(NodeId arm) const {
  for (NodeId id = arm; id <= tree_[arm].last; ++id) {
    if (tree_.IsLeaf(id) && tree_.Text(id) == "fallthrough") return true;
  }
  return false;
}

bool Guards::Leaves(NodeId statement) const {
  statement = Inside(tree_, statement);
  switch (tree_[statement].role) {
    case Role::kExit:
      return true;
    case Role::kBlock: {
      const std::vector<NodeId> statements = tree_.NamedChildren(statement);
      return !statements.empty() && Leaves(statements.back());
    }
    case Role::kIf: {
      const NodeId consequence = PartOfIf(tree_, statement, "consequence");
      const NodeId alternative = PartOfIf(tree_, statement, "alternative");
      return consequence != 0 && alternative != 0 && Leaves(consequence) && Leaves(alternative);
    }
    case Role::kElse: {
      const NodeId body = tree_.Child(statement, "body");
      const std::vector<NodeId> children = tree_.NamedChildren(statement);
      return body != 0 ? Leaves(body) : children.size() == 1 && Leaves(children[0]);
    }
    default:
      return false;
  }
}

void Guards::AddFactsBehind(NodeId statement, std::vector<Fact>& facts) const {
  statement = Inside(tree_, statement);
  const Role role = tree_[statement].role;
  if (role != Role::kIf && role != Role::kUnless && role != Role::kGuard) return;
  const Conditions conditions = ConditionsOf(tree_, statement);
  if (role == Role::kGuard) {
    for (const NodeId condition : conditions.all) facts.push_back({condition, true, "G4"});
    return;
  }
  const bool turned = role == Role::kUnless;
  const NodeId consequence = PartOfIf(tree_, statement, "consequence");
  const NodeId alternative = PartOfIf(tree_, statement, "alternative");
  if (consequence == 0) return;
  if (Leaves(consequence)) {
    if (conditions.whole) facts.push_back({conditions.all[0], turned, "G4"});
    if (alternative != 0 && tree_.Is(alternative, Role::kIf)) AddFactsBehind(alternative, facts);
  }
  if (alternative != 0 && Leaves(alternative)) {
    for (const NodeId condition : conditions.all) facts.push_back({condition, !turned, "G4"});
  }
}

// Whether a statement is reached only through those before it in its block: not what handles their
// failing, nor a function that can be called before it is defined.
bool Guards::ComesBehind(NodeId statement) const {
  switch (tree_[statement].role) {
    case Role::kHandler:
    case Role::kFinally:
      return false;
    case Role::kFunction:
      return !tree_.language().hoists;
    default:
      return true;
  }
}

void Guards::FactsOf(NodeId parent, NodeId child, std::vector<Fact>& facts) const {
  switch (tree_[parent].role) {
    case Role::kIf:
    case Role::kUnless:
    case Role::kElif:
    case Role::kTernary: {
      if (tree_.language().flat_operators && tree_.Is(parent, Role::kTernary) &&
          tree_.Is(tree_[parent].parent, Role::kBinary)) {
        return;
      }
      const bool turned = tree_.Is(parent, Role::kUnless);
      const Conditions conditions = ConditionsOf(tree_, parent);
      if (tree_[child].field == tree_[conditions.first].field && tree_[child].field != 0) {
        // Each of several is asked where those before it hold.
        for (const NodeId before : conditions.all) {
          if (before < child) facts.push_back({before, true, "G3"});
        }
        return;
      }
      if (conditions.first == 0 || child == conditions.first) return;
      const bool other = tree_.Is(child, Role::kElse) || tree_.Is(child, Role::kElif) ||
                         child == PartOfIf(tree_, parent, "alternative");
      if (!other && child != PartOfIf(tree_, parent, "consequence")) return;
      const bool holds = other == turned;
      if (holds || conditions.whole) {
        for (const NodeId condition : conditions.all) {
          facts.push_back({condition, holds, other ? "G2" : "G1"});
        }
      }
      if (!other) return;
      for (NodeId before = tree_[parent].first_child; before != child;
           before = tree_[before].next) {
        if (!tree_.Is(before, Role::kElif)) continue;
        if (const NodeId its = PartOfIf(tree_, before, "condition")) {
          facts.push_back({its, false, "G2"});
        }
      }
      return;
    }
    case Role::kBinary: {
      if (tree_.language().flat_operators) {
        // Only where they are all alike it is known what comes first.
        NodeId whole = parent;
        while (tree_.Is(tree_[whole].parent, Role::kBinary)) whole = tree_[whole].parent;
        Operations flat;
        Flatten(tree_, whole, flat);
        if (flat.operands.size() > kMost) return;
        if (std::ranges::any_of(flat.operators, [](auto each) { return each != "and"; })) return;
      }
      const std::string_view op = OperatorOf(tree_, parent);
      const auto operands = Operands(tree_, parent);
      if (!operands || child != operands->second) return;
      if (op == "and") facts.push_back({operands->first, true, "G3"});
      if (op == "or") facts.push_back({operands->first, false, "G3"});
      return;
    }
    case Role::kLoop: {
      const NodeId condition = tree_.Child(parent, "condition");
      // One behind the body is asked for afterwards.
      if (condition != 0 && condition < child && child == tree_.Child(parent, "body")) {
        facts.push_back({condition, true, "G1"});
      }
      return;
    }
    case Role::kArm: {
      // Of a when without a subject: its own condition holds, and none of those before it. Not
      // where the arm before falls into it.
      const NodeId when = tree_[parent].parent;
      if (!tree_.Is(when, Role::kWhen)) return;
      const std::vector<NodeId> own = AllOf(tree_, parent, "condition");
      if (std::ranges::count(own, child) > 0) return;
      std::vector<Fact> known;
      for (NodeId before = tree_[when].first_child; before != parent; before = tree_[before].next) {
        if (!tree_.Is(before, Role::kArm)) continue;
        if (tree_[before].next == parent && FallsThrough(before)) return;
        if (known.size() >= kMost) continue;
        for (const NodeId its : AllOf(tree_, before, "condition")) {
          known.push_back({its, false, "G3"});
        }
      }
      if (own.size() == 1) known.push_back({own[0], true, "G3"});
      facts.insert(facts.end(), known.begin(), known.end());
      return;
    }
    case Role::kBlock:
    case Role::kLambda:
    case Role::kModule:
      for (NodeId before = tree_[parent].first_child; before != child;
           before = tree_[before].next) {
        if (tree_[before].named && ComesBehind(child)) AddFactsBehind(before, facts);
      }
      return;
    case Role::kFunction: {
      if (child != tree_.Child(parent, "body")) return;
      // Behind a decorator that lets nobody in: the last one, since those below it may hand the
      // function to somebody else.
      const NodeId around = tree_[parent].parent;
      if (!tree_.Is(around, Role::kDecorated)) return;
      NodeId last = 0;
      for (const NodeId decorator : tree_.Children(around)) {
        if (tree_.Is(decorator, Role::kDecorator)) last = decorator;
      }
      if (last != 0) {
        for (const NodeId asked : tree_.NamedChildren(last)) {
          facts.push_back({asked, true, "G5"});
        }
      }
      return;
    }
    default:
      return;
  }
}

Guards::Guards(const SyntaxTree& tree, const FlagReads& reads)
    : tree_(tree), reads_(reads), guarding_(tree.nodes().size()) {
  std::vector<Fact> facts;
  const auto rule_of = [&](const std::vector<Fact>& known) -> std::string_view {
    for (const Fact& fact : known) {
      if (ImpliesOn(fact.condition, fact.holds)) return fact.rule;
    }
    return "";
  };
  // Whether it runs later than the code around it.
  std::vector<bool> later(tree.nodes().size(), false);
  // Parents come before their children.
  for (NodeId parent = 0; parent < tree.nodes().size(); ++parent) {
    const Role role = tree[parent].role;
    const bool function = role == Role::kFunction || role == Role::kLambda;
    // What was true when the module was loaded need not be when its functions run.
    const std::string_view around = function && !later[parent] ? "" : guarding_[parent];
    const bool statements = role == Role::kBlock || role == Role::kModule || role == Role::kLambda;
    std::string_view so_far;  // In a sequence of statements, from here on.
    for (NodeId child = tree[parent].first_child; child != 0; child = tree[child].next) {
      facts.clear();
      if (!statements) FactsOf(parent, child, facts);
      const std::string_view own = !statements ? rule_of(facts) : ComesBehind(child) ? so_far : "";
      guarding_[child] = own.empty() ? around : own;
      later[child] = later[parent] || function;
      if (!statements || !so_far.empty() || !tree[child].named) continue;
      facts.clear();
      AddFactsBehind(child, facts);
      so_far = rule_of(facts);
    }
  }
}

std::optional<std::string_view> Guards::Guarding(NodeId node) const {
  if (guarding_[node].empty()) return std::nullopt;
  return guarding_[node];
}

bool Guards::InOffBranch(NodeId node) const {
  std::vector<Fact> facts;
  for (NodeId child = node; child != 0; child = tree_[child].parent) {
    facts.clear();
    FactsOf(tree_[child].parent, child, facts);
    for (const Fact& fact : facts) {
      if (FollowsFromOff(fact.condition, fact.holds)) return true;
    }
  }
  return false;
}

// ---- checks themselves
bool Guards::Mentions(NodeId condition) const {
  for (NodeId id = condition; id <= tree_[condition].last; ++id) {
    if (ReadOf(id).answer != FlagReads::Answer::kNone) return true;
    const NodeId parent = tree_[id].parent;
    const bool name = tree_.Is(id, Role::kMember) ||
                      (tree_.Is(id, Role::kIdentifier) && !tree_.Is(parent, Role::kMember));
    if (name && (ImpliesOn(id, true) || ImpliesOn(id, false))) return true;
  }
  return false;
}

std::optional<Guards::Part> Guards::PartOfCheck(NodeId node) const {
  // The read, or the name, or the pure operand that the node is a part of.
  NodeId operand = 0;
  for (NodeId at = node; at != 0; at = tree_[at].parent) {
    const FlagReads::Read read = ReadOf(at);
    if (read.answer == FlagReads::Answer::kOn || read.answer == FlagReads::Answer::kOff) {
      if (!read.pure) return Part{.pure = false, .why = "asking for the flag does more than ask"};
      operand = at;
      break;
    }
    const Role parent = tree_[tree_[at].parent].role;
    if (parent == Role::kBlock || parent == Role::kModule || parent == Role::kFunction) break;
  }
  if (operand == 0) {
    // A name or a literal beside the flag in a condition.
    for (NodeId at = node; at != 0 && IsPure(tree_, at); at = tree_[at].parent) operand = at;
    if (operand == 0) return std::nullopt;
  }
  // Up through what puts conditions together, to what decides by them.
  for (NodeId at = operand, parent = tree_[at].parent;; at = parent, parent = tree_[at].parent) {
    switch (tree_[parent].role) {
      case Role::kNot:
      case Role::kUnary:
      case Role::kParenthesized:
      case Role::kAwait:
      case Role::kBinary:
        continue;
      case Role::kIf:
      case Role::kUnless:
      case Role::kElif:
      case Role::kTernary:
      case Role::kLoop:
      case Role::kGuard:
      case Role::kArm:
        if (at != PartOfIf(tree_, parent, "condition") && tree_.Field(at) != "condition" &&
            tree_.Field(at) != "bound_identifier") {
          return std::nullopt;
        }
        if (Mentions(at)) return Part{.condition = at, .decides = parent};
        for (const NodeId other : ConditionsOf(tree_, parent).all) {
          if (Mentions(other)) return Part{.condition = other, .decides = parent};
        }
        return std::nullopt;
      case Role::kAssignment:
      case Role::kDeclaration: {
        // A name for the answer.
        const NodeId value = tree_.Is(parent, Role::kAssignment) ? tree_.Child(parent, "right")
                                                                 : tree_.Child(parent, "value");
        if (value == 0) return std::nullopt;
        const bool asks = ImpliesOn(value, true) || ImpliesOn(value, false);
        if (!asks || !ReadOf(Inside(tree_, value)).pure) return std::nullopt;
        return Part{.condition = value, .decides = parent};
      }
      case Role::kBlock:
      case Role::kModule:  // A statement: `flag && run()`.
        at = Inside(tree_, at);
        return tree_.Is(at, Role::kBinary) && Mentions(at) ? std::optional(Part{.condition = at})
                                                           : std::nullopt;
      case Role::kShown:
        return FollowsFromOff(at, false) ? std::optional(Part{}) : std::nullopt;
      case Role::kDecorator:
        return ReadOf(at).answer == FlagReads::Answer::kOn ? std::optional(Part{}) : std::nullopt;
      case Role::kHolder:
        continue;
      default:
        return std::nullopt;
    }
  }
}

std::string Guards::WhenOff(NodeId condition, int depth) const {
  const NodeId node = Inside(tree_, condition);
  const FlagReads::Read read = ReadOf(node);
  if (read.answer == FlagReads::Answer::kOn) return "false";
  if (read.answer == FlagReads::Answer::kOff) return "true";
  const auto turned = [](const std::string& text) {
    return text == "true" ? "false" : text == "false" ? "true" : "not (" + text + ")";
  };
  if (depth <= kDeepest) {
    if (const NodeId inner = Turned(tree_, node)) return turned(WhenOff(inner, depth + 1));
    if (tree_.Is(node, Role::kIdentifier) || tree_.Is(node, Role::kMember)) {
      const NodeId given = ValueOf(node);
      if (given != 0 && (ImpliesOn(given, true) || ImpliesOn(given, false))) {
        const std::string off = WhenOff(given, depth + 1);
        return BeginsWithNot(tree_, node) ? turned(off) : off;
      }
    }
    const bool flat = tree_.language().flat_operators;
    if (flat && tree_.Is(node, Role::kBinary)) {
      if (FollowsFromOff(node, false)) return "false";
      if (FollowsFromOff(node, true)) return "true";
    }
    const std::string_view op =
        !flat && tree_.Is(node, Role::kBinary) ? OperatorOf(tree_, node) : "";
    if (const auto operands = Operands(tree_, node); operands && (op == "and" || op == "or")) {
      const std::string left = WhenOff(operands->first, depth + 1);
      const std::string right = WhenOff(operands->second, depth + 1);
      const std::string decided = op == "and" ? "false" : "true";
      const std::string neutral = op == "and" ? "true" : "false";
      if (left == decided || right == decided) return decided;
      if (left == neutral) return right;
      if (right == neutral) return left;
      return "(" + left + ") " + std::string(op) + " (" + right + ")";
    }
    if (op == "==" || op == "!=") {
      if (const auto compared = ComparedWithConstant(tree_, node)) {
        const std::string other = WhenOff(compared->first, depth + 1);
        if (other == "true" || other == "false") {
          return ((other == "true") == compared->second) == (op == "==") ? "true" : "false";
        }
      }
    }
  }
  std::string text;  // Without blanks and comments.
  for (NodeId id = node; id <= tree_[node].last; ++id) {
    if (tree_.Is(id, Role::kComment)) {
      id = tree_[id].last;
    } else if (tree_.IsLeaf(id) || tree_.Is(id, Role::kString)) {
      text += std::string(tree_.Text(id)) + " ";
      id = tree_[id].last;
    }
  }
  return text;
}

bool Guards::IsEmptyExit(NodeId node) const {
  const NodeId exit = tree_.Around(node, Role::kExit);
  if (exit == 0) return false;
  std::vector<NodeId> values = tree_.NamedChildren(exit);
  std::erase_if(values, [&](NodeId value) { return tree_.Is(value, Role::kType); });  // a label
  if (values.size() > 1 || (values.size() == 1 && !IsEmptyValue(tree_, values[0]))) return false;
  // The branch that it ends, of an if whose other way implies the flag.
  NodeId branch = exit;
  while (branch != 0) {
    const NodeId parent = tree_[branch].parent;
    const Role role = tree_[parent].role;
    if (role == Role::kIf || role == Role::kUnless || role == Role::kGuard) {
      std::vector<Fact> behind;
      AddFactsBehind(parent, behind);
      return std::ranges::any_of(
          behind, [&](const Fact& fact) { return ImpliesOn(fact.condition, fact.holds); });
    }
    if (role != Role::kBlock && role != Role::kElse && role != Role::kOther) return false;
    branch = parent;
  }
  return false;
}

std::string_view Guards::WhyUnknown(NodeId node) const {
  bool chain = true;  // Within one expression.
  for (NodeId child = node; child != 0; child = tree_[child].parent) {
    const NodeId parent = tree_[child].parent;
    if (tree_[parent].broken) return "the code around it cannot be read";
    chain = chain && !tree_.Is(child, Role::kBlock) && !tree_.Is(child, Role::kLambda);
    if (chain && (tree_.Is(parent, Role::kCall) || tree_.Is(parent, Role::kMember))) {
      for (NodeId id = parent; id < child; ++id) {
        if (ReadOf(id).answer != FlagReads::Answer::kNone &&
            tree_.Around(id, Role::kLambda) > parent) {
          return "the flag is asked for in a function that is handed on";
        }
      }
    }
    if (tree_.Is(parent, Role::kSwitch) || tree_.Is(parent, Role::kArm)) {
      const NodeId around = tree_.Around(parent, Role::kSwitch);
      if (around != 0) {
        for (NodeId id = around; id <= tree_[around].last && id < child; ++id) {
          if (tree_.Is(id, Role::kArm) || id == tree_.Child(around, "body")) break;
          if (tree_.Is(id, Role::kString) &&
              tree_.Text(id).find(reads_.flag()) != std::string_view::npos)
            return "a switch over values of the flag is not followed";
        }
      }
    }
    std::vector<Fact> facts;
    FactsOf(parent, child, facts);
    for (const Fact& fact : facts) {
      for (NodeId id = fact.condition; id <= tree_[fact.condition].last; ++id) {
        const NodeId given = ValueOf(id);
        const FlagReads::Read read = ReadOf(given == 0 ? id : Inside(tree_, given));
        if (read.answer == FlagReads::Answer::kUnknown) return read.why;
      }
    }
  }
  return "";
}

}  // namespace gate::flags
