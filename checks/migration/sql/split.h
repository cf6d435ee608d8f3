// Cuts a text into statements, whatever is in it: a statement that cannot be parsed never hides the
// ones behind it. Each piece goes to PostgreSQL's own parser, so a cut too many shows as a piece
// that does not parse, and a cut too few as a piece with several statements; neither can hide one.
#ifndef CHECKS_MIGRATION_SQL_SPLIT_H_
#define CHECKS_MIGRATION_SQL_SPLIT_H_

#include <string_view>

#include "checks/migration/sql/lexer.h"

namespace gate::migration {

struct Piece {
  enum class Kind {
    kEnd,
    kStatement,    // without its semicolon, from its first token to its last
    kMetaCommand,  // a line that only psql understands: "\i tables.sql"
    kCopyData,     // the lines behind COPY ... FROM STDIN, up to "\."
  };
  Kind kind = Kind::kEnd;
  Span span;
};

class Splitter {
 public:
  // The pieces in `range` of `text`. Spans count from the text's start.
  Splitter(std::string_view text, Span range);

  // The next piece; kEnd once there is none.
  Piece Next();

 private:
  Piece MetaCommand(uint32_t begin);
  Piece RestOfLine();
  Piece CopyData();

  std::string_view text_;
  uint32_t at_;
  int copies_ = 0;  // those whose data is still to come
};

}  // namespace gate::migration

#endif  // CHECKS_MIGRATION_SQL_SPLIT_H_
