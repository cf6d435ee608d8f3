// DROP EXTENSION takes the extension's functions, operators and types along. It is refused while a
// column, index or view needs one of them, but PostgreSQL does not see statements of applications
// and bodies of functions: from the commit on they fail (42883, 42704). With CASCADE columns and
// indexes go as well, and their data. All versions.
#include "absl/strings/str_cat.h"
#include "checks/migration/rule.h"
#include "checks/migration/sql/parse.h"

namespace gate::migration {
namespace {

std::optional<Remark> Examine(const Scene& scene) {
  const auto* drop = As<DropExtension>(scene.action);
  if (drop == nullptr || scene.before.MadeExtension(drop->name)) return std::nullopt;
  const std::string name = Quoted(drop->name);
  return Remark{
      .subject = name,
      .effects = {v1::EFFECT_BREAKS_RUNNING_VERSION},
      .message = absl::StrCat("Nodes of the running version fail on every statement that uses a "
                              "function, an operator or a type of ",
                              name, " from the moment this commits."),
      .instead = {.now = absl::StrCat("Keep ", name, "."),
                  .between = absl::StrCat("Release code that does without ", name,
                                          "; wait until no older node runs."),
                  .later = absl::StrCat("DROP EXTENSION ", name, ";")}};
}

}  // namespace

extern constinit const Rule kRule_drop_extension = {
    .id = "migration.drop_extension",
    .severity = v1::SEVERITY_BLOCK,
    .summary = "Drops an extension that statements of the running version may use",
    .why =
        "Its functions, operators and types go: statements that use them fail with 42883 or "
        "42704 from the commit on. All versions.",
    .instead = "Keep it until no running code uses it.",
    .examine = Examine,
};

}  // namespace gate::migration
