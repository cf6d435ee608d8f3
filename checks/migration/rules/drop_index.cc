// DROP INDEX takes ACCESS EXCLUSIVE on the index's table: a moment, but it waits for every query
// that runs on it, and what comes meanwhile queues behind it, reads too; inside a transaction it
// then keeps the lock up to the end. CONCURRENTLY (since PostgreSQL 9.2) stops nobody; it is
// refused inside a transaction, for indexes of partitioned tables, and for those behind a
// constraint. Statements of old nodes that were fast by it are slow from then on.
//
// A warning alone: other short ALTER TABLEs queue no less, but here one word is all it takes.
#include "absl/strings/str_cat.h"
#include "checks/migration/rule.h"
#include "checks/migration/sql/parse.h"

namespace gate::migration {
namespace {

std::optional<Remark> Examine(const Scene& scene) {
  const auto* drop = As<DropRelation>(scene.action);
  if (drop == nullptr || drop->kind != RelationKind::kIndex || drop->concurrently ||
      !scene.before.Existed(drop->name)) {
    return std::nullopt;
  }
  if (drop->if_exists && scene.before.IsAbsent(drop->name)) return std::nullopt;
  const Relation* table = scene.before.TableOf(drop->name);
  if (table != nullptr && !table->existed) return std::nullopt;
  const std::string index = Quoted(drop->name);
  const std::string on = table == nullptr ? std::string("its table") : Quoted(table->name.name);
  Remark remark{
      .subject = index,
      .effects = {v1::EFFECT_BLOCKS_READS, v1::EFFECT_BLOCKS_WRITES},
      .message = absl::StrCat("Dropping ", index, " waits for every query that runs on ", on,
                              " to end, and all that comes to ", on,
                              " meanwhile waits behind it, reads too. Queries of the running "
                              "version that were fast by this index are not any more."),
      .instead = {.now =
                      absl::StrCat("DROP INDEX CONCURRENTLY ", drop->if_exists ? "IF EXISTS " : "",
                                   index, ";  -- outside of a transaction")}};
  if (table != nullptr) remark.locked = {table->name};
  return remark;
}

}  // namespace

extern constinit const Rule kRule_drop_index = {
    .id = "migration.drop_index",
    .severity = v1::SEVERITY_WARN,
    .summary = "Drops an index without CONCURRENTLY",
    .why =
        "It waits for a lock that no query passes, and all queries of the table queue behind "
        "it, for as long as the longest one before it runs. All versions.",
    .instead = "DROP INDEX CONCURRENTLY, outside of a transaction.",
    .examine = Examine,
};

}  // namespace gate::migration
