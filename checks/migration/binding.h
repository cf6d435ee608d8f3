// What binds the rows that the running version writes: a constraint that an action adds to a table
// of before; and what those rows hold in columns of this release, which old code does not know.
#ifndef CHECKS_MIGRATION_BINDING_H_
#define CHECKS_MIGRATION_BINDING_H_

#include <string_view>
#include <vector>

#include "checks/migration/rule.h"

namespace gate::migration {

// The constraint of that kind that the action adds, by itself or behind a column, to a table that
// existed before; or nullptr.
const AddConstraint* AddedConstraint(const Scene& scene, ConstraintKind kind);

// Constraints of its table that rows of the running version have obeyed all along: those of before,
// be it that this release has dropped them.
std::vector<const AddConstraint*> ObeyedBefore(const Scene& scene, const Name& table);

// Whether old code cannot write NULL there: the column is NOT NULL, a CHECK keeps it from it, or it
// is new and has a default.
bool NeverNull(const Scene& scene, const Name& table, std::string_view column);

// Whether a valid CHECK shows it to be not null, so that SET NOT NULL leaves the table unread:
// since PostgreSQL 12.
bool IsProvenNotNull(const Scene& scene, const Name& table, std::string_view column);

enum class Left {
  kAnything,  // The running version may write it: the column was there before, or may have been.
  kNull,
  kDistinct,  // another value in each row
  kSame,      // its default
};

// What old code leaves in a column once the action's transaction has ended.
Left LeftIn(const Scene& scene, const Name& table, std::string_view column);

}  // namespace gate::migration

#endif  // CHECKS_MIGRATION_BINDING_H_
