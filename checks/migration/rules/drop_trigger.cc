// DROP TRIGGER takes ACCESS EXCLUSIVE on the table for a moment. Nothing fails: from the commit on
// writes of old nodes do not set off what the trigger did, be it that it filled a column, kept two
// columns alike while versions change, or wrote a history; the rows of that time stay without it. A
// trigger of the same name in the same transaction takes its place. All versions.
#include "absl/strings/str_cat.h"
#include "checks/migration/dual_write.h"
#include "checks/migration/plan.h"
#include "checks/migration/rule.h"
#include "checks/migration/sql/parse.h"
#include "checks/migration/witness.h"

namespace gate::migration {
namespace {

// A trigger that only carries old columns over to new ones does nothing where nothing uses the old.
void ClearWhatItCarriesOver(const Scene& scene, const DropTrigger& drop, const Name& function,
                            Remark& remark) {
  const Relation* table = scene.before.Find(drop.table);
  const std::vector<KnownFunction> functions = scene.before.FindFunctions(function);
  if (table == nullptr || functions.size() != 1 || !functions[0].definition.body) return;
  std::vector<std::string> columns;
  for (const KnownColumn& column : table->columns) columns.push_back(column.definition.name);
  const std::vector<std::string> old = CarriedOver(*functions[0].definition.body, columns);
  for (const std::string& column : old) {
    Remark each = remark;
    Clear(scene, NeedingColumn(scene, drop.table, column), column, each, function);
    const bool unused = each.disuse && each.disuse->state == Disuse::State::kUnused;
    if (!unused || column == old.back()) remark = std::move(each);
    if (!unused) return;
  }
  if (old.empty()) return;
  remark.message =
      absl::StrCat("Trigger ", Quoted(drop.name), " only carries over ", ListOf(old),
                   ", and no statement has used that since ", Moment(remark.disuse->since), ".");
}

std::optional<Remark> Examine(const Scene& scene) {
  const auto* drop = As<DropTrigger>(scene.action);
  if (drop == nullptr || !scene.before.Existed(drop->table)) return std::nullopt;
  const KnownTrigger* known = scene.before.FindTrigger(drop->table, drop->name);
  if (known != nullptr && !known->existed) return std::nullopt;
  if (drop->if_exists && scene.before.IsAbsentTrigger(drop->table, drop->name)) return std::nullopt;
  const Catalog& then = scene.AtCommit();
  if (then.FindTrigger(drop->table, drop->name) != nullptr) return std::nullopt;
  const std::string table = Quoted(drop->table), trigger = Quoted(drop->name);
  Remark remark{
      .subject = absl::StrCat(table, ".", trigger),
      .effects = {v1::EFFECT_BREAKS_RUNNING_VERSION},
      .message = absl::StrCat("What trigger ", trigger,
                              " does for writes of the running version to ", table,
                              " is not done any more from the moment this commits; the rows "
                              "of that time stay without it."),
      .instead = {.now = absl::StrCat("Keep ", trigger, "."),
                  .between = "Release code that does without it; wait until no older node runs.",
                  .later = absl::StrCat("DROP TRIGGER ", trigger, " ON ", table, ";")}};
  if (known != nullptr) ClearWhatItCarriesOver(scene, *drop, known->function, remark);
  return remark;
}

}  // namespace

extern constinit const Rule kRule_drop_trigger = {
    .id = "migration.drop_trigger",
    .severity = v1::SEVERITY_BLOCK,
    .summary = "Drops a trigger that writes of the running version may rely on",
    .why =
        "Old nodes leave to the trigger what it does: keep an old and a new column alike, fill "
        "one, write a history. Nothing fails, but rows are written without it, and nobody notices. "
        "All versions.",
    .instead =
        "Keep it until no node runs that leaves the work to it; a new version of it takes its "
        "place "
        "in one transaction.",
    .examine = Examine,
};

}  // namespace gate::migration
