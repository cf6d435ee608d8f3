// Names for values: what a name, a constant of a file or class, or a field that a constructor sets
// has been given, where that was once and for all.
#ifndef CHECKS_FLAGS_ALIASES_H_
#define CHECKS_FLAGS_ALIASES_H_

#include <map>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "checks/flags/syntax_tree.h"

namespace gate::flags {

// Of one file, which outlives it. For one thread.
class Aliases {
 public:
  explicit Aliases(const SyntaxTree& tree) : tree_(tree) {}

  // What a name has been given, where that was once and for all; 0 where it may be anything. Of one
  // that is taken out of what a call gives, the name there: see TakenOutOf.
  NodeId ValueOf(NodeId name) const;

  // Whether a name is given a value where it stands.
  bool IsGiven(NodeId name) const { return GivenBy(name).value_or(name) != 0; }

 private:
  const std::vector<std::optional<NodeId>>& GiversIn(NodeId function, std::string_view name) const;
  std::optional<NodeId> GivenBy(NodeId id) const;
  bool Holds(NodeId declaration, NodeId name) const;
  NodeId ConstantOf(NodeId around, std::string_view name) const;
  NodeId SetByConstructor(NodeId around, NodeId declared, std::string_view name) const;

  const SyntaxTree& tree_;
  // What ValueOf found out, by function or class and name: a long function asks for one name often.
  using NameIn = std::pair<NodeId, std::string_view>;
  mutable std::map<NameIn, std::vector<std::optional<NodeId>>> givers_;
  mutable std::map<NameIn, std::optional<NodeId>> constants_;
};

}  // namespace gate::flags

#endif  // CHECKS_FLAGS_ALIASES_H_
