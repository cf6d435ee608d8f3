// DROP SEQUENCE is refused while a default draws from it (with CASCADE the default goes along, and
// INSERTs that count on it fail). From the commit on statements of old nodes that call nextval or
// currval on it fail (42P01), and its position is lost. All versions.
#include "absl/strings/str_cat.h"
#include "checks/migration/rule.h"
#include "checks/migration/sql/parse.h"

namespace gate::migration {
namespace {

std::optional<Remark> Examine(const Scene& scene) {
  const auto* drop = As<DropRelation>(scene.action);
  if (drop == nullptr || drop->kind != RelationKind::kSequence ||
      !scene.before.Existed(drop->name)) {
    return std::nullopt;
  }
  if (drop->if_exists && scene.before.IsAbsent(drop->name)) return std::nullopt;
  if (scene.AtCommit().Find(drop->name) != nullptr) return std::nullopt;
  const std::string name = Quoted(drop->name);
  return Remark{.subject = name,
                .effects = {v1::EFFECT_BREAKS_RUNNING_VERSION},
                .message = absl::StrCat(
                    "Nodes of the running version fail on every statement that draws "
                    "from ",
                    name, " by its name from the moment this commits.",
                    drop->cascade ? " CASCADE takes the defaults that draw from it along." : ""),
                .instead = {.now = absl::StrCat("Keep ", name, "."),
                            .between = absl::StrCat("Release code that does not draw from ", name,
                                                    "; wait until no older node runs."),
                            .later = absl::StrCat("DROP SEQUENCE ", name, ";")}};
}

}  // namespace

extern constinit const Rule kRule_drop_sequence = {
    .id = "migration.drop_sequence",
    .severity = v1::SEVERITY_BLOCK,
    .summary = "Drops a sequence that statements of the running version may draw from",
    .why = "nextval on it fails with 42P01 from the commit on. All versions; no table is locked.",
    .instead = "Keep it until no running code draws from it.",
    .examine = Examine,
};

}  // namespace gate::migration
