#include "checks/flags/facts.h"

#include <algorithm>

#include "checks/flags/conditions.h"
#include "checks/flags/flag_reads.h"

namespace gate::flags {
namespace {

bool FallsThrough(const SyntaxTree& tree, NodeId arm) {
  for (NodeId id = arm; id <= tree[arm].last; ++id) {
    if (tree.IsLeaf(id) && tree.Text(id) == "fallthrough") return true;
  }
  return false;
}

bool Leaves(const SyntaxTree& tree, NodeId statement) {
  statement = Inside(tree, statement);
  switch (tree[statement].role) {
    case Role::kExit:
      return true;
    case Role::kBlock: {
      const std::vector<NodeId> statements = tree.NamedChildren(statement);
      return !statements.empty() && Leaves(tree, statements.back());
    }
    case Role::kIf: {
      const NodeId consequence = PartOfIf(tree, statement, "consequence");
      const NodeId alternative = PartOfIf(tree, statement, "alternative");
      return consequence != 0 && alternative != 0 && Leaves(tree, consequence) &&
             Leaves(tree, alternative);
    }
    case Role::kElse: {
      const NodeId body = tree.Child(statement, "body");
      const std::vector<NodeId> children = tree.NamedChildren(statement);
      return body != 0 ? Leaves(tree, body) : children.size() == 1 && Leaves(tree, children[0]);
    }
    default:
      return false;
  }
}

// Whether a decorator is known to hand what it stands on to nobody.
bool IsCalm(const SyntaxTree& tree, NodeId decorator) {
  const std::vector<NodeId> inside = tree.NamedChildren(decorator);
  if (inside.size() != 1) return false;
  const NodeId called = tree.Is(inside[0], Role::kCall) ? tree.Child(inside[0], "function") : 0;
  const std::string_view name = LastName(tree, called != 0 ? called : inside[0]);
  return std::ranges::count(tree.language().calm_annotations, name) > 0;
}

}  // namespace

void AddFactsBehind(const SyntaxTree& tree, NodeId statement, std::vector<Fact>& facts) {
  statement = Inside(tree, statement);
  const Role role = tree[statement].role;
  if (role != Role::kIf && role != Role::kUnless && role != Role::kGuard) return;
  const Conditions conditions = ConditionsOf(tree, statement);
  if (role == Role::kGuard) {
    for (const NodeId condition : conditions.all) facts.push_back({condition, true, "G4"});
    return;
  }
  const bool turned = role == Role::kUnless;
  const NodeId consequence = PartOfIf(tree, statement, "consequence");
  const NodeId alternative = PartOfIf(tree, statement, "alternative");
  if (consequence == 0) return;
  if (Leaves(tree, consequence)) {
    if (conditions.whole) facts.push_back({conditions.all[0], turned, "G4"});
    if (alternative != 0 && tree.Is(alternative, Role::kIf))
      AddFactsBehind(tree, alternative, facts);
  }
  if (alternative != 0 && Leaves(tree, alternative)) {
    for (const NodeId condition : conditions.all) facts.push_back({condition, !turned, "G4"});
  }
}

bool ComesBehind(const SyntaxTree& tree, NodeId statement) {
  switch (tree[statement].role) {
    case Role::kHandler:
    case Role::kFinally:
      return false;
    case Role::kFunction:
      return !tree.language().hoists;
    default:
      return true;
  }
}

void AddFacts(const SyntaxTree& tree, NodeId parent, NodeId child, std::vector<Fact>& facts) {
  switch (tree[parent].role) {
    case Role::kIf:
    case Role::kUnless:
    case Role::kElif:
    case Role::kTernary: {
      if (tree.language().flat_operators && tree.Is(parent, Role::kTernary) &&
          tree.Is(tree[parent].parent, Role::kBinary)) {
        return;
      }
      const bool turned = tree.Is(parent, Role::kUnless);
      const Conditions conditions = ConditionsOf(tree, parent);
      if (tree[child].field == tree[conditions.first].field && tree[child].field != 0) {
        // Each of several is asked where those before it hold.
        for (const NodeId before : conditions.all) {
          if (before < child) facts.push_back({before, true, "G3"});
        }
        return;
      }
      if (conditions.first == 0 || child == conditions.first) return;
      const bool other = tree.Is(child, Role::kElse) || tree.Is(child, Role::kElif) ||
                         child == PartOfIf(tree, parent, "alternative");
      if (!other && child != PartOfIf(tree, parent, "consequence")) return;
      const bool holds = other == turned;
      if (holds || conditions.whole) {
        for (const NodeId condition : conditions.all) {
          facts.push_back({condition, holds, other ? "G2" : "G1"});
        }
      }
      if (!other) return;
      for (NodeId before = tree[parent].first_child; before != child; before = tree[before].next) {
        if (!tree.Is(before, Role::kElif)) continue;
        if (const NodeId its = PartOfIf(tree, before, "condition")) {
          facts.push_back({its, false, "G2"});
        }
      }
      return;
    }
    case Role::kGuard: {
      // Its block is where the condition does not hold.
      const Conditions conditions = ConditionsOf(tree, parent);
      if (conditions.whole && child > conditions.all[0] && tree.Is(child, Role::kBlock)) {
        facts.push_back({conditions.all[0], false, "G2"});
      }
      return;
    }
    case Role::kBinary: {
      if (tree.language().flat_operators) {
        // Only where they are all alike it is known what comes first.
        NodeId whole = parent;
        while (tree.Is(tree[whole].parent, Role::kBinary)) whole = tree[whole].parent;
        const Operations flat = OperationsOf(tree, whole);
        if (flat.operands.size() > kMostConditions) return;
        if (std::ranges::any_of(flat.operators, [](auto each) { return each != "and"; })) return;
      }
      const std::string_view op = OperatorOf(tree, parent);
      const auto operands = OperandsOf(tree, parent);
      // The operator itself decides as what stands behind it.
      if (!operands || child <= operands->first || child > operands->second) return;
      if (op == "and") facts.push_back({operands->first, true, "G3"});
      if (op == "or") facts.push_back({operands->first, false, "G3"});
      return;
    }
    case Role::kLoop: {
      const NodeId condition = tree.Child(parent, "condition");
      // One behind the body is asked for afterwards.
      if (condition != 0 && condition < child && child == tree.Child(parent, "body")) {
        facts.push_back({condition, true, "G1"});
      }
      return;
    }
    case Role::kArm: {
      // Of a when without a subject: its own condition holds, and none of those before it. Not
      // where the arm before falls into it.
      const NodeId when = tree[parent].parent;
      if (!tree.Is(when, Role::kWhen)) return;
      const std::vector<NodeId> own = PartsOf(tree, parent, "condition");
      if (std::ranges::count(own, child) > 0) return;
      std::vector<Fact> known;
      for (NodeId before = tree[when].first_child; before != parent; before = tree[before].next) {
        if (!tree.Is(before, Role::kArm)) continue;
        if (tree[before].next == parent && FallsThrough(tree, before)) return;
        if (known.size() >= kMostConditions) continue;
        for (const NodeId its : PartsOf(tree, before, "condition")) {
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
      for (NodeId before = tree[parent].first_child; before != child; before = tree[before].next) {
        if (tree[before].named && ComesBehind(tree, child)) AddFactsBehind(tree, before, facts);
      }
      return;
    case Role::kFunction: {
      if (child != tree.Child(parent, "body")) return;
      // Behind a decorator that lets nobody in. Those below it may hand the function to somebody
      // else, but for some that are known.
      const NodeId around = tree[parent].parent;
      if (!tree.Is(around, Role::kDecorated)) return;
      std::vector<NodeId> decorators = tree.Children(around);
      std::erase_if(decorators, [&](NodeId part) { return !tree.Is(part, Role::kDecorator); });
      std::ranges::reverse(decorators);
      for (const NodeId decorator : decorators) {
        for (const NodeId asked : tree.NamedChildren(decorator)) {
          facts.push_back({asked, true, "G5"});
        }
        if (!IsCalm(tree, decorator)) return;
      }
      return;
    }
    default:
      return;
  }
}

}  // namespace gate::flags
