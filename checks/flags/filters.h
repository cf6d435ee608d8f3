// Methods that a web framework only calls where the flag is on: actions of a Rails controller
// behind a `before_action` that answers by itself where it is off, and of ASP.NET's behind
// [FeatureGate].
//
// Nothing of it shows where the method stands, so all that could undo it is looked at: another
// mention of the filter, of the controller or of the method makes that nobody knows.
#ifndef CHECKS_FLAGS_FILTERS_H_
#define CHECKS_FLAGS_FILTERS_H_

#include "checks/flags/coverage.h"
#include "checks/flags/files.h"
#include "checks/flags/syntax_tree.h"

namespace gate::flags {

// Whether what is in the body of a function only runs where such a filter let it.
bool IsBehindFilter(const ReadFile& file, NodeId function, const Sources& sources);

}  // namespace gate::flags

#endif  // CHECKS_FLAGS_FILTERS_H_
