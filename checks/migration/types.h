// What PostgreSQL does to the rows of a column when its type changes: ATColumnChangeRequiresRewrite
// and the casts of pg_cast that are binary-coercible.
#ifndef CHECKS_MIGRATION_TYPES_H_
#define CHECKS_MIGRATION_TYPES_H_

#include "checks/migration/sql/ast.h"

namespace gate::migration {

enum class TypeChange {
  kNone,     // the same type
  kRelabel,  // only the catalogue changes: varchar(20) to varchar(50) or text
  kUtcOnly,  // timestamp to timestamptz: no rewrite since PostgreSQL 12 where the session is in UTC
  kRewrite,  // every row is written anew
};

TypeChange Compare(const Type& from, const Type& to);

}  // namespace gate::migration

#endif  // CHECKS_MIGRATION_TYPES_H_
