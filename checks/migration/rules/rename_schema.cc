// ALTER SCHEMA ... RENAME TO changes the catalogue alone. From the commit on statements of old
// nodes that name the schema fail (3F000, 42P01), and so do those that find it by a search_path
// that names it; until then new nodes fail on the new name. All versions.
#include "absl/strings/str_cat.h"
#include "checks/migration/rule.h"
#include "checks/migration/sql/parse.h"

namespace gate::migration {
namespace {

std::optional<Remark> Examine(const Scene& scene) {
  const auto* rename = As<RenameSchema>(scene.action);
  if (rename == nullptr || scene.before.MadeSchema(rename->name)) return std::nullopt;
  const std::string name = Quoted(rename->name), next = Quoted(rename->new_name);
  return Remark{
      .subject = name,
      .effects = {v1::EFFECT_BREAKS_RUNNING_VERSION, v1::EFFECT_BREAKS_NEW_VERSION},
      .message = absl::StrCat("Nodes of the running version fail on everything in schema ", name,
                              " from the moment this commits; nodes of the new version fail on ",
                              next, " until it does."),
      .instead = {.now = absl::StrCat("CREATE SCHEMA ", next, ";\nCREATE VIEW ", next,
                                      ".<table> AS SELECT * FROM ", name, ".<table>;  -- for each"),
                  .between = absl::StrCat("Release code that uses ", next,
                                          "; wait until no older node runs."),
                  .later = absl::StrCat("DROP VIEW ", next, ".<table>;\nALTER TABLE ", name,
                                        ".<table> SET SCHEMA ", next, ";")}};
}

}  // namespace

extern constinit const Rule kRule_rename_schema = {
    .id = "migration.rename_schema",
    .severity = v1::SEVERITY_BLOCK,
    .summary = "Renames a schema that the running version uses",
    .why =
        "There is no moment at which both names work: old nodes fail with 42P01 after the "
        "commit, new nodes before it. All versions.",
    .instead =
        "A schema with the new name and views in it; tables move once no node uses the old "
        "name.",
    .examine = Examine,
};

}  // namespace gate::migration
