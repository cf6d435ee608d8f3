// Source code as a tree in one array, in the order of the text. Made by tree-sitter, walked once
// with a cursor, and then forgotten by it: asking tree-sitter's own nodes for their parents takes
// time with the depth each time.
#ifndef CHECKS_FLAGS_SYNTAX_TREE_H_
#define CHECKS_FLAGS_SYNTAX_TREE_H_

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "checks/flags/language.h"
#include "checks/flags/template.h"

namespace gate::flags {

// Index of a node. 0 is the root, and as a child or sibling: none.
using NodeId = uint32_t;

class SyntaxTree {
 public:
  struct Node {
    uint16_t symbol;
    uint16_t field;  // of the parent, 0 for none
    Role role;
    bool named;
    bool broken;           // The text here is not of the language, or something is missing.
    uint32_t begin, end;   // bytes
    uint32_t row, column;  // from 0
    NodeId parent, first_child, next;
    NodeId last;  // Of the nodes in it, which are all of those behind it up to this one.
  };

  // Above these a text is not read.
  static constexpr size_t kMostBytes = 2 << 20;
  static constexpr int kMostDepth = 2000;

  // The text outlives the tree. RESOURCE_EXHAUSTED over a cap, or where parsing takes longer than
  // two seconds. UNIMPLEMENTED, with the reason, for a template that is not understood as a whole.
  // `own_tags`: see Language::read.
  static absl::StatusOr<SyntaxTree> Parse(const Language& language, std::string_view text,
                                          std::span<const std::string> own_tags = {});

  const Language& language() const { return *language_; }
  const std::vector<Node>& nodes() const { return nodes_; }
  const Node& operator[](NodeId node) const { return nodes_[node]; }

  std::string_view Text(NodeId node) const {
    return text_.substr(nodes_[node].begin, nodes_[node].end - nodes_[node].begin);
  }
  std::string_view text() const { return text_; }
  std::string_view Kind(NodeId node) const;
  std::string_view Field(NodeId node) const;

  bool Is(NodeId node, Role role) const { return nodes_[node].role == role; }
  bool IsLeaf(NodeId node) const { return nodes_[node].first_child == 0; }
  // Whether `inner` is `node` or lies in it.
  bool Contains(NodeId node, NodeId inner) const {
    return node <= inner && inner <= nodes_[node].last;
  }

  // 0 where there is none.
  NodeId Child(NodeId node, std::string_view name) const;
  std::vector<NodeId> Children(NodeId node) const;
  // Those that are not punctuation, keywords or comments.
  std::vector<NodeId> NamedChildren(NodeId node) const;
  // The nearest node around it, itself included, of that role; 0 for none.
  NodeId Around(NodeId node, Role role) const;

  // The smallest node that begins at a byte and holds a text of at least one.
  NodeId LeafAt(uint32_t byte) const;

 private:
  static absl::StatusOr<SyntaxTree> ParseByGrammar(const Language& language, std::string_view text,
                                                   std::string_view program,
                                                   const std::vector<Span>& markup);
  void AddPart(const Part& part, NodeId parent);
  // The words and signs of a stretch of markup, under its node.
  void AddMarkup(NodeId stretch);
  // Where each node stands, from the text itself.
  void SetPlaces();
  // Whether markup is a statement wherever it stands, and nothing is broken.
  absl::Status CheckProgram(const std::vector<Span>& markup) const;
  uint16_t FieldId(std::string_view name) const;

  const Language* language_ = nullptr;
  std::string_view text_;
  std::vector<Node> nodes_;
};

}  // namespace gate::flags

#endif  // CHECKS_FLAGS_SYNTAX_TREE_H_
