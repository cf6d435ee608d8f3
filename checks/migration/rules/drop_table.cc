// DROP TABLE (and VIEW, MATERIALIZED VIEW, FOREIGN TABLE) takes ACCESS EXCLUSIVE, on tables that
// its foreign keys refer to as well, and deletes the files at commit. From then on every statement
// of old nodes that names it fails (42P01). With CASCADE, views and foreign keys that depend on it
// go too. A relation that is made again in the same transaction is not missed by anybody, but the
// rows of a table are gone, and whether a view has the columns it had cannot be told from its text.
#include "absl/strings/str_cat.h"
#include "checks/migration/rule.h"
#include "checks/migration/sql/parse.h"
#include "checks/migration/witness.h"

namespace gate::migration {
namespace {

std::string_view Noun(RelationKind kind) {
  switch (kind) {
    case RelationKind::kView:
      return "VIEW";
    case RelationKind::kMaterializedView:
      return "MATERIALIZED VIEW";
    case RelationKind::kForeignTable:
      return "FOREIGN TABLE";
    default:
      return "TABLE";
  }
}

Remark Replaced(const DropRelation& drop, const std::string& name) {
  const std::string noun(Noun(drop.kind));
  if (drop.kind == RelationKind::kTable) {
    return {.subject = name,
            .effects = {v1::EFFECT_LOSES_DATA, v1::EFFECT_IRREVERSIBLE},
            .message = absl::StrCat("Table ", name,
                                    " is made again in the same transaction, but the "
                                    "rows that it had are lost."),
            .instead = {
                .now = absl::StrCat("Change ", name, " with ALTER TABLE, which keeps its rows.")}};
  }
  return {.subject = name,
          .effects = {v1::EFFECT_UNPROVEN},
          .message = absl::StrCat(noun, " ", name,
                                  " is replaced; whether it still has the columns "
                                  "that the running version reads cannot be told from here."),
          .instead = {.now = absl::StrCat("CREATE OR REPLACE VIEW ", name,
                                          " ...;  -- which keeps the "
                                          "columns, and adds new ones at the end")}};
}

std::optional<Remark> Examine(const Scene& scene) {
  const auto* drop = As<DropRelation>(scene.action);
  if (drop == nullptr || drop->kind == RelationKind::kIndex ||
      drop->kind == RelationKind::kSequence) {
    return std::nullopt;
  }
  if (!scene.before.Existed(drop->name)) return std::nullopt;
  if (drop->if_exists && scene.before.IsAbsent(drop->name)) return std::nullopt;
  const std::string name = Quoted(drop->name), noun(Noun(drop->kind));
  if (scene.AtCommit().Find(drop->name) != nullptr) return Replaced(*drop, name);

  Remark remark{.subject = name, .effects = {v1::EFFECT_BREAKS_RUNNING_VERSION}};
  const bool rows = drop->kind == RelationKind::kTable;
  if (rows)
    remark.effects.insert(remark.effects.end(), {v1::EFFECT_LOSES_DATA, v1::EFFECT_IRREVERSIBLE});
  remark.message =
      absl::StrCat("Nodes of the running version fail on every statement that uses ", name,
                   " from the moment this commits",
                   rows ? "; its rows are lost, so rolling the code back does not help" : "", ".",
                   drop->cascade ? " CASCADE takes everything that depends on it along." : "");
  remark.instead = {.now = absl::StrCat("Keep ", name, "."),
                    .between = absl::StrCat("Release code that no longer uses ", name,
                                            "; wait until no older node runs."),
                    .later = absl::StrCat("DROP ", noun, " ", name, ";")};
  const Answer without = WithoutTable(scene, drop->name);
  Prove(scene, without, absl::StrCat("names ", name), remark);
  // What inherits, or is a partition, is used through another table as well.
  const Relation* known = scene.before.Find(drop->name);
  const bool by_itself = known != nullptr && (!rows || known->all_columns_known);
  if (by_itself && !drop->cascade) Clear(scene, without, drop->name.name, remark);
  return remark;
}

}  // namespace

extern constinit const Rule kRule_drop_table = {
    .id = "migration.drop_table",
    .severity = v1::SEVERITY_BLOCK,
    .summary = "Drops a table or view that the running version may still use",
    .why =
        "Old nodes still use it while the new version rolls out: their statements fail with 42P01 "
        "from the commit on, and a rollback of the code meets the same. The rows of a table are "
        "gone. All versions.",
    .instead =
        "Two releases: first the code stops using it; once no older node runs, the next "
        "release drops it.",
    .examine = Examine,
};

}  // namespace gate::migration
