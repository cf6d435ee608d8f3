// ADD EXCLUDE builds an index under ACCESS EXCLUSIVE: nobody reads or writes the table meanwhile.
// From the commit on old nodes that write a row which the constraint excludes beside another fail
// (23P01). There is neither NOT VALID nor CONCURRENTLY nor USING INDEX for it, in any version. A
// row is not looked at where one of its values is NULL: so a column of this release that old code
// leaves NULL keeps it free.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "checks/migration/binding.h"
#include "checks/migration/plan.h"
#include "checks/migration/rule.h"
#include "checks/migration/sql/parse.h"

namespace gate::migration {
namespace {

std::optional<Remark> Examine(const Scene& scene) {
  const AddConstraint* exclusion = AddedConstraint(scene, ConstraintKind::kExclusion);
  if (exclusion == nullptr) return std::nullopt;
  const bool binds = std::ranges::none_of(exclusion->columns, [&](const std::string& column) {
    return LeftIn(scene, exclusion->table, column) == Left::kNull;
  });
  const std::string table = Quoted(exclusion->table);
  Remark remark{
      .subject =
          exclusion->name.empty() ? table : absl::StrCat(table, ".", Quoted(exclusion->name)),
      .effects = {v1::EFFECT_BLOCKS_READS, v1::EFFECT_BLOCKS_WRITES},
      .message = absl::StrCat("The index of this EXCLUDE constraint is built under ACCESS "
                              "EXCLUSIVE: nobody reads or writes ",
                              table, " until it is done."),
      .instead = {.now = absl::StrCat("Where ", table,
                                      " is large, make a table that has the constraint from the "
                                      "start, and move the rows in batches.")},
      .locked = {exclusion->table}};
  if (!binds) return remark;
  remark.effects.push_back(v1::EFFECT_BREAKS_RUNNING_VERSION);
  absl::StrAppend(&remark.message,
                  " Nodes of the running version that write a row which it "
                  "excludes fail from the moment this commits.");
  remark.instead = {
      .now = "Release code that never writes such rows, and mend those that are there.",
      .between = "Wait until no older node runs.",
      .later = absl::StrCat("ALTER TABLE ", table, " ",
                            std::string(Slice(scene.text, scene.action.span)),
                            ";  -- while few use the table")};
  return remark;
}

}  // namespace

extern constinit const Rule kRule_new_exclusion = {
    .id = "migration.new_exclusion",
    .severity = v1::SEVERITY_BLOCK,
    .summary = "Adds an EXCLUDE constraint to a table that the running version writes",
    .why =
        "Old nodes that write a row which it excludes fail with 23P01 from the commit on. Its "
        "index "
        "is built under a lock that nobody passes; there is no NOT VALID and no CONCURRENTLY for "
        "it. All versions.",
    .instead =
        "Let the code satisfy it first; once no older node runs, add it while few use the table, "
        "or "
        "move the rows into a table that has it from the start.",
    .examine = Examine,
};

}  // namespace gate::migration
