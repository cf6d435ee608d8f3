// VALIDATE CONSTRAINT reads the whole table under SHARE UPDATE EXCLUSIVE, which stops nobody. But a
// transaction gives no lock back before it ends: where it holds a stronger one on the table
// already, be it by the ADD CONSTRAINT ... NOT VALID itself (ACCESS EXCLUSIVE, of a foreign key
// SHARE ROW EXCLUSIVE), that one lasts through the reading, and the two steps win nothing. All
// versions.
#include "absl/strings/str_cat.h"
#include "checks/migration/locks.h"
#include "checks/migration/rule.h"
#include "checks/migration/sql/parse.h"

namespace gate::migration {
namespace {

std::optional<Remark> Examine(const Scene& scene) {
  const auto* validate = As<ValidateConstraint>(scene.action);
  if (validate == nullptr || !scene.before.Existed(validate->table)) return std::nullopt;
  const TableLock* held = scene.held.On(scene.before, validate->table);
  if (held == nullptr) return std::nullopt;
  const Relation* known = scene.before.Find(validate->table);
  const KnownConstraint* constraint =
      known == nullptr ? nullptr : known->FindConstraint(validate->name);
  if (constraint != nullptr && constraint->valid) return std::nullopt;  // It is already.
  const std::string table = Quoted(validate->table), name = Quoted(validate->name);
  const bool reads = StopsReads(held->mode);
  Remark remark{.subject = absl::StrCat(table, ".", name),
                .effects = {v1::EFFECT_SCANS_TABLE, v1::EFFECT_BLOCKS_WRITES},
                .message = absl::StrCat(
                    "The transaction has taken ", std::string(Words(held->mode)), " on ", table,
                    " before, and keeps it while this reads all of ", table, ": ",
                    reads ? "nobody reads or writes it" : "writes to it wait", " that long."),
                .instead = {.now = "Commit first, so that the lock is given back.",
                            .later = absl::StrCat("ALTER TABLE ", table, " VALIDATE CONSTRAINT ",
                                                  name, ";  -- a transaction of its own")},
                .locked = {validate->table}};
  if (reads) remark.effects.push_back(v1::EFFECT_BLOCKS_READS);
  return remark;
}

}  // namespace

extern constinit const Rule kRule_validate_in_transaction = {
    .id = "migration.validate_in_transaction",
    .severity = v1::SEVERITY_BLOCK,
    .summary = "Validates a constraint in a transaction that has locked its table before",
    .why =
        "The lock of the statement before, such as ADD CONSTRAINT ... NOT VALID, lasts up to "
        "the end of the transaction, and so through the reading of the whole table. All "
        "versions.",
    .instead =
        "Two transactions: ADD CONSTRAINT ... NOT VALID in one, VALIDATE CONSTRAINT in the "
        "next.",
    .examine = Examine,
};

}  // namespace gate::migration
