// ADD FOREIGN KEY takes SHARE ROW EXCLUSIVE on both tables and looks up every row: writes to either
// wait meanwhile. NOT VALID leaves out the looking up alone: from the commit on old nodes fail
// (23503) that write a row before the one it refers to, or delete that one first. VALIDATE
// CONSTRAINT looks the rows up later, under locks that stop nobody's rows. All versions.
//
// Old code is not bound by a key over a column of this release that it leaves NULL; such a column
// with REFERENCES behind it is not looked up either. Nor by one that was there before with no
// milder actions.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "checks/migration/binding.h"
#include "checks/migration/plan.h"
#include "checks/migration/rule.h"
#include "checks/migration/sql/parse.h"

namespace gate::migration {
namespace {

// What PostgreSQL's catalogue has for ON DELETE and ON UPDATE.
constexpr char kCascade = 'c', kSetNull = 'n', kSetDefault = 'd', kRestrict = 'r';

std::string_view Words(char action) {
  switch (action) {
    case kCascade:
      return "CASCADE";
    case kSetNull:
      return "SET NULL";
    case kSetDefault:
      return "SET DEFAULT";
    case kRestrict:
      return "RESTRICT";
    default:
      return "";
  }
}

// Whether what passes under the old action passes under the new one.
bool NoStricter(char old, char action) {
  const auto refuses = [](char each) { return Words(each).empty() || each == kRestrict; };
  return old == action || !refuses(action) || (old == kRestrict && refuses(action));
}

bool IsObeyed(const Scene& scene, const AddConstraint& key) {
  const Name references = scene.before.Resolve(key.references);
  for (const AddConstraint* old : ObeyedBefore(scene, key.table)) {
    if (old->kind == ConstraintKind::kForeignKey && old->columns == key.columns &&
        old->references == references && old->referenced == key.referenced &&
        NoStricter(old->on_delete, key.on_delete) && NoStricter(old->on_update, key.on_update)) {
      return true;
    }
  }
  const auto is_null = [&](const std::string& column) {
    return LeftIn(scene, key.table, column) == Left::kNull;
  };
  return key.match_full ? std::ranges::all_of(key.columns, is_null)
                        : std::ranges::any_of(key.columns, is_null);
}

// Behind a column that is NULL in all rows PostgreSQL does not look.
bool LooksUp(const Scene& scene, const AddConstraint& key) {
  const auto* add = As<AddColumn>(scene.action);
  return !key.not_valid && (add == nullptr || add->column.filled);
}

std::string ClauseOf(const AddConstraint& key) {
  std::string clause =
      absl::StrCat("FOREIGN KEY (", ListOf(key.columns), ") REFERENCES ", Quoted(key.references));
  if (!key.referenced.empty()) absl::StrAppend(&clause, " (", ListOf(key.referenced), ")");
  if (key.match_full) clause += " MATCH FULL";
  for (const auto& [event, action] :
       {std::pair(" ON DELETE ", key.on_delete), std::pair(" ON UPDATE ", key.on_update)}) {
    if (!Words(action).empty()) absl::StrAppend(&clause, event, std::string(Words(action)));
  }
  return clause;
}

Plan PlanFor(const Scene& scene, const AddConstraint& key, bool binds) {
  const std::string add = AddNotValid(key, ClauseOf(key));
  if (As<AddColumn>(scene.action) != nullptr) {
    return {.now = absl::StrCat("Add the column nullable, without DEFAULT and REFERENCES; then:\n",
                                add),
            .later = Validate(key)};
  }
  if (!binds) return {.now = add, .later = Validate(key)};
  return {.now = absl::StrCat("Release code that writes rows of ", Quoted(key.references),
                              " before those that refer to them and deletes them after; mend the "
                              "old rows."),
          .between = "Wait until no older node runs.",
          .later = absl::StrCat(add, "\n", Validate(key))};
}

std::optional<Remark> Examine(const Scene& scene) {
  const AddConstraint* key = AddedConstraint(scene, ConstraintKind::kForeignKey);
  if (key == nullptr) return std::nullopt;
  const bool binds = !IsObeyed(scene, *key), looks_up = LooksUp(scene, *key);
  if (!binds && !looks_up) return std::nullopt;
  const std::string table = Quoted(key->table), parent = Quoted(key->references);
  Remark remark{.subject = absl::StrCat(table, ".", Quoted(NameFor(*key))),
                .instead = PlanFor(scene, *key, binds),
                .locked = {key->table, key->references}};
  if (binds) {
    remark.effects.push_back(v1::EFFECT_BREAKS_RUNNING_VERSION);
    remark.message = absl::StrCat("Nodes of the running version that write a row of ", table,
                                  " before its row of ", parent,
                                  ", or delete that one first, fail from the moment this commits",
                                  key->not_valid ? ", NOT VALID or not." : ". ");
  }
  if (looks_up) {
    remark.effects.insert(remark.effects.end(), {v1::EFFECT_SCANS_TABLE, v1::EFFECT_BLOCKS_WRITES});
    absl::StrAppend(&remark.message, "PostgreSQL looks up every row of ", table,
                    " under SHARE ROW EXCLUSIVE on both tables: writes to ", table, " and ", parent,
                    " wait that long.");
  }
  return remark;
}

}  // namespace

extern constinit const Rule kRule_new_foreign_key = {
    .id = "migration.new_foreign_key",
    .severity = v1::SEVERITY_BLOCK,
    .summary = "Adds a foreign key that rows of the running version may not satisfy",
    .why =
        "Old nodes that write the referring row first, or delete the other one first, fail with "
        "23503 from the commit on, NOT VALID or not. Without NOT VALID every row is looked up "
        "while "
        "writes to both tables wait. All versions.",
    .instead =
        "Let the code keep the order first; once no older node runs: ADD CONSTRAINT ... NOT VALID, "
        "then VALIDATE CONSTRAINT in a transaction of its own.",
    .examine = Examine,
};

}  // namespace gate::migration
