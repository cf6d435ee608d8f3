#include "checks/migration/plan.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "checks/migration/sql/lexer.h"
#include "checks/migration/sql/parse.h"

namespace gate::migration {

std::string ListOf(const std::vector<std::string>& columns) {
  std::string list;
  for (const std::string& column : columns) {
    absl::StrAppend(&list, list.empty() ? "" : ", ", Quoted(column));
  }
  return list;
}

std::string NameFor(const AddConstraint& constraint) {
  if (!constraint.name.empty()) return constraint.name;
  const bool key =
      constraint.kind == ConstraintKind::kUnique || constraint.kind == ConstraintKind::kPrimaryKey;
  return absl::StrCat(constraint.table.name, "_", absl::StrJoin(constraint.columns, "_"),
                      constraint.columns.empty() ? "" : "_",
                      constraint.kind == ConstraintKind::kCheck ? "check"
                      : key                                     ? "key"
                                                                : "fkey");
}

std::string AddNotValid(const AddConstraint& constraint, const std::string& clause) {
  return absl::StrCat("ALTER TABLE ", Quoted(constraint.table), " ADD CONSTRAINT ",
                      Quoted(NameFor(constraint)), " ", clause, " NOT VALID;");
}

std::string Validate(const AddConstraint& constraint) {
  return absl::StrCat("ALTER TABLE ", Quoted(constraint.table), " VALIDATE CONSTRAINT ",
                      Quoted(NameFor(constraint)), ";  -- a transaction of its own");
}

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

}  // namespace gate::migration
