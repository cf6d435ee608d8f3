// DROP TYPE and DROP DOMAIN are refused while a column or a function has the type; so when they
// pass, what used it has gone before, in this release (and other rules have said so) or in an
// earlier one. What is left are statements of old nodes that cast to it by name, such as
// unnest($1::item[]): they fail (42704) from the commit on. All versions; no table is locked. With
// CASCADE columns go along, of which drop_column tells, and functions, which are not known here.
//
// A warning: a type that nothing is made of is hardly named. Of an enum that another one has
// replaced by then nobody misses the name; remove_enum_value says which labels are gone.
#include "absl/strings/str_cat.h"
#include "checks/migration/rule.h"
#include "checks/migration/sql/parse.h"

namespace gate::migration {
namespace {

bool IsNewOrReplaced(const Scene& scene, const Name& name) {
  const Catalog& then = scene.AtCommit();
  if (const EnumType* known = scene.before.FindEnum(name)) {
    return !known->existed || then.FindEnum(known->was) != nullptr;
  }
  const KnownType* known = scene.before.FindType(name);
  return (known != nullptr && !known->existed) || then.FindType(name) != nullptr ||
         then.FindEnum(name) != nullptr;
}

std::optional<Remark> Examine(const Scene& scene) {
  const auto* drop = As<DropType>(scene.action);
  if (drop == nullptr || IsNewOrReplaced(scene, drop->name)) return std::nullopt;
  const std::string name = Quoted(drop->name);
  Remark remark{.subject = name,
                .effects = {v1::EFFECT_BREAKS_RUNNING_VERSION},
                .message = absl::StrCat(
                    "Nodes of the running version fail on every statement that casts to ", name,
                    " from the moment this commits. No column and no function has "
                    "it by then."),
                .instead = {.between = absl::StrCat("Release code that does not name ", name,
                                                    "; wait until no older node runs."),
                            .later = absl::StrCat("DROP TYPE ", name, ";")},
                .severity = v1::SEVERITY_WARN};
  if (drop->cascade) {
    remark.effects = {v1::EFFECT_UNPROVEN};
    remark.severity.reset();
    remark.message = absl::StrCat("CASCADE takes every function along that takes or returns ", name,
                                  ", and every column of that type; which, is not known here.");
    remark.instead.now = "Leave CASCADE out: then PostgreSQL refuses while something has the type.";
  }
  return remark;
}

}  // namespace

extern constinit const Rule kRule_drop_type = {
    .id = "migration.drop_type",
    .severity = v1::SEVERITY_BLOCK,
    .summary = "Drops a type that statements of the running version may cast to",
    .why =
        "Statements that name it fail with 42704; with CASCADE columns and functions go along. "
        "Without, it is a warning: nothing is made of the type by then. All versions.",
    .instead = "Drop it without CASCADE, in a release after the last code that names it.",
    .examine = Examine,
};

}  // namespace gate::migration
