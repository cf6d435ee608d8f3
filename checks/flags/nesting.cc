#include <algorithm>
#include <functional>
#include <string_view>

#include "checks/flags/changed_file.h"
#include "checks/flags/conditions.h"
#include "checks/flags/facts.h"

namespace gate::flags {

std::vector<uint64_t> NestingOf(const SyntaxTree& tree, const Guards& guards) {
  std::vector<uint64_t> nesting(tree.nodes().size(), 0);
  for (NodeId child = 1; child < nesting.size(); ++child) {
    const NodeId parent = tree[child].parent;
    uint64_t& own = nesting[child];
    own = nesting[parent];
    const Role role = tree[parent].role;
    const bool region = tree.Is(child, Role::kBlock) || role == Role::kIf ||
                        role == Role::kUnless || role == Role::kElif || role == Role::kTernary ||
                        role == Role::kLoop || role == Role::kArm || role == Role::kSwitch;
    if (!region || !tree[child].named) continue;
    std::vector<Fact> facts;
    AddFacts(tree, parent, child, facts);
    // What arms before this one ask is theirs.
    if (role == Role::kArm) std::erase_if(facts, [&](const Fact& fact) { return !fact.holds; });
    const bool of_flag = std::ranges::any_of(facts, [&](const Fact& fact) {
      return guards.ImpliesOn(fact.condition, fact.holds) ||
             guards.polarity().FollowsFromOff(fact.condition, fact.holds);
    });
    // Of an if that checks the flag nothing counts, nor of its else.
    const NodeId condition = PartOfIf(tree, parent, "condition");
    const bool check =
        condition != 0 && (guards.ImpliesOn(condition, true) || guards.ImpliesOn(condition, false));
    if (of_flag || check || (role == Role::kElse && of_flag)) continue;
    if (role == Role::kElse) {
      const NodeId around = PartOfIf(tree, tree[parent].parent, "condition");
      if (around != 0 && (guards.ImpliesOn(around, true) || guards.ImpliesOn(around, false))) {
        continue;
      }
    }
    const std::string_view field = tree.Field(child);
    own = own * 1099511628211u + static_cast<uint64_t>(role) * 31 +
          std::hash<std::string_view>()(field);
  }
  return nesting;
}

}  // namespace gate::flags
