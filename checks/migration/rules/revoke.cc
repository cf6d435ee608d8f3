// Rights and row level security change the catalogue alone, under a lock of a moment. From the
// commit on statements of old nodes whose role has lost the right fail (42501); with row level
// security they read and change fewer rows, or none where no policy lets them, and INSERTs outside
// of a policy fail (42501). A new owner is one who may do all, and the old one no more. Policies
// that permit only add rows. All versions.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "checks/migration/rule.h"
#include "checks/migration/sql/parse.h"

namespace gate::migration {
namespace {

// The user's own statement.
std::string Again(const Scene& scene, const TakeRights& take) {
  const std::string clause(Slice(scene.text, scene.action.span));
  const bool whole =
      take.what == "REVOKE" || take.what.find("POLICY") != std::string::npos || !take.table;
  return whole ? absl::StrCat(clause, ";")
               : absl::StrCat("ALTER TABLE ", Quoted(*take.table), " ", clause, ";");
}

bool IsNew(const Scene& scene, const Name& function) {
  const std::vector<KnownFunction> known = scene.before.FindFunctions(function);
  return !known.empty() && std::ranges::none_of(known, &KnownFunction::existed);
}

std::optional<Remark> Examine(const Scene& scene) {
  const auto* take = As<TakeRights>(scene.action);
  if (take == nullptr || (take->table && !scene.before.Existed(*take->table))) return std::nullopt;
  if (take->function && IsNew(scene, *take->function)) return std::nullopt;
  const std::string subject = take->table      ? Quoted(*take->table)
                              : take->function ? Quoted(*take->function)
                                               : "";
  const std::string on = subject.empty() ? "" : absl::StrCat(" on ", subject);
  Remark remark{
      .subject = subject,
      .effects = {v1::EFFECT_BREAKS_RUNNING_VERSION},
      .message =
          absl::StrCat("Nodes of the running version whose role loses a right", on, " by this ",
                       take->what, " fail from the moment it commits, or find fewer rows."),
      .instead = {.now = "Grant what the new version needs; take nothing away.",
                  .between = "Release code that connects with the new rights; wait until no older "
                             "node runs.",
                  .later = Again(scene, *take)}};
  if (take->few_need_it) remark.severity = v1::SEVERITY_WARN;
  return remark;
}

}  // namespace

extern constinit const Rule kRule_revoke = {
    .id = "migration.revoke",
    .severity = v1::SEVERITY_BLOCK,
    .summary = "May take rights or rows away from the running version",
    .why =
        "Old nodes whose role has lost a right fail with 42501 from the commit on; with row level "
        "security they find fewer rows, without an error. All versions.",
    .instead = "Grant first; take away what no node needs any more in a later release.",
    .examine = Examine,
};

}  // namespace gate::migration
