// DROP COLUMN takes ACCESS EXCLUSIVE for a moment: PostgreSQL only marks the column as dropped, no
// row is touched. From the commit on every statement that names the column fails (42703), and so
// does every INSERT without a column list that counts on its place; prepared SELECT * fails once in
// each session (0A000). While old nodes are still running, they are the ones who send them. What
// was in the column is out of reach at once, in every version.
//
// A column of the same name in the same transaction does not undo that. Statements that name it
// work again, but they read NULL or the default where data was; the column stands last, so INSERT
// without a column list and prepared SELECT * meet another order; its indexes and constraints are
// gone (ON CONFLICT fails, 42P10); with another type prepared statements fail (0A000).
#include "absl/strings/str_cat.h"
#include "checks/migration/rule.h"
#include "checks/migration/sql/parse.h"
#include "checks/migration/witness.h"

namespace gate::migration {
namespace {

// New code has to be able to leave the column out before it can go.
std::string LetItBeLeftOut(const KnownColumn* known, const std::string& table,
                           const std::string& column) {
  const bool optional = known != nullptr && known->definition.type && !known->unsure &&
                        (known->definition.filled || !known->definition.not_null);
  if (optional) return absl::StrCat("Keep ", table, ".", column, ".");
  return absl::StrCat("ALTER TABLE ", table, " ALTER COLUMN ", column,
                      " DROP NOT NULL;  -- so that new code may leave it out");
}

Remark MadeAgain(const std::string& table, const std::string& column) {
  return {.subject = absl::StrCat(table, ".", column),
          .effects = {v1::EFFECT_BREAKS_RUNNING_VERSION, v1::EFFECT_LOSES_DATA,
                      v1::EFFECT_IRREVERSIBLE},
          .message = absl::StrCat(
              "Another column takes the name of ", table, ".", column,
              " in the same transaction, but what was in the old one is lost, and so are its "
              "indexes and constraints: nodes of the running version read other values, and their "
              "INSERTs without a column list, prepared SELECT * and ON CONFLICT may fail."),
          .instead = {.now = absl::StrCat("Change ", table, ".", column,
                                          " with ALTER COLUMN, which keeps what is in it, or add "
                                          "a column with a new name.")}};
}

std::optional<Remark> Examine(const Scene& scene) {
  const auto* drop = As<DropColumn>(scene.action);
  if (drop == nullptr || !scene.before.Existed(drop->table, drop->column)) return std::nullopt;
  if (drop->if_exists && scene.before.IsAbsent(drop->table, drop->column)) return std::nullopt;
  const std::string table = Quoted(drop->table), column = Quoted(drop->column);
  if (scene.AtCommit().Find(drop->table, drop->column) != nullptr) {
    return MadeAgain(table, column);
  }
  Remark remark{
      .subject = absl::StrCat(table, ".", column),
      .effects = {v1::EFFECT_BREAKS_RUNNING_VERSION, v1::EFFECT_LOSES_DATA,
                  v1::EFFECT_IRREVERSIBLE},
      .message = absl::StrCat("Nodes of the running version fail on every statement that names ",
                              table, ".", column,
                              " from the moment this commits; what is in the "
                              "column is lost, so rolling the code back does not help."),
      .instead = {
          .now = LetItBeLeftOut(scene.before.Find(drop->table, drop->column), table, column),
          .between = absl::StrCat("Release code that neither reads nor writes ", table, ".", column,
                                  "; wait until no older node runs."),
          .later = absl::StrCat("ALTER TABLE ", table, " DROP COLUMN ", column, ";")}};
  const Answer without = WithoutColumn(scene, drop->table, drop->column);
  Prove(scene, without, absl::StrCat("names ", remark.subject), remark);
  if (!drop->cascade) Clear(scene, without, drop->column, remark);
  return remark;
}

}  // namespace

extern constinit const Rule kRule_drop_column = {
    .id = "migration.drop_column",
    .severity = v1::SEVERITY_BLOCK,
    .summary = "Drops a column that the running version may still use",
    .why =
        "Old nodes still name the column while the new version rolls out: their statements fail "
        "with 42703 from the commit on, and a rollback of the code meets the same. The data is "
        "gone. All versions; no row is rewritten.",
    .instead =
        "Two releases: first the code stops using the column (let it be null, so that new "
        "code can leave it out); once no older node runs, the next release drops it.",
    .examine = Examine,
};

}  // namespace gate::migration
