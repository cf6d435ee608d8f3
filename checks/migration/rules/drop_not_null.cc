// DROP NOT NULL takes ACCESS EXCLUSIVE for a moment and touches no row. Nothing fails in the
// database: old nodes that read the column may meet NULL once new ones write it, and what decodes
// it there may fail. All versions.
#include "absl/strings/str_cat.h"
#include "checks/migration/rule.h"
#include "checks/migration/sql/parse.h"

namespace gate::migration {
namespace {

std::optional<Remark> Examine(const Scene& scene) {
  const auto* drop = As<DropNotNull>(scene.action);
  if (drop == nullptr || !scene.before.Existed(drop->table, drop->column)) return std::nullopt;
  const KnownColumn* known = scene.before.Find(drop->table, drop->column);
  const bool sure = known != nullptr && known->definition.type && !known->unsure;
  if (sure && !known->definition.not_null) return std::nullopt;
  const KnownColumn* then = scene.AtCommit().Find(drop->table, drop->column);
  if (then != nullptr && then->definition.not_null) return std::nullopt;
  const std::string column = absl::StrCat(Quoted(drop->table), ".", Quoted(drop->column));
  return Remark{
      .subject = column,
      .message = absl::StrCat("Nodes of the running version have never read NULL from ", column,
                              ": what decodes it there may fail, once new nodes write it."),
      .instead = {.between = absl::StrCat("Release code that can read NULL from ", column,
                                          "; wait until no older node runs."),
                  .later = absl::StrCat("Release code that writes NULL into ", column, ".")}};
}

}  // namespace

extern constinit const Rule kRule_drop_not_null = {
    .id = "migration.drop_not_null",
    .severity = v1::SEVERITY_INFO,
    .summary = "Lets a column be NULL that the running version has never read so",
    .why =
        "Nothing fails by itself: old nodes meet NULL only when new ones write it, and may fail to "
        "decode it. No row is touched. All versions.",
    .instead = "Two releases: first code that can read NULL, then code that writes it.",
    .examine = Examine,
};

}  // namespace gate::migration
