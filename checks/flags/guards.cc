#include "checks/flags/guards.h"

#include "checks/flags/facts.h"

namespace gate::flags {

Guards::Guards(const SyntaxTree& tree, const FlagReads& reads)
    : tree_(tree), polarity_(tree, reads), guarding_(tree.nodes().size()) {
  std::vector<Fact> facts;
  const auto rule_of = [&](const std::vector<Fact>& known) -> std::string_view {
    for (const Fact& fact : known) {
      if (polarity_.ImpliesOn(fact.condition, fact.holds)) return fact.rule;
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
      if (!statements) AddFacts(tree, parent, child, facts);
      std::string_view own;
      if (!statements) {
        own = rule_of(facts);
      } else if (ComesBehind(tree, child)) {
        own = so_far;
      }
      guarding_[child] = own.empty() ? around : own;
      later[child] = later[parent] || function;
      if (!statements || !so_far.empty() || !tree[child].named) continue;
      facts.clear();
      AddFactsBehind(tree, child, facts);
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
    AddFacts(tree_, tree_[child].parent, child, facts);
    for (const Fact& fact : facts) {
      if (polarity_.FollowsFromOff(fact.condition, fact.holds)) return true;
    }
  }
  return false;
}

}  // namespace gate::flags
