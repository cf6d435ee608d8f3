// Checks of the flag themselves: code that asks for it, and what is near such code but not
// followed.
#include <algorithm>
#include <iterator>
#include <string_view>
#include <vector>

#include "checks/flags/conditions.h"
#include "checks/flags/facts.h"
#include "checks/flags/guards.h"
#include "checks/flags/pure.h"

namespace gate::flags {

// Names for answers that are taken out of what a hook gives.
std::optional<Guards::Part> Guards::PartOfTakingOut(NodeId node) const {
  NodeId declaration = node;
  while (declaration != 0 && !tree_.Is(declaration, Role::kDeclaration)) {
    if (tree_.Is(declaration, Role::kBlock) || tree_.Is(declaration, Role::kLambda)) break;
    declaration = tree_[declaration].parent;
  }
  const NodeId names =
      tree_.Is(declaration, Role::kDeclaration) ? tree_.Child(declaration, "name") : 0;
  NodeId first = 0;
  bool all = names != 0;
  for (NodeId id = names; names != 0 && id <= tree_[names].last; ++id) {
    if (!tree_.Is(id, Role::kBinding) || !tree_.IsLeaf(id)) continue;
    if (first == 0) first = id;
    all = all && Asks(id);
    // Others may be taken out of it as before.
    if (id == node && Asks(id)) return Part{.condition = id, .decides = declaration};
  }
  return all && first != 0 ? std::optional(Part{.condition = first, .decides = declaration})
                           : std::nullopt;
}

bool Guards::Asks(NodeId node) const {
  const FlagReads::Read read = polarity_.ReadOf(node);
  const bool known =
      read.answer == FlagReads::Answer::kOn || read.answer == FlagReads::Answer::kOff;
  return known && read.pure;
}

// Whether something beside the flag in it may be missing.
bool Guards::MayFail(NodeId operand) const {
  for (NodeId id = operand; id <= tree_[operand].last; ++id) {
    if (Asks(id)) {
      id = tree_[id].last;
    } else if (MayMiss(tree_, id)) {
      return true;
    }
  }
  return false;
}

// Whether an operator puts conditions together, or else compares what does nothing. What stands in
// an operand of the former is its own affair.
bool Guards::OnlyCompares(NodeId binary) const {
  const std::string_view op = OperatorOf(tree_, binary);
  if (op == "and" || op == "or") return true;
  constexpr std::string_view kComparing[] = {"==", "!=", "<", ">", "<=", ">=", "??", "?:"};
  if (std::ranges::find(kComparing, op) == std::end(kComparing)) return false;
  return std::ranges::all_of(tree_.NamedChildren(binary), [&](NodeId operand) {
    const NodeId inner = Inside(tree_, operand);
    if (Asks(inner) || Asks(operand)) return true;
    return tree_.Is(inner, Role::kBinary) ? OnlyCompares(inner)
                                          : IsPure(tree_, operand) && !MayFail(operand);
  });
}

std::optional<Guards::Part> Guards::PartOfCheck(NodeId node) const {
  if (!MayCheck()) return std::nullopt;
  if (const auto taken_out = PartOfTakingOut(node)) return taken_out;
  // The read, or the name, or the pure operand that the node is a part of. Of a chain of names that
  // ends with one that asks, the whole.
  NodeId operand = 0;
  for (NodeId at = node; at != 0; at = tree_[at].parent) {
    const FlagReads::Read read = polarity_.ReadOf(at);
    if (read.answer == FlagReads::Answer::kOn || read.answer == FlagReads::Answer::kOff) {
      if (!read.pure) return Part{.pure = false, .why = "asking for the flag does more than ask"};
      operand = at;
    } else if (operand != 0 && !tree_.Is(at, Role::kOther)) {
      break;
    }
    const Role parent = tree_[tree_[at].parent].role;
    if (parent == Role::kBlock || parent == Role::kModule || parent == Role::kFunction) break;
  }
  if (operand == 0) {
    // A name or a literal beside the flag in a condition.
    for (NodeId at = node; at != 0 && IsPure(tree_, at); at = tree_[at].parent) operand = at;
    if (operand == 0 || MayFail(operand)) return std::nullopt;
  }
  // Up through what puts conditions together, to what decides by them.
  for (NodeId at = operand, parent = tree_[at].parent;; at = parent, parent = tree_[at].parent) {
    switch (tree_[parent].role) {
      case Role::kNot:
      case Role::kParenthesized:
        continue;
      case Role::kUnary:
        if (Turned(tree_, parent) == 0) return std::nullopt;
        continue;
      case Role::kAwait:
        if (!Asks(Inside(tree_, parent))) return std::nullopt;
        continue;
      case Role::kBinary:
        if (!OnlyCompares(parent)) return std::nullopt;
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
        if (polarity_.Mentions(at)) return Part{.condition = at, .decides = parent};
        for (const NodeId other : ConditionsOf(tree_, parent).all) {
          if (polarity_.Mentions(other)) return Part{.condition = other, .decides = parent};
        }
        return std::nullopt;
      case Role::kAssignment:
      case Role::kDeclaration: {
        // A name for the answer.
        const NodeId value = tree_.Is(parent, Role::kAssignment) ? tree_.Child(parent, "right")
                                                                 : tree_.Child(parent, "value");
        if (value == 0) return std::nullopt;
        const bool asks = polarity_.ImpliesOn(value, true) || polarity_.ImpliesOn(value, false);
        if (!asks || !polarity_.ReadOf(Inside(tree_, value)).pure) return std::nullopt;
        return Part{.condition = value, .decides = parent};
      }
      case Role::kBlock:
      case Role::kModule:  // A statement: `flag && run()`.
        at = Inside(tree_, at);
        return tree_.Is(at, Role::kBinary) && polarity_.Mentions(at)
                   ? std::optional(Part{.condition = at})
                   : std::nullopt;
      case Role::kShown:
        return polarity_.FollowsFromOff(at, false) ? std::optional(Part{}) : std::nullopt;
      case Role::kDecorator:
        return polarity_.ReadOf(at).answer == FlagReads::Answer::kOn ? std::optional(Part{})
                                                                     : std::nullopt;
      case Role::kHolder:
        continue;
      default:
        return std::nullopt;
    }
  }
}

bool Guards::IsEmptyExit(NodeId node) const {
  if (!MayCheck()) return false;
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
      AddFactsBehind(tree_, parent, behind);
      return std::ranges::any_of(behind, [&](const Fact& fact) {
        return polarity_.ImpliesOn(fact.condition, fact.holds);
      });
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
    if (!MayCheck()) continue;
    chain = chain && !tree_.Is(child, Role::kBlock) && !tree_.Is(child, Role::kLambda);
    if (chain && (tree_.Is(parent, Role::kCall) || tree_.Is(parent, Role::kMember))) {
      for (NodeId id = parent; id < child; ++id) {
        if (polarity_.ReadOf(id).answer != FlagReads::Answer::kNone &&
            tree_.Around(id, Role::kLambda) > parent) {
          return "the flag is asked for in a function that is handed on";
        }
      }
    }
    const auto [known, fresh] = why_unknown_.try_emplace(child);
    if (fresh) known->second = WhyUnknownIn(parent, child);
    if (!known->second.empty()) return known->second;
  }
  return "";
}

std::string_view Guards::WhyUnknownIn(NodeId parent, NodeId child) const {
  if (tree_.Is(parent, Role::kSwitch) || tree_.Is(parent, Role::kArm)) {
    const NodeId around = tree_.Around(parent, Role::kSwitch);
    const NodeId body = around == 0 ? 0 : tree_.Child(around, "body");
    for (NodeId id = around; around != 0 && id <= tree_[around].last && id < child; ++id) {
      if (tree_.Is(id, Role::kArm) || id == body) break;
      if (tree_.Is(id, Role::kString) &&
          tree_.Text(id).find(polarity_.flag()) != std::string_view::npos) {
        return "a switch over values of the flag is not followed";
      }
    }
  }
  std::vector<Fact> facts;
  AddFacts(tree_, parent, child, facts);
  for (const Fact& fact : facts) {
    for (NodeId id = fact.condition; id <= tree_[fact.condition].last; ++id) {
      const NodeId given = polarity_.aliases().ValueOf(id);
      const FlagReads::Read read = polarity_.ReadOf(given == 0 ? id : Inside(tree_, given));
      if (read.answer == FlagReads::Answer::kUnknown) return read.why;
    }
  }
  return "";
}

}  // namespace gate::flags
