#include "checks/flags/pure.h"

#include <algorithm>
#include <iterator>
#include <string_view>

#include "absl/strings/ascii.h"
#include "checks/flags/conditions.h"

namespace gate::flags {
namespace {

// What the name of a method begins with that does more than tell.
constexpr std::string_view kVerbs[] = {
    "add",       "append",   "apply",    "assign",  "authenticate", "authorize", "build",
    "call",      "cancel",   "clear",    "close",   "commit",       "connect",   "create",
    "decrement", "delete",   "destroy",  "disable", "discard",      "do",        "drop",
    "enable",    "enqueue",  "ensure",   "execute", "exit",         "expire",    "fail",
    "fetch",     "flush",    "generate", "gets",    "handle",       "import",    "increment",
    "init",      "insert",   "invoke",   "load",    "lock",         "log",       "make",
    "mark",      "move",     "notify",   "open",    "perform",      "pop",       "prepare",
    "print",     "process",  "publish",  "purge",   "push",         "put",       "puts",
    "raise",     "read",     "redirect", "refresh", "register",     "reload",    "remove",
    "render",    "reset",    "restart",  "restore", "retry",        "rollback",  "run",
    "save",      "schedule", "send",     "set",     "setup",        "shift",     "sleep",
    "start",     "stop",     "store",    "submit",  "subscribe",    "super",     "sync",
    "throw",     "toggle",   "touch",    "track",   "trigger",      "unlock",    "update",
    "upsert",    "validate", "verify",   "wait",    "warn",         "write",     "yield"};

constexpr std::string_view kComparing[] = {
    "and", "or", "==", "!=", "<", ">", "<=", ">=", "??", "?:", "is", "eq", "isnot", "equal?"};

// A bare name may be a method: one that only tells something, as far as its name says.
bool IsReader(std::string_view name) {
  if (name.ends_with('?')) return true;
  if (name.ends_with('!')) return false;
  const std::string_view first = name.substr(0, name.find('_'));
  return std::ranges::find(kVerbs, first) == std::end(kVerbs);
}

// A constant's name, or one that a class, a module or an enumeration has.
bool IsGreat(std::string_view name) {
  return !name.empty() && absl::ascii_isupper(static_cast<unsigned char>(name.front()));
}

NodeId FirstLeaf(const SyntaxTree& tree, NodeId node) {
  while (!tree.IsLeaf(node)) node = tree[node].first_child;
  return node;
}

bool AllPure(const SyntaxTree& tree, NodeId node) {
  return std::ranges::all_of(tree.NamedChildren(node),
                             [&](NodeId child) { return IsPure(tree, child); });
}

bool IsPureMember(const SyntaxTree& tree, NodeId node) {
  if (!tree.language().dots_call || tree.Kind(node) == "scope_resolution") {
    return AllPure(tree, node);
  }
  const NodeId object = tree.Child(node, "object"), method = tree.Child(node, "attribute");
  return object != 0 && method != 0 && tree.Text(object) == "self" && IsReader(tree.Text(method));
}

bool IsPureSubscript(const SyntaxTree& tree, NodeId node) {
  const std::string_view of = tree.Text(FirstLeaf(tree, node));
  if (!IsGreat(of)) return false;
  std::vector<NodeId> parts = tree.NamedChildren(node);
  if (parts.size() != 2 || !IsPure(tree, parts[0])) return false;
  for (NodeId id = parts[1]; id <= tree[parts[1]].last; ++id) {
    const bool literal =
        tree.Is(id, Role::kLiteral) || tree.Is(id, Role::kString) || tree.Is(id, Role::kSymbol);
    if (literal) return AllPure(tree, parts[1]);
  }
  return false;
}

// Of a tree without kinds, or a node that does no more than hold others.
bool OnlyHolds(const SyntaxTree& tree, NodeId node) {
  if (!tree[node].named || tree.language().grammar == nullptr) return true;
  return std::ranges::count(tree.language().only_hold, tree.Kind(node)) > 0;
}

}  // namespace

bool IsPure(const SyntaxTree& tree, NodeId node) {
  switch (tree[node].role) {
    case Role::kIdentifier:
      return !tree.language().dots_call || IsReader(tree.Text(node));
    case Role::kSymbol:
    case Role::kLiteral:
    case Role::kTrue:
    case Role::kFalse:
    case Role::kNull:
    case Role::kType:
      return true;
    case Role::kBinding:  // A name for what is compared.
      return tree.IsLeaf(node);
    case Role::kString:  // Without code in it.
      return std::ranges::none_of(tree.NamedChildren(node), [&](NodeId child) {
        return tree.Kind(child).find("interpolation") != std::string_view::npos ||
               tree.Kind(child).find("substitution") != std::string_view::npos;
      });
    case Role::kUnary: {
      const std::string_view op = tree.Text(tree[node].first_child);
      return (op == "!" || op == "-" || op == "." || op == "not") && AllPure(tree, node);
    }
    case Role::kMember:
      return IsPureMember(tree, node);
    case Role::kSubscript:
      return IsPureSubscript(tree, node);
    case Role::kBinary: {
      const std::string_view op = OperatorOf(tree, node);
      if (std::ranges::find(kComparing, op) == std::end(kComparing)) return false;
      return AllPure(tree, node);
    }
    case Role::kParenthesized:
    case Role::kArguments:
    case Role::kNamedArgument:
    case Role::kNot:
    case Role::kHolder:
      return AllPure(tree, node);
    case Role::kOther:
      return OnlyHolds(tree, node) && AllPure(tree, node);
    default:
      return false;
  }
}

bool MayMiss(const SyntaxTree& tree, NodeId member) {
  if (!tree.Is(member, Role::kMember) || tree.language().members_are_there) return false;
  const std::string_view of = tree.Text(FirstLeaf(tree, member));
  const std::string_view behind = tree.Text(member).substr(of.size());
  return of != "this" && of != "self" && !IsGreat(of) && !behind.starts_with('?');
}

}  // namespace gate::flags
