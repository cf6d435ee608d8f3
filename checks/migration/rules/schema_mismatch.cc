// A statement on something that the schema before does not have, or that makes what is there
// already, fails (42P01, 42703, 42P07, 42701): then the migration does not run. It may have run
// already, in which case "before" is over and no rule can say anything about what breaks; or the
// schema that was given is not that of the database. Either way what the other rules conclude from
// it holds for another database.
//
// What is not known is taken to be there. A table that is missing is one of those, unless the
// database itself has told what it has: the migrations of a repository may not go back to its
// first.
#include "absl/strings/str_cat.h"
#include "checks/migration/rule.h"
#include "checks/migration/sql/parse.h"

namespace gate::migration {
namespace {

template <typename Kind>
bool IsConditional(const Kind& what) {
  if constexpr (requires { what.if_exists; }) return what.if_exists;
  if constexpr (requires { what.if_not_exists; }) return what.if_not_exists;
  return false;
}

// What PostgreSQL misses, or finds in the way.
struct Mismatch {
  std::string subject;
  bool missing = true;
};

std::optional<Mismatch> MissingTable(const Scene& scene, const Name& table) {
  if (!scene.before.told_by_database() || !scene.before.IsAbsent(table)) return std::nullopt;
  return Mismatch{Quoted(table)};
}

std::optional<Mismatch> MissingColumn(const Scene& scene, const Name& table,
                                      const std::string& column) {
  if (const auto missing = MissingTable(scene, table)) return missing;
  if (scene.before.Find(table) == nullptr || !scene.before.IsAbsent(table, column))
    return std::nullopt;
  return Mismatch{absl::StrCat(Quoted(table), ".", Quoted(column))};
}

std::optional<Mismatch> Existing(const Scene& scene, const CreateRelation& create) {
  if (create.or_replace || create.temporary || !scene.before.complete()) return std::nullopt;
  const Relation* known = scene.before.Find(create.name);
  if (known == nullptr || known->assumed) return std::nullopt;
  if (create.name.schema.empty() &&
      known->name.schema != scene.before.Resolve(create.name).schema) {
    return std::nullopt;
  }
  return Mismatch{Quoted(create.name), false};
}

std::optional<Mismatch> Existing(const Scene& scene, const AddColumn& add) {
  if (const auto missing = MissingTable(scene, add.table)) return missing;
  const KnownColumn* known = scene.before.Find(add.table, add.column.name);
  if (known == nullptr || known->assumed || known->unsure || !scene.before.complete()) return {};
  return Mismatch{absl::StrCat(Quoted(add.table), ".", Quoted(add.column.name)), false};
}

std::optional<Mismatch> MismatchOf(const Scene& scene) {
  return std::visit(
      [&scene](const auto& what) -> std::optional<Mismatch> {
        using Kind = std::decay_t<decltype(what)>;
        if (IsConditional(what)) return std::nullopt;
        if constexpr (std::is_same_v<Kind, CreateRelation> || std::is_same_v<Kind, AddColumn>) {
          return Existing(scene, what);
        } else if constexpr (std::is_same_v<Kind, DropRelation> ||
                             std::is_same_v<Kind, RenameRelation> ||
                             std::is_same_v<Kind, MoveRelation>) {
          return MissingTable(scene, what.name);
        } else if constexpr (std::is_same_v<Kind, DropColumn> ||
                             std::is_same_v<Kind, RenameColumn> ||
                             std::is_same_v<Kind, ChangeType> || std::is_same_v<Kind, SetNotNull> ||
                             std::is_same_v<Kind, DropNotNull> ||
                             std::is_same_v<Kind, SetDefault> ||
                             std::is_same_v<Kind, DropDefault>) {
          return MissingColumn(scene, what.table, what.column);
        } else if constexpr (std::is_same_v<Kind, AddConstraint> ||
                             std::is_same_v<Kind, CreateIndex>) {
          return MissingTable(scene, what.table);
        }
        return std::nullopt;
      },
      scene.action.what);
}

std::optional<Remark> Examine(const Scene& scene) {
  const std::optional<Mismatch> mismatch = MismatchOf(scene);
  if (!mismatch) return std::nullopt;
  return Remark{
      .subject = mismatch->subject,
      .effects = {v1::EFFECT_UNPROVEN},
      .message = absl::StrCat(
          mismatch->missing ? "The schema before this release has no " : "The schema before has ",
          mismatch->subject, mismatch->missing ? "" : " already",
          ": the statement fails, or the schema is another one than the database's. If the "
          "migration has run already, what it breaks is broken, and nothing here says so."),
      .instead = {.now =
                      "Give the schema of the database as it is before the migration, all of it: "
                      "a dump, the earlier migrations, or the database itself."}};
}

}  // namespace

extern constinit const Rule kRule_schema_mismatch = {
    .id = "migration.schema_mismatch",
    .severity = v1::SEVERITY_BLOCK,
    .summary = "Does not fit the schema that it is said to run on",
    .why =
        "A statement on what is not there, or that makes what is, fails, and the migration with "
        "it. The schema is of another database, or the migration has run already. What is not "
        "known is "
        "taken to be there.",
    .instead =
        "Give the schema as it is before the migration, or write IF EXISTS where that is "
        "what is meant.",
    .examine = Examine,
};

}  // namespace gate::migration
