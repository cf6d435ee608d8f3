// RENAME COLUMN takes ACCESS EXCLUSIVE for a moment and touches no row. But there is no moment at
// which both names work: from the commit on old nodes fail on the old name (42703), and until the
// commit new nodes fail on the new one. SELECT * does not fail and is worse: the field silently has
// another name. PostgreSQL has no alias for a column, in any version.
#include "absl/strings/str_cat.h"
#include "checks/migration/rule.h"
#include "checks/migration/sql/parse.h"
#include "checks/migration/witness.h"

namespace gate::migration {
namespace {

std::string TypeText(const KnownColumn* column) {
  const bool known = column != nullptr && column->definition.type;
  return known ? column->definition.type->written : "<type of the old column>";
}

std::optional<Remark> Examine(const Scene& scene) {
  const auto* rename = As<RenameColumn>(scene.action);
  if (rename == nullptr || !scene.before.Existed(rename->table, rename->column))
    return std::nullopt;
  const std::string table = Quoted(rename->table), from = Quoted(rename->column),
                    to = Quoted(rename->new_name);
  Remark remark{
      .subject = absl::StrCat(table, ".", from),
      .effects = {v1::EFFECT_BREAKS_RUNNING_VERSION, v1::EFFECT_BREAKS_NEW_VERSION},
      .message = absl::StrCat("Nodes of the running version fail on every statement that names ",
                              table, ".", from,
                              " from the moment this commits; nodes of the new "
                              "version fail on ",
                              to, " until it does."),
      .instead = {
          .now = absl::StrCat("ALTER TABLE ", table, " ADD COLUMN ", to, " ",
                              TypeText(scene.before.Find(rename->table, rename->column)), ";"),
          .between =
              absl::StrCat("Release code that writes ", from, " and ", to,
                           " (or keep them equal with a trigger); fill the old rows "
                           "in batches:\nUPDATE ",
                           table, " SET ", to, " = ", from, " WHERE ", to, " IS NULL AND ", from,
                           " IS NOT NULL AND ...;\n"
                           "then release code that uses ",
                           to, " alone; wait until no older node runs."),
          .later = absl::StrCat("ALTER TABLE ", table, " DROP COLUMN ", from, ";")}};
  const Answer without = WithoutColumnName(scene, rename->table, rename->column);
  Prove(scene, without, absl::StrCat("names ", remark.subject), remark);
  Clear(scene, without, rename->column, remark);
  return remark;
}

}  // namespace

extern constinit const Rule kRule_rename_column = {
    .id = "migration.rename_column",
    .severity = v1::SEVERITY_BLOCK,
    .summary = "Renames a column that the running version uses",
    .why =
        "There is no moment at which both names work: old nodes fail with 42703 after the commit, "
        "new nodes before it. Readers of SELECT * see the name change without an error. All "
        "versions; no row is rewritten.",
    .instead =
        "Add the new column, write both, fill the old rows in batches, read the new one; once "
        "no node uses the old name, a later release drops it.",
    .examine = Examine,
};

}  // namespace gate::migration
