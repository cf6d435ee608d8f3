// INSERT ... ON CONFLICT (columns) needs a unique index on exactly these columns: without one it
// fails (42P10) as soon as it is planned; ON CONFLICT ON CONSTRAINT needs the constraint of that
// name (42704). So do GROUP BY over a primary key with columns that depend on it (42803), and
// UPDATE and DELETE on a published table, whose replica identity it is (55000). Meanwhile rows can
// come in that are equal, and the index cannot be had back until they are gone. DROP takes ACCESS
// EXCLUSIVE for a moment, DROP INDEX CONCURRENTLY waits instead. All versions.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "checks/migration/plan.h"
#include "checks/migration/rule.h"
#include "checks/migration/sql/parse.h"
#include "checks/migration/witness.h"

namespace gate::migration {
namespace {

// What goes, as far as it is known.
struct Dropped {
  std::string subject;
  Name table;                        // of a key that is known
  std::vector<std::string> columns;  // empty: an expression, or with WHERE
  bool nulls_equal = false;
  bool known = true;
  bool primary = false;
  std::string constraint;  // its name, where it is one
  std::string again;       // the SQL of a later release
};

std::optional<Dropped> DroppedIndex(const Scene& scene, const DropRelation& drop) {
  if (drop.kind != RelationKind::kIndex) return std::nullopt;
  const Relation* index = scene.before.Find(drop.name);
  if (index != nullptr && (!index->existed || !index->unique)) return std::nullopt;
  if (drop.if_exists && scene.before.IsAbsent(drop.name)) return std::nullopt;
  Dropped dropped{.subject = Quoted(drop.name),
                  .known = index != nullptr && !index->assumed,
                  .again = absl::StrCat("DROP INDEX CONCURRENTLY ", Quoted(drop.name),
                                        ";  -- outside of a transaction")};
  if (!dropped.known) return dropped;
  const Relation* table = scene.before.TableOf(drop.name);
  if (table != nullptr) dropped.table = table->name;
  dropped.columns = index->key.columns;
  dropped.nulls_equal = index->key.nulls_equal;
  return dropped;
}

std::optional<Dropped> DroppedConstraint(const Scene& scene, const DropConstraint& drop) {
  if (!scene.before.Existed(drop.table)) return std::nullopt;
  Dropped dropped{.subject = absl::StrCat(Quoted(drop.table), ".", Quoted(drop.name)),
                  .table = drop.table,
                  .constraint = drop.name,
                  .again = absl::StrCat("ALTER TABLE ", Quoted(drop.table), " DROP CONSTRAINT ",
                                        Quoted(drop.name), ";")};
  const Relation* table = scene.before.Find(drop.table);
  const KnownConstraint* known = table == nullptr ? nullptr : table->FindConstraint(drop.name);
  if (known == nullptr) {
    if (drop.if_exists && scene.before.IsAbsentConstraint(drop.table, drop.name)) {
      return std::nullopt;
    }
    dropped.known = false;
    return dropped;
  }
  const ConstraintKind kind = known->definition.kind;
  const bool binds_others = kind == ConstraintKind::kCheck || kind == ConstraintKind::kForeignKey;
  if (!known->existed || binds_others) return std::nullopt;
  if (kind != ConstraintKind::kExclusion) dropped.columns = known->definition.columns;
  dropped.nulls_equal = known->definition.nulls_equal;
  dropped.primary = kind == ConstraintKind::kPrimaryKey;
  return dropped;
}

// Whether ON CONFLICT finds another key in its place.
bool IsReplaced(const Scene& scene, Dropped dropped) {
  std::ranges::sort(dropped.columns);
  for (UniqueKey& key : scene.AtCommit().UniqueKeysOf(dropped.table, false)) {
    std::ranges::sort(key.columns);
    if (!dropped.columns.empty() && key.columns == dropped.columns) return true;
  }
  return false;
}

// What ON CONFLICT finds no more: by the columns, or by the constraint's name. Of a key that is not
// known nothing can be asked.
Answer WithoutIt(const Scene& scene, const Dropped& dropped, bool replaced) {
  if (!dropped.known || (dropped.columns.empty() && dropped.constraint.empty())) {
    return std::nullopt;
  }
  Answer failing = std::vector<Failing>();
  if (!dropped.constraint.empty()) {
    failing = WithoutConstraint(scene, dropped.table, dropped.constraint);
  }
  if (!dropped.columns.empty() && !replaced) {
    failing = Either(*std::move(failing), *WithoutUniqueKey(scene, dropped.table, dropped.columns));
  }
  return failing;
}

std::optional<Remark> Examine(const Scene& scene) {
  std::optional<Dropped> dropped;
  if (const auto* index = As<DropRelation>(scene.action)) dropped = DroppedIndex(scene, *index);
  if (const auto* drop = As<DropConstraint>(scene.action))
    dropped = DroppedConstraint(scene, *drop);
  if (!dropped) return std::nullopt;
  const bool replaced = dropped->known && IsReplaced(scene, *dropped);
  if (replaced) {
    if (dropped->constraint.empty()) return std::nullopt;
    const Relation* then = scene.AtCommit().Find(dropped->table);
    if (then != nullptr && then->FindConstraint(dropped->constraint) != nullptr)
      return std::nullopt;
  }
  const std::string target =
      dropped->columns.empty() ? "its columns" : absl::StrCat("(", ListOf(dropped->columns), ")");
  const std::string clause =
      replaced ? absl::StrCat("ON CONFLICT ON CONSTRAINT ", Quoted(dropped->constraint))
      : dropped->columns.empty() ? std::string("ON CONFLICT")
                                 : absl::StrCat("ON CONFLICT ", target);
  Remark remark{
      .subject = dropped->subject,
      .effects = {dropped->known ? v1::EFFECT_BREAKS_RUNNING_VERSION : v1::EFFECT_UNPROVEN},
      .message = absl::StrCat(
          dropped->known ? "Nodes"
                         : absl::StrCat("If ", dropped->subject,
                                        " is unique, which is not known here, then nodes"),
          " of the running version that write with ", clause,
          dropped->columns.empty() && !replaced ? " on its columns" : "",
          " fail from the moment this commits",
          replaced ? "; with columns it finds the other key."
                   : absl::StrCat(", and rows can come in that are equal in ", target, ".")),
      .instead = {.now = absl::StrCat("Keep ", dropped->subject, "."),
                  .between = absl::StrCat("Release code that does not write with ", clause,
                                          "; wait until no older node runs."),
                  .later = dropped->again}};
  if (replaced) remark.severity = v1::SEVERITY_WARN;
  const Answer without = WithoutIt(scene, *dropped, replaced);
  Prove(scene, without, absl::StrCat("writes with ", clause), remark);
  // GROUP BY a primary key does not name it.
  if (!dropped->primary) Clear(scene, without, dropped->table.name, remark);
  return remark;
}

}  // namespace

extern constinit const Rule kRule_drop_unique = {
    .id = "migration.drop_unique",
    .severity = v1::SEVERITY_BLOCK,
    .summary =
        "Drops a unique index or key on which an ON CONFLICT of the running version may rest",
    .why =
        "ON CONFLICT with its columns fails with 42P10, with its name with 42704, and duplicates "
        "come in that keep it from being made again. All versions; no row is touched.",
    .instead =
        "Keep it until no node runs that writes with it; where another key takes its place, make "
        "that one first.",
    .examine = Examine,
};

}  // namespace gate::migration
