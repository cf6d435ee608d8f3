// ADD COLUMN takes ACCESS EXCLUSIVE. What fills the old rows decides for how long: since PostgreSQL
// 11 one value for all of them is kept in the catalogue, and no row is touched; now() and
// current_timestamp are such a value, since they stand still in a statement. What differs from row
// to row (nextval, gen_random_uuid, serial, IDENTITY, GENERATED ... STORED) is written into each:
// the table and its indexes are made anew, and nobody reads or writes it meanwhile. So it is for a
// domain with NOT NULL or CHECK, whatever the default. Up to PostgreSQL 10 every default is written
// into each row. Generated columns that are VIRTUAL (the default since PostgreSQL 18) are not.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "checks/migration/rule.h"
#include "checks/migration/sql/parse.h"

namespace gate::migration {
namespace {

// What the functions in the DEFAULT that are not PostgreSQL's own make of it.
Variation WithCalls(const Scene& scene, const Column& column) {
  Variation most = column.variation;
  for (const Name& call : column.calls) {
    const std::vector<KnownFunction> functions = scene.before.FindFunctions(call);
    const auto volatiles =
        std::ranges::count_if(functions, [](const auto& f) { return f.definition.is_volatile; });
    if (functions.empty() || (volatiles > 0 && volatiles < std::ssize(functions))) {
      most = std::max(most, Variation::kUnknown);
    } else if (volatiles > 0) {
      most = Variation::kEachRow;
    }
  }
  return most;
}

std::string Statement(const std::string& table, std::string_view command) {
  return absl::StrCat("ALTER TABLE ", table, " ", std::string(command), ";");
}

std::string FillRows(const std::string& table, const std::string& column, std::string_view value) {
  return absl::StrCat("Fill the old rows in batches:\nUPDATE ", table, " SET ", column, " = ",
                      std::string(value), " WHERE ", column, " IS NULL AND ...;");
}

std::string SetNotNullLater(const std::string& table, const std::string& column) {
  return absl::StrCat("SET NOT NULL, after a CHECK (", column,
                      " IS NOT NULL) NOT VALID and its "
                      "VALIDATE CONSTRAINT have spared ",
                      table, " the scan.");
}

Plan PlanFor(const AddColumn& add) {
  const Column& added = add.column;
  const std::string table = Quoted(add.table), column = Quoted(added.name);
  const std::string type = added.type ? added.type->name : "<type>";
  const std::string written = added.type ? added.type->written : "<type>";
  if (added.stored_generated) {
    return {.now = absl::StrCat(Statement(table, absl::StrCat("ADD COLUMN ", column, " ", written)),
                                "\nCREATE TRIGGER ... BEFORE INSERT OR UPDATE ON ", table,
                                " ...;  -- computes ", column),
            .between = FillRows(table, column, "<the expression>")};
  }
  if (added.filler == "IDENTITY" || added.filler == written) {  // serial
    const std::string sequence = Quoted(absl::StrCat(add.table.name, "_", added.name, "_seq"));
    const std::string next = absl::StrCat("nextval('", sequence, "')");
    return {.now = absl::StrCat(
                "CREATE SEQUENCE ", sequence, ";\n",
                Statement(table, absl::StrCat("ADD COLUMN ", column, " ", type)), "\n",
                Statement(table, absl::StrCat("ALTER COLUMN ", column, " SET DEFAULT ", next)),
                "\nALTER SEQUENCE ", sequence, " OWNED BY ", table, ".", column, ";"),
            .between = FillRows(table, column, next),
            .later = SetNotNullLater(table, column)};
  }
  const std::string value(absl::StripAsciiWhitespace(
      added.filler.substr(std::min(added.filler.size(), sizeof("DEFAULT") - 1))));
  Plan plan{.now = absl::StrCat(
                Statement(table, absl::StrCat("ADD COLUMN ", column, " ", written)), "\n",
                Statement(table, absl::StrCat("ALTER COLUMN ", column, " SET DEFAULT ", value))),
            .between = FillRows(table, column, value)};
  if (added.not_null) plan.later = SetNotNullLater(table, column);
  return plan;
}

Remark Rewrites(const AddColumn& add, const std::string& because, Plan instead) {
  const std::string table = Quoted(add.table);
  return {.subject = absl::StrCat(table, ".", Quoted(add.column.name)),
          .effects = {v1::EFFECT_REWRITES_TABLE, v1::EFFECT_BLOCKS_READS, v1::EFFECT_BLOCKS_WRITES},
          .message = absl::StrCat(because, " adding the column writes all of ", table,
                                  " anew under ACCESS EXCLUSIVE, and nobody reads or writes it "
                                  "meanwhile."),
          .instead = std::move(instead),
          .locked = {add.table}};
}

std::optional<Remark> OnDomain(const Scene& scene, const AddColumn& add) {
  if (!add.column.type) return std::nullopt;
  const KnownType* type = scene.before.FindType(*add.column.type);
  if (type == nullptr || type->kind != TypeKind::kDomain || !type->constrained) return std::nullopt;
  const std::string table = Quoted(add.table), column = Quoted(add.column.name);
  return Rewrites(
      add, absl::StrCat("Domain ", add.column.type->written, " has constraints:"),
      {.now = absl::StrCat("ALTER TABLE ", table, " ADD COLUMN ", column,
                           " <the domain's own type>;\nALTER TABLE ", table,
                           " ADD CHECK (<the domain's conditions>) NOT VALID;"),
       .later = absl::StrCat("ALTER TABLE ", table,
                             " VALIDATE CONSTRAINT ...;  -- a transaction of its own")});
}

std::optional<Remark> Examine(const Scene& scene) {
  const auto* add = As<AddColumn>(scene.action);
  if (add == nullptr || !scene.before.Existed(add->table)) return std::nullopt;
  const KnownColumn* known = scene.before.Find(add->table, add->column.name);
  if (add->if_not_exists && known != nullptr && !known->assumed) return std::nullopt;
  const Column& column = add->column;
  switch (WithCalls(scene, column)) {
    case Variation::kEachRow:
      return Rewrites(*add, absl::StrCat(column.filler, " gives each row a value of its own:"),
                      PlanFor(*add));
    case Variation::kUnknown: {
      Remark remark = Rewrites(
          *add, absl::StrCat("If ", column.filler, " is volatile, which is not known here,"),
          PlanFor(*add));
      remark.effects = {v1::EFFECT_UNPROVEN};
      return remark;
    }
    case Variation::kNone:
      break;
  }
  // An old server is one that says so; those that say nothing are not ten years old.
  constexpr int kKeepsDefaults = 11;
  const bool old = scene.postgres_version > 0 && !scene.Since(kKeepsDefaults);
  if (column.filled && old) {
    return Rewrites(*add,
                    "Before PostgreSQL 11 a default is written into each row:", PlanFor(*add));
  }
  return OnDomain(scene, *add);
}

}  // namespace

extern constinit const Rule kRule_volatile_default = {
    .id = "migration.volatile_default",
    .severity = v1::SEVERITY_BLOCK,
    .summary = "Adds a column whose value differs from row to row, which writes the table anew",
    .why =
        "Nobody reads or writes the table while each of its rows gets a value of its own: "
        "serial, IDENTITY, GENERATED ... STORED, a volatile DEFAULT, a domain with constraints. "
        "Constants and now() touch no row since PostgreSQL 11.",
    .instead =
        "Add the column without a value, set the default for new rows, and fill the old "
        "rows in batches.",
    .examine = Examine,
};

}  // namespace gate::migration
