// DETACH PARTITION takes the rows of the partition out of the table: statements of old nodes find
// fewer rows, without an error, and rows that they write for that range fail (23514) where no
// default partition takes them. It takes ACCESS EXCLUSIVE on the whole table for a moment, and
// waits for all that runs on it; CONCURRENTLY (since PostgreSQL 14) takes SHARE UPDATE EXCLUSIVE,
// but is refused inside a transaction and where there is a default partition.
#include "absl/strings/str_cat.h"
#include "checks/migration/rule.h"
#include "checks/migration/sql/parse.h"

namespace gate::migration {
namespace {

std::optional<Remark> Examine(const Scene& scene) {
  const auto* detach = As<DetachPartition>(scene.action);
  if (detach == nullptr || !scene.before.Existed(detach->table) ||
      !scene.before.Existed(detach->partition)) {
    return std::nullopt;
  }
  const std::string table = Quoted(detach->table), partition = Quoted(detach->partition);
  Remark remark{
      .subject = absl::StrCat(table, ".", partition),
      .effects = {v1::EFFECT_BREAKS_RUNNING_VERSION},
      .message = absl::StrCat("Nodes of the running version do not find the rows of ", partition,
                              " in ", table,
                              " from the moment this commits, and rows that they write for its "
                              "range fail where no default partition takes them."),
      .instead = {.between = absl::StrCat("Release code that does without these rows in ", table,
                                          "; wait until no older node runs."),
                  .later = absl::StrCat("ALTER TABLE ", table, " DETACH PARTITION ", partition,
                                        " CONCURRENTLY;  -- since 14, outside of a transaction")}};
  if (!detach->concurrently) {
    remark.effects.insert(remark.effects.end(),
                          {v1::EFFECT_BLOCKS_READS, v1::EFFECT_BLOCKS_WRITES});
    absl::StrAppend(&remark.message, " It waits for every query that runs on ", table,
                    ", and all that comes meanwhile waits behind it.");
  }
  return remark;
}

}  // namespace

extern constinit const Rule kRule_detach_partition = {
    .id = "migration.detach_partition",
    .severity = v1::SEVERITY_BLOCK,
    .summary = "Takes the rows of a partition out of a table that the running version uses",
    .why =
        "Old nodes find fewer rows, without an error. Without CONCURRENTLY (since PostgreSQL "
        "14) all queries of the whole table queue behind it as well.",
    .instead = "Detach it once no running code needs its rows, with CONCURRENTLY.",
    .examine = Examine,
};

}  // namespace gate::migration
