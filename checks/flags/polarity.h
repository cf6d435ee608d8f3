// What a condition says of the flag: that it is on, that it is off, or neither.
#ifndef CHECKS_FLAGS_POLARITY_H_
#define CHECKS_FLAGS_POLARITY_H_

#include <cstddef>
#include <string>

#include "checks/flags/aliases.h"
#include "checks/flags/conditions.h"
#include "checks/flags/flag_reads.h"
#include "checks/flags/syntax_tree.h"

namespace gate::flags {

// Of one file and one flag. Both outlive it. For one thread.
class Polarity {
 public:
  Polarity(const SyntaxTree& tree, const FlagReads& reads)
      : tree_(tree), reads_(reads), may_check_(reads.MayBeIn(tree.text())), aliases_(tree) {}

  // False: nothing in the file asks for the flag.
  bool may_check() const { return may_check_; }

  // Whether `condition` having come out as `value` implies that the flag is on.
  bool ImpliesOn(NodeId condition, bool value) const {
    return may_check_ && Implies(condition, value, 0);
  }
  // Whether it comes out as `value` wherever the flag is off: the same, turned round.
  bool FollowsFromOff(NodeId condition, bool value) const { return ImpliesOn(condition, !value); }

  // Whether it, or a part of it, asks for the flag.
  bool Mentions(NodeId condition) const;

  // What is left of a condition where the flag is off, in one way of writing: "false", "t . ok".
  std::string WhenOff(NodeId condition) const { return WhenOff(condition, 0); }

  // What an expression asks, a `!` that it begins with taken in.
  FlagReads::Read ReadOf(NodeId node) const;

  const Aliases& aliases() const { return aliases_; }
  const std::string& flag() const { return reads_.flag(); }

 private:
  bool Implies(NodeId condition, bool value, int depth) const;
  // The same, of operands as they are written one after the other; see Language::flat_operators.
  bool Implies(const Operations& flat, size_t begin, size_t end, bool value, int depth) const;
  std::string WhenOff(NodeId condition, int depth) const;

  const SyntaxTree& tree_;
  const FlagReads& reads_;
  const bool may_check_;
  const Aliases aliases_;
};

}  // namespace gate::flags

#endif  // CHECKS_FLAGS_POLARITY_H_
