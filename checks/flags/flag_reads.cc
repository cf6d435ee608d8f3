#include "checks/flags/flag_reads.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "checks/flags/defaults.h"
#include "checks/flags/pure.h"

namespace gate::flags {
namespace {

constexpr int kNoDefault = -1, kLastArgument = -2;

// A function of a flag library, by the last part of its name.
struct Idiom {
  std::string_view function;
  int flag;       // which argument names it
  int otherwise;  // which argument says what comes out where the flag is not known
  bool off = false;
};

constexpr Idiom kIdioms[] = {
    // OpenFeature
    {"get_boolean_value", 0, 1},
    {"getBooleanValue", 0, 1},
    {"GetBooleanValue", 0, 1},
    {"GetBooleanValueAsync", 0, 1},
    {"BooleanValue", 1, 2},
    {"Boolean", 1, 2},
    {"fetch_boolean_value", 0, kNoDefault},
    {"useBooleanFlagValue", 0, 1},
    // Unleash, and what most projects call their own
    {"is_enabled", 0, kNoDefault},
    {"isEnabled", 0, kNoDefault},
    {"IsEnabled", 0, kNoDefault},
    {"IsEnabledAsync", 0, kNoDefault},
    {"is_enabled?", 0, kNoDefault},
    {"IsEnabled", 1, kNoDefault},  // behind the context
    {"IsEnabledGlobally", 0, kNoDefault},
    {"isFeatureFlagEnabled", 0, kNoDefault},
    {"useFlag", 0, kNoDefault},
    // LaunchDarkly
    {"variation", 0, kLastArgument},
    {"boolVariation", 0, kLastArgument},
    {"BoolVariation", 0, kLastArgument},
    {"bool_variation", 0, kLastArgument},
    // Flagsmith
    {"is_feature_enabled", 0, kNoDefault},
    {"isFeatureEnabled", 0, kNoDefault},
    {"hasFeature", 0, kNoDefault},
    {"hasFeatureFlag", 0, kNoDefault},
    {"HasFeatureFlag", 0, kNoDefault},
    {"feature_enabled?", 0, kNoDefault},
    // GrowthBook
    {"isOn", 0, kNoDefault},
    {"is_on", 0, kNoDefault},
    {"IsOn", 0, kNoDefault},
    {"isOff", 0, kNoDefault, true},
    {"is_off", 0, kNoDefault, true},
    {"useFeatureIsOn", 0, kNoDefault},
    // Flipper
    {"enabled?", 0, kNoDefault},
    {"disabled?", 0, kNoDefault, true},
    // django-waffle
    {"flag_is_active", 1, kNoDefault},
    {"switch_is_active", 0, kNoDefault},
    {"sample_is_active", 0, kNoDefault},
    {"waffle_flag", 0, kNoDefault},
    {"waffle_switch", 0, kNoDefault},
    // PostHog
    {"useFeatureFlagEnabled", 0, kNoDefault},
    // Names that say it all
    {"flag_on", 0, kNoDefault},
    {"flagOn", 0, kNoDefault},
    {"feature_enabled", 0, kNoDefault},
    {"featureEnabled", 0, kNoDefault},
    {"FeatureEnabled", 0, kNoDefault},
    {"flag_enabled", 0, kNoDefault},
    {"flagEnabled", 0, kNoDefault},
    {"Enabled", 0, kNoDefault},
    {"enabled", 0, kNoDefault},
};

// Tags of templates that ask for a flag: {% flag "tasks_v2" %}.
constexpr std::string_view kTags[] = {"flag", "switch", "sample"};
// And what waffle is called in those of Jinja: waffle.flag("tasks_v2").
constexpr std::string_view kOfWaffle[] = {"waffle.flag", "waffle.switch", "waffle.sample"};

// Ends of a chain that has the flag before them: FeatureFlag.tasks_v2.enabled
constexpr std::string_view kProperties[] = {"enabled", "isEnabled", "is_enabled", "isOn",
                                            "is_on",   "Enabled",   "IsEnabled"};
// And functions that are called on it: FeatureFlag.TASKS_V2.isEnabled(),
// Flipper[:tasks_v2].enabled?
constexpr std::string_view kMethods[] = {"enabled",   "isEnabled", "is_enabled", "Enabled",
                                         "IsEnabled", "isActive",  "enabled?"};

// Letters and digits alone, small: tasks-v2, TASKS_V2 and tasksV2 are one.
std::string Plain(std::string_view name) {
  std::string plain;
  for (const char c : name) {
    if (absl::ascii_isalnum(static_cast<unsigned char>(c))) {
      plain += absl::ascii_tolower(static_cast<unsigned char>(c));
    }
  }
  return plain;
}

std::string_view Unquoted(std::string_view text) {
  constexpr std::string_view kQuotes = "\"'`";
  while (!text.empty() && absl::ascii_isalpha(static_cast<unsigned char>(text.front())) &&
         text.size() > 1 && kQuotes.find(text.back()) != std::string_view::npos) {
    text.remove_prefix(1);  // of a kind, like r""
  }
  while (text.size() >= 2 && kQuotes.find(text.front()) != std::string_view::npos &&
         text.front() == text.back()) {
    text = text.substr(1, text.size() - 2);
  }
  return text;
}

// Whether `text` is `end`, or ends with it behind a dot or the like.
bool EndsWithName(std::string_view text, std::string_view end) {
  if (!text.ends_with(end)) return false;
  if (text.size() == end.size()) return true;
  const char before = text[text.size() - end.size() - 1];
  return !absl::ascii_isalnum(static_cast<unsigned char>(before)) && before != '_';
}

// Of a call, as they are written; the value of one that is named.
std::vector<NodeId> ArgumentsOf(const SyntaxTree& tree, NodeId call) {
  std::vector<NodeId> arguments;
  const NodeId list = tree.Child(call, "arguments");
  if (list == 0) return arguments;
  for (NodeId argument : tree.NamedChildren(list)) {
    // Some grammars have a node around each.
    while (tree.Is(argument, Role::kHolder) || tree.Is(argument, Role::kNamedArgument) ||
           tree.Is(argument, Role::kArguments)) {
      if (tree.NamedChildren(argument).empty()) break;
      argument = tree.NamedChildren(argument).back();
    }
    arguments.push_back(argument);
  }
  return arguments;
}

// Whether an argument is true, or has a true or a function in it.
bool SaysTrue(const SyntaxTree& tree, NodeId argument) {
  for (NodeId id = argument; id <= tree[argument].last; ++id) {
    if (tree.Is(id, Role::kTrue) || tree.Is(id, Role::kLambda)) return true;
  }
  return false;
}

}  // namespace

std::string_view LastName(const SyntaxTree& tree, NodeId node) {
  const std::string_view text = tree.Text(node);
  size_t begin = text.size();
  const auto is_name = [](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '?' || c == '!' ||
           c == '$';
  };
  while (begin > 0 && is_name(text[begin - 1])) --begin;
  return text.substr(begin);
}

NodeId TakenOutOf(const SyntaxTree& tree, NodeId name) {
  if (!tree.Is(name, Role::kBinding) || !tree.IsLeaf(name)) return 0;
  NodeId pattern = tree[name].parent;
  if (tree.Kind(pattern) == "pair_pattern") pattern = tree[pattern].parent;
  const NodeId declaration = tree[pattern].parent;
  if (tree.Kind(pattern) != "object_pattern" || !tree.Is(declaration, Role::kDeclaration)) return 0;
  if (tree.Child(declaration, "name") != pattern) return 0;
  const NodeId value = tree.Child(declaration, "value");
  return value != 0 && tree.Is(value, Role::kCall) ? value : 0;
}

FlagReads::FlagReads(FlagQuestion question)
    : question_(std::move(question)), plain_flag_(Plain(question_.flag)) {
  for (const Wrapper& wrapper : question_.wrappers) own_names_.push_back(wrapper.function);
}

bool FlagReads::MayBeIn(std::string_view text) const {
  if (text.find(question_.flag) != std::string_view::npos) return true;
  for (const Wrapper& wrapper : question_.wrappers) {
    const bool property = wrapper.argument == Wrapper::kProperty;
    if (property && text.find(wrapper.function) != std::string_view::npos) return true;
  }
  return Plain(text).find(plain_flag_) != std::string::npos;
}

bool FlagReads::NamesFlag(const SyntaxTree& tree, NodeId node) const {
  switch (tree[node].role) {
    case Role::kString:
      return IsPure(tree, node) && Unquoted(tree.Text(node)) == question_.flag;
    case Role::kSymbol:
    case Role::kIdentifier:
      return EndsWithName(tree.Text(node), question_.flag) || Plain(tree.Text(node)) == plain_flag_;
    case Role::kMember:
      // A flag may be asked for by its qualified name.
      return EndsWithName(tree.Text(node), question_.flag) ||
             Plain(LastName(tree, node)) == plain_flag_;
    default:
      return false;
  }
}

FlagReads::Read FlagReads::At(const SyntaxTree& tree, NodeId node) const {
  const std::string_view text = tree.Text(node);
  if (tree.Is(node, Role::kMember) || tree.Is(node, Role::kIdentifier)) {
    for (const Wrapper& wrapper : question_.wrappers) {
      if (wrapper.argument != Wrapper::kProperty) continue;
      if (EndsWithName(text, wrapper.function)) return {Answer::kOn, "", IsPure(tree, node)};
    }
    if (!tree.Is(node, Role::kMember)) return {};
    const NodeId object = tree.Child(node, "object");
    if (object == 0) return {};
    if (tree.Is(object, Role::kCall)) return OfHook(tree, LastName(tree, node), object);
    if (!NamesFlag(tree, object)) return {};
    if (std::ranges::find(kProperties, LastName(tree, node)) == std::end(kProperties)) return {};
    return {Answer::kOn, "", IsPure(tree, node)};
  }
  if (tree.Is(node, Role::kBinding)) {
    const NodeId call = TakenOutOf(tree, node);
    if (call == 0) return {};
    const NodeId key = tree.Child(tree[node].parent, "key");
    return OfHook(tree, tree.Text(key != 0 ? key : node), call);
  }
  if (!tree.Is(node, Role::kCall)) return {};
  if (const NodeId tag = tree.Child(node, "tag")) return OfTag(tree, node, tag);
  const NodeId function = tree.Child(node, "function");
  if (function == 0) return {};
  // What it is called on may be a part of its own.
  const NodeId object = tree.Child(node, "object");
  const std::string_view called =
      tree.text().substr(tree[node].begin, tree[function].end - tree[node].begin);
  const std::string_view name = LastName(tree, function);
  const std::vector<NodeId> arguments = ArgumentsOf(tree, node);
  const auto names_at = [&](int index) {
    return index >= 0 && index < static_cast<int>(arguments.size()) &&
           NamesFlag(tree, arguments[static_cast<size_t>(index)]);
  };
  const auto only_names = [&](NodeId part) {
    // Where each dot calls, that of the flag's own name is one that tells it.
    const NodeId of = tree.Is(part, Role::kMember) ? tree.Child(part, "object") : 0;
    return IsPure(tree, part) || (of != 0 && NamesFlag(tree, part) && IsPure(tree, of)) ||
           IsFlag(tree, part);
  };
  const bool pure = IsPure(tree, function) && (object == 0 || only_names(object)) &&
                    std::ranges::all_of(arguments, only_names);
  for (const Wrapper& wrapper : question_.wrappers) {
    if (EndsWithName(called, wrapper.function) && names_at(wrapper.argument)) {
      return {Answer::kOn, "", pure};
    }
  }
  for (const Idiom& idiom : kIdioms) {
    if (idiom.function != name || !names_at(idiom.flag)) continue;
    const int count = static_cast<int>(arguments.size());
    const int otherwise = idiom.otherwise == kLastArgument ? count - 1 : idiom.otherwise;
    const bool has_default = otherwise > idiom.flag && otherwise < count;
    if (has_default && !tree.Is(arguments[static_cast<size_t>(otherwise)], Role::kFalse)) {
      return {Answer::kUnknown, "where the flag is not known, this read is not false", pure};
    }
    // Unleash has it as an argument or an option of its own.
    for (size_t i = 0; !has_default && i < arguments.size(); ++i) {
      if (SaysTrue(tree, arguments[i])) {
        return {Answer::kUnknown, "where the flag is not known, this read may be true", pure};
      }
    }
    Read read = {idiom.off ? Answer::kOff : Answer::kOn, "", pure};
    if (question_.defaults != nullptr && !idiom.off) {
      const NodeId default_argument = has_default ? arguments[static_cast<size_t>(otherwise)] : 0;
      read.falls_back = question_.defaults->FallsBackToOff(
          tree, {called, name, arguments, has_default, default_argument});
    }
    return read;
  }
  if (std::ranges::count(kOfWaffle, called) > 0 && arguments.size() == 1 && names_at(0)) {
    return {Answer::kOn, "", pure};
  }
  const NodeId receiver = object != 0 ? object : tree.Child(function, "object");
  if (receiver != 0 && std::ranges::count(kMethods, name) > 0 && IsFlag(tree, receiver) &&
      std::ranges::none_of(arguments, [&](NodeId argument) { return SaysTrue(tree, argument); })) {
    return {Answer::kOn, "", pure};
  }
  return {};
}

FlagReads::Read FlagReads::OfTag(const SyntaxTree& tree, NodeId call, NodeId tag) const {
  const std::vector<NodeId> arguments = ArgumentsOf(tree, call);
  // A name there may be of something that has any name.
  const auto names_at = [&](size_t i) {
    return i < arguments.size() && tree.Is(arguments[i], Role::kString) &&
           NamesFlag(tree, arguments[i]);
  };
  for (const Wrapper& wrapper : question_.wrappers) {
    if (wrapper.function != tree.Text(tag) || wrapper.argument == Wrapper::kProperty) continue;
    if (!names_at(static_cast<size_t>(wrapper.argument))) continue;
    const bool pure =
        std::ranges::all_of(arguments, [&](NodeId each) { return IsPure(tree, each); });
    return {Answer::kOn, "", pure};
  }
  const bool asks = std::ranges::count(kTags, tree.Text(tag)) > 0;
  return asks && arguments.size() == 1 && names_at(0) ? Read{Answer::kOn, "", true} : Read{};
}

FlagReads::Read FlagReads::OfHook(const SyntaxTree& tree, std::string_view name,
                                  NodeId call) const {
  const NodeId function = tree.Child(call, "function");
  if (function == 0) return {};
  const std::string_view hook = LastName(tree, function);
  const std::vector<NodeId> arguments = ArgumentsOf(tree, call);
  if (hook == "useFlags" && arguments.empty() && Plain(name) == plain_flag_) {
    return {Answer::kOn, "", IsPure(tree, function)};
  }
  const bool of_one = hook == "useFlag" || hook == "useFeatureFlag";
  if (of_one && arguments.size() == 1 && NamesFlag(tree, arguments[0])) {
    if (name == "enabled" || name == "isEnabled") {
      return {Answer::kOn, "", IsPure(tree, function)};
    }
  }
  if (hook == "useFeature" && arguments.size() == 1 && NamesFlag(tree, arguments[0])) {
    const bool pure = IsPure(tree, function);
    if (name == "on") return {Answer::kOn, "", pure};
    if (name == "off") return {Answer::kOff, "", pure};
  }
  return {};
}

bool FlagReads::IsFlag(const SyntaxTree& tree, NodeId node) const {
  switch (tree[node].role) {
    case Role::kMember:
      return NamesFlag(tree, node) && IsPure(tree, tree.Child(node, "object"));
    case Role::kSubscript: {
      const std::vector<NodeId> parts = tree.NamedChildren(node);
      return parts.size() == 2 && IsPure(tree, parts[0]) && NamesFlag(tree, parts[1]);
    }
    default:
      return false;
  }
}

}  // namespace gate::flags
