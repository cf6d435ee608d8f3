// CREATE TRIGGER takes SHARE ROW EXCLUSIVE on the table for a moment; reads go on. From the commit
// on writes of old nodes set it off as well: that is what a trigger that keeps two columns alike is
// made for, but where its function raises an error for what they write, they fail with it. ENABLE
// TRIGGER is the same. All versions.
//
// For information: triggers are the tool of the expand phase, and what the function does is not
// looked into.
#include "absl/strings/str_cat.h"
#include "checks/migration/rule.h"
#include "checks/migration/sql/parse.h"

namespace gate::migration {
namespace {

Remark RemarkOn(const Name& on, const std::string& trigger, const std::string& calls) {
  const std::string table = Quoted(on);
  return {.subject = trigger.empty() ? table : absl::StrCat(table, ".", trigger),
          .message = absl::StrCat(
              "From the moment this commits writes of the running version to ", table, " set off ",
              trigger.empty() ? "its triggers" : trigger, " as well",
              calls.empty()
                  ? ""
                  : absl::StrCat(": they fail where ", calls, " does not bear what they write"),
              ".")};
}

std::optional<Remark> Examine(const Scene& scene) {
  if (const auto* create = As<CreateTrigger>(scene.action)) {
    if (!scene.before.Existed(create->table)) return std::nullopt;
    const KnownTrigger* known = scene.before.FindTrigger(create->table, create->name);
    const Relation* table = scene.before.Find(create->table);
    const bool replaces = (known != nullptr && known->existed) ||
                          (table != nullptr && table->lost_triggers.contains(create->name));
    if (replaces || scene.AtCommit().FindTrigger(create->table, create->name) == nullptr) {
      return std::nullopt;
    }
    return RemarkOn(create->table, Quoted(create->name), Quoted(create->function));
  }
  const auto* turn = As<SwitchTrigger>(scene.action);
  if (turn == nullptr || !turn->on || !scene.before.Existed(turn->table)) return std::nullopt;
  const Relation* table = scene.before.Find(turn->table);
  const bool was_on = table != nullptr && (table->switched_off.contains(turn->name) ||
                                           table->switched_off.contains(""));
  const KnownTrigger* known = scene.before.FindTrigger(turn->table, turn->name);
  if (was_on || (known != nullptr && !known->existed)) return std::nullopt;
  return RemarkOn(turn->table, turn->name.empty() ? "" : Quoted(turn->name), "");
}

}  // namespace

extern constinit const Rule kRule_create_trigger = {
    .id = "migration.create_trigger",
    .severity = v1::SEVERITY_INFO,
    .summary = "Adds a trigger that writes of the running version set off as well",
    .why =
        "Old nodes do not know it: where its function refuses what they write, they fail. "
        "Writes wait for a moment. All versions.",
    .instead = "A function that bears what old nodes write, until none of them runs.",
    .examine = Examine,
};

}  // namespace gate::migration
