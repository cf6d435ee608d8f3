// Whether an import of ECMAScript loads a module that was not loaded before.
#ifndef CHECKS_FLAGS_IMPORTS_H_
#define CHECKS_FLAGS_IMPORTS_H_

#include "checks/flags/syntax_tree.h"

namespace gate::flags {

// Whether the import that a token of `head` is in only gets one more name out of a module that was
// loaded before, or a name that only types use. TypeScript takes out an import whose names only
// types use: it does not count as loading.
bool LoadsNothingNew(const SyntaxTree& base, const SyntaxTree& head, NodeId token);

}  // namespace gate::flags

#endif  // CHECKS_FLAGS_IMPORTS_H_
