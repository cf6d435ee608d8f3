// CREATE INDEX takes SHARE on the table for as long as it builds: reads go on, every INSERT, UPDATE
// and DELETE waits, and so does all that queues behind them. UNIQUE and PRIMARY KEY constraints
// build theirs under ACCESS EXCLUSIVE, which stops reads as well. CONCURRENTLY takes SHARE UPDATE
// EXCLUSIVE and waits for others instead; it is refused inside a transaction, and on a partitioned
// table.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "checks/migration/binding.h"
#include "checks/migration/plan.h"
#include "checks/migration/rule.h"
#include "checks/migration/sql/parse.h"
#include "checks/migration/types.h"

namespace gate::migration {
namespace {

bool IsMeasured(const Scene& scene, const Name& table) {
  const Relation* known = scene.before.Find(table);
  return known != nullptr && known->state.has_value();
}

std::optional<Remark> OnIndex(const Scene& scene, const CreateIndex& create) {
  if (create.concurrently || create.only || !scene.before.Existed(create.table))
    return std::nullopt;
  const Relation* twin = scene.before.Find({create.table.schema, create.name});
  if (create.if_not_exists && twin != nullptr && !twin->assumed) return std::nullopt;
  const std::string table = Quoted(create.table);
  const std::string name = create.name.empty() ? "" : Quoted(create.name);
  return Remark{
      .subject = name.empty() ? table : absl::StrCat(table, ".", name),
      .effects = {v1::EFFECT_BLOCKS_WRITES},
      .message = absl::StrCat("Building this index reads all of ", table,
                              " under SHARE: every write to ", table, " waits until it is done.",
                              IsMeasured(scene, create.table)
                                  ? ""
                                  : " How large the table is cannot be seen from here; where it is "
                                    "small, the policy may say so."),
      .instead = {.now = WithConcurrently(Slice(scene.text, scene.action.span))},
      .locked = {create.table}};
}

// A primary key makes its columns NOT NULL, and PostgreSQL looks whether they are.
bool Scans(const Scene& scene, const AddConstraint& key) {
  return key.kind == ConstraintKind::kPrimaryKey &&
         std::ranges::any_of(key.columns, [&](const std::string& column) {
           const KnownColumn* known = scene.before.Find(key.table, column);
           const bool not_null = known != nullptr && !known->unsure && known->definition.not_null;
           return !not_null && !IsProvenNotNull(scene, key.table, column);
         });
}

std::optional<Remark> OnKey(const Scene& scene, const AddConstraint& key, std::string_view kind) {
  if (!key.index.empty()) return std::nullopt;
  const std::string table = Quoted(key.table), list = ListOf(key.columns);
  const std::string name = Quoted(NameFor(key));
  const bool scans = Scans(scene, key);
  Remark remark{
      .subject = absl::StrCat(table, " (", list, ")"),
      .effects = {v1::EFFECT_BLOCKS_READS, v1::EFFECT_BLOCKS_WRITES},
      .message = absl::StrCat("The index of this ", std::string(kind),
                              " constraint is built under ACCESS EXCLUSIVE: "
                              "nobody reads or writes ",
                              table, " until it is done.",
                              scans ? " Its columns may be NULL until now, so all rows are read "
                                      "once more for that."
                                    : ""),
      .instead = {.now = absl::StrCat("CREATE UNIQUE INDEX CONCURRENTLY ", name, " ON ", table,
                                      " (", list, ");  -- outside of a transaction"),
                  .later = absl::StrCat("ALTER TABLE ", table, " ADD ", std::string(kind),
                                        " USING INDEX ", name, ";")},
      .locked = {key.table}};
  if (scans) remark.effects.push_back(v1::EFFECT_SCANS_TABLE);
  return remark;
}

// A change of type that writes no row still builds an index again that has an expression or WHERE
// over the column: PostgreSQL does not compare those.
std::optional<Remark> OnType(const Scene& scene, const ChangeType& change) {
  const KnownColumn* known = scene.before.Find(change.table, change.column);
  const bool sure = known != nullptr && known->definition.type && !known->unsure;
  if (!sure || change.computed || !scene.before.Existed(change.table, change.column)) return {};
  if (Compare(*known->definition.type, change.type) != TypeChange::kRelabel) return {};
  const std::vector<Name> indexes = scene.before.IndexesOver(change.table, change.column);
  if (indexes.empty()) return {};
  std::string list, drop;
  for (const Name& index : indexes) {
    absl::StrAppend(&list, list.empty() ? "" : ", ", Quoted(index.name));
    absl::StrAppend(&drop, "DROP INDEX CONCURRENTLY ", Quoted(index.name), ";\n");
  }
  const std::string table = Quoted(change.table);
  return Remark{
      .subject = absl::StrCat(table, ".", Quoted(change.column)),
      .effects = {v1::EFFECT_BLOCKS_READS, v1::EFFECT_BLOCKS_WRITES},
      .message = absl::StrCat("This writes no row, but ", list,
                              " has an expression or a WHERE over the column and is built again "
                              "under ACCESS EXCLUSIVE: nobody reads or writes ",
                              table, " until it is done."),
      .instead = {.now = absl::StrCat(drop, "ALTER TABLE ", table, " ",
                                      std::string(Slice(scene.text, scene.action.span)),
                                      ";\nthen build again what was dropped, with CONCURRENTLY.")},
      .locked = {change.table}};
}

std::optional<Remark> Examine(const Scene& scene) {
  if (const auto* change = As<ChangeType>(scene.action)) return OnType(scene, *change);
  if (const auto* create = As<CreateIndex>(scene.action)) return OnIndex(scene, *create);
  if (const auto* key = AddedConstraint(scene, ConstraintKind::kUnique)) {
    return OnKey(scene, *key, "UNIQUE");
  }
  if (const auto* key = AddedConstraint(scene, ConstraintKind::kPrimaryKey)) {
    return OnKey(scene, *key, "PRIMARY KEY");
  }
  return std::nullopt;
}

}  // namespace

extern constinit const Rule kRule_index_not_concurrent = {
    .id = "migration.index_not_concurrent",
    .severity = v1::SEVERITY_BLOCK,
    .summary = "Builds an index on an existing table without CONCURRENTLY",
    .why =
        "Writes to the table wait for as long as the index is built (for a UNIQUE or PRIMARY KEY "
        "constraint reads wait too). All versions.",
    .instead =
        "CREATE INDEX CONCURRENTLY, outside of a transaction; for a constraint, build the index "
        "so and attach it with USING INDEX. For small tables lower the severity in the policy.",
    .examine = Examine,
};

}  // namespace gate::migration
