// Which places in the code are reached only where the flag is on.
#ifndef CHECKS_FLAGS_GUARDS_H_
#define CHECKS_FLAGS_GUARDS_H_

#include <map>
#include <optional>
#include <string_view>
#include <vector>

#include "checks/flags/flag_reads.h"
#include "checks/flags/polarity.h"
#include "checks/flags/syntax_tree.h"

namespace gate::flags {

// Of one file and one flag. Both outlive it. For one thread.
class Guards {
 public:
  Guards(const SyntaxTree& tree, const FlagReads& reads);

  // Whether the file asks for the flag at all, as far as its text tells.
  bool MayCheck() const { return polarity_.may_check(); }

  // The rule by which reaching the node implies that the flag is on; nothing where it does not.
  std::optional<std::string_view> Guarding(NodeId node) const;

  // Whether the node is reached wherever the flag is off, as far as the flag decides: it stands in
  // the other branch of a check.
  bool InOffBranch(NodeId node) const { return MayCheck() && in_off_branch_[node]; }

  // The condition, or the name for an answer, that asks for the flag and whose part the node is,
  // without more than asking; `why` tells what else happens there. Nothing where it is not part of
  // a check.
  struct Part {
    NodeId condition = 0;  // The whole of it; 0 where it decides nothing yet.
    NodeId decides = 0;    // The if, loop or the like.
    bool pure = true;
    std::string_view why;
  };
  std::optional<Part> PartOfCheck(NodeId node) const;

  // Whether the node leaves a block where the flag is off, with nothing or an empty value: what
  // follows is then guarded, and nothing else happens.
  bool IsEmptyExit(NodeId node) const;

  // Why a check of the flag around the node, or that could be one, is not counted; empty: there is
  // none.
  std::string_view WhyUnknown(NodeId node) const;

  // Whether `condition` having come out as `value` implies that the flag is on.
  bool ImpliesOn(NodeId condition, bool value) const {
    return polarity_.ImpliesOn(condition, value);
  }
  const Polarity& polarity() const { return polarity_; }

 private:
  // Whether it asks for the flag, and does no more.
  bool Asks(NodeId node) const;
  bool MayFail(NodeId operand) const;
  bool OnlyCompares(NodeId binary) const;
  std::optional<Part> PartOfTakingOut(NodeId node) const;
  std::string_view WhyUnknownIn(NodeId parent, NodeId child) const;

  const SyntaxTree& tree_;
  const Polarity polarity_;
  // By node: the rule of the nearest check around it that implies the flag, or an empty one.
  std::vector<std::string_view> guarding_;
  std::vector<bool> in_off_branch_;
  mutable std::map<NodeId, std::string_view> why_unknown_;  // By node, of what its parent tells.
};

}  // namespace gate::flags

#endif  // CHECKS_FLAGS_GUARDS_H_
