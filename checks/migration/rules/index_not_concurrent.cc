// CREATE INDEX takes SHARE on the table for as long as it builds: reads go on, every INSERT, UPDATE
// and DELETE waits, and so does all that queues behind them. UNIQUE and PRIMARY KEY constraints
// build theirs under ACCESS EXCLUSIVE, which stops reads as well. CONCURRENTLY takes SHARE UPDATE
// EXCLUSIVE and waits for others instead; it is refused inside a transaction, and on a partitioned
// table.
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "checks/migration/rule.h"
#include "checks/migration/sql/lexer.h"
#include "checks/migration/sql/parse.h"

namespace gate::migration {
namespace {

// The user's own statement with the one word that it lacks.
std::string WithConcurrently(std::string_view statement) {
  Lexer lexer(statement);
  Token token = lexer.Next();
  while (token.kind != Token::Kind::kEnd && !IsKeyword(Slice(statement, token.span), "INDEX")) {
    token = lexer.Next();
  }
  return absl::StrCat(std::string(statement.substr(0, token.span.end)), " CONCURRENTLY",
                      std::string(statement.substr(token.span.end)),
                      ";  -- outside of a transaction");
}

std::optional<Remark> OnIndex(const Scene& scene, const CreateIndex& create) {
  if (create.concurrently || create.only || !scene.before.Existed(create.table))
    return std::nullopt;
  const std::string table = Quoted(create.table);
  const std::string name = create.name.empty() ? "" : Quoted(create.name);
  return Remark{
      .subject = name.empty() ? table : absl::StrCat(table, ".", name),
      .effects = {v1::EFFECT_BLOCKS_WRITES},
      .message = absl::StrCat("Building this index reads all of ", table,
                              " under SHARE: every write to ", table,
                              " waits until it is done. How large the table is cannot be seen "
                              "from here; where it is small, the policy may say so."),
      .instead = {.now = WithConcurrently(Slice(scene.text, scene.action.span))}};
}

std::optional<Remark> OnKey(const Scene& scene, const Name& on, std::string_view kind,
                            const std::vector<std::string>& columns) {
  if (!scene.before.Existed(on)) return std::nullopt;
  const std::string table = Quoted(on);
  std::string list;
  for (const std::string& column : columns) {
    absl::StrAppend(&list, list.empty() ? "" : ", ", Quoted(column));
  }
  const std::string name = Quoted(absl::StrCat(on.name, "_", absl::StrJoin(columns, "_"), "_key"));
  return Remark{
      .subject = absl::StrCat(table, " (", list, ")"),
      .effects = {v1::EFFECT_BLOCKS_READS, v1::EFFECT_BLOCKS_WRITES},
      .message = absl::StrCat("The index of this ", std::string(kind),
                              " constraint is built under ACCESS EXCLUSIVE: "
                              "nobody reads or writes ",
                              table, " until it is done."),
      .instead = {.now = absl::StrCat("CREATE UNIQUE INDEX CONCURRENTLY ", name, " ON ", table,
                                      " (", list, ");  -- outside of a transaction"),
                  .later = absl::StrCat("ALTER TABLE ", table, " ADD ", std::string(kind),
                                        " USING INDEX ", name, ";")}};
}

std::optional<Remark> Examine(const Scene& scene) {
  if (const auto* create = As<CreateIndex>(scene.action)) return OnIndex(scene, *create);
  if (const auto* add = As<AddColumn>(scene.action); add && add->column.unique) {
    return OnKey(scene, add->table, "UNIQUE", {add->column.name});
  }
  const auto* add = As<AddConstraint>(scene.action);
  if (add == nullptr || add->using_index) return std::nullopt;
  if (add->kind == ConstraintKind::kUnique) return OnKey(scene, add->table, "UNIQUE", add->columns);
  if (add->kind == ConstraintKind::kPrimaryKey) {
    return OnKey(scene, add->table, "PRIMARY KEY", add->columns);
  }
  return std::nullopt;
}

}  // namespace

extern constinit const Rule kRule_index_not_concurrent = {
    .id = "migration.index_not_concurrent",
    .severity = v1::SEVERITY_BLOCK,
    .summary = "Builds an index on an existing table without CONCURRENTLY",
    .why =
        "Writes to the table wait for as long as the index is built (for a UNIQUE or PRIMARY KEY "
        "constraint reads wait too). All versions.",
    .instead =
        "CREATE INDEX CONCURRENTLY, outside of a transaction; for a constraint, build the index "
        "so and attach it with USING INDEX. For small tables lower the severity in the policy.",
    .examine = Examine,
};

}  // namespace gate::migration
