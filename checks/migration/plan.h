// SQL that the plans of several rules are made of.
#ifndef CHECKS_MIGRATION_PLAN_H_
#define CHECKS_MIGRATION_PLAN_H_

#include <string>
#include <string_view>
#include <vector>

#include "checks/migration/sql/ast.h"

namespace gate::migration {

// "a, b": the columns as SQL.
std::string ListOf(const std::vector<std::string>& columns);

// The constraint's own name, else one like PostgreSQL's: "orders_user_id_key".
std::string NameFor(const AddConstraint& constraint);

// The constraint in two steps, of which neither holds a lock for long: bound to new rows by
// `clause`, then shown for the old ones.
std::string AddNotValid(const AddConstraint& constraint, const std::string& clause);
std::string Validate(const AddConstraint& constraint);

// The user's own CREATE INDEX with the one word that it lacks.
std::string WithConcurrently(std::string_view statement);

}  // namespace gate::migration

#endif  // CHECKS_MIGRATION_PLAN_H_
