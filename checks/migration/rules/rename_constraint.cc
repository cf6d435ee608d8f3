// RENAME CONSTRAINT takes ACCESS EXCLUSIVE for a moment and touches no row. Of statements only
// INSERT ... ON CONFLICT ON CONSTRAINT names one: with the old name it fails (42704) from the
// commit on. CHECKs and foreign keys are named nowhere; code that tells errors apart by their
// constraint does not know the new name. All versions.
//
// A warning: nearly all statements name columns instead.
#include "absl/strings/str_cat.h"
#include "checks/migration/rule.h"
#include "checks/migration/sql/parse.h"

namespace gate::migration {
namespace {

std::optional<Remark> Examine(const Scene& scene) {
  const auto* rename = As<RenameConstraint>(scene.action);
  if (rename == nullptr || !scene.before.Existed(rename->table)) return std::nullopt;
  const Relation* relation = scene.before.Find(rename->table);
  const KnownConstraint* known =
      relation == nullptr ? nullptr : relation->FindConstraint(rename->name);
  const bool named_nowhere =
      known != nullptr && (known->definition.kind == ConstraintKind::kCheck ||
                           known->definition.kind == ConstraintKind::kForeignKey);
  if (named_nowhere || (known != nullptr && !known->existed)) return std::nullopt;
  const Relation* then = scene.AtCommit().Find(rename->table);
  if (then != nullptr && then->FindConstraint(rename->name) != nullptr) return std::nullopt;
  const std::string table = Quoted(rename->table), name = Quoted(rename->name);
  return Remark{
      .subject = absl::StrCat(table, ".", name),
      .effects = {v1::EFFECT_BREAKS_RUNNING_VERSION},
      .message = absl::StrCat("Nodes of the running version that write with ON CONFLICT ON "
                              "CONSTRAINT ",
                              name, " fail from the moment this commits",
                              known == nullptr ? ", if it is unique, which is not known here" : "",
                              "; nothing else names it."),
      .instead = {.between = "Where there is such a statement, release code that names the columns "
                             "instead; wait until no older node runs.",
                  .later = absl::StrCat("ALTER TABLE ", table, " RENAME CONSTRAINT ", name, " TO ",
                                        Quoted(rename->new_name), ";")}};
}

}  // namespace

extern constinit const Rule kRule_rename_constraint = {
    .id = "migration.rename_constraint",
    .severity = v1::SEVERITY_WARN,
    .summary = "Renames a unique constraint that an ON CONFLICT of the running version may name",
    .why =
        "ON CONFLICT ON CONSTRAINT with the old name fails with 42704. All versions; no row is "
        "touched.",
    .instead = "ON CONFLICT (columns) instead of the name, in all code that runs; then rename.",
    .examine = Examine,
};

}  // namespace gate::migration
