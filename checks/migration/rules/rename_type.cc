// ALTER TYPE ... RENAME TO changes the catalogue alone; columns follow. From the commit on
// statements of old nodes that cast to the old name fail (42704), and drivers that look the type up
// by its name do not know its values any more. Another type that has taken the old name by then
// takes the casts; of an enum remove_enum_value says which labels it lacks. All versions.
#include "absl/strings/str_cat.h"
#include "checks/migration/rule.h"
#include "checks/migration/sql/parse.h"

namespace gate::migration {
namespace {

// Whether the release has made it.
bool IsNew(const Scene& scene, const Name& type) {
  if (const EnumType* known = scene.before.FindEnum(type)) return !known->existed;
  const KnownType* known = scene.before.FindType(type);
  return known != nullptr && !known->existed;
}

std::optional<Remark> Examine(const Scene& scene) {
  const auto* rename = As<RenameType>(scene.action);
  if (rename == nullptr || IsNew(scene, rename->type)) return std::nullopt;
  const Catalog& then = scene.AtCommit();
  if (then.FindEnum(rename->type) != nullptr || then.FindType(rename->type) != nullptr) {
    return std::nullopt;
  }
  const std::string name = Quoted(rename->type), next = Quoted(rename->new_name);
  return Remark{
      .subject = name,
      .effects = {v1::EFFECT_BREAKS_RUNNING_VERSION, v1::EFFECT_BREAKS_NEW_VERSION},
      .message =
          absl::StrCat("Nodes of the running version fail on every statement that casts to ", name,
                       " from the moment this commits; nodes of the new version fail "
                       "on ",
                       next, " until it does."),
      .instead = {.now = absl::StrCat("Keep the name ", name,
                                      "; that of a type is seen by nobody but statements."),
                  .between = absl::StrCat("Release code that does not name ", name,
                                          "; wait until no older node runs."),
                  .later = absl::StrCat("ALTER TYPE ", name, " RENAME TO ", next, ";")}};
}

}  // namespace

extern constinit const Rule kRule_rename_type = {
    .id = "migration.rename_type",
    .severity = v1::SEVERITY_BLOCK,
    .summary = "Renames a type that statements of the running version may cast to",
    .why =
        "There is no moment at which both names work: old nodes fail with 42704 after the "
        "commit, new nodes before it. No table is locked. All versions.",
    .instead = "Keep the name, or rename it once no running statement names it.",
    .examine = Examine,
};

}  // namespace gate::migration
