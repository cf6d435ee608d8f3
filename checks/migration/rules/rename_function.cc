// ALTER FUNCTION ... RENAME TO and SET SCHEMA change the catalogue alone. Views, defaults and
// triggers follow; statements of old nodes that call the old name fail (42883) from the commit on,
// and so do functions whose bodies do, since PostgreSQL does not look into them. A function with
// the old name, made in the same transaction, takes the calls. All versions.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "checks/migration/rule.h"
#include "checks/migration/sql/parse.h"

namespace gate::migration {
namespace {

bool IsBridged(const Scene& scene, const RenameFunction& rename) {
  const std::vector<KnownFunction> then = scene.AtCommit().FindFunctions(rename.name);
  return std::ranges::any_of(then, [&rename](const KnownFunction& function) {
    return !rename.arguments || function.definition.arguments == *rename.arguments;
  });
}

std::optional<Remark> Examine(const Scene& scene) {
  const auto* rename = As<RenameFunction>(scene.action);
  if (rename == nullptr) return std::nullopt;
  const std::vector<KnownFunction> known = scene.before.FindFunctions(rename->name);
  const bool is_new = !known.empty() && std::ranges::none_of(known, &KnownFunction::existed);
  if (is_new || IsBridged(scene, *rename)) return std::nullopt;
  const std::string name = Quoted(rename->name), next = Quoted(rename->new_name);
  return Remark{
      .subject = name,
      .effects = {v1::EFFECT_BREAKS_RUNNING_VERSION, v1::EFFECT_BREAKS_NEW_VERSION},
      .message =
          absl::StrCat("Nodes of the running version fail on every statement that calls ", name,
                       " from the moment this commits; nodes of the new version fail "
                       "on ",
                       next, " until it does."),
      .instead = {.now = absl::StrCat("CREATE FUNCTION ", next, " ...;  -- beside ", name),
                  .between = absl::StrCat("Release code that calls ", next,
                                          "; wait until no older node runs."),
                  .later = absl::StrCat("DROP ROUTINE ", name, ";")}};
}

}  // namespace

extern constinit const Rule kRule_rename_function = {
    .id = "migration.rename_function",
    .severity = v1::SEVERITY_BLOCK,
    .summary = "Renames a function that the running version may call, or moves it",
    .why =
        "There is no moment at which both names work: old nodes fail with 42883 after the "
        "commit, new nodes before it. No table is locked. All versions.",
    .instead = "Make it again under the new name; drop the old one once no node calls it.",
    .examine = Examine,
};

}  // namespace gate::migration
