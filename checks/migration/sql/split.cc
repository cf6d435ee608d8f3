#include "checks/migration/sql/split.h"

#include <algorithm>

namespace gate::migration {
namespace {

// What a statement's words so far say about the semicolons in it.
class Shape {
 public:
  void Add(std::string_view word) {
    ++words_;
    if (words_ == 1) {
      creates_ = IsKeyword(word, "CREATE");
      copies_ = IsKeyword(word, "COPY");
    }
    if (creates_ && words_ <= 4) {
      rule_ = rule_ || IsKeyword(word, "RULE");
      routine_ = routine_ || IsKeyword(word, "FUNCTION") || IsKeyword(word, "PROCEDURE");
    }
    if (routine_) CountBlocks(word);
    if (copies_) {
      stdin_ = stdin_ || (after_from_ && IsKeyword(word, "STDIN"));
      after_from_ = IsKeyword(word, "FROM");
    }
    after_begin_ = IsKeyword(word, "BEGIN");
  }
  void AddSymbol(char symbol) {
    if (symbol == '(') ++parentheses_;
    if (symbol == ')') --parentheses_;
  }
  // CREATE RULE ... DO (a; b) and BEGIN ATOMIC a; b; END have semicolons of their own.
  bool EndsHere() const { return !(rule_ && parentheses_ > 0) && blocks_ == 0; }
  bool ReadsStandardInput() const { return stdin_; }

 private:
  void CountBlocks(std::string_view word) {
    if (after_begin_ && IsKeyword(word, "ATOMIC")) ++blocks_;
    if (blocks_ > 0 && IsKeyword(word, "CASE")) ++blocks_;
    if (blocks_ > 0 && IsKeyword(word, "END")) --blocks_;
  }

  int words_ = 0;
  int parentheses_ = 0;
  int blocks_ = 0;
  bool creates_ = false, copies_ = false, rule_ = false, routine_ = false;
  bool after_from_ = false, after_begin_ = false, stdin_ = false;
};

}  // namespace

Splitter::Splitter(std::string_view text, Span range)
    : text_(text.substr(0, range.end)), at_(range.begin) {}

Piece Splitter::MetaCommand(uint32_t begin) {
  const size_t newline = text_.find('\n', begin);
  at_ = static_cast<uint32_t>(std::min(newline, text_.size()));
  uint32_t end = at_;
  if (end > begin && text_[end - 1] == '\r') --end;
  return {Piece::Kind::kMetaCommand, {begin, end}};
}

// psql takes the lines of data first and then goes on in the line of COPY. What is left of that
// line is no data, and no part of what stands behind the data either.
Piece Splitter::RestOfLine() {
  const size_t newline = std::min(text_.find('\n', at_), text_.size());
  Splitter rest(text_, {at_, static_cast<uint32_t>(newline)});
  const Piece piece = rest.Next();
  if (piece.kind == Piece::Kind::kEnd) return piece;
  at_ = rest.at_;
  copies_ += rest.copies_;
  return piece;
}

Piece Splitter::CopyData() {
  --copies_;
  const size_t newline = text_.find('\n', at_);
  if (newline == std::string_view::npos || newline + 1 == text_.size()) return {};
  const uint32_t begin = static_cast<uint32_t>(newline + 1);
  for (size_t line = begin; line < text_.size();) {
    const size_t end = std::min(text_.find('\n', line), text_.size());
    const std::string_view content = text_.substr(line, end - line);
    if (content == "\\." || content == "\\.\r") {
      at_ = static_cast<uint32_t>(end);
      return {Piece::Kind::kCopyData, {begin, static_cast<uint32_t>(end)}};
    }
    line = end + 1;
  }
  at_ = static_cast<uint32_t>(text_.size());
  return {Piece::Kind::kCopyData, {begin, at_}};
}

Piece Splitter::Next() {
  while (copies_ > 0) {
    if (Piece rest = RestOfLine(); rest.kind != Piece::Kind::kEnd) return rest;
    if (Piece data = CopyData(); data.kind != Piece::Kind::kEnd) return data;
  }
  Lexer lexer(text_, at_);
  Piece piece{Piece::Kind::kStatement, {}};
  Shape shape;
  bool empty = true;
  for (;;) {
    const Token token = lexer.Next();
    const bool symbol = token.kind == Token::Kind::kSymbol;
    const char first = symbol ? text_[token.span.begin] : '\0';
    if (first == '\\') {  // psql's, wherever it stands: no SQL has a bare backslash
      if (empty) return MetaCommand(token.span.begin);
      at_ = token.span.begin;
      return piece;
    }
    if (first == ';' && empty) continue;
    if (token.kind == Token::Kind::kEnd || (first == ';' && shape.EndsHere())) {
      at_ = token.span.end;
      copies_ += shape.ReadsStandardInput();
      return empty ? Piece{} : piece;
    }
    if (empty) piece.span.begin = token.span.begin;
    empty = false;
    piece.span.end = token.span.end;
    if (symbol) shape.AddSymbol(first);
    if (token.kind == Token::Kind::kWord) shape.Add(Slice(text_, token.span));
  }
}

}  // namespace gate::migration
