#include "checks/flags/defaults.h"

#include <algorithm>
#include <iterator>
#include <optional>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "checks/flags/coverage.h"
#include "checks/flags/language.h"
#include "checks/flags/references.h"

namespace gate::flags {
namespace {

// Around a name as a value.
constexpr std::string_view kQuotes = ":'\"`";

// Unleash's own way to ask; without a fallback it is false for a flag that is not there.
constexpr std::string_view kUnleash[] = {"isEnabled", "is_enabled", "IsEnabled", "is_enabled?"};

// Of "this.unleash.isEnabled" what it is asked of: "unleash".
std::string_view Receiver(std::string_view called, std::string_view name) {
  called.remove_suffix(std::min(name.size(), called.size()));
  const auto is_name = [](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '_';
  };
  while (!called.empty() && !is_name(called.back())) {
    // Of what comes out of a call or a subscript nothing is known.
    if (called.back() == ')' || called.back() == ']') return "";
    called.remove_suffix(1);
  }
  size_t begin = called.size();
  while (begin > 0 && is_name(called[begin - 1])) --begin;
  return called.substr(begin);
}

// What stands before an argument's value, where it is named: "default_value=".
std::string_view NameOfArgument(const SyntaxTree& tree, NodeId value) {
  NodeId whole = value;
  for (NodeId at = value; at != 0 && !tree.Is(tree[at].parent, Role::kCall); at = tree[at].parent) {
    if (tree.Is(tree[at].parent, Role::kArguments) || tree[at].parent == 0) break;
    whole = tree[at].parent;
  }
  return tree.text().substr(tree[whole].begin, tree[value].begin - tree[whole].begin);
}

bool SaysDefault(std::string_view name) {
  const std::string lower = absl::AsciiStrToLower(std::string(name));
  return absl::StrContains(lower, "default") || absl::StrContains(lower, "fallback");
}

// Whether the name is what is called, or an import brings it, and not as what was called otherwise.
bool IsCalledOrImported(const SyntaxTree& tree, NodeId node) {
  if (tree.Around(node, Role::kImport) != 0) {
    return tree.NamedChildren(tree[node].parent).front() == node;
  }
  for (NodeId at = node; at != 0; at = tree[at].parent) {
    const NodeId parent = tree[at].parent;
    if (tree.Is(parent, Role::kCall)) return tree.Child(parent, "function") == at;
    const bool wraps = tree.Is(parent, Role::kMember) || tree.Is(parent, Role::kHolder) ||
                       tree.NamedChildren(parent).size() == 1;
    if (!wraps || tree[parent].end != tree[at].end) return false;
  }
  return false;
}

// A value that is no function.
bool IsPlainValue(const SyntaxTree& tree, NodeId node) {
  switch (tree[node].role) {
    case Role::kTrue:
    case Role::kFalse:
    case Role::kNull:
    case Role::kLiteral:
    case Role::kString:
    case Role::kBinary:
    case Role::kNot:
      return true;
    default:
      return false;
  }
}

// Whether a name that is not called may be given a function where it stands.
bool MayBeGivenAFunction(const SyntaxTree& tree, NodeId node) {
  constexpr int kLevels = 3;
  NodeId at = node;
  for (int level = 0; level < kLevels && tree[at].parent != 0; ++level, at = tree[at].parent) {
    const NodeId parent = tree[at].parent;
    switch (tree[parent].role) {
      case Role::kMember:  // Of something.
        continue;
      case Role::kBinary:
      case Role::kNot:
      case Role::kParenthesized:
      case Role::kIf:
      case Role::kTernary:
      case Role::kExit:
      case Role::kBlock:
        return false;
      default:
        break;
    }
    const std::vector<NodeId> parts = tree.NamedChildren(parent);
    const bool first = parts.size() > 1 && tree.Contains(parts.front(), node);
    if (first && IsPlainValue(tree, parts.back())) return false;
    return true;
  }
  return true;
}

}  // namespace

bool Defaults::FallsBackToOff(const SyntaxTree& tree, const FlagCall& call) const {
  if (MayBeDefined(call.name)) return false;
  if (call.has_default) {
    const std::string_view name = NameOfArgument(tree, call.default_argument);
    const bool named = name.find_first_of("=:") != name.npos;
    return !named || SaysDefault(name);
  }
  if (std::ranges::find(kUnleash, call.name) == std::end(kUnleash)) return false;
  const std::string receiver = absl::AsciiStrToLower(std::string(Receiver(call.called, call.name)));
  return absl::StrContains(receiver, "unleash") && call.arguments.size() == 1;
}

bool Defaults::MayBeDefined(std::string_view name) const {
  const auto [known, fresh] = defined_.try_emplace(std::string(name), true);
  if (!fresh) return known->second;
  // Words that are searched for have no `?`.
  const std::string word(name.substr(0, name.find_first_of("?!")));
  const std::vector<std::string> paths = head_.Mentioning(word);
  known->second =
      paths.size() > kMostFiles ||
      std::ranges::any_of(paths, [&](const std::string& path) { return MayDefine(path, name); });
  return known->second;
}

bool Defaults::MayDefine(const std::string& path, std::string_view name) const {
  if (IsTestOrText(path)) return false;
  const Language* language = LanguageOf(path);
  const std::optional<std::string> text = language == nullptr ? std::nullopt : head_.Read(path);
  if (!text) return true;
  const absl::StatusOr<SyntaxTree> tree = SyntaxTree::Parse(*language, *text);
  if (!tree.ok()) return true;
  for (NodeId id = 0; id < tree->nodes().size(); ++id) {
    if ((*tree)[id].broken) return true;
    if (!tree->IsLeaf(id)) continue;
    std::string_view here = tree->Text(id);
    while (!here.empty() && kQuotes.find(here.front()) != kQuotes.npos) here.remove_prefix(1);
    while (!here.empty() && kQuotes.find(here.back()) != kQuotes.npos) {
      here.remove_suffix(1);
    }
    if (here != name || tree->Is(id, Role::kComment)) continue;
    if (!IsCalledOrImported(*tree, id) && MayBeGivenAFunction(*tree, id)) return true;
  }
  return false;
}

}  // namespace gate::flags
