#include "checks/flags/guards.h"

#include <algorithm>

#include "checks/flags/facts.h"

namespace gate::flags {
namespace {

// What a list of facts says of the flag.
struct Known {
  std::string_view rule;  // By which it is on; empty where that is not known.
  bool off = false;       // They are so wherever it is off.
};

Known KnownFrom(const std::vector<Fact>& facts, const Polarity& polarity) {
  Known known;
  for (const Fact& fact : facts) {
    if (known.rule.empty() && polarity.ImpliesOn(fact.condition, fact.holds))
      known.rule = fact.rule;
    known.off = known.off || polarity.FollowsFromOff(fact.condition, fact.holds);
  }
  return known;
}

}  // namespace

Guards::Guards(const SyntaxTree& tree, const FlagReads& reads)
    : tree_(tree), polarity_(tree, reads) {
  if (!MayCheck()) return;
  guarding_.resize(tree.nodes().size());
  in_off_branch_.resize(tree.nodes().size());
  // Whether it runs later than the code around it.
  std::vector<bool> later(tree.nodes().size(), false);
  later[0] = tree.language().is_shown;
  std::vector<Fact> facts;
  // Parents come before their children.
  for (NodeId parent = 0; parent < tree.nodes().size(); ++parent) {
    const Role role = tree[parent].role;
    const bool function = role == Role::kFunction || role == Role::kLambda;
    // What was true when the module was loaded need not be when its functions run.
    const bool elsewhere = role == Role::kBlockOfMarkup || (function && !later[parent]);
    const std::string_view around = elsewhere ? "" : guarding_[parent];
    const bool statements = role == Role::kBlock || role == Role::kModule || role == Role::kLambda;
    Known so_far;  // In a sequence of statements, from here on.
    for (NodeId child = tree[parent].first_child; child != 0; child = tree[child].next) {
      Known own;
      if (!statements) {
        facts.clear();
        AddFacts(tree, parent, child, facts);
        own = KnownFrom(facts, polarity_);
      } else if (ComesBehind(tree, child)) {
        own = so_far;
      }
      guarding_[child] = own.rule.empty() ? around : own.rule;
      in_off_branch_[child] = in_off_branch_[parent] || own.off;
      later[child] = later[parent] || function;
      if (!statements || !tree[child].named) continue;
      facts.clear();
      AddFactsBehind(tree, child, facts);
      const Known behind = KnownFrom(facts, polarity_);
      if (so_far.rule.empty()) so_far.rule = behind.rule;
      so_far.off = so_far.off || behind.off;
    }
  }
}

std::optional<std::string_view> Guards::Guarding(NodeId node) const {
  if (guarding_.empty() || guarding_[node].empty()) return std::nullopt;
  return guarding_[node];
}

}  // namespace gate::flags
