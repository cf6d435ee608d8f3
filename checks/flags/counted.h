// Which tokens of a change run, or make something run: the others are shape, names, types and
// documentation, and nobody asks whether they are behind a flag.
#ifndef CHECKS_FLAGS_COUNTED_H_
#define CHECKS_FLAGS_COUNTED_H_

#include "checks/flags/syntax_tree.h"

namespace gate::flags {

// Whether a token is the bracket behind what is called.
bool OpensArguments(const SyntaxTree& tree, NodeId token);

bool Counts(const SyntaxTree& tree, NodeId token);

}  // namespace gate::flags

#endif  // CHECKS_FLAGS_COUNTED_H_
