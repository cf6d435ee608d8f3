// ALTER COLUMN TYPE takes ACCESS EXCLUSIVE. Unless the new type is binary-coercible from the old
// one (varchar(20) to varchar(50) or text, a wider numeric), every row is written anew under it and
// all indexes of the column are built again: nobody reads or writes the table meanwhile. Old nodes
// then bind and read the old type; their prepared statements fail with "cached plan must not change
// result type" (0A000), once per session even where nothing is rewritten. Since PostgreSQL 12
// timestamp to timestamptz is no rewrite where the session's time zone is UTC.
#include "absl/strings/str_cat.h"
#include "checks/migration/rule.h"
#include "checks/migration/sql/parse.h"
#include "checks/migration/types.h"
#include "checks/migration/witness.h"

namespace gate::migration {
namespace {

Plan PlanFor(const std::string& table, const std::string& column, const std::string& next,
             const std::string& type) {
  return {.now = absl::StrCat("ALTER TABLE ", table, " ADD COLUMN ", next, " ", type, ";"),
          .between = absl::StrCat("Release code that writes ", column, " and ", next,
                                  "; fill the old rows in batches:\nUPDATE ", table, " SET ", next,
                                  " = ", column, "::", type, " WHERE ", next, " IS NULL AND ",
                                  column, " IS NOT NULL AND ...;\nthen release code that uses ",
                                  next, " alone; wait until no older node runs."),
          .later = absl::StrCat("ALTER TABLE ", table, " DROP COLUMN ", column, ";")};
}

std::optional<Remark> Examine(const Scene& scene) {
  const auto* change = As<ChangeType>(scene.action);
  if (change == nullptr || !scene.before.Existed(change->table, change->column))
    return std::nullopt;
  const KnownColumn* known = scene.before.Find(change->table, change->column);
  const bool type_known = known != nullptr && known->definition.type.has_value() && !known->unsure;
  TypeChange kind =
      type_known ? Compare(*known->definition.type, change->type) : TypeChange::kRewrite;
  if (kind == TypeChange::kNone && !change->computed) return std::nullopt;
  if (change->computed || (kind == TypeChange::kUtcOnly && !scene.Since(12)))
    kind = TypeChange::kRewrite;

  const std::string table = Quoted(change->table), column = Quoted(change->column);
  const std::string was = type_known ? absl::StrCat(" from ", known->definition.type->written) : "";
  Remark remark{
      .subject = absl::StrCat(table, ".", column),
      .instead = PlanFor(table, column, Quoted(change->column + "_new"), change->type.written)};
  if (kind == TypeChange::kRelabel) {
    remark.severity = v1::SEVERITY_WARN;
    remark.message =
        absl::StrCat("Changing ", table, ".", column, was, " to ", change->type.written,
                     " touches no row, but statements that old nodes have prepared with ", column,
                     " in their result fail once per session (0A000).");
    remark.instead = {.now =
                          "Go on where the driver prepares such statements again by itself; else "
                          "recycle its connections right after."};
    Prove(scene, WithOtherResult(scene, change->table, change->column),
          absl::StrCat("returns ", remark.subject), remark);
    return remark;
  }
  remark.effects = {v1::EFFECT_BREAKS_RUNNING_VERSION, v1::EFFECT_REWRITES_TABLE,
                    v1::EFFECT_BLOCKS_READS, v1::EFFECT_BLOCKS_WRITES};
  remark.message = absl::StrCat(
      "Changing ", table, ".", column, was, " to ", change->type.written, " writes all of ", table,
      " anew under ACCESS EXCLUSIVE: nobody reads or writes it meanwhile. Nodes of the running "
      "version go "
      "on with the old type: prepared statements fail (0A000), and so may what they bind or read.",
      kind == TypeChange::kUtcOnly ? " (No rewrite where the session's time zone is UTC.)" : "",
      type_known ? ""
                 : " The old type is not known here; with the schema given, a change that rewrites "
                   "nothing is told apart.");
  const std::vector<Name> tied = scene.before.TiedBy(change->table, change->column);
  if (!tied.empty()) {
    std::string tables;
    for (const Name& each : tied) {
      absl::StrAppend(&tables, tables.empty() ? "" : ", ", Quoted(each.name));
    }
    remark.effects.push_back(v1::EFFECT_SCANS_TABLE);
    absl::StrAppend(&remark.message,
                    " Foreign keys over the column are looked up again for every "
                    "row (",
                    tables, "), and these tables are locked as well.");
  }
  Prove(scene, WithOtherType(scene, change->table, change->column),
        absl::StrCat("names ", remark.subject), remark);
  return remark;
}

}  // namespace

extern constinit const Rule kRule_change_type = {
    .id = "migration.change_type",
    .severity = v1::SEVERITY_BLOCK,
    .summary = "Changes the type of a column that the running version uses",
    .why =
        "The table is written anew under a lock that nobody passes, unless the types are "
        "binary-coercible. Old nodes keep binding and reading the old type, and their prepared "
        "statements fail with 0A000. All versions; timestamp to timestamptz in UTC is free since "
        "12.",
    .instead =
        "A new column of the new type, written by both versions, filled in batches; once no node "
        "uses the old one, a later release drops it.",
    .examine = Examine,
};

}  // namespace gate::migration
