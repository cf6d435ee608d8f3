// SET NOT NULL takes ACCESS EXCLUSIVE and reads the whole table under it; nobody reads or writes it
// meanwhile. Since PostgreSQL 12 the scan is left out where a valid CHECK (column IS NOT NULL)
// proves it. Either way old nodes that write NULL fail from the commit on (23502); a CHECK that was
// there before the release, NOT VALID or not, has already kept them from it.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "checks/migration/binding.h"
#include "checks/migration/rule.h"
#include "checks/migration/sql/parse.h"
#include "checks/migration/witness.h"

namespace gate::migration {
namespace {

struct Proof {
  bool no_scan = false;   // a valid CHECK, and a server that makes use of it
  bool no_break = false;  // a CHECK that binds the running version already
};

Proof ProofFor(const Scene& scene, const SetNotNull& set) {
  Proof proof{.no_scan = IsProvenNotNull(scene, set.table, set.column)};
  const Relation* table = scene.before.Find(set.table);
  if (table == nullptr) return proof;
  for (const KnownConstraint& check : table->constraints) {
    const std::vector<std::string>& proven = check.definition.not_null_checks;
    if (std::ranges::find(proven, set.column) == proven.end()) continue;
    proof.no_break = proof.no_break || check.existed;
  }
  return proof;
}

Plan PlanFor(const std::string& table, const std::string& name, const std::string& column) {
  const std::string check = Quoted(absl::StrCat(name, "_not_null"));
  return {.now = absl::StrCat("Release code that never writes NULL into ", table, ".", column,
                              "; fill the old rows in batches; wait until no older node runs."),
          .later = absl::StrCat("ALTER TABLE ", table, " ADD CONSTRAINT ", check, " CHECK (",
                                column, " IS NOT NULL) NOT VALID;\nALTER TABLE ", table,
                                " VALIDATE CONSTRAINT ", check, ";  -- a transaction of its own\n",
                                "ALTER TABLE ", table, " ALTER COLUMN ", column,
                                " SET NOT NULL;  -- no scan since PostgreSQL 12\nALTER TABLE ",
                                table, " DROP CONSTRAINT ", check, ";")};
}

bool FilledAtCommit(const Scene& scene, const SetNotNull& set) {
  const KnownColumn* column = scene.AtCommit().Find(set.table, set.column);
  return column != nullptr && column->definition.filled;
}

// What leaves the column out writes NULL as well, unless a default fills it.
Answer WritersOfNull(const Scene& scene, const SetNotNull& set, const KnownColumn* known) {
  Answer writers = WithoutNull(scene, set.table, set.column);
  const bool sure = known != nullptr && known->definition.type && !known->unsure;
  if (sure && known->definition.filled) return writers;
  const Answer without = WithoutDefault(scene, set.table, set.column);
  return Either(*std::move(writers), sure ? *without : Maybe(*without));
}

std::optional<Remark> Examine(const Scene& scene) {
  const auto* set = As<SetNotNull>(scene.action);
  if (set == nullptr || !scene.before.Existed(set->table)) return std::nullopt;
  const KnownColumn* known = scene.before.Find(set->table, set->column);
  const bool sure = known != nullptr && !known->unsure;
  if (sure && known->definition.not_null) return std::nullopt;  // It is already.
  const bool fresh = known != nullptr && !known->existed;
  if (fresh && !FilledAtCommit(scene, *set)) return std::nullopt;  // required_column has it.

  Proof proof = ProofFor(scene, *set);
  proof.no_break = proof.no_break || fresh;  // Old nodes leave it out, and the default fills it.
  if (proof.no_scan && proof.no_break) return std::nullopt;
  const std::string table = Quoted(set->table), column = Quoted(set->column);
  Remark remark{.subject = absl::StrCat(table, ".", column),
                .instead = PlanFor(table, absl::StrCat(set->table.name, "_", set->column), column),
                .locked = {set->table}};
  if (!proof.no_break) {
    remark.effects.push_back(v1::EFFECT_BREAKS_RUNNING_VERSION);
    remark.message = absl::StrCat("Nodes of the running version that write NULL into ", table, ".",
                                  column, " fail from the moment this commits. ");
  }
  if (!proof.no_scan) {
    remark.effects.insert(remark.effects.end(), {v1::EFFECT_SCANS_TABLE, v1::EFFECT_BLOCKS_READS,
                                                 v1::EFFECT_BLOCKS_WRITES});
    absl::StrAppend(&remark.message, "PostgreSQL reads all of ", table,
                    " under ACCESS EXCLUSIVE: reads and writes wait that long.");
  } else {
    absl::StrAppend(&remark.message, "A valid CHECK spares the scan of the table.");
  }
  if (!proof.no_break) {
    Prove(scene, WritersOfNull(scene, *set, known),
          absl::StrCat("writes NULL into ", remark.subject), remark);
  }
  if (proof.no_break && !fresh) remark.severity = v1::SEVERITY_WARN;
  return remark;
}

}  // namespace

extern constinit const Rule kRule_set_not_null = {
    .id = "migration.set_not_null",
    .severity = v1::SEVERITY_BLOCK,
    .summary = "Makes a column NOT NULL that the running version may leave empty",
    .why =
        "Old nodes that write NULL fail with 23502 from the commit on. The whole table is read "
        "under "
        "a lock that nobody passes; since PostgreSQL 12 not where a valid CHECK proves it.",
    .instead =
        "Let the code stop writing NULL and fill the old rows; once no older node runs: CHECK "
        "... NOT VALID, VALIDATE, SET NOT NULL, drop the CHECK.",
    .examine = Examine,
};

}  // namespace gate::migration
