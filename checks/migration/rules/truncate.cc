// TRUNCATE takes ACCESS EXCLUSIVE for a moment and takes all rows away, with CASCADE those of every
// table that refers to it as well. They are gone for the running version too, at the commit; other
// transactions see an empty table even in an older snapshot. Without CASCADE it is refused (0A000)
// where another table refers to it. All versions.
#include "absl/strings/str_cat.h"
#include "checks/migration/rule.h"
#include "checks/migration/sql/parse.h"

namespace gate::migration {
namespace {

std::optional<Remark> Examine(const Scene& scene) {
  const auto* truncate = As<Truncate>(scene.action);
  if (truncate == nullptr || !scene.before.Existed(truncate->table)) return std::nullopt;
  const std::string table = Quoted(truncate->table);
  return Remark{
      .subject = table,
      .effects = {v1::EFFECT_LOSES_DATA, v1::EFFECT_IRREVERSIBLE, v1::EFFECT_BLOCKS_READS,
                  v1::EFFECT_BLOCKS_WRITES},
      .message = absl::StrCat("All rows of ", table,
                              truncate->cascade ? " and of every table that refers to it" : "",
                              " are gone from the moment this commits, for nodes of the running "
                              "version too; rolling the code back does not bring them back."),
      .instead = {
          .now = absl::StrCat("Keep the rows, or copy them first:\nCREATE TABLE ",
                              Quoted(truncate->table.name + "_before"), " AS TABLE ", table, ";"),
          .between = absl::StrCat("Release code that does not need the rows of ", table,
                                  "; wait until no older node runs.")}};
}

}  // namespace

extern constinit const Rule kRule_truncate = {
    .id = "migration.truncate",
    .severity = v1::SEVERITY_BLOCK,
    .summary = "Takes all rows of an existing table away",
    .why =
        "The rows are lost, also for the running version and for a rollback of the code. All "
        "versions.",
    .instead = "Keep them until no code needs them, or copy them to another table first.",
    .examine = Examine,
};

}  // namespace gate::migration
