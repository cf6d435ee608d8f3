// REINDEX takes SHARE on the table and ACCESS EXCLUSIVE on the index that it builds: writes wait,
// and so does every query for which the planner looks at that index, which are nearly all.
// CONCURRENTLY (since PostgreSQL 12) builds a twin and swaps them; it is refused inside a
// transaction and leaves an INVALID index with _ccnew behind where it fails.
#include "absl/strings/str_cat.h"
#include "checks/migration/rule.h"
#include "checks/migration/sql/parse.h"

namespace gate::migration {
namespace {

std::optional<Remark> Examine(const Scene& scene) {
  const auto* reindex = As<Reindex>(scene.action);
  if (reindex == nullptr) return std::nullopt;
  if (reindex->name && !scene.before.Existed(*reindex->name)) return std::nullopt;
  constexpr int kConcurrently = 12;
  const std::string name = reindex->name ? Quoted(*reindex->name) : "";
  const bool old = scene.postgres_version > 0 && !scene.Since(kConcurrently);
  Remark remark{.subject = name, .effects = {v1::EFFECT_BLOCKS_READS, v1::EFFECT_BLOCKS_WRITES}};
  if (!reindex->name) {
    remark.message = absl::StrCat(reindex->what,
                                  " builds one index after the other: for as long as each takes, "
                                  "writes to its table wait, and nearly all reads.");
    remark.instead.now = "Reindex what needs it, one by one, with CONCURRENTLY.";
    return remark;
  }
  remark.message = absl::StrCat("While this builds, writes to ",
                                reindex->index ? absl::StrCat("the table of ", name) : name,
                                " wait, and so does every query that may use the index.");
  remark.instead.now =
      absl::StrCat(reindex->what, " CONCURRENTLY ", name, ";  -- outside of a transaction");
  if (old) {
    remark.instead.now =
        "CREATE INDEX CONCURRENTLY under another name, drop the old one with CONCURRENTLY, rename.";
  }
  const Relation* table = reindex->index ? scene.before.TableOf(*reindex->name) : nullptr;
  if (!reindex->index) remark.locked = {*reindex->name};
  if (table != nullptr) remark.locked = {table->name};
  return remark;
}

}  // namespace

extern constinit const Rule kRule_reindex = {
    .id = "migration.reindex",
    .severity = v1::SEVERITY_BLOCK,
    .summary = "Builds existing indexes again without CONCURRENTLY",
    .why =
        "Writes to the table wait for as long as it builds, and so do queries that may use the "
        "index. CONCURRENTLY since PostgreSQL 12.",
    .instead = "REINDEX ... CONCURRENTLY, outside of a transaction.",
    .examine = Examine,
};

}  // namespace gate::migration
