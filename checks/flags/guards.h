// What has to be true for a place in the code to be reached: is one of it that the flag is on?
#ifndef CHECKS_FLAGS_GUARDS_H_
#define CHECKS_FLAGS_GUARDS_H_

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "checks/flags/flag_reads.h"
#include "checks/flags/syntax_tree.h"

namespace gate::flags {

// A condition, and how it came out.
struct Fact {
  NodeId condition = 0;
  bool holds = true;
  std::string_view rule;  // G1 to G6
};

// An expression as it is written: operands with the operators between them.
struct Operations {
  std::vector<NodeId> operands;
  std::vector<std::string_view> operators;
};

// One file and one flag. Both outlive it. For one thread.
class Guards {
 public:
  Guards(const SyntaxTree& tree, const FlagReads& reads);

  // The rule by which reaching the node implies that the flag is on; nothing where it does not.
  std::optional<std::string_view> Guarding(NodeId node) const;

  // Whether the node is reached wherever the flag is off, as far as the flag decides: it stands in
  // the other branch of a check.
  bool InOffBranch(NodeId node) const;

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

  // Whether a name is given a value where it stands.
  bool IsGiven(NodeId name) const { return GivenBy(name).value_or(name) != 0; }

  // What is left of a condition where the flag is off, in one way of writing: "false", "t . ok".
  std::string WhenOff(NodeId condition) const { return WhenOff(condition, 0); }

  // Whether the node leaves a block where the flag is off, with nothing or an empty value: what
  // follows is then guarded, and nothing else happens.
  bool IsEmptyExit(NodeId node) const;

  // Why a check of the flag around the node, or that could be one, is not counted; empty: there is
  // none.
  std::string_view WhyUnknown(NodeId node) const;

  // Whether `condition` having come out as `value` implies that the flag is on.
  bool ImpliesOn(NodeId condition, bool value) const { return Implies(condition, value, 0); }
  // Whether it comes out as `value` wherever the flag is off: the same, turned round.
  bool FollowsFromOff(NodeId condition, bool value) const { return ImpliesOn(condition, !value); }

  // What is known in `child`, of its parent.
  void FactsOf(NodeId parent, NodeId child, std::vector<Fact>& facts) const;

 private:
  bool Implies(NodeId condition, bool value, int depth) const;
  // The same, of operands as they are written one after the other; see Language::flat_operators.
  bool Implies(const Operations& flat, size_t begin, size_t end, bool value, int depth) const;
  bool Mentions(NodeId condition) const;
  std::string WhenOff(NodeId condition, int depth) const;
  // What a name has been given, where that was once and for all; 0 where it may be anything.
  NodeId ValueOf(NodeId name) const;
  const std::vector<std::optional<NodeId>>& GiversIn(NodeId function, std::string_view name) const;
  std::optional<NodeId> GivenBy(NodeId id) const;
  bool Holds(NodeId declaration, NodeId name) const;
  NodeId ConstantOf(NodeId around, std::string_view name) const;
  NodeId SetByConstructor(NodeId around, NodeId declared, std::string_view name) const;
  bool FallsThrough(NodeId arm) const;
  bool Leaves(NodeId statement) const;
  bool ComesBehind(NodeId statement) const;
  void AddFactsBehind(NodeId statement, std::vector<Fact>& facts) const;
  FlagReads::Read ReadOf(NodeId node) const;

  const SyntaxTree& tree_;
  const FlagReads& reads_;
  // What ValueOf found out, by function or class and name: a long function asks for one name often.
  using NameIn = std::pair<NodeId, std::string_view>;
  mutable std::map<NameIn, std::vector<std::optional<NodeId>>> givers_;
  mutable std::map<NameIn, std::optional<NodeId>> constants_;
  // By node: the rule of the nearest check around it that implies the flag, or an empty one.
  std::vector<std::string_view> guarding_;
};

// condition, consequence or alternative of an if or a ternary; 0 where it has none.
NodeId PartOfIf(const SyntaxTree& tree, NodeId node, std::string_view part);

}  // namespace gate::flags

#endif  // CHECKS_FLAGS_GUARDS_H_
