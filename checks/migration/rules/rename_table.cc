// ALTER TABLE ... RENAME TO and SET SCHEMA take ACCESS EXCLUSIVE for a moment and touch no row.
// From the commit on old nodes fail on the old name (42P01); until the commit new nodes fail on the
// new one. A view with the old name, made in the same transaction, bridges it: a view on one table
// is updatable since 9.3, so reads and writes go through; ON CONFLICT does too, LOCK and TRUNCATE
// do not.
#include "absl/strings/str_cat.h"
#include "checks/migration/rule.h"
#include "checks/migration/sql/parse.h"
#include "checks/migration/witness.h"

namespace gate::migration {
namespace {

bool IsTableLike(RelationKind kind) {
  return kind != RelationKind::kIndex && kind != RelationKind::kSequence;
}

std::optional<Remark> RemarkOn(const Scene& scene, const Name& from, const Name& to, bool if_exists,
                               std::string_view clause) {
  if (!scene.before.Existed(from)) return std::nullopt;
  if (if_exists && scene.before.IsAbsent(from)) return std::nullopt;
  const std::string old_name = Quoted(from), new_name = Quoted(to);
  const Relation* bridge = scene.AtCommit().Find(from);
  if (bridge != nullptr && bridge->kind == RelationKind::kView) {
    return Remark{.subject = old_name,
                  .message = absl::StrCat("View ", old_name,
                                          ", made in the same transaction, keeps the "
                                          "old name alive for the running version."),
                  .severity = v1::SEVERITY_INFO};
  }
  Remark remark{
      .subject = old_name,
      .effects = {v1::EFFECT_BREAKS_RUNNING_VERSION, v1::EFFECT_BREAKS_NEW_VERSION},
      .message =
          absl::StrCat("Nodes of the running version fail on every statement that uses ", old_name,
                       " from the moment this commits; nodes of the new version fail on ", new_name,
                       " until it does."),
      .instead = {.now = absl::StrCat("BEGIN;\nALTER TABLE ", old_name, " ", std::string(clause),
                                      ";\n", "CREATE VIEW ", old_name, " AS SELECT * FROM ",
                                      new_name, ";\nCOMMIT;"),
                  .between = absl::StrCat("Release code that uses ", new_name,
                                          "; wait until no older node runs."),
                  .later = absl::StrCat("DROP VIEW ", old_name, ";")}};
  const Answer without = WithoutTable(scene, from);
  Prove(scene, without, absl::StrCat("names ", old_name), remark);
  Clear(scene, without, from.name, remark);
  return remark;
}

std::optional<Remark> Examine(const Scene& scene) {
  if (const auto* rename = As<RenameRelation>(scene.action); rename && IsTableLike(rename->kind)) {
    return RemarkOn(scene, rename->name, {rename->name.schema, rename->new_name}, rename->if_exists,
                    absl::StrCat("RENAME TO ", Quoted(rename->new_name)));
  }
  if (const auto* move = As<MoveRelation>(scene.action); move && IsTableLike(move->kind)) {
    return RemarkOn(scene, move->name, {move->new_schema, move->name.name}, move->if_exists,
                    absl::StrCat("SET SCHEMA ", Quoted(move->new_schema)));
  }
  return std::nullopt;
}

}  // namespace

extern constinit const Rule kRule_rename_table = {
    .id = "migration.rename_table",
    .severity = v1::SEVERITY_BLOCK,
    .summary = "Renames or moves a table or view that the running version uses",
    .why =
        "There is no moment at which both names work: old nodes fail with 42P01 after the commit, "
        "new nodes before it. All versions; no row is rewritten.",
    .instead =
        "Rename, and make a view with the old name in the same transaction; old nodes read and "
        "write through it. Drop the view once no node uses the old name.",
    .examine = Examine,
};

}  // namespace gate::migration
