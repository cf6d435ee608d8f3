// The text of a YAML file as a tree in which every value knows its place. yaml-cpp reads the
// syntax; the tree is ours because its own forgets duplicate keys and expands aliases without a
// bound.
#ifndef CHECKS_POLICY_YAML_TREE_H_
#define CHECKS_POLICY_YAML_TREE_H_

#include <deque>
#include <string>
#include <string_view>
#include <vector>

namespace gate {

// A value. Immutable once the tree is built; an alias is the node that it stands for.
struct YamlNode {
  enum class Kind { kNull, kScalar, kSequence, kMapping };

  Kind kind = Kind::kNull;
  int line = 1;
  int column = 1;
  bool plain = false;  // a scalar without quotes
  std::string text;    // of a scalar
  // Of a sequence its values; of a mapping keys and values in turn.
  std::vector<const YamlNode*> items;
  int height = 1;  // levels from here down
  int size = 1;    // values from here down, aliases counted in full
};

// What is wrong with the text itself, and where.
struct YamlProblem {
  int line = 1;
  int column = 1;
  std::string message;
};

// Owns its nodes. Movable.
struct YamlTree {
  const YamlNode* root = nullptr;  // null for an empty text
  std::deque<YamlNode> nodes;
};

// Reads the text. Where there are problems, `tree` is of no use.
std::vector<YamlProblem> ParseYamlTree(std::string_view text, YamlTree& tree);

}  // namespace gate

#endif  // CHECKS_POLICY_YAML_TREE_H_
