// The phases of a migration: an expansion adds what running code does not know and does not miss, a
// contraction takes away, renames or retypes what it may use. Between the two lies a release of
// code, and the copy of what is there already.
#ifndef CHECKS_MIGRATION_PHASE_H_
#define CHECKS_MIGRATION_PHASE_H_

#include "checks/migration/sql/ast.h"

namespace gate::migration {

enum class Phase { kNeutral, kExpand, kContract };

// By what it does, whatever it does it to.
Phase PhaseOf(const Action& action);

// The table that the action changes, makes or takes away, or nullptr.
const Name* TableOf(const Action& action);

}  // namespace gate::migration

#endif  // CHECKS_MIGRATION_PHASE_H_
