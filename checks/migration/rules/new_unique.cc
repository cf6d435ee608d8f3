// A unique index or key refuses rows that are equal in its columns: from the commit on, with
// CONCURRENTLY already while it is built, old nodes that write a second one fail (23505). On a
// table that holds duplicates the statement itself fails; with CONCURRENTLY it leaves an INVALID
// index behind that binds writers all the same. PRIMARY KEY makes its columns NOT NULL as well
// (23502); with USING INDEX the index has bound the writers already, and only that is new.
//
// Old code is not bound by a key over a column of this release that it leaves NULL, since NULLs are
// never equal (unless NULLS NOT DISTINCT, since PostgreSQL 15), or that a sequence or random UUIDs
// fill; nor by one that holds wherever a key of before does.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "checks/migration/binding.h"
#include "checks/migration/plan.h"
#include "checks/migration/rule.h"
#include "checks/migration/sql/parse.h"

namespace gate::migration {
namespace {

// What the action asks of rows from now on.
struct Demand {
  Name table;
  std::vector<std::string> columns;  // the plain ones
  bool nulls_equal = false;
  bool unique = true;    // not by USING INDEX, whose index has asked it
  bool primary = false;  // and not NULL
};

std::optional<Demand> DemandOf(const Scene& scene) {
  if (const auto* create = As<CreateIndex>(scene.action)) {
    if (!create->unique || create->only || !scene.before.Existed(create->table)) return {};
    const Relation* twin = scene.before.Find({create->table.schema, create->name});
    if (create->if_not_exists && twin != nullptr && !twin->assumed) return {};  // Nothing is done.
    return Demand{create->table, create->key, create->nulls_equal};
  }
  if (const auto* key = AddedConstraint(scene, ConstraintKind::kUnique)) {
    if (!key->index.empty()) return {};
    return Demand{key->table, key->columns, key->nulls_equal};
  }
  if (const auto* key = AddedConstraint(scene, ConstraintKind::kPrimaryKey)) {
    Demand demand{key->table, key->columns, false, key->index.empty(), true};
    const Relation* index = scene.before.Find({key->table.schema, key->index});
    if (!demand.unique && index != nullptr) demand.columns = index->key.columns;
    return demand;
  }
  return {};
}

// Whether rows that a key of before lets in cannot be equal here.
bool Holds(const UniqueKey& key, const Demand& demand) {
  return key.existed && key.nulls_equal >= demand.nulls_equal &&
         std::ranges::all_of(key.columns, [&demand](const std::string& column) {
           return std::ranges::find(demand.columns, column) != demand.columns.end();
         });
}

bool MayBeEqual(const Scene& scene, const Demand& demand) {
  const std::vector<UniqueKey> keys = scene.before.UniqueKeysOf(demand.table, true);
  if (std::ranges::any_of(keys, [&](const UniqueKey& key) { return Holds(key, demand); })) {
    return false;
  }
  return std::ranges::none_of(demand.columns, [&](const std::string& column) {
    const Left left = LeftIn(scene, demand.table, column);
    return left == Left::kDistinct || (left == Left::kNull && !demand.nulls_equal);
  });
}

bool MayBeNull(const Scene& scene, const Demand& demand) {
  if (!demand.primary) return false;
  if (demand.columns.empty()) return true;  // of an index that is not known
  return std::ranges::any_of(demand.columns, [&](const std::string& column) {
    const KnownColumn* known = scene.before.Find(demand.table, column);
    if (known != nullptr && !known->unsure && known->definition.not_null) return false;
    const Left left = LeftIn(scene, demand.table, column);
    return left == Left::kAnything || (left == Left::kNull && !As<AddColumn>(scene.action));
  });
}

// What makes the key without a long lock.
std::string Build(const Scene& scene) {
  if (const auto* create = As<CreateIndex>(scene.action)) {
    const std::string_view statement = Slice(scene.text, scene.action.span);
    return create->concurrently ? absl::StrCat(std::string(statement), ";")
                                : WithConcurrently(statement);
  }
  const auto* key = AddedConstraint(scene, ConstraintKind::kUnique);
  const bool primary = key == nullptr;
  if (primary) key = AddedConstraint(scene, ConstraintKind::kPrimaryKey);
  const std::string table = Quoted(key->table), name = Quoted(NameFor(*key));
  return absl::StrCat("CREATE UNIQUE INDEX CONCURRENTLY ", name, " ON ", table, " (",
                      ListOf(key->columns), ")", key->nulls_equal ? " NULLS NOT DISTINCT" : "",
                      ";  -- outside of a transaction\nALTER TABLE ", table,
                      key->name.empty() ? " ADD" : absl::StrCat(" ADD CONSTRAINT ", name),
                      primary ? " PRIMARY KEY" : " UNIQUE", " USING INDEX ", name, ";");
}

std::string FindDuplicates(const Demand& demand) {
  if (demand.columns.empty()) return "";
  const std::string list = ListOf(demand.columns);
  const std::string some = demand.columns.size() > 1 ? absl::StrCat("(", list, ")") : list;
  return absl::StrCat("\nSELECT ", list, ", count(*) FROM ", Quoted(demand.table),
                      demand.nulls_equal ? "" : absl::StrCat(" WHERE ", some, " IS NOT NULL"),
                      " GROUP BY ", list, " HAVING count(*) > 1;");
}

Plan PlanFor(const Scene& scene, const Demand& demand, bool equal, bool null) {
  const std::string avoided = equal ? null ? "such rows or NULL" : "such rows" : "NULL";
  Plan plan{.now = absl::StrCat("Release code that never writes ", avoided),
            .between = "Wait until no older node runs.",
            .later = equal ? Build(scene)
                           : absl::StrCat(std::string("ALTER TABLE "), Quoted(demand.table), " ",
                                          std::string(Slice(scene.text, scene.action.span)), ";")};
  absl::StrAppend(&plan.now, equal ? "; find those that are there, and mend them:" : ".",
                  equal ? FindDuplicates(demand) : "");
  if (equal && demand.columns.empty()) plan.now.back() = '.';
  return plan;
}

// What fails: "a second row with equal values in (id), or NULL in one of them,".
std::string Written(const Demand& demand, bool equal, bool null) {
  const std::string where = demand.columns.empty() ? "what the index is made of"
                                                   : absl::StrCat("(", ListOf(demand.columns), ")");
  if (!equal) return absl::StrCat("NULL into one of ", where);
  return absl::StrCat("a second row with equal values in ", where,
                      null ? ", or NULL in one of them," : "");
}

std::optional<Remark> Examine(const Scene& scene) {
  const std::optional<Demand> demand = DemandOf(scene);
  if (!demand) return std::nullopt;
  const bool equal = demand->unique && MayBeEqual(scene, *demand);
  const bool null = MayBeNull(scene, *demand);
  if (!equal && !null) return std::nullopt;
  const auto* create = As<CreateIndex>(scene.action);
  const bool early = create != nullptr && create->concurrently;
  const std::string table = Quoted(demand->table);
  const std::string list =
      demand->columns.empty() ? "" : absl::StrCat(" (", ListOf(demand->columns), ")");
  Remark remark{.subject = absl::StrCat(table, list),
                .effects = {v1::EFFECT_BREAKS_RUNNING_VERSION},
                .message = absl::StrCat(
                    "Nodes of the running version that write ", Written(*demand, equal, null),
                    " fail from the moment ",
                    early ? "the index exists, before it is complete" : "this commits",
                    !equal ? ""
                           : absl::StrCat("; where ", table,
                                          " has such rows already, the statement itself "
                                          "fails",
                                          early ? " and leaves an INVALID index behind" : ""),
                    "."),
                .instead = PlanFor(scene, *demand, equal, null)};
  // Of one that builds its index, index_not_concurrent tells.
  const bool scans = !equal && null && !std::ranges::all_of(demand->columns, [&](const auto& each) {
    return IsProvenNotNull(scene, demand->table, each);
  });
  if (scans && !demand->unique) {
    remark.effects.insert(remark.effects.end(), {v1::EFFECT_SCANS_TABLE, v1::EFFECT_BLOCKS_READS,
                                                 v1::EFFECT_BLOCKS_WRITES});
    absl::StrAppend(&remark.message, " PostgreSQL reads all of ", table,
                    " under ACCESS EXCLUSIVE to make them NOT NULL.");
  }
  return remark;
}

}  // namespace

extern constinit const Rule kRule_new_unique = {
    .id = "migration.new_unique",
    .severity = v1::SEVERITY_BLOCK,
    .summary = "Makes columns unique in which the running version may write equal values",
    .why =
        "Old nodes that write a second row with equal values fail with 23505 from then on, with "
        "CONCURRENTLY already while the index is built; a primary key refuses NULL as well "
        "(23502). All versions.",
    .instead =
        "Two releases: first the code stops writing duplicates; once no older node runs, remove "
        "those that are there and build the index with CONCURRENTLY; a constraint is then made of "
        "it with USING INDEX.",
    .examine = Examine,
};

}  // namespace gate::migration
