#include "checks/flags/filters.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "checks/flags/conditions.h"
#include "checks/flags/definitions.h"
#include "checks/flags/facts.h"
#include "checks/flags/references.h"

namespace gate::flags {
namespace {

constexpr std::string_view kAnswers[] = {"render", "redirect_to", "head", "raise"};

// Whether code outside of the file has the name in it.
bool IsKnownElsewhere(const ReadFile& file, std::string_view name, const Sources& sources) {
  const std::vector<std::string> paths = sources.Mentioning(std::string(name));
  return std::ranges::any_of(
      paths, [&](const std::string& path) { return path != file.path() && !IsTestOrText(path); });
}

// The statements of a class or method, in whatever holds them.
std::vector<NodeId> StatementsOf(const SyntaxTree& tree, NodeId definition) {
  const NodeId body = tree.Child(definition, "body");
  return body == 0 ? std::vector<NodeId>() : tree.NamedChildren(body);
}

// The call that is made, without what it is called on; 0 for anything else.
NodeId PlainCall(const SyntaxTree& tree, NodeId node) {
  node = Inside(tree, node);
  const bool call = tree.Kind(node) == "call" && tree.Child(node, "receiver") == 0;
  return call ? node : 0;
}

std::string_view CalledBy(const SyntaxTree& tree, NodeId call) {
  const NodeId method = call == 0 ? 0 : tree.Child(call, "method");
  return method == 0 ? "" : tree.Text(method);
}

std::string_view NameOfSymbol(const SyntaxTree& tree, NodeId symbol) {
  const std::string_view text = tree.Text(symbol);
  return tree.Kind(symbol) == "simple_symbol" ? text.substr(1) : "";
}

// Whether the first that a filter does is to answer where the flag is off.
bool AnswersWhereOff(const ReadFile& file, NodeId filter) {
  const SyntaxTree& tree = file.tree();
  const std::vector<NodeId> statements = StatementsOf(tree, filter);
  if (statements.empty()) return false;
  const NodeId check = statements.front();
  const bool turned = tree.Is(check, Role::kUnless);
  if (!turned && !tree.Is(check, Role::kIf)) return false;
  if (PartOfIf(tree, check, "alternative") != 0) return false;
  const Conditions conditions = ConditionsOf(tree, check);
  if (!conditions.whole || !file.guards().ImpliesOn(conditions.all[0], turned)) return false;
  NodeId answer = PartOfIf(tree, check, "consequence");
  if (tree.Is(answer, Role::kBlock)) {
    const std::vector<NodeId> inside = tree.NamedChildren(answer);
    if (inside.size() != 1) return false;
    answer = inside[0];
  }
  return std::ranges::count(kAnswers, CalledBy(tree, PlainCall(tree, answer))) > 0;
}

// Whether `before_action :filter` is for an action: for all of them, or for some with this one.
bool IsFor(const SyntaxTree& tree, const std::vector<NodeId>& arguments, std::string_view action) {
  if (arguments.size() == 1) return true;
  if (arguments.size() != 2 || tree.Kind(arguments[1]) != "pair") return false;
  const NodeId key = tree.Child(arguments[1], "key"), value = tree.Child(arguments[1], "value");
  if (key == 0 || value == 0 || tree.Text(key) != "only") return false;
  const bool several = tree.Kind(value) == "array";
  const std::vector<NodeId> names = several ? tree.NamedChildren(value) : std::vector{value};
  return std::ranges::any_of(names,
                             [&](NodeId name) { return NameOfSymbol(tree, name) == action; });
}

// Whether a mention of an action is not a call of it: a list of actions for filters, or a method of
// something else that has the same name.
bool IsHarmless(const SyntaxTree& tree, NodeId mention) {
  const NodeId parent = tree[mention].parent;
  if (tree.Kind(parent) == "call" && tree.Field(mention) == "method") {
    const NodeId on = tree.Child(parent, "receiver");
    return on != 0 && tree.Kind(on) != "self";
  }
  if (!tree.Is(mention, Role::kSymbol)) return false;
  bool listed = false;  // only: or except:
  for (NodeId at = mention; at != 0; at = tree[at].parent) {
    if (tree.Is(at, Role::kFunction)) return false;
    const NodeId key = tree.Kind(at) == "pair" ? tree.Child(at, "key") : 0;
    listed = listed || (key != 0 && (tree.Text(key) == "only" || tree.Text(key) == "except"));
    if (tree.Kind(at) == "call") return listed && CalledBy(tree, at) == "before_action";
  }
  return false;
}

// Whether a method or class has the attribute [FeatureGate("the flag")] and no other argument.
bool HasFeatureGate(const ReadFile& file, NodeId definition) {
  const SyntaxTree& tree = file.tree();
  const std::string& flag = file.guards().polarity().flag();
  for (const NodeId list : tree.NamedChildren(definition)) {
    if (tree.Kind(list) != "attribute_list") continue;
    for (const NodeId attribute : tree.NamedChildren(list)) {
      std::string text(tree.Text(attribute));
      std::erase(text, ' ');
      if (text == "FeatureGate(\"" + flag + "\")") return true;
    }
  }
  return false;
}

// Nothing but the framework knows a public method of a controller that no code names, and that
// implements nothing.
bool IsBehindFeatureGate(const ReadFile& file, NodeId function, const Sources& sources) {
  const SyntaxTree& tree = file.tree();
  const NodeId controller = tree[tree[function].parent].parent;
  if (tree.Kind(function) != "method_declaration" || tree.Kind(controller) != "class_declaration") {
    return false;
  }
  if (!HasFeatureGate(file, function) && !HasFeatureGate(file, controller)) return false;
  bool is_public = false, derived = false;
  for (const NodeId part : tree.NamedChildren(function)) {
    if (tree.Kind(part) != "modifier") continue;
    if (tree.Text(part) != "public" && tree.Text(part) != "async") return false;
    is_public = is_public || tree.Text(part) == "public";
  }
  for (const NodeId part : tree.NamedChildren(controller)) {
    if (tree.Kind(part) != "base_list") continue;
    const std::vector<NodeId> bases = tree.NamedChildren(part);
    const std::string_view base = bases.size() == 1 ? tree.Text(bases[0]) : "";
    derived = base == "Controller" || base == "ControllerBase";
  }
  const std::string name = NameOf(tree, controller);
  return is_public && derived && name.ends_with("Controller") && file.Mentioning(name).empty() &&
         file.Mentioning(NameOf(tree, function)).empty() && !IsKnownElsewhere(file, name, sources);
}

}  // namespace

bool IsBehindFilter(const ReadFile& file, NodeId function, const Sources& sources) {
  const SyntaxTree& tree = file.tree();
  if (tree.language().name == "C#") return IsBehindFeatureGate(file, function, sources);
  if (tree.language().name != "Ruby" || tree.Kind(function) != "method") return false;
  const NodeId controller = tree[tree[function].parent].parent;
  if (tree.Kind(controller) != "class") return false;
  const std::string name = NameOf(tree, controller), action = NameOf(tree, function);
  if (!name.ends_with("Controller") || !file.Mentioning(name).empty()) return false;
  if (tree.text().find("skip_before_action") != std::string_view::npos) return false;
  for (const NodeId statement : StatementsOf(tree, controller)) {
    const NodeId call = PlainCall(tree, statement);
    if (CalledBy(tree, call) != "before_action" || tree.Child(call, "block") != 0) continue;
    const NodeId list = tree.Child(call, "arguments");
    const std::vector<NodeId> arguments =
        list == 0 ? std::vector<NodeId>() : tree.NamedChildren(list);
    if (arguments.empty()) continue;
    const std::string filter(NameOfSymbol(tree, arguments[0]));
    // Asked for a second time it would only be for what is said there.
    if (filter.empty() || file.Mentioning(filter).size() != 1) continue;
    if (!IsFor(tree, arguments, action)) continue;
    std::vector<NodeId> defined;
    for (NodeId id = 0; id < tree.nodes().size(); ++id) {
      if (tree.Is(id, Role::kFunction) && NameOf(tree, id) == filter) defined.push_back(id);
    }
    const bool one = defined.size() == 1 && tree[defined[0]].parent == tree[function].parent &&
                     tree.Kind(defined[0]) == "method" && AnswersWhereOff(file, defined[0]);
    if (!one || defined[0] == function) continue;
    const std::vector<NodeId> mentions = file.Mentioning(action);
    return std::ranges::all_of(mentions, [&](NodeId at) { return IsHarmless(tree, at); }) &&
           !IsKnownElsewhere(file, filter, sources) && !IsKnownElsewhere(file, name, sources);
  }
  return false;
}

}  // namespace gate::flags
