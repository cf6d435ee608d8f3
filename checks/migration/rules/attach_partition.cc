// ATTACH PARTITION takes ACCESS EXCLUSIVE on the table that becomes a partition and reads all of
// it, unless a valid CHECK of it proves that every row lies within the bound; the parent is held in
// SHARE UPDATE EXCLUSIVE, before PostgreSQL 12 in ACCESS EXCLUSIVE. Where the parent has a default
// partition, that one is read as well, under ACCESS EXCLUSIVE, unless a CHECK of it says that such
// rows are elsewhere. Indexes of the parent that the table does not have are built.
//
// A table that this release has made has no rows that anybody waits for.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "checks/migration/rule.h"
#include "checks/migration/sql/parse.h"

namespace gate::migration {
namespace {

// Whether there is a CHECK that may prove the bound; its key is not known here.
bool MayBeProven(const Relation* partition) {
  return partition != nullptr &&
         std::ranges::any_of(partition->constraints, [](const KnownConstraint& known) {
           return known.valid && known.definition.kind == ConstraintKind::kCheck &&
                  known.definition.says_more;
         });
}

std::optional<Remark> Examine(const Scene& scene) {
  const auto* attach = As<AttachPartition>(scene.action);
  if (attach == nullptr || !scene.before.Existed(attach->partition)) return std::nullopt;
  const std::string table = Quoted(attach->table), partition = Quoted(attach->partition);
  const std::string check = Quoted(attach->partition.name + "_bound");
  const bool proven = MayBeProven(scene.before.Find(attach->partition));
  Remark remark{
      .subject = partition,
      .effects = {v1::EFFECT_SCANS_TABLE, v1::EFFECT_BLOCKS_READS, v1::EFFECT_BLOCKS_WRITES},
      .message =
          absl::StrCat(proven ? "Unless its CHECK proves the bound, PostgreSQL" : "PostgreSQL",
                       " reads all of ", partition,
                       " under ACCESS EXCLUSIVE to see that its rows lie within the bound: "
                       "reads and writes of it wait that long. So it is with the default "
                       "partition of ",
                       table, ", where there is one."),
      .instead = {.now = absl::StrCat("ALTER TABLE ", partition, " ADD CONSTRAINT ", check,
                                      " CHECK (<the bound, and NOT NULL of its columns>) NOT "
                                      "VALID;"),
                  .between = absl::StrCat("ALTER TABLE ", partition, " VALIDATE CONSTRAINT ", check,
                                          ";  -- a transaction of its own"),
                  .later = absl::StrCat("ALTER TABLE ", table, " ATTACH PARTITION ", partition,
                                        " ...;\nALTER TABLE ", partition, " DROP CONSTRAINT ",
                                        check, ";")},
      .locked = {attach->partition}};
  if (proven) {
    remark.severity = v1::SEVERITY_WARN;
    remark.instead = {.now = absl::StrCat("See that the CHECK of ", partition,
                                          " says all that the bound does, NOT NULL as well.")};
  }
  if (scene.postgres_version > 0 && !scene.Since(12)) {
    remark.message += " Before PostgreSQL 12 reads and writes of the whole table wait as well.";
    remark.locked.push_back(attach->table);
  }
  return remark;
}

}  // namespace

extern constinit const Rule kRule_attach_partition = {
    .id = "migration.attach_partition",
    .severity = v1::SEVERITY_BLOCK,
    .summary = "Attaches an existing table as a partition without a CHECK that proves its bound",
    .why =
        "The table, and the default partition, are read as a whole while nobody reads or writes "
        "them. Since PostgreSQL 12 the other partitions stay open.",
    .instead = "A CHECK of the bound, NOT VALID and then VALIDATE, before the table is attached.",
    .examine = Examine,
};

}  // namespace gate::migration
