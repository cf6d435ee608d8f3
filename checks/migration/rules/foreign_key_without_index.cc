// PostgreSQL makes no index for the referring side of a foreign key. Whoever deletes a row of the
// other table, or changes its key, then waits while the whole referring table is read for rows that
// hang on it, once for each row. All versions.
//
// For information, and only of tables of before whose indexes are all known: new ones have no rows
// yet, and an index may follow.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "checks/migration/binding.h"
#include "checks/migration/plan.h"
#include "checks/migration/rule.h"
#include "checks/migration/sql/parse.h"

namespace gate::migration {
namespace {

std::optional<Remark> Examine(const Scene& scene) {
  const AddConstraint* key = AddedConstraint(scene, ConstraintKind::kForeignKey);
  if (key == nullptr || key->columns.empty()) return std::nullopt;
  const Catalog& then = scene.AtCommit();
  const Relation* table = then.Find(key->table);
  if (table == nullptr || !table->all_columns_known || !then.complete()) return std::nullopt;
  if (then.HasIndexFrom(key->table, key->columns.front())) return std::nullopt;
  const std::string child = Quoted(key->table), list = ListOf(key->columns);
  return Remark{.subject = absl::StrCat(child, " (", list, ")"),
                .message = absl::StrCat("No index of ", child, " begins with (", list,
                                        "): each row that goes from ", Quoted(key->references),
                                        " has all of ", child, " read for rows that refer to it."),
                .instead = {.now = absl::StrCat("CREATE INDEX CONCURRENTLY ON ", child, " (", list,
                                                ");  -- outside of a transaction")}};
}

}  // namespace

extern constinit const Rule kRule_foreign_key_without_index = {
    .id = "migration.foreign_key_without_index",
    .severity = v1::SEVERITY_INFO,
    .summary = "Adds a foreign key whose own columns have no index",
    .why =
        "DELETE and UPDATE of the other table's key read the whole referring table for each "
        "row. All versions.",
    .instead = "An index on the columns of the key, built with CONCURRENTLY.",
    .examine = Examine,
};

}  // namespace gate::migration
