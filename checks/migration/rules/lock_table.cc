// LOCK TABLE holds its lock up to the end of the transaction, however long the statements behind it
// take; outside of a transaction it is refused. ACCESS EXCLUSIVE, its default, stops reads and
// writes; SHARE, SHARE ROW EXCLUSIVE and EXCLUSIVE stop writes. The weaker modes stop nobody's
// rows.
//
// A warning alone: whoever writes it wants the lock, and how long it lasts depends on the rest.
#include "absl/strings/str_cat.h"
#include "checks/migration/locks.h"
#include "checks/migration/rule.h"
#include "checks/migration/sql/parse.h"

namespace gate::migration {
namespace {

std::optional<Remark> Examine(const Scene& scene) {
  const auto* lock = As<LockTable>(scene.action);
  if (lock == nullptr || !scene.before.Existed(lock->table)) return std::nullopt;
  const std::string table = Quoted(lock->table);
  const bool reads = StopsReads(LocksOf(scene.action, scene.before).front().mode);
  Remark remark{
      .subject = table,
      .effects = {v1::EFFECT_BLOCKS_WRITES},
      .message = absl::StrCat(lock->mode, " on ", table, " lasts until the transaction ends: ",
                              reads ? "nobody reads or writes it" : "writes to it wait",
                              " that long, and LOCK TABLE itself waits for all that runs on it."),
      .instead = {.now = absl::StrCat(
                      "SET LOCAL lock_timeout = '2s';\nLOCK TABLE ", table,
                      " IN SHARE UPDATE EXCLUSIVE MODE;  -- keeps other migrations away, no rows")},
      .locked = {lock->table}};
  if (reads) remark.effects.push_back(v1::EFFECT_BLOCKS_READS);
  return remark;
}

}  // namespace

extern constinit const Rule kRule_lock_table = {
    .id = "migration.lock_table",
    .severity = v1::SEVERITY_WARN,
    .summary = "Locks an existing table up to the end of the transaction",
    .why =
        "Writes wait until the transaction ends, reads as well in the default mode. All "
        "versions.",
    .instead = "Do without it, or keep the transaction short and give it a lock_timeout.",
    .examine = Examine,
};

}  // namespace gate::migration
