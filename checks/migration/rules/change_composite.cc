// ALTER TYPE ... ADD, DROP, ALTER and RENAME ATTRIBUTE change what a value of a composite type is
// made of. From the commit on rows that old nodes build for it (ROW(...)::item, unnest($1::item[]))
// have other fields than it asks for and fail (42846, 22P02), and what decodes such values meets
// fields that it does not know. PostgreSQL refuses to alter the type of an attribute that a column
// has. All versions.
#include "absl/strings/str_cat.h"
#include "checks/migration/rule.h"
#include "checks/migration/sql/parse.h"

namespace gate::migration {
namespace {

std::optional<Remark> Examine(const Scene& scene) {
  const auto* change = As<ChangeComposite>(scene.action);
  if (change == nullptr) return std::nullopt;
  const KnownType* known = scene.before.FindType(change->name);
  if (known != nullptr && !known->existed) return std::nullopt;
  const std::string name = Quoted(change->name);
  const std::string next = Quoted(Name{change->name.schema, change->name.name + "_2"});
  return Remark{
      .subject = name,
      .effects = {v1::EFFECT_BREAKS_RUNNING_VERSION},
      .message = absl::StrCat("Nodes of the running version build and read values of ", name,
                              " with the fields that it had: from the moment this commits they "
                              "fail, or meet fields that they do not know."),
      .instead = {.now = absl::StrCat("CREATE TYPE ", next, " AS (...);"),
                  .between = absl::StrCat("Release code that uses ", next,
                                          "; wait until no older node runs."),
                  .later = absl::StrCat("DROP TYPE ", name, ";")}};
}

}  // namespace

extern constinit const Rule kRule_change_composite = {
    .id = "migration.change_composite",
    .severity = v1::SEVERITY_BLOCK,
    .summary = "Changes the attributes of a composite type that the running version uses",
    .why =
        "Old nodes build values with the old fields, which fail with 42846 or 22P02, and decode "
        "them so. All versions.",
    .instead = "A new type beside it; drop the old one once no node uses it.",
    .examine = Examine,
};

}  // namespace gate::migration
