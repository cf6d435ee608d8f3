#include "checks/flags/modules.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_split.h"
#include "checks/flags/definitions.h"
#include "checks/flags/flag_reads.h"
#include "checks/flags/references.h"
#include "checks/flags/token_diff.h"

namespace gate::flags {
namespace {

// Folders and names by which frameworks find what they load.
constexpr std::string_view kFolders[] = {"pages",      "app",      "routes",       "api",
                                         "migrations", "commands", "templatetags", "plugins",
                                         "middleware", "server",   "functions",    "bin"};
constexpr std::string_view kNames[] = {"__init__", "__main__", "index",    "main",     "models",
                                       "admin",    "apps",     "urls",     "settings", "tasks",
                                       "signals",  "setup",    "conftest", "wsgi",     "asgi",
                                       "views",    "page",     "layout",   "route"};
constexpr std::string_view kLanguages[] = {"Python", "JavaScript", "TypeScript", "TSX"};
// Functions that make a component of one that is loaded when it is first shown.
constexpr std::string_view kLazy[] = {"lazy", "dynamic", "defineAsyncComponent"};

template <typename List>
bool IsOneOf(std::string_view name, const List& list) {
  return std::ranges::count(list, name) > 0;
}

bool RunsBehindCheck(const ReadFile& file, NodeId node) {
  return file.guards().Guarding(node).has_value() && RunsLater(file.tree(), node);
}

// Whether a mention of a module is one that loads it.
bool Loads(const SyntaxTree& tree, NodeId mention) {
  if (tree.Around(mention, Role::kImport) != 0) return true;
  const NodeId call = tree[tree[mention].parent].parent;
  const NodeId function = tree.Is(call, Role::kCall) ? tree.Child(call, "function") : 0;
  if (function == 0) return false;
  return tree.Text(function) == "import" || tree.Text(function) == "require";
}

// Whether it stands in `const Name = lazy(() => import("..."))`, and Name is only mentioned behind
// checks and given to nobody.
bool IsShownBehindCheck(const ReadFile& file, NodeId mention) {
  const SyntaxTree& tree = file.tree();
  const NodeId lambda = tree.Around(mention, Role::kLambda);
  const NodeId call = lambda == 0 ? 0 : tree[tree[lambda].parent].parent;
  const NodeId declaration = call == 0 ? 0 : tree[call].parent;
  const NodeId function = tree.Is(call, Role::kCall) ? tree.Child(call, "function") : 0;
  if (function == 0 || !IsOneOf(LastName(tree, function), kLazy)) return false;
  if (!tree.Is(declaration, Role::kDeclaration)) return false;
  const NodeId name = tree.Child(declaration, "name"), statement = tree[declaration].parent;
  if (name == 0 || !tree.Is(name, Role::kIdentifier) || tree[statement].parent != 0) return false;
  if (tree.Text(tree[statement].first_child) != "const") return false;
  const std::vector<NodeId> mentions = file.Mentioning(tree.Text(name));
  return mentions.size() > 1 && std::ranges::all_of(mentions, [&](NodeId at) {
           return at == name || RunsBehindCheck(file, at);
         });
}

}  // namespace

bool IsLoadedBehindCheck(const ChangedFile& file, Files& files) {
  if (!file.base().text().empty() || !IsOneOf(file.head().language().name, kLanguages)) {
    return false;
  }
  const std::vector<std::string> parts = absl::StrSplit(file.path(), '/');
  const std::string stem = parts.back().substr(0, parts.back().find('.'));
  if (stem.empty() || IsOneOf(stem, kNames)) return false;
  for (size_t i = 0; i + 1 < parts.size(); ++i) {
    if (IsOneOf(parts[i], kFolders)) return false;
  }
  bool loaded = false;
  for (const std::string& path : files.sources().Mentioning(stem)) {
    if (path == file.path() || IsTestOrText(path)) continue;
    const absl::StatusOr<const ReadFile*> other = files.Get(path);
    if (!other.ok()) return false;
    const SyntaxTree& tree = (*other)->tree();
    for (const NodeId token : Tokens(tree)) {
      if (tree.Text(token).find(stem) == std::string_view::npos) continue;
      if (!RunsBehindCheck(**other, token) && !IsShownBehindCheck(**other, token)) return false;
      loaded = loaded || Loads(tree, token);
    }
  }
  return loaded;
}

}  // namespace gate::flags
