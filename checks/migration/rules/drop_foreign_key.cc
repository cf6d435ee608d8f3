// Without the foreign key nothing fails, but ON DELETE and ON UPDATE do nothing any more: where old
// nodes delete a row and count on CASCADE or SET NULL, the rows that refer to it stay as they are,
// and keep the key from being made again. DROP CONSTRAINT takes ACCESS EXCLUSIVE on both tables for
// a moment. All versions.
//
// Not where a foreign key on the same columns takes its place by the commit, or where a column or a
// table of it is gone by then: other rules have that. ON UPDATE alone is a warning: hardly any code
// changes a key.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "checks/migration/rule.h"
#include "checks/migration/sql/parse.h"

namespace gate::migration {
namespace {

// CASCADE, SET NULL, SET DEFAULT
bool Acts(char action) { return action == 'c' || action == 'n' || action == 'd'; }

bool IsMissed(const Scene& scene, const AddConstraint& key, const Name& on) {
  const Catalog& then = scene.AtCommit();
  const Relation* table = then.Find(on);
  if (table == nullptr || then.IsAbsent(key.references)) return false;
  const bool replaced =
      std::ranges::any_of(table->constraints, [&key](const KnownConstraint& other) {
        return other.definition.kind == ConstraintKind::kForeignKey &&
               other.definition.columns == key.columns;
      });
  return !replaced && std::ranges::all_of(key.columns, [&](const std::string& column) {
    return !table->lost.contains(column) || table->Find(column) != nullptr;
  });
}

std::optional<Remark> Examine(const Scene& scene) {
  const auto* drop = As<DropConstraint>(scene.action);
  const Relation* table = drop == nullptr ? nullptr : scene.before.Find(drop->table);
  const KnownConstraint* known = table == nullptr ? nullptr : table->FindConstraint(drop->name);
  if (known == nullptr || !known->existed) return std::nullopt;
  const AddConstraint& key = known->definition;
  if (key.kind != ConstraintKind::kForeignKey) return std::nullopt;
  const bool on_delete = Acts(key.on_delete), on_update = Acts(key.on_update);
  if ((!on_delete && !on_update) || !IsMissed(scene, key, drop->table)) return std::nullopt;
  const std::string child = Quoted(drop->table), name = Quoted(drop->name);
  const std::string parent = Quoted(key.references.name);
  Remark remark{
      .subject = absl::StrCat(child, ".", name),
      .effects = {v1::EFFECT_BREAKS_RUNNING_VERSION},
      .message =
          absl::StrCat("Where nodes of the running version ",
                       on_delete ? "delete a row of " : "change a key of ", parent, ", its ",
                       on_delete ? "ON DELETE" : "ON UPDATE", " does nothing any more for ", child,
                       " from the moment this commits: rows stay that refer to nothing."),
      .instead = {.now = absl::StrCat("Keep ", name, "."),
                  .between = absl::StrCat("Release code that changes the rows of ", child,
                                          " itself; wait until no older node runs."),
                  .later = absl::StrCat("ALTER TABLE ", child, " DROP CONSTRAINT ", name, ";")}};
  if (!on_delete) remark.severity = v1::SEVERITY_WARN;
  return remark;
}

}  // namespace

extern constinit const Rule kRule_drop_foreign_key = {
    .id = "migration.drop_foreign_key",
    .severity = v1::SEVERITY_BLOCK,
    .summary = "Drops a foreign key whose ON DELETE or ON UPDATE the running version counts on",
    .why =
        "Nothing fails, but rows stay that refer to nothing, and the key cannot be had back "
        "until they are gone. All versions.",
    .instead = "Keep it until no node runs that leaves the work to it.",
    .examine = Examine,
};

}  // namespace gate::migration
