// CLUSTER, VACUUM FULL, SET LOGGED, SET UNLOGGED and SET ACCESS METHOD write a table and its
// indexes anew, SET TABLESPACE copies its files; all under ACCESS EXCLUSIVE, so nobody reads or
// writes it meanwhile, and it takes its size in disk space once more. All versions (SET ACCESS
// METHOD since 15). CLUSTER ON and, since 12, SET WITHOUT OIDS touch no row.
//
// After SET UNLOGGED a crash leaves the table empty, and replicas cannot read it.
#include "absl/strings/str_cat.h"
#include "checks/migration/rule.h"
#include "checks/migration/sql/parse.h"

namespace gate::migration {
namespace {

std::optional<Remark> Examine(const Scene& scene) {
  const auto* rewrite = As<RewriteTable>(scene.action);
  if (rewrite == nullptr) return std::nullopt;
  if (rewrite->table && !scene.before.Existed(*rewrite->table)) return std::nullopt;
  const std::string table = rewrite->table ? Quoted(*rewrite->table) : "";
  Remark remark{
      .subject = table,
      .effects = {v1::EFFECT_REWRITES_TABLE, v1::EFFECT_BLOCKS_READS, v1::EFFECT_BLOCKS_WRITES},
      .message = rewrite->table
                     ? absl::StrCat(rewrite->what, " writes all of ", table,
                                    " anew under ACCESS EXCLUSIVE: nobody reads or writes it "
                                    "until that is done.")
                     : absl::StrCat(rewrite->what,
                                    " writes one table after the other anew: nobody reads or "
                                    "writes it until that is done."),
      .instead = {.now = "Leave it out of the migration: run it when nobody needs the table, or "
                         "use pg_repack, which keeps the table open."}};
  if (rewrite->table) remark.locked = {*rewrite->table};
  if (rewrite->unlogged) {
    remark.effects.push_back(v1::EFFECT_LOSES_DATA);
    remark.message += " From then on a crash leaves it empty, and replicas cannot read it.";
    remark.instead.now = absl::StrCat("Keep ", table,
                                      " logged; what may be lost can go into a "
                                      "new UNLOGGED table.");
  }
  return remark;
}

}  // namespace

extern constinit const Rule kRule_rewrite_table = {
    .id = "migration.rewrite_table",
    .severity = v1::SEVERITY_BLOCK,
    .summary = "Writes an existing table anew as a whole",
    .why =
        "Nobody reads or writes the table until it is done, and it takes its size in disk space "
        "once more. All versions.",
    .instead = "Outside of migrations, when nobody needs the table; or pg_repack.",
    .examine = Examine,
};

}  // namespace gate::migration
