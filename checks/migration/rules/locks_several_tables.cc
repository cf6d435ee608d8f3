// Each ALTER TABLE takes its lock when it runs, and the transaction keeps them all to its end. With
// two tables under ACCESS EXCLUSIVE the first is closed for as long as the second has to be waited
// for; and code that uses them in the other order in one transaction meets it half-way: a deadlock
// (40P01), which ends one of both after deadlock_timeout. All versions.
//
// For information, once in each transaction: many migrations do it, and on quiet tables nobody
// notices.
#include "absl/strings/str_cat.h"
#include "checks/migration/locks.h"
#include "checks/migration/rule.h"
#include "checks/migration/sql/parse.h"

namespace gate::migration {
namespace {

std::optional<Remark> Examine(const Scene& scene) {
  if (scene.held.closed() != 1 || As<DropRelation>(scene.action)) return std::nullopt;
  const TableLock* first = scene.held.Strongest();
  for (const TableLock& lock : LocksOf(scene.action, scene.before)) {
    const TableLock* held = scene.held.On(scene.before, lock.table);
    if (!StopsReads(lock.mode) || (held != nullptr && StopsReads(held->mode))) continue;
    const std::string one = Quoted(first->table), other = Quoted(lock.table);
    return Remark{
        .subject = other,
        .effects = {v1::EFFECT_BLOCKS_READS, v1::EFFECT_BLOCKS_WRITES},
        .message = absl::StrCat(one, " stays closed, for reads as well, while this waits for ",
                                other, "; code that uses ", other, " and then ", one,
                                " in one transaction may meet a deadlock."),
        .instead = {.now = "A transaction for each table."},
        .locked = {first->table, lock.table}};
  }
  return std::nullopt;
}

}  // namespace

extern constinit const Rule kRule_locks_several_tables = {
    .id = "migration.locks_several_tables",
    .severity = v1::SEVERITY_INFO,
    .summary = "Closes several existing tables in one transaction",
    .why =
        "The first stays closed while the others are waited for, and code that uses them in "
        "another order meets deadlocks. All versions.",
    .instead = "A transaction for each table.",
    .examine = Examine,
};

}  // namespace gate::migration
