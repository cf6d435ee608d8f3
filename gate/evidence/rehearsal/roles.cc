#include "gate/evidence/rehearsal/roles.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "checks/migration/sql/lexer.h"
#include "checks/migration/sql/parse.h"
#include "gate/evidence/rehearsal/scratch_cluster.h"

namespace gate {
namespace {

using migration::IsKeyword;
using migration::Lexer;
using migration::Quoted;
using migration::Token;

constexpr size_t kMaxRoles = 1000;

// PREFIX "name" SUFFIX -> name; "" where the message is another one.
std::string NameIn(std::string_view message, std::string_view prefix, std::string_view suffix) {
  if (!message.starts_with(prefix) || !message.ends_with(suffix)) return "";
  message.remove_prefix(prefix.size());
  message.remove_suffix(std::min(suffix.size(), message.size()));
  return std::string(message);
}

}  // namespace

bool Roles::MakeRole(const std::string& name) {
  if (made_.size() == kMaxRoles || !made_.insert(name).second) return false;
  const SqlResult made = admin_.Run(absl::StrCat("CREATE ROLE ", Quoted(name), "; GRANT ",
                                                 Quoted(name), " TO ", ScratchCluster::kRole));
  return made.ok();
}

bool Roles::Repair(const SqlError& error) {
  if (error.sqlstate == "42704") {
    const std::string role = NameIn(error.message, "role \"", "\" does not exist");
    return !role.empty() && MakeRole(role);
  }
  if (error.sqlstate != "42501" || made_.empty()) return false;
  // Who is to own a table has to be able to make one in its schema.
  const std::string schema = NameIn(error.message, "permission denied for schema ", "");
  if (schema.empty() || schema.starts_with("pg_") || schema == "information_schema") return false;
  const std::string names = absl::StrJoin(
      made_, ", ", [](std::string* out, const std::string& role) { *out += Quoted(role); });
  return admin_.Run(absl::StrCat("GRANT ALL ON SCHEMA ", Quoted(schema), " TO ", names)).ok();
}

bool Roles::Make(const ScriptStep& step) {
  Lexer lexer(step.sql);
  const auto word = [&] { return Slice(step.sql, lexer.Next().span); };
  if (!IsKeyword(word(), "CREATE")) return false;
  const std::string_view kind = word();
  if (!IsKeyword(kind, "ROLE") && !IsKeyword(kind, "USER") && !IsKeyword(kind, "GROUP")) {
    return false;
  }
  const Token token = lexer.Next();
  const std::string_view written = Slice(step.sql, token.span);
  if (token.kind == Token::Kind::kQuotedName) {
    if (written.size() < 3 || written[0] != '"' || written.find('"', 1) != written.size() - 1) {
      return false;
    }
    return MakeRole(std::string(written.substr(1, written.size() - 2)));
  }
  // CREATE USER MAPPING is another statement.
  if (token.kind != Token::Kind::kWord || IsKeyword(written, "MAPPING")) return false;
  std::string name(written);
  for (char& c : name) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return MakeRole(name);
}

}  // namespace gate
