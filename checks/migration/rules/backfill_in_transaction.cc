// A transaction gives no lock back before it ends. Where it has taken a strong one on a table first
// (ALTER TABLE: ACCESS EXCLUSIVE; CREATE INDEX, a foreign key, a trigger: one that stops writes),
// an UPDATE, DELETE or INSERT ... SELECT behind it holds that table for as long as the rows take,
// and everybody queues. It also leaves each row that it has changed locked up to the end. All
// versions.
//
// Where WHERE compares a column with a constant, it may be a matter of a few rows: a warning.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "checks/migration/locks.h"
#include "checks/migration/rule.h"
#include "checks/migration/sql/parse.h"

namespace gate::migration {
namespace {

std::string_view Words(RowVerb verb) {
  switch (verb) {
    case RowVerb::kInsert:
      return "INSERT ... SELECT";
    case RowVerb::kUpdate:
      return "UPDATE";
    case RowVerb::kDelete:
      return "DELETE";
    case RowVerb::kMerge:
      return "MERGE";
  }
  return "";
}

// The old table whose rows take the time, or nullptr.
const Name* Worked(const Scene& scene, const WriteRows& write) {
  if (scene.before.Existed(write.table)) return &write.table;
  const auto old = std::ranges::find_if(
      write.reads, [&scene](const Name& table) { return scene.before.Existed(table); });
  return old == write.reads.end() ? nullptr : &*old;
}

std::optional<Remark> Examine(const Scene& scene) {
  const auto* write = As<WriteRows>(scene.action);
  const TableLock* held = scene.held.Strongest();
  if (write == nullptr || held == nullptr) return std::nullopt;
  const Name* worked = Worked(scene, *write);
  if (worked == nullptr) return std::nullopt;
  const std::string table = Quoted(write->table), locked = Quoted(held->table);
  const bool reads = StopsReads(held->mode);
  Remark remark{
      .subject = table,
      .effects = {v1::EFFECT_BLOCKS_WRITES},
      .message = absl::StrCat(
          "The transaction has taken ", std::string(Words(held->mode)), " on ", locked,
          " before, and keeps it while this ", std::string(Words(write->verb)),
          " goes through the rows of ", Quoted(*worked), ": ",
          reads ? "nobody reads or writes " : "nobody writes ", locked, " until both are done."),
      .instead = {.now = "Only what changes the schema.",
                  .later = absl::StrCat(
                      std::string(Slice(scene.text, scene.action.span)),
                      ";  -- in a file of its own, in batches, each a transaction of its own")},
      .locked = {held->table, *worked}};
  if (reads) remark.effects.push_back(v1::EFFECT_BLOCKS_READS);
  if (write->narrow) remark.severity = v1::SEVERITY_WARN;
  return remark;
}

}  // namespace

extern constinit const Rule kRule_backfill_in_transaction = {
    .id = "migration.backfill_in_transaction",
    .severity = v1::SEVERITY_BLOCK,
    .summary = "Changes rows in a transaction that has locked an existing table before",
    .why =
        "The lock of the schema change lasts until the rows are done, and everybody waits for "
        "it. All versions.",
    .instead = "Change the schema in one transaction; change rows in others, in batches.",
    .examine = Examine,
};

}  // namespace gate::migration
