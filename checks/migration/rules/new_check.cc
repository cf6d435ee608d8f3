// ADD CHECK takes ACCESS EXCLUSIVE and reads the whole table under it; nobody reads or writes it
// meanwhile. NOT VALID leaves out the reading alone: every row that old nodes write from the commit
// on is checked (23514), and so is every old row that they update. VALIDATE CONSTRAINT reads the
// table later, under SHARE UPDATE EXCLUSIVE, which stops nobody. All versions.
//
// Old code is not bound where it has obeyed the same before, or where each part of the condition is
// satisfied by what it leaves in a column of this release: a NULL, or a constant default.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "checks/migration/binding.h"
#include "checks/migration/plan.h"
#include "checks/migration/rule.h"
#include "checks/migration/sql/parse.h"

namespace gate::migration {
namespace {

// Whether each row that the old CHECK lets in satisfies the new one.
bool Implies(const AddConstraint& old, const AddConstraint& check) {
  if (old.kind != ConstraintKind::kCheck) return false;
  if (!old.condition.empty() && old.condition == check.condition) return true;
  return !old.allowed.empty() && old.columns == check.columns &&
         std::ranges::includes(check.allowed, old.allowed);
}

// Whether it is gone again when the transaction ends.
bool IsTemporary(const Scene& scene, const AddConstraint& check) {
  const Relation* then = scene.AtCommit().Find(check.table);
  return !check.name.empty() && then != nullptr && then->FindConstraint(check.name) == nullptr;
}

bool IsObeyed(const Scene& scene, const AddConstraint& check) {
  if (IsTemporary(scene, check)) return true;
  if (std::ranges::any_of(ObeyedBefore(scene, check.table),
                          [&check](const AddConstraint* old) { return Implies(*old, check); })) {
    return true;
  }
  if (!check.says_more &&
      std::ranges::all_of(check.not_null_checks, [&](const std::string& column) {
        return NeverNull(scene, check.table, column);
      })) {
    return true;
  }
  const auto* add = As<AddColumn>(scene.action);
  if (add != nullptr && check.satisfied_by_default &&
      LeftIn(scene, add->table, add->column.name) == Left::kSame) {
    return true;
  }
  const auto is_null = [&](const std::string& column) {
    return LeftIn(scene, check.table, column) == Left::kNull;
  };
  return std::ranges::all_of(check.satisfied_by_null, [&](const std::vector<std::string>& columns) {
    return std::ranges::any_of(columns, is_null);
  });
}

Plan PlanFor(const Scene& scene, const AddConstraint& check, bool binds) {
  const std::string add = AddNotValid(check, check.condition);
  if (As<AddColumn>(scene.action) != nullptr) {
    return {.now = absl::StrCat("Add the column without its CHECK",
                                binds ? ", nullable or with a DEFAULT that satisfies it" : "",
                                "; then:\n", add),
            .later = Validate(check)};
  }
  if (!binds) return {.now = add, .later = Validate(check)};
  return {.now = "Release code whose rows all satisfy the condition, and mend the old rows.",
          .between = "Wait until no older node runs.",
          .later = absl::StrCat(add, "\n", Validate(check))};
}

std::optional<Remark> Examine(const Scene& scene) {
  const AddConstraint* check = AddedConstraint(scene, ConstraintKind::kCheck);
  if (check == nullptr) return std::nullopt;
  const bool binds = !IsObeyed(scene, *check);
  if (!binds && check->not_valid) return std::nullopt;
  const std::string table = Quoted(check->table);
  Remark remark{.subject = absl::StrCat(table, ".", Quoted(NameFor(*check))),
                .instead = PlanFor(scene, *check, binds),
                .locked = {check->table}};
  if (binds) {
    remark.effects.push_back(v1::EFFECT_BREAKS_RUNNING_VERSION);
    remark.message =
        absl::StrCat("Nodes of the running version that write rows into ", table,
                     " against this CHECK fail from the moment it commits",
                     check->not_valid ? ": NOT VALID spares only the rows that are there. " : ". ");
  }
  if (!check->not_valid) {
    remark.effects.insert(remark.effects.end(), {v1::EFFECT_SCANS_TABLE, v1::EFFECT_BLOCKS_READS,
                                                 v1::EFFECT_BLOCKS_WRITES});
    absl::StrAppend(&remark.message, "PostgreSQL reads all of ", table,
                    " under ACCESS EXCLUSIVE: reads and writes wait that long.");
  } else {
    remark.message.pop_back();
  }
  return remark;
}

}  // namespace

extern constinit const Rule kRule_new_check = {
    .id = "migration.new_check",
    .severity = v1::SEVERITY_BLOCK,
    .summary = "Adds a CHECK that rows of the running version may not satisfy",
    .why =
        "Old nodes that write other rows fail with 23514 from the commit on, NOT VALID or not. "
        "Without NOT VALID the whole table is read under a lock that nobody passes. All versions.",
    .instead =
        "Let the code satisfy the condition first; once no older node runs: ADD CONSTRAINT ... NOT "
        "VALID, then VALIDATE CONSTRAINT in a transaction of its own.",
    .examine = Examine,
};

}  // namespace gate::migration
