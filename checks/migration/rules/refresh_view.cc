// REFRESH MATERIALIZED VIEW takes ACCESS EXCLUSIVE on the view for as long as its query runs:
// whoever reads the view waits. CONCURRENTLY (since PostgreSQL 9.4) takes EXCLUSIVE, which reads
// pass; it needs a unique index on plain columns over all rows of the view, and a view that has
// been filled before. It may run inside a transaction.
#include "absl/strings/str_cat.h"
#include "checks/migration/rule.h"
#include "checks/migration/sql/parse.h"

namespace gate::migration {
namespace {

std::optional<Remark> Examine(const Scene& scene) {
  const auto* refresh = As<RefreshView>(scene.action);
  if (refresh == nullptr || !scene.before.Existed(refresh->view)) return std::nullopt;
  const std::string view = Quoted(refresh->view);
  return Remark{
      .subject = view,
      .effects = {v1::EFFECT_BLOCKS_READS},
      .message = absl::StrCat("Whoever reads ", view,
                              " waits for as long as its query runs: the rows are "
                              "replaced under ACCESS EXCLUSIVE."),
      .instead = {.now = absl::StrCat("REFRESH MATERIALIZED VIEW CONCURRENTLY ", view,
                                      ";  -- needs a unique index on plain columns of the view")},
      .locked = {refresh->view}};
}

}  // namespace

extern constinit const Rule kRule_refresh_view = {
    .id = "migration.refresh_view",
    .severity = v1::SEVERITY_BLOCK,
    .summary = "Refreshes a materialized view without CONCURRENTLY",
    .why = "Reads of the view wait for as long as its query runs. All versions.",
    .instead = "REFRESH MATERIALIZED VIEW CONCURRENTLY, which needs a unique index on the view.",
    .examine = Examine,
};

}  // namespace gate::migration
