// ALTER TYPE ... RENAME VALUE changes the catalogue alone: no table is locked or read. From the
// commit on the old label is unknown: statements that hold it as a constant fail (22P02) unless
// they were prepared before, and so does each execution that binds it, which no PREPARE shows. Old
// nodes read the new label where they look for the old one. Since PostgreSQL 10.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "checks/migration/rule.h"
#include "checks/migration/sql/parse.h"
#include "checks/migration/witness.h"

namespace gate::migration {
namespace {

std::optional<Remark> Examine(const Scene& scene) {
  const auto* rename = As<RenameEnumValue>(scene.action);
  if (rename == nullptr) return std::nullopt;
  if (const EnumType* type = scene.before.FindEnum(rename->type)) {
    const auto label = std::ranges::find(type->labels, rename->label, &EnumLabel::text);
    if (!type->existed || (label != type->labels.end() && !label->existed)) return std::nullopt;
  }
  const std::string type = Quoted(rename->type);
  const std::string old_label = QuotedText(rename->label), label = QuotedText(rename->new_label);
  Remark remark{
      .subject = absl::StrCat(type, ".", rename->label),
      .effects = {v1::EFFECT_BREAKS_RUNNING_VERSION, v1::EFFECT_BREAKS_NEW_VERSION},
      .message =
          absl::StrCat("Nodes of the running version that write or compare ", type, " with ",
                       old_label, " fail from the moment this commits, and read ", label,
                       " instead; nodes of the new version fail on ", label, " until it does."),
      .instead = {
          .now = absl::StrCat("ALTER TYPE ", type, " ADD VALUE ", label, ";"),
          .between = absl::StrCat("Release code that reads both and writes ", label,
                                  "; wait until no older node runs; set the rows with ", old_label,
                                  " to ", label, " in batches."),
          .later = absl::StrCat("Leave ", old_label, " unused: PostgreSQL cannot drop a label.")}};
  Prove(scene, WithoutLabels(scene, rename->type, {rename->label}),
        absl::StrCat("writes or compares ", type), remark);
  return remark;
}

}  // namespace

extern constinit const Rule kRule_rename_enum_value = {
    .id = "migration.rename_enum_value",
    .severity = v1::SEVERITY_BLOCK,
    .summary = "Renames an enum value that the running version uses",
    .why =
        "There is no moment at which both labels work: old nodes fail with 22P02 after the commit, "
        "new nodes before it, and only when they execute, not when they prepare. No table is "
        "locked. Since PostgreSQL 10.",
    .instead =
        "Add the new label, let the code read both and write the new one, change the rows; the old "
        "label stays unused.",
    .examine = Examine,
};

}  // namespace gate::migration
