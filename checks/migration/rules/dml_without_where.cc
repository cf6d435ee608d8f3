// UPDATE and DELETE without WHERE go through the whole table in one transaction: each row stays
// locked up to the end, so writes of old nodes to it wait; each leaves a dead version behind, which
// doubles the table; replicas fall behind. What DELETE takes is gone for the running version, and
// for a rollback of the code. All versions.
#include "absl/strings/str_cat.h"
#include "checks/migration/locks.h"
#include "checks/migration/rule.h"
#include "checks/migration/sql/parse.h"

namespace gate::migration {
namespace {

Remark OnDelete(const WriteRows& write) {
  const std::string table = Quoted(write.table);
  return {.subject = table,
          .effects = {v1::EFFECT_LOSES_DATA, v1::EFFECT_IRREVERSIBLE, v1::EFFECT_BLOCKS_WRITES},
          .message = absl::StrCat("All rows of ", table,
                                  " are gone from the moment this commits, for nodes of the "
                                  "running version too; rolling the code back does not bring "
                                  "them back."),
          .instead = {.now = "Keep the rows.",
                      .between = absl::StrCat("Release code that does not need the rows of ", table,
                                              "; wait until no older node runs."),
                      .later = absl::StrCat("Delete them in batches:\nDELETE FROM ", table,
                                            " WHERE ...;")}};
}

std::optional<Remark> Examine(const Scene& scene) {
  const auto* write = As<WriteRows>(scene.action);
  if (write == nullptr || !write->all || !scene.before.Existed(write->table)) return std::nullopt;
  if (write->verb == RowVerb::kDelete) return OnDelete(*write);
  if (scene.held.Strongest() != nullptr) return std::nullopt;  // backfill_in_transaction has it.
  const std::string table = Quoted(write->table);
  return Remark{.subject = table,
                .effects = {v1::EFFECT_BLOCKS_WRITES},
                .message = absl::StrCat("This changes every row of ", table,
                                        " in one transaction: each stays locked until its end, "
                                        "and writes of the running version to it wait."),
                .instead = {.now = absl::StrCat("In batches, each a transaction of its own:\n",
                                                std::string(Slice(scene.text, scene.action.span)),
                                                " WHERE <the next rows by primary key>;")},
                .severity = v1::SEVERITY_WARN,
                .locked = {write->table}};
}

}  // namespace

extern constinit const Rule kRule_dml_without_where = {
    .id = "migration.dml_without_where",
    .severity = v1::SEVERITY_BLOCK,
    .summary = "Changes or deletes all rows of an existing table in one statement",
    .why =
        "Each row stays locked until the end, and the table grows by as many dead rows. What is "
        "deleted is lost, also for a rollback of the code. All versions.",
    .instead =
        "Batches by primary key, each a transaction of its own; rows go when no code needs "
        "them.",
    .examine = Examine,
};

}  // namespace gate::migration
