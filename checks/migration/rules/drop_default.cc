// DROP DEFAULT takes ACCESS EXCLUSIVE for a moment and touches no row. On a NOT NULL column it
// makes the column required: from the commit on every INSERT that leaves it out fails (23502), and
// old nodes may do so, since the default has filled it for them. On a column that may be null
// nothing fails, and neither where the same transaction gives the column a default again.
#include "absl/strings/str_cat.h"
#include "checks/migration/rule.h"
#include "checks/migration/sql/parse.h"
#include "checks/migration/witness.h"

namespace gate::migration {
namespace {

std::optional<Remark> Examine(const Scene& scene) {
  const auto* drop = As<DropDefault>(scene.action);
  if (drop == nullptr || !scene.before.Existed(drop->table, drop->column)) return std::nullopt;
  const KnownColumn* known = scene.before.Find(drop->table, drop->column);
  const bool required = known != nullptr && known->definition.not_null;
  const bool whole = known != nullptr && known->definition.type && !known->unsure;
  if (whole && (!required || !known->definition.filled)) return std::nullopt;
  const KnownColumn* then = scene.AtCommit().Find(drop->table, drop->column);
  if (then != nullptr && then->definition.filled) return std::nullopt;  // It has another by then.
  if (whole && then != nullptr && !then->definition.not_null)
    return std::nullopt;  // Or may be NULL.
  const std::string table = Quoted(drop->table), column = Quoted(drop->column);
  Remark remark{
      .subject = absl::StrCat(table, ".", column),
      .effects = {required ? v1::EFFECT_BREAKS_RUNNING_VERSION : v1::EFFECT_UNPROVEN},
      .message = absl::StrCat(
          required ? "Nodes" : "If the column is NOT NULL, which is not known here, then nodes",
          " of the running version that leave ", table, ".", column,
          " out of an INSERT fail from the moment this commits."),
      .instead = {.now = "Keep the default.",
                  .between = absl::StrCat("Release code that always writes ", table, ".", column,
                                          "; wait until no older node runs."),
                  .later = absl::StrCat("ALTER TABLE ", table, " ALTER COLUMN ", column,
                                        " DROP DEFAULT;")}};
  const Answer without = WithoutDefault(scene, drop->table, drop->column);
  Prove(scene, required ? without : Maybe(*without),
        absl::StrCat("leaves ", remark.subject, " out of an INSERT"), remark);
  if (required) Clear(scene, without, drop->table.name, remark);
  return remark;
}

}  // namespace

extern constinit const Rule kRule_drop_default = {
    .id = "migration.drop_default",
    .severity = v1::SEVERITY_BLOCK,
    .summary = "Drops the default of a NOT NULL column that the running version may leave out",
    .why =
        "Old nodes that rely on the default leave the column out: their INSERTs fail with 23502 "
        "from the commit on. All versions; no row is touched.",
    .instead = "Keep the default until no node runs that relies on it.",
    .examine = Examine,
};

}  // namespace gate::migration
