// PostgreSQL's own parser (libpg_query, the grammar of PostgreSQL 15), one statement at a time, and
// the way from its raw tree to actions. The tree is read in place: no JSON and no protobuf, which
// are ten times slower and overflow the stack on deep expressions. Thread-safe: the parser's state
// is thread-local, and each statement's memory is given back before the next.
#ifndef CHECKS_MIGRATION_SQL_PARSE_H_
#define CHECKS_MIGRATION_SQL_PARSE_H_

#include <optional>
#include <string>
#include <string_view>

#include "checks/migration/sql/ast.h"

namespace gate::migration {

struct SyntaxError {
  std::string message;  // the parser's: "syntax error at or near "foo""
  uint32_t offset = 0;  // in the text
};

// Parses the statement at `span` of `text`, valid UTF-8 without NUL, and fills `statement`. Where
// it does not parse, says why and leaves `statement` with its span alone.
std::optional<SyntaxError> Parse(std::string_view text, Span span, Statement& statement);

// The name as SQL, quoted where it has to be.
std::string Quoted(std::string_view identifier);
std::string Quoted(const Name& name);
// The text as a constant: 'it''s'.
std::string QuotedText(std::string_view text);

}  // namespace gate::migration

#endif  // CHECKS_MIGRATION_SQL_PARSE_H_
