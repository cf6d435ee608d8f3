// A column becomes required when it is NOT NULL and nothing fills it. Old nodes do not know the
// column: every INSERT of theirs leaves it out and fails (23502) from the commit on. It comes about
// in one clause (ADD COLUMN ... NOT NULL, which also fails at once on a table with rows) or in
// steps of one release: ADD COLUMN, UPDATE, SET NOT NULL; or ADD COLUMN NOT NULL DEFAULT, DROP
// DEFAULT. A default makes it harmless; since PostgreSQL 11 a constant one is not written into each
// row.
#include "absl/strings/str_cat.h"
#include "checks/migration/binding.h"
#include "checks/migration/rule.h"
#include "checks/migration/sql/parse.h"
#include "checks/migration/witness.h"

namespace gate::migration {
namespace {

// The column that this action makes required, where the table is old and the column is not.
const std::string* MadeRequired(const Scene& scene, Name& table) {
  if (const auto* add = As<AddColumn>(scene.action)) {
    table = add->table;
    if (add->if_not_exists && scene.before.Find(add->table, add->column.name)) return nullptr;
    return add->column.not_null && !add->column.filled ? &add->column.name : nullptr;
  }
  if (const auto* set = As<SetNotNull>(scene.action)) {
    table = set->table;
    const KnownColumn* column = scene.before.Find(set->table, set->column);
    return column && !column->existed && !column->definition.filled ? &set->column : nullptr;
  }
  if (const auto* drop = As<DropDefault>(scene.action)) {
    table = drop->table;
    const KnownColumn* column = scene.before.Find(drop->table, drop->column);
    return column && !column->existed && column->definition.not_null ? &drop->column : nullptr;
  }
  return nullptr;
}

bool FilledAtCommit(const Scene& scene, const Name& table, const std::string& column) {
  if (As<AddColumn>(scene.action) != nullptr) return false;
  const KnownColumn* then = scene.AtCommit().Find(table, column);
  return then == nullptr || then->definition.filled || !then->definition.not_null;
}

std::optional<Remark> Examine(const Scene& scene) {
  Name on;
  const std::string* made = MadeRequired(scene, on);
  if (made == nullptr || !scene.before.Existed(on)) return std::nullopt;
  if (FilledAtCommit(scene, on, *made)) return std::nullopt;
  const std::string table = Quoted(on), column = Quoted(*made);
  const auto* add = As<AddColumn>(scene.action);
  const KnownColumn* known = scene.before.Find(on, *made);
  const std::optional<Type> type = add ? add->column.type : known->definition.type;
  Remark remark{
      .subject = absl::StrCat(table, ".", column),
      .effects = {v1::EFFECT_BREAKS_RUNNING_VERSION},
      .message = absl::StrCat("Nodes of the running version do not know ", table, ".", column,
                              ": each of their INSERTs into ", table,
                              " fails from the moment this "
                              "commits, since the column is NOT NULL and has no default.",
                              add ? " On a table with rows the statement itself fails." : ""),
      .instead = {
          .now = absl::StrCat("ALTER TABLE ", table, " ADD COLUMN ", column, " ",
                              type ? type->written : "<type>", ";"),
          .between = absl::StrCat("Release code that always writes ", table, ".", column,
                                  "; wait until no older node runs; fill the old rows in batches."),
          .later =
              absl::StrCat("ALTER TABLE ", table, " ALTER COLUMN ", column, " SET NOT NULL;")}};
  if (add != nullptr) {
    remark.effects.push_back(v1::EFFECT_SCANS_TABLE);
  } else if (As<SetNotNull>(scene.action) && !IsProvenNotNull(scene, on, *made)) {
    remark.effects.insert(remark.effects.end(), {v1::EFFECT_SCANS_TABLE, v1::EFFECT_BLOCKS_READS,
                                                 v1::EFFECT_BLOCKS_WRITES});
    absl::StrAppend(&remark.message, " PostgreSQL reads all of ", table,
                    " under ACCESS EXCLUSIVE: reads and writes wait that long.");
  }
  Prove(scene, WithoutDefault(scene, on, *made), absl::StrCat("inserts into ", table), remark);
  return remark;
}

}  // namespace

extern constinit const Rule kRule_required_column = {
    .id = "migration.required_column",
    .severity = v1::SEVERITY_BLOCK,
    .summary = "Adds a column that every INSERT must fill, and old nodes do not know it",
    .why =
        "Old nodes leave the new column out: their INSERTs fail with 23502 from the commit on. "
        "Without a default the statement fails on any table with rows. All versions.",
    .instead =
        "Add it nullable, or with a default that stays; let the code write it; make it NOT NULL "
        "once no older node runs.",
    .examine = Examine,
};

}  // namespace gate::migration
