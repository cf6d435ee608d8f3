#include "checks/migration/sql/lexer.h"

#include "absl/strings/ascii.h"

namespace gate::migration {
namespace {

bool StartsWord(char c) {
  return absl::ascii_isalpha(static_cast<unsigned char>(c)) || c == '_' || (c & 0x80) != 0;
}

bool ContinuesWord(char c) {
  return StartsWord(c) || absl::ascii_isdigit(static_cast<unsigned char>(c)) || c == '$';
}

bool IsBlank(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v';
}

}  // namespace

bool IsKeyword(std::string_view word, std::string_view upper) {
  if (word.size() != upper.size()) return false;
  for (size_t i = 0; i < word.size(); ++i) {
    if (absl::ascii_toupper(static_cast<unsigned char>(word[i])) != upper[i]) return false;
  }
  return true;
}

// Whether a comment was skipped whole; false where it is not closed.
bool Lexer::SkipComment() {
  if (Peek() == '-') {
    const size_t end = text_.find('\n', at_);
    at_ = end == std::string_view::npos ? text_.size() : end;
    return true;
  }
  int depth = 0;
  while (at_ < text_.size()) {
    if (Peek() == '/' && Peek(1) == '*') {
      ++depth;
      at_ += 2;
    } else if (Peek() == '*' && Peek(1) == '/') {
      at_ += 2;
      if (--depth == 0) return true;
    } else {
      ++at_;
    }
  }
  return false;
}

// Skips white space and comments; false where a comment is not closed.
bool Lexer::SkipBlank() {
  while (at_ < text_.size()) {
    if (IsBlank(Peek())) {
      ++at_;
    } else if ((Peek() == '-' && Peek(1) == '-') || (Peek() == '/' && Peek(1) == '*')) {
      const size_t start = at_;
      if (SkipComment()) continue;
      comment_ = start;
      return false;
    } else {
      break;
    }
  }
  return true;
}

// Whether the string that has just ended goes on: 'a' <newline> 'b' is one string, and where it
// began with E the second part has escapes too.
bool Lexer::ContinuesOnNextLine() {
  const size_t start = at_;
  bool newline = false;
  while (at_ < text_.size()) {
    if (IsBlank(Peek())) {
      newline = newline || Peek() == '\n' || Peek() == '\r';
      ++at_;
    } else if (newline && Peek() == '-' && Peek(1) == '-') {
      SkipComment();
    } else {
      break;
    }
  }
  if (newline && Peek() == '\'') return true;
  at_ = start;
  return false;
}

// At the opening quote. False where it is not closed.
bool Lexer::SkipQuoted(char quote, bool escapes) {
  for (++at_; at_ < text_.size(); ++at_) {
    if (escapes && Peek() == '\\') {
      ++at_;
    } else if (Peek() == quote) {
      ++at_;
      if (Peek() == quote) continue;
      if (!escapes || !ContinuesOnNextLine()) return true;
    }
  }
  at_ = text_.size();
  return false;
}

// At a '$'. Skips $tag$ ... $tag$, or the single character where it opens nothing; false where it
// is not closed.
bool Lexer::SkipDollarQuoted() {
  size_t end = at_ + 1;
  if (end < text_.size() && StartsWord(text_[end])) {
    while (end < text_.size() && ContinuesWord(text_[end]) && text_[end] != '$') ++end;
  }
  if (end >= text_.size() || text_[end] != '$') {
    ++at_;
    return true;
  }
  const std::string_view tag = text_.substr(at_, end + 1 - at_);
  const size_t close = text_.find(tag, end + 1);
  at_ = close == std::string_view::npos ? text_.size() : close + tag.size();
  return close != std::string_view::npos;
}

Token Lexer::Next() {
  const bool closed = SkipBlank();
  Token token;
  token.span.begin = static_cast<uint32_t>(closed ? at_ : comment_);
  if (!closed) {
    token.kind = Token::Kind::kUnclosed;
  } else if (at_ >= text_.size()) {
    token.kind = Token::Kind::kEnd;
  } else if (Peek() == '\'') {
    token.kind = SkipQuoted('\'', false) ? Token::Kind::kLiteral : Token::Kind::kUnclosed;
  } else if ((Peek() == 'E' || Peek() == 'e') && Peek(1) == '\'') {
    ++at_;
    token.kind = SkipQuoted('\'', true) ? Token::Kind::kLiteral : Token::Kind::kUnclosed;
  } else if (Peek() == '"') {
    token.kind = SkipQuoted('"', false) ? Token::Kind::kQuotedName : Token::Kind::kUnclosed;
  } else if (Peek() == '$') {
    token.kind = SkipDollarQuoted() ? Token::Kind::kLiteral : Token::Kind::kUnclosed;
  } else if (StartsWord(Peek())) {
    token.kind = Token::Kind::kWord;
    while (at_ < text_.size() && ContinuesWord(Peek())) ++at_;
  } else {
    token.kind = Token::Kind::kSymbol;
    ++at_;
  }
  token.span.end = static_cast<uint32_t>(at_);
  return token;
}

}  // namespace gate::migration
