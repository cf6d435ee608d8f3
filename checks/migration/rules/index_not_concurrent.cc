// CREATE INDEX takes SHARE on the table for as long as it builds: reads go on, every INSERT, UPDATE
// and DELETE waits, and so does all that queues behind them. UNIQUE and PRIMARY KEY constraints
// build theirs under ACCESS EXCLUSIVE, which stops reads as well. CONCURRENTLY takes SHARE UPDATE
// EXCLUSIVE and waits for others instead; it is refused inside a transaction, and on a partitioned
// table.
#include "absl/strings/str_cat.h"
#include "checks/migration/binding.h"
#include "checks/migration/plan.h"
#include "checks/migration/rule.h"
#include "checks/migration/sql/parse.h"

namespace gate::migration {
namespace {

bool IsMeasured(const Scene& scene, const Name& table) {
  const Relation* known = scene.before.Find(table);
  return known != nullptr && known->state.has_value();
}

std::optional<Remark> OnIndex(const Scene& scene, const CreateIndex& create) {
  if (create.concurrently || create.only || !scene.before.Existed(create.table))
    return std::nullopt;
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

std::optional<Remark> OnKey(const AddConstraint& key, std::string_view kind) {
  if (!key.index.empty()) return std::nullopt;
  const std::string table = Quoted(key.table), list = ListOf(key.columns);
  const std::string name = Quoted(NameFor(key));
  return Remark{
      .subject = absl::StrCat(table, " (", list, ")"),
      .effects = {v1::EFFECT_BLOCKS_READS, v1::EFFECT_BLOCKS_WRITES},
      .message = absl::StrCat("The index of this ", std::string(kind),
                              " constraint is built under ACCESS EXCLUSIVE: "
                              "nobody reads or writes ",
                              table, " until it is done."),
      .instead = {.now = absl::StrCat("CREATE UNIQUE INDEX CONCURRENTLY ", name, " ON ", table,
                                      " (", list, ");  -- outside of a transaction"),
                  .later = absl::StrCat("ALTER TABLE ", table, " ADD ", std::string(kind),
                                        " USING INDEX ", name, ";")},
      .locked = {key.table}};
}

std::optional<Remark> Examine(const Scene& scene) {
  if (const auto* create = As<CreateIndex>(scene.action)) return OnIndex(scene, *create);
  if (const auto* key = AddedConstraint(scene, ConstraintKind::kUnique)) {
    return OnKey(*key, "UNIQUE");
  }
  if (const auto* key = AddedConstraint(scene, ConstraintKind::kPrimaryKey)) {
    return OnKey(*key, "PRIMARY KEY");
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
