#include "checks/flags/polarity.h"

#include <optional>
#include <string_view>
#include <utility>

namespace gate::flags {
namespace {

// Names given to names, checks in checks: more is not followed.
constexpr int kDeepest = 20;

// Its tokens, one blank behind each.
std::string Plainly(const SyntaxTree& tree, NodeId node) {
  std::string text;
  for (NodeId id = node; id <= tree[node].last; ++id) {
    if (tree.Is(id, Role::kComment)) {
      id = tree[id].last;
    } else if (tree.IsLeaf(id) || tree.Is(id, Role::kString)) {
      text += std::string(tree.Text(id)) + " ";
      id = tree[id].last;
    }
  }
  return text;
}

}  // namespace

bool Polarity::Implies(const Operations& flat, size_t begin, size_t end, bool value,
                       int depth) const {
  if (end - begin == 1) return Implies(flat.operands[begin], value, depth + 1);
  for (const std::string_view op : {"or", "and"}) {
    bool any = false, all = true, split = false;
    for (size_t from = begin, i = begin; i < end; ++i) {
      const bool here = i + 1 == end || flat.operators[i] == op;
      if (!here || (i + 1 == end && !split)) continue;
      split = true;
      const bool part = Implies(flat, from, i + 1, value, depth + 1);
      any = any || part;
      all = all && part;
      from = i + 1;
    }
    if (split) return (op == "and") == value ? any : all;
  }
  const std::string_view op = flat.operators[begin];
  if (end - begin != 2 || (op != "==" && op != "!=")) return false;
  const auto compared = ComparisonOf(tree_, flat.operands[begin], flat.operands[begin + 1]);
  return compared && Implies(compared->other, (op == "==") == (value == compared->with), depth + 1);
}

FlagReads::Read Polarity::ReadOf(NodeId node) const {
  if (!may_check_) return {};
  FlagReads::Read read = reads_.At(tree_, node);
  const NodeId object = tree_.Is(node, Role::kMember) ? tree_.Child(node, "object") : 0;
  if (object != 0 && tree_.Is(object, Role::kIdentifier)) {
    // Of a name for all that a hook gives.
    const NodeId given = aliases_.ValueOf(object);
    if (given != 0 && tree_.Is(given, Role::kCall)) {
      read = reads_.OfHook(tree_, LastName(tree_, node), given);
    }
  }
  using Answer = FlagReads::Answer;
  if (BeginsWithNot(tree_, node)) {
    if (read.answer == Answer::kOn || read.answer == Answer::kOff) {
      read.answer = read.answer == Answer::kOn ? Answer::kOff : Answer::kOn;
    }
  }
  if (read.answer != Answer::kNone && !reads_.Counts(read)) {
    return {Answer::kUnknown, "where nobody knows the flag, this read may be true", read.pure};
  }
  return read;
}

bool Polarity::Implies(NodeId condition, bool value, int depth) const {
  if (depth > kDeepest) return false;
  const NodeId node = Inside(tree_, condition);
  const FlagReads::Read read = ReadOf(node);
  if (read.answer == FlagReads::Answer::kOn) return value;
  if (read.answer == FlagReads::Answer::kOff) return !value;
  if (read.answer == FlagReads::Answer::kUnknown) return false;
  if (const NodeId turned = Turned(tree_, node)) return Implies(turned, !value, depth + 1);
  switch (tree_[node].role) {
    case Role::kBinary: {
      if (tree_.language().flat_operators) {
        const Operations flat = OperationsOf(tree_, node);
        return flat.operands.size() > 1 && flat.operands.size() <= kMostConditions &&
               Implies(flat, 0, flat.operands.size(), value, depth);
      }
      const std::string_view op = OperatorOf(tree_, node);
      const auto operands = OperandsOf(tree_, node);
      if (!operands) return false;
      if (op == "and" || op == "or") {
        const bool left = Implies(operands->first, value, depth + 1);
        const bool right = Implies(operands->second, value, depth + 1);
        return (op == "and") == value ? left || right : left && right;
      }
      if (op != "==" && op != "!=") return false;
      const auto compared = ComparisonOf(tree_, operands->first, operands->second);
      if (!compared) return false;
      return Implies(compared->other, (op == "==") == (value == compared->with), depth + 1);
    }
    case Role::kDeclaration: {  // A name that is given a value on the way.
      const NodeId given = tree_.Child(node, "value");
      return given != 0 && Implies(given, value, depth + 1);
    }
    case Role::kIdentifier:
    case Role::kMember: {
      const NodeId given = aliases_.ValueOf(node);
      return given != 0 && Implies(given, value != BeginsWithNot(tree_, node), depth + 1);
    }
    default:
      return false;
  }
}

bool Polarity::Mentions(NodeId condition) const {
  if (!may_check_) return false;
  for (NodeId id = condition; id <= tree_[condition].last; ++id) {
    if (ReadOf(id).answer != FlagReads::Answer::kNone) return true;
    const NodeId parent = tree_[id].parent;
    const bool name = tree_.Is(id, Role::kMember) ||
                      (tree_.Is(id, Role::kIdentifier) && !tree_.Is(parent, Role::kMember));
    if (name && (ImpliesOn(id, true) || ImpliesOn(id, false))) return true;
  }
  return false;
}

std::string Polarity::WhenOff(NodeId condition, int depth) const {
  const NodeId node = Inside(tree_, condition);
  const FlagReads::Read read = ReadOf(node);
  if (read.answer == FlagReads::Answer::kOn) return "false";
  if (read.answer == FlagReads::Answer::kOff) return "true";
  const auto turned = [](const std::string& text) {
    return text == "true" ? "false" : text == "false" ? "true" : "not (" + text + ")";
  };
  if (depth <= kDeepest) {
    if (const NodeId inner = Turned(tree_, node)) return turned(WhenOff(inner, depth + 1));
    if (tree_.Is(node, Role::kIdentifier) || tree_.Is(node, Role::kMember)) {
      const NodeId given = aliases_.ValueOf(node);
      if (given != 0 && (ImpliesOn(given, true) || ImpliesOn(given, false))) {
        const std::string off = WhenOff(given, depth + 1);
        return BeginsWithNot(tree_, node) ? turned(off) : off;
      }
    }
    const bool flat = tree_.language().flat_operators;
    if (flat && tree_.Is(node, Role::kBinary)) {
      if (FollowsFromOff(node, false)) return "false";
      if (FollowsFromOff(node, true)) return "true";
    }
    const std::string_view op =
        !flat && tree_.Is(node, Role::kBinary) ? OperatorOf(tree_, node) : "";
    const auto operands = op.empty() ? std::nullopt : OperandsOf(tree_, node);
    if (operands && (op == "and" || op == "or")) {
      const std::string left = WhenOff(operands->first, depth + 1);
      const std::string right = WhenOff(operands->second, depth + 1);
      const std::string decided = op == "and" ? "false" : "true";
      const std::string neutral = op == "and" ? "true" : "false";
      if (left == decided || right == decided) return decided;
      if (left == neutral) return right;
      if (right == neutral) return left;
      return "(" + left + ") " + std::string(op) + " (" + right + ")";
    }
    if (operands && (op == "==" || op == "!=")) {
      if (const auto compared = ComparisonOf(tree_, operands->first, operands->second)) {
        const std::string other = WhenOff(compared->other, depth + 1);
        if (other == "true" || other == "false") {
          return ((other == "true") == compared->with) == (op == "==") ? "true" : "false";
        }
      }
    }
  }
  return Plainly(tree_, node);
}

}  // namespace gate::flags
