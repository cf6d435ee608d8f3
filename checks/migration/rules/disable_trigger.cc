// DISABLE TRIGGER takes SHARE ROW EXCLUSIVE on the table; reads go on. From the commit on writes of
// old nodes do not set off what the trigger did; with ALL not even foreign keys are checked, and
// the rows of that time stay as they are. Switched on again in the same transaction, nobody
// notices: the lock keeps other writers out until then. ENABLE REPLICA TRIGGER switches it off as
// well, for all that does not come from replication. All versions.
#include "absl/strings/str_cat.h"
#include "checks/migration/rule.h"
#include "checks/migration/sql/parse.h"

namespace gate::migration {
namespace {

std::optional<Remark> Examine(const Scene& scene) {
  const auto* turn = As<SwitchTrigger>(scene.action);
  if (turn == nullptr || turn->on || !scene.before.Existed(turn->table)) return std::nullopt;
  const KnownTrigger* known = scene.before.FindTrigger(turn->table, turn->name);
  if (known != nullptr && !known->existed) return std::nullopt;
  const Relation* then = scene.AtCommit().Find(turn->table);
  if (then == nullptr || !then->switched_off.contains(turn->name)) return std::nullopt;
  const std::string table = Quoted(turn->table);
  const std::string trigger = turn->name.empty() ? "ALL" : Quoted(turn->name);
  return Remark{
      .subject = absl::StrCat(table, ".", trigger),
      .effects = {v1::EFFECT_BREAKS_RUNNING_VERSION},
      .message = absl::StrCat(
          turn->name.empty() ? "What the triggers and foreign keys of this table do"
                             : absl::StrCat("What trigger ", trigger, " does"),
          " for writes of the running version to ", table,
          " is not done from the moment this commits; the rows of that time stay without it."),
      .instead = {.now = absl::StrCat("BEGIN;\nALTER TABLE ", table, " DISABLE TRIGGER ", trigger,
                                      ";\n...\nALTER TABLE ", table, " ENABLE TRIGGER ", trigger,
                                      ";\nCOMMIT;  -- short: writes wait meanwhile")}};
}

}  // namespace

extern constinit const Rule kRule_disable_trigger = {
    .id = "migration.disable_trigger",
    .severity = v1::SEVERITY_BLOCK,
    .summary = "Switches a trigger off that writes of the running version may rely on",
    .why =
        "Nothing fails, but rows are written without what the trigger does, with ALL also "
        "without the checks of foreign keys. All versions.",
    .instead =
        "Switch it on again in the same transaction, or SET LOCAL session_replication_role "
        "for the migration's own session.",
    .examine = Examine,
};

}  // namespace gate::migration
