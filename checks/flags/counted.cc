#include "checks/flags/counted.h"

#include <algorithm>
#include <iterator>
#include <string_view>

#include "checks/flags/definitions.h"

namespace gate::flags {
namespace {

// Whether a token only gives the code its shape: brackets, separators, and words whose effect is
// seen in what they hold.
bool IsShape(const SyntaxTree& tree, NodeId token) {
  constexpr std::string_view kShapes[] = {
      "(",         ")",        "[",         "]",           "{",          "}",        ",",
      ";",         ":",        ".",         "->",          "=>",         "::",       "|",
      "<",         "</",       ">",         "/>",          "\"",         "'",        "`",
      "@",         "if",       "else",      "elif",        "elsif",      "unless",   "then",
      "end",       "do",       "begin",     "while",       "until",      "for",      "in",
      "of",        "foreach",  "switch",    "case",        "default",    "when",     "match",
      "try",       "catch",    "except",    "rescue",      "finally",    "ensure",   "with",
      "using",     "func",     "def",       "function",    "fun",        "fn",       "class",
      "struct",    "enum",     "interface", "protocol",    "extension",  "module",   "object",
      "companion", "init",     "deinit",    "constructor", "var",        "let",      "val",
      "const",     "public",   "private",   "protected",   "internal",   "open",     "final",
      "static",    "override", "abstract",  "import",      "package",    "export",   "type",
      "where",     "throws",   "get",       "set",         "guard",      "range",    "select",
      "pass",      "record",   "namespace", "extends",     "implements", "mutating", "lambda",
      "by",        "repeat"};
  const Role around = tree[tree[token].parent].role;
  const std::string_view text = tree.Text(token);
  if (text.starts_with('#') || text.find_first_not_of(" \t\r\n") == std::string_view::npos) {
    return true;
  }
  if (around == Role::kIdentifier) return false;  // A word that is a name here.
  if (around == Role::kTernary && text == "?") return true;
  if (around == Role::kBinary && (text == "in" || text == "|" || text == "<" || text == ">"))
    return false;
  return std::ranges::find(kShapes, text) != std::end(kShapes);
}

// Whether a token of parameters is of what one of them is where nobody gives it.
bool IsDefault(const SyntaxTree& tree, NodeId token, NodeId parameters) {
  for (NodeId at = token; at > parameters; at = tree[at].parent) {
    if (tree.Field(at) == "value" || tree.Field(at) == "default_value") return true;
    std::string_view before;
    for (NodeId child = tree[tree[at].parent].first_child; child < at; child = tree[child].next) {
      before = tree.Text(child);
    }
    if (before == "=") return true;
  }
  return false;
}

}  // namespace

bool OpensArguments(const SyntaxTree& tree, NodeId token) {
  if (tree.Text(token) != "(") return false;
  const NodeId parent = tree[token].parent;
  return tree.Is(parent, Role::kArguments) || tree.Is(tree[parent].parent, Role::kCall);
}

bool Counts(const SyntaxTree& tree, NodeId token) {
  const SyntaxTree::Node& node = tree[token];
  const NodeId parent = node.parent;
  if (!node.named && node.role == Role::kOther && IsShape(tree, token)) return false;
  if (node.role == Role::kElse) return false;  // The word alone.
  if (tree.language().docstrings && node.role == Role::kString && tree.Is(parent, Role::kHolder) &&
      tree.NamedChildren(parent).size() == 1 &&
      (tree.Is(tree[parent].parent, Role::kBlock) || tree.Is(tree[parent].parent, Role::kModule))) {
    return false;
  }
  bool called = false;
  for (NodeId at = token; at != 0; at = tree[at].parent) {
    const NodeId around = tree[at].parent;
    called = called || tree.Is(at, Role::kCall);
    if (tree.Is(at, Role::kType) || tree.Is(at, Role::kAnnotation)) return false;
    // What names a function, and nothing else.
    const NodeId value = tree.Is(around, Role::kDeclaration) ? tree.Child(around, "value") : 0;
    if (value != 0 && at != value && tree.Is(value, Role::kFunction) &&
        FunctionNamed(tree, tree.Child(around, "name")) == value) {
      return false;
    }
    // A name that is given no value.
    if (tree.Is(around, Role::kDeclaration) && at == tree.Child(around, "name") &&
        tree.Child(around, "value") == 0) {
      return false;
    }
    if (tree.Is(around, Role::kParameters)) {
      // A name and its type do not run; what it is where nobody gives it does.
      return IsDefault(tree, token, around);
    }
    if ((tree.Is(around, Role::kFunction) || tree.Is(around, Role::kClass)) &&
        at != tree.Child(around, "body") && !tree.Is(at, Role::kParameters)) {
      // As a constructor calls another.
      return called || IsDefault(tree, token, around);
    }
  }
  return true;
}

}  // namespace gate::flags
