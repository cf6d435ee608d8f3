// Names that nobody knows but the code around them: giving them a value changes nothing for others.
#ifndef CHECKS_FLAGS_OWN_NAMES_H_
#define CHECKS_FLAGS_OWN_NAMES_H_

#include "checks/flags/syntax_tree.h"

namespace gate::flags {

// Whether all that an assignment or declaration gives a value is such names: declared by it, or
// before it, in the function around it; or constants that no other class can have. Not members,
// elements, what is pointed to, fields, and names that are not declared there.
bool IsOwnName(const SyntaxTree& tree, NodeId given);

// Whether a name stands alone and is read there: it may be a field's, or a function's.
bool IsReadAlone(const SyntaxTree& tree, NodeId name);

}  // namespace gate::flags

#endif  // CHECKS_FLAGS_OWN_NAMES_H_
