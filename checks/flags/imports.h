// Imports of which nothing runs that did not run before.
#ifndef CHECKS_FLAGS_IMPORTS_H_
#define CHECKS_FLAGS_IMPORTS_H_

#include <map>
#include <optional>
#include <set>
#include <string_view>

#include "checks/flags/syntax_tree.h"

namespace gate::flags {

// Of one file before and after the change; both outlive it. For one thread.
class Imports {
 public:
  Imports(const SyntaxTree& base, const SyntaxTree& head) : base_(base), head_(head) {}

  // Whether the import that a token of head is in only gets one more name out of a module that was
  // loaded before, or a name that only types use. TypeScript takes out an import whose names only
  // types use: it does not count as loading.
  bool LoadNothingNew(NodeId token);

 private:
  using Names = std::set<std::string_view>;
  void ReadBase();

  const SyntaxTree &base_, &head_;
  // Modules that base imports, and whether they are there when the program runs.
  std::optional<std::map<std::string_view, bool>> loaded_;
  std::optional<Names> used_;  // In head, outside of types and imports.
};

}  // namespace gate::flags

#endif  // CHECKS_FLAGS_IMPORTS_H_
