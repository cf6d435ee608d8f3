// ALTER DOMAIN ... ADD CONSTRAINT, SET NOT NULL and VALIDATE CONSTRAINT read every table that has a
// column of the domain, each under SHARE, which writes wait for. NOT VALID leaves the reading out.
// Either way values that old nodes write from the commit on are checked (23514, 23502). What takes
// a constraint back binds nobody. All versions.
#include "absl/strings/str_cat.h"
#include "checks/migration/rule.h"
#include "checks/migration/sql/parse.h"

namespace gate::migration {
namespace {

std::optional<Remark> Examine(const Scene& scene) {
  const auto* change = As<ChangeDomain>(scene.action);
  if (change == nullptr) return std::nullopt;
  const KnownType* known = scene.before.FindType(change->name);
  if (known != nullptr && !known->existed) return std::nullopt;
  const std::string name = Quoted(change->name);
  Remark remark{.subject = name};
  if (!change->validates) {
    remark.effects.push_back(v1::EFFECT_BREAKS_RUNNING_VERSION);
    remark.message = absl::StrCat(
        "Nodes of the running version that write other values into a "
        "column of domain ",
        name, " fail from the moment this commits. ");
    remark.instead = {
        .now = absl::StrCat("Release code whose values all satisfy it, and mend the "
                            "old rows."),
        .between = "Wait until no older node runs.",
        .later = absl::StrCat("ALTER DOMAIN ", name, " ADD CONSTRAINT ... CHECK (...) NOT VALID;")};
  }
  if (change->not_valid) {
    remark.message.pop_back();
    return remark;
  }
  remark.effects.insert(remark.effects.end(), {v1::EFFECT_SCANS_TABLE, v1::EFFECT_BLOCKS_WRITES});
  absl::StrAppend(&remark.message,
                  "PostgreSQL reads every table with such a column under SHARE: "
                  "writes to each of them wait that long.");
  if (change->validates) {
    remark.instead.now = "When few write to these tables; there is no way that leaves them open.";
  }
  return remark;
}

}  // namespace

extern constinit const Rule kRule_change_domain = {
    .id = "migration.change_domain",
    .severity = v1::SEVERITY_BLOCK,
    .summary = "Asks more of the values of a domain than the running version may write",
    .why =
        "Old nodes that write other values fail with 23514 or 23502; every table with a column "
        "of the domain is read while writes to it wait. All versions.",
    .instead =
        "Let the code satisfy it first; then ADD CONSTRAINT ... NOT VALID, which reads "
        "nothing.",
    .examine = Examine,
};

}  // namespace gate::migration
