// The tokens of SQL as PostgreSQL's scanner sees them, as far as it takes to find where statements
// and clauses end: strings, quoted names, dollar quotes and nested comments hide what is in them.
// Never fails: what is not closed is one token up to the end.
#ifndef CHECKS_MIGRATION_SQL_LEXER_H_
#define CHECKS_MIGRATION_SQL_LEXER_H_

#include <string_view>

#include "checks/migration/sql/text.h"

namespace gate::migration {

struct Token {
  enum class Kind { kEnd, kWord, kQuotedName, kLiteral, kSymbol, kUnclosed };
  Kind kind = Kind::kEnd;
  Span span;
};

class Lexer {
 public:
  // Reads `text` from `offset` on; spans count from the text's start. Standard-conforming strings.
  explicit Lexer(std::string_view text, uint32_t offset = 0) : text_(text), at_(offset) {}

  // The next token; white space and comments are skipped. kEnd once there is none.
  Token Next();

  // Goes on from there.
  void Seek(uint32_t offset) { at_ = offset; }

 private:
  char Peek(size_t ahead = 0) const {
    return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0';
  }
  bool SkipBlank();
  bool SkipComment();
  bool SkipQuoted(char quote, bool escapes);
  bool ContinuesOnNextLine();
  bool SkipDollarQuoted();

  std::string_view text_;
  size_t at_;
  size_t comment_ = 0;  // where the comment that is not closed begins
};

// Whether the word is this keyword, given in upper case.
bool IsKeyword(std::string_view word, std::string_view upper);

}  // namespace gate::migration

#endif  // CHECKS_MIGRATION_SQL_LEXER_H_
