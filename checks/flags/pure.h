// Code that can be run where it was not before without anybody noticing: it changes nothing, waits
// for nothing and cannot fail.
#ifndef CHECKS_FLAGS_PURE_H_
#define CHECKS_FLAGS_PURE_H_

#include "checks/flags/syntax_tree.h"

namespace gate::flags {

// Names, literals, chains of members, comparisons of those and conditions made of them; a
// constant's subscript by a literal. All else is not: what is not known, might do anything.
bool IsPure(const SyntaxTree& tree, NodeId node);

// Whether a chain of members fails where what it begins with is missing: `a.b`, but neither
// `this.b` nor `a?.b`.
bool MayMiss(const SyntaxTree& tree, NodeId member);

}  // namespace gate::flags

#endif  // CHECKS_FLAGS_PURE_H_
