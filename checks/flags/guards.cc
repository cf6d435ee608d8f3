#include "checks/flags/guards.h"

#include <algorithm>

namespace gate::flags {
namespace {

// Names given to names, checks in checks: more is not followed.
constexpr int kDeepest = 20;

// "and", "or", "==", "!=", or whatever else an operator is.
std::string_view OperatorOf(const SyntaxTree& tree, NodeId binary) {
  std::string_view found;
  for (const NodeId child : tree.Children(binary)) {
    if (!tree[child].named || tree.Field(child) == "operator") found = tree.Text(child);
  }
  if (found == "&&" || found == "and") return "and";
  if (found == "||" || found == "or") return "or";
  if (found == "==" || found == "===" || found == "is") return "==";
  if (found == "!=" || found == "!==" || found == "is not") return "!=";
  return found;
}

// Through brackets, waiting, and nodes that only hold another.
NodeId Inside(const SyntaxTree& tree, NodeId node) {
  for (;;) {
    const Role role = tree[node].role;
    if (role != Role::kParenthesized && role != Role::kAwait && role != Role::kOther) return node;
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
    if (tree.Field(child) != "operator") operands.push_back(child);
  }
  if (operands.size() != 2) return std::nullopt;
  return std::pair(operands[0], operands[1]);
}

// In a comparison with true or false: the other operand, and which it is compared with.
std::optional<std::pair<NodeId, bool>> ComparedWithConstant(const SyntaxTree& tree, NodeId node) {
  const auto operands = Operands(tree, node);
  if (!operands) return std::nullopt;
  const NodeId left = Inside(tree, operands->first), right = Inside(tree, operands->second);
  if (const auto constant = Constant(tree, right)) return std::pair(left, *constant);
  if (const auto constant = Constant(tree, left)) return std::pair(right, *constant);
  return std::nullopt;
}

bool IsEmptyValue(const SyntaxTree& tree, NodeId node) {
  switch (tree[node].role) {
    case Role::kNull:
    case Role::kFalse:
      return true;
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

// ---- what conditions say
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
      return given != 0 && Implies(given, value, depth + 1);
    }
    default:
      return false;
  }
}

bool Guards::Follows(NodeId condition, bool value, int depth) const {
  if (depth > kDeepest) return false;
  const NodeId node = Inside(tree_, condition);
  const FlagReads::Read read = ReadOf(node);
  if (read.answer == FlagReads::Answer::kOn) return !value;
  if (read.answer == FlagReads::Answer::kOff) return value;
  if (read.answer == FlagReads::Answer::kUnknown) return false;
  if (const NodeId turned = Turned(tree_, node)) return Follows(turned, !value, depth + 1);
  switch (tree_[node].role) {
    case Role::kBinary: {
      const std::string_view op = OperatorOf(tree_, node);
      const auto operands = Operands(tree_, node);
      if (!operands) return false;
      if (op == "and" || op == "or") {
        const bool left = Follows(operands->first, value, depth + 1);
        const bool right = Follows(operands->second, value, depth + 1);
        return (op == "and") == value ? left && right : left || right;
      }
      if (op != "==" && op != "!=") return false;
      const auto compared = ComparedWithConstant(tree_, node);
      if (!compared) return false;
      return Follows(compared->first, (op == "==") == (value == compared->second), depth + 1);
    }
    case Role::kIdentifier:
    case Role::kMember: {
      const NodeId given = ValueOf(node);
      return given != 0 && Follows(given, value, depth + 1);
    }
    default:
      return false;
  }
}

// Of a local name: the nearest function around it that gives it a value, or has it as a parameter.
NodeId Guards::ValueOf(NodeId name) const {
  if (!tree_.Is(name, Role::kIdentifier)) return 0;
  const std::string_view text = tree_.Text(name);
  for (NodeId function = name; function != 0;) {
    function = tree_[function].parent;
    const Role role = tree_[function].role;
    if (role != Role::kFunction && role != Role::kLambda) continue;
    NodeId value = 0;
    int given = 0;
    for (NodeId id = function + 1; id <= tree_[function].last; ++id) {
      if (!tree_.Is(id, Role::kIdentifier) || tree_.Text(id) != text) continue;
      // Up to what gives it a value, as the whole of the left side.
      NodeId child = id, parent = tree_[id].parent;
      while (tree_.Is(parent, Role::kOther) && tree_[parent].named && parent > function &&
             tree_.Field(child) != "right" && tree_.Field(child) != "value") {
        child = parent;
        parent = tree_[parent].parent;
      }
      const std::string_view field = tree_.Field(child);
      if (tree_.Is(parent, Role::kParameters)) return 0;
      if (tree_.Is(parent, Role::kLoop) && field == "left") return 0;
      if (tree_.Is(parent, Role::kAssignment) && child == tree_.Child(parent, "left")) {
        ++given;
        // Only a plain one, of the name alone.
        const bool plain =
            child == id && tree_.Kind(parent).find("augmented") == std::string_view::npos;
        value = plain ? tree_.Child(parent, "right") : 0;
        if (!plain) return 0;
      } else if (tree_.Is(parent, Role::kDeclaration) && child == tree_.Child(parent, "name")) {
        ++given;
        value = tree_.Child(parent, "value");
      } else if (const std::string_view kind = tree_.Kind(parent);
                 kind.find("global") == 0 || kind.find("nonlocal") == 0 ||
                 kind.find("delete") == 0 || kind.find("update_expression") == 0 ||
                 kind.find("pattern") != std::string_view::npos) {
        return 0;
      }
    }
    if (given > 1) return 0;
    if (given == 1) return value != 0 && value < name ? value : 0;
  }
  return 0;
}

// ---- what is known at a place
bool Guards::Leaves(NodeId statement) const {
  statement = Inside(tree_, statement);
  switch (tree_[statement].role) {
    case Role::kExit:
      return true;
    case Role::kBlock: {
      const std::vector<NodeId> statements = tree_.NamedChildren(statement);
      return !statements.empty() && Leaves(statements.back());
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
  const bool turned = role != Role::kIf;
  if (role == Role::kGuard) {
    for (NodeId child = tree_[statement].first_child; child != 0; child = tree_[child].next) {
      if (tree_.Is(child, Role::kElse)) break;
      if (tree_[child].named) facts.push_back({child, true, "G4"});
    }
    return;
  }
  const NodeId condition = PartOfIf(tree_, statement, "condition");
  const NodeId consequence = PartOfIf(tree_, statement, "consequence");
  const NodeId alternative = PartOfIf(tree_, statement, "alternative");
  if (condition == 0 || consequence == 0) return;
  if (Leaves(consequence)) facts.push_back({condition, turned, "G4"});
  if (alternative != 0 && tree_.Is(alternative, Role::kElse) && Leaves(alternative)) {
    facts.push_back({condition, !turned, "G4"});
  }
}

void Guards::FactsOf(NodeId parent, NodeId child, std::vector<Fact>& facts) const {
  switch (tree_[parent].role) {
    case Role::kIf:
    case Role::kUnless:
    case Role::kElif:
    case Role::kTernary: {
      const bool turned = tree_.Is(parent, Role::kUnless);
      const NodeId condition = PartOfIf(tree_, parent, "condition");
      if (condition == 0 || child == condition) return;
      const bool other = tree_.Is(child, Role::kElse) || tree_.Is(child, Role::kElif) ||
                         child == PartOfIf(tree_, parent, "alternative");
      if (!other && child != PartOfIf(tree_, parent, "consequence")) return;
      facts.push_back({condition, other == turned, other ? "G2" : "G1"});
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
      const std::string_view op = OperatorOf(tree_, parent);
      const auto operands = Operands(tree_, parent);
      if (!operands || child != operands->second) return;
      if (op == "and") facts.push_back({operands->first, true, "G3"});
      if (op == "or") facts.push_back({operands->first, false, "G3"});
      return;
    }
    case Role::kLoop: {
      const NodeId condition = tree_.Child(parent, "condition");
      if (condition != 0 && child == tree_.Child(parent, "body")) {
        facts.push_back({condition, true, "G1"});
      }
      return;
    }
    case Role::kArm: {
      // Of a when without a subject: its own condition holds, and none of those before it.
      if (!tree_.Is(tree_[parent].parent, Role::kWhen)) return;
      const NodeId condition = tree_.Child(parent, "condition");
      if (child == condition) return;
      if (condition != 0) facts.push_back({condition, true, "G3"});
      for (NodeId before = tree_[tree_[parent].parent].first_child; before != parent;
           before = tree_[before].next) {
        if (!tree_.Is(before, Role::kArm)) continue;
        if (const NodeId its = tree_.Child(before, "condition")) {
          facts.push_back({its, false, "G3"});
        }
      }
      return;
    }
    case Role::kBlock:
    case Role::kModule:
      for (NodeId before = tree_[parent].first_child; before != child;
           before = tree_[before].next) {
        if (tree_[before].named) AddFactsBehind(before, facts);
      }
      return;
    case Role::kFunction: {
      if (child != tree_.Child(parent, "body")) return;
      // Behind a decorator that lets nobody in.
      const NodeId around = tree_[parent].parent;
      if (!tree_.Is(around, Role::kDecorated)) return;
      for (const NodeId decorator : tree_.Children(around)) {
        if (!tree_.Is(decorator, Role::kDecorator)) continue;
        for (const NodeId asked : tree_.NamedChildren(decorator)) {
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
  // Parents come before their children.
  for (NodeId parent = 0; parent < tree.nodes().size(); ++parent) {
    const bool statements = tree.Is(parent, Role::kBlock) || tree.Is(parent, Role::kModule);
    std::string_view so_far;  // In a sequence of statements, from here on.
    for (NodeId child = tree[parent].first_child; child != 0; child = tree[child].next) {
      facts.clear();
      if (!statements) FactsOf(parent, child, facts);
      const std::string_view own = statements ? so_far : rule_of(facts);
      guarding_[child] = own.empty() ? guarding_[parent] : own;
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
    if (tree_.Is(id, Role::kIdentifier) && (ImpliesOn(id, true) || ImpliesOn(id, false)))
      return true;
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
        if (at == PartOfIf(tree_, parent, "condition") || tree_.Is(parent, Role::kGuard) ||
            at == tree_.Child(parent, "condition")) {
          return Mentions(at) ? std::optional(Part{.condition = at, .decides = parent})
                              : std::nullopt;
        }
        return std::nullopt;
      case Role::kAssignment:
      case Role::kDeclaration: {
        // A name for the answer.
        const NodeId value = tree_.Is(parent, Role::kAssignment) ? tree_.Child(parent, "right")
                                                                 : tree_.Child(parent, "value");
        if (value == 0) return std::nullopt;
        const bool asks = ImpliesOn(value, true) || ImpliesOn(value, false);
        return asks && ReadOf(Inside(tree_, value)).pure ? std::optional(Part{}) : std::nullopt;
      }
      case Role::kBlock:
      case Role::kModule:  // A statement: `flag && run()`.
        return tree_.Is(at, Role::kBinary) && Mentions(at) ? std::optional(Part{.condition = at})
                                                           : std::nullopt;
      case Role::kShown:
        return FollowsFromOff(at, false) ? std::optional(Part{}) : std::nullopt;
      case Role::kDecorator:
        return ReadOf(at).answer == FlagReads::Answer::kOn ? std::optional(Part{}) : std::nullopt;
      case Role::kOther:
        if (parent == 0 || tree_.NamedChildren(parent).size() != 1) return std::nullopt;
        // A statement that is nothing else.
        if (tree_.Is(at, Role::kBinary) && (tree_.Is(tree_[parent].parent, Role::kBlock) ||
                                            tree_.Is(tree_[parent].parent, Role::kModule))) {
          return Mentions(at) ? std::optional(Part{.condition = at}) : std::nullopt;
        }
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
    if (tree_.Is(node, Role::kIdentifier)) {
      const NodeId given = ValueOf(node);
      if (given != 0 && (ImpliesOn(given, true) || ImpliesOn(given, false))) {
        return WhenOff(given, depth + 1);
      }
    }
    const std::string_view op = tree_.Is(node, Role::kBinary) ? OperatorOf(tree_, node) : "";
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
  const std::vector<NodeId> values = tree_.NamedChildren(exit);
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
  for (NodeId child = node; child != 0; child = tree_[child].parent) {
    const NodeId parent = tree_[child].parent;
    if (tree_[parent].broken) return "the code around it cannot be read";
    if (tree_.Is(parent, Role::kSwitch) || tree_.Is(parent, Role::kArm)) {
      const NodeId around = tree_.Around(parent, Role::kSwitch);
      if (around != 0) {
        for (NodeId id = around; id <= tree_[around].last && id < child; ++id) {
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
        const FlagReads::Read read = ReadOf(id);
        if (read.answer == FlagReads::Answer::kUnknown) return read.why;
      }
    }
  }
  return "";
}

}  // namespace gate::flags
