#include "gate/evidence/rehearsal/repair.h"

#include <algorithm>
#include <charconv>
#include <initializer_list>
#include <map>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "checks/migration/sql/lexer.h"

namespace gate {
namespace {

using migration::IsKeyword;
using migration::Lexer;
using Kind = migration::Token::Kind;

// More than people write; repairs compare each place with each.
constexpr size_t kMaxTokens = 4000;
// Of an expression that GROUP BY names.
constexpr size_t kMaxItem = 100;

struct Token {
  Kind kind = Kind::kEnd;
  std::string blank;  // what stands before it
  std::string text;
  std::string before, behind;  // what a repair puts around it
  uint32_t begin = 0, end = 0;
  int parameter = 0;  // 4 of $4; else 0

  bool Is(std::string_view word) const { return kind == Kind::kWord && IsKeyword(text, word); }
  bool IsOneOf(std::initializer_list<std::string_view> words) const {
    return std::ranges::any_of(words, [&](std::string_view word) { return Is(word); });
  }
  bool Symbol(char symbol) const { return kind == Kind::kSymbol && text[0] == symbol; }
  bool IsNumber() const {
    return kind == Kind::kSymbol && absl::ascii_isdigit(static_cast<unsigned char>(text[0]));
  }
};

// The lexer's, with parameters and numbers in one piece. None where the text is not closed, or
// long.
std::vector<Token> TokensOf(std::string_view sql) {
  std::vector<Token> tokens;
  Lexer lexer(sql);
  uint32_t at = 0;
  for (migration::Token next = lexer.Next(); next.kind != Kind::kEnd; next = lexer.Next()) {
    if (next.kind == Kind::kUnclosed || tokens.size() == kMaxTokens) return {};
    const std::string_view text = Slice(sql, next.span);
    const bool digit = absl::ascii_isdigit(static_cast<unsigned char>(text[0]));
    const bool goes_on = !tokens.empty() && at == next.span.begin &&
                         ((digit && (tokens.back().text[0] == '$' || tokens.back().IsNumber())) ||
                          (text == "." && tokens.back().IsNumber()));
    if (goes_on) {
      tokens.back().text += text;
    } else {
      tokens.push_back({.kind = next.kind,
                        .blank = std::string(sql.substr(at, next.span.begin - at)),
                        .text = std::string(text),
                        .begin = next.span.begin});
    }
    at = tokens.back().end = next.span.end;
  }
  for (Token& token : tokens) {
    if (token.text[0] != '$' || token.text.size() < 2) continue;
    const char* const end = token.text.data() + token.text.size();
    const auto read = std::from_chars(token.text.data() + 1, end, token.parameter);
    if (read.ptr != end) token.parameter = 0;
  }
  return tokens;
}

// What an expression may follow: between it and a parameter there is no type.
bool MayPrecedeExpression(const Token& token) {
  if (token.kind != Kind::kWord) return token.kind != Kind::kQuotedName;
  return token.IsOneOf({"ALL",    "AND",      "ANY",      "BETWEEN",  "BOTH",      "BY",
                        "CASE",   "DEFAULT",  "DISTINCT", "ELSE",     "ESCAPE",    "FIRST",
                        "FOR",    "FROM",     "GROUPS",   "HAVING",   "ILIKE",     "IN",
                        "IS",     "LEADING",  "LIKE",     "LIMIT",    "NEXT",      "NOT",
                        "OFFSET", "ON",       "OR",       "PLACING",  "RANGE",     "RETURNING",
                        "ROWS",   "SELECT",   "SET",      "SOME",     "SYMMETRIC", "THEN",
                        "TO",     "TRAILING", "USING",    "VARIADIC", "WHEN",      "WHERE"});
}

bool EndsItem(const Token& token) {
  return token.Symbol(',') || token.Symbol(';') ||
         token.IsOneOf({"ASC", "DESC", "EXCEPT", "FETCH", "FOR", "GROUPS", "HAVING", "INTERSECT",
                        "LIMIT", "NULLS", "OFFSET", "ORDER", "RANGE", "ROWS", "UNION", "USING",
                        "WINDOW"});
}

class Text {
 public:
  explicit Text(std::string_view sql) : tokens_(TokensOf(sql)) {}

  // With parameters counted from 1 without gaps: of one that is not there, nobody knows the type.
  std::string Print() const {
    std::map<int, int> numbers;
    for (const Token& token : tokens_) {
      if (token.parameter > 0) numbers[token.parameter] = 0;
    }
    int count = 0;
    for (auto& number : numbers) number.second = ++count;
    std::string text;
    for (const Token& token : tokens_) {
      absl::StrAppend(
          &text, token.blank, token.before,
          token.parameter > 0 ? absl::StrCat("$", numbers[token.parameter]) : token.text,
          token.behind);
    }
    return text;
  }

  // SELECT date_trunc($1, t) ... GROUP BY date_trunc('day', t): GROUP BY and ORDER BY keep the
  // constants of what is selected as well. They are put back.
  bool RestoreConstants() {
    bool restored = false;
    for (size_t i = 0; i + 1 < tokens_.size(); ++i) {
      if (!tokens_[i].IsOneOf({"GROUP", "ORDER"}) || !tokens_[i + 1].Is("BY")) continue;
      for (size_t begin = i + 2; begin < tokens_.size();) {
        const size_t end = EndOfItem(begin);
        if (end - begin > 1 && end - begin <= kMaxItem) {
          restored = RestoreFrom(begin, end) || restored;
        }
        begin = end + 1;
        if (end == tokens_.size() || !tokens_[end].Symbol(',')) break;
      }
    }
    return restored;
  }

  // date $1 -> CAST($1 AS date); interval $1 day -> CAST($1 AS interval day)
  bool CastTypedConstants() {
    bool changed = false;
    for (size_t i = 1; i < tokens_.size(); ++i) {
      if (tokens_[i].parameter == 0) continue;
      const size_t begin = BeginOfType(i);
      if (begin == i) continue;
      const size_t end = tokens_[begin].Is("INTERVAL") ? EndOfFields(i + 1) : i + 1;
      std::string type;
      for (size_t k = begin; k < end; ++k) {
        if (k == i) continue;
        absl::StrAppend(&type, k == begin ? "" : tokens_[k].blank, tokens_[k].text);
      }
      tokens_[i].blank = tokens_[begin].blank;
      tokens_[i].before = "CAST(";
      tokens_[i].behind = absl::StrCat(" AS ", type, ")");
      tokens_.erase(tokens_.begin() + i + 1, tokens_.begin() + end);
      tokens_.erase(tokens_.begin() + begin, tokens_.begin() + i);
      i = begin;
      changed = true;
    }
    return changed;
  }

  // extract($1 FROM t): numeric, whichever field it was.
  bool NameFields() {
    bool changed = false;
    for (size_t i = 2; i + 1 < tokens_.size(); ++i) {
      if (tokens_[i].parameter == 0 || !tokens_[i + 1].Is("FROM")) continue;
      if (!tokens_[i - 1].Symbol('(') || !tokens_[i - 2].Is("EXTRACT")) continue;
      tokens_[i].parameter = 0;
      tokens_[i].text = "epoch";
      changed = true;
    }
    return changed;
  }

  // ARRAY[$1, $2] -> $1: an array of texts has that type, a parameter the one that is asked for.
  bool TakeArraysAsParameters() {
    bool changed = false;
    for (size_t i = 0; i + 3 < tokens_.size(); ++i) {
      if (!tokens_[i].Is("ARRAY") || !tokens_[i + 1].Symbol('[')) continue;
      size_t end = i + 2;
      while (end + 1 < tokens_.size() && tokens_[end].parameter > 0 &&
             tokens_[end + 1].Symbol(',')) {
        end += 2;
      }
      if (end + 1 >= tokens_.size() || tokens_[end].parameter == 0) continue;
      if (!tokens_[end + 1].Symbol(']')) continue;
      tokens_[i + 2].blank = tokens_[i].blank;
      tokens_.erase(tokens_.begin() + i + 3, tokens_.begin() + end + 2);
      tokens_.erase(tokens_.begin() + i, tokens_.begin() + i + 2);
      changed = true;
    }
    return changed;
  }

  // Gives parameters the type where PostgreSQL did not know what was called: of the function or
  // CASE that begins at that character, or beside the operator there.
  bool GiveType(int position, std::string_view sql, std::string_view type) {
    const size_t place = TokenAt(position, sql);
    if (place == tokens_.size()) return false;
    if (tokens_[place].parameter > 0) return Cast(place, type);
    if (tokens_[place].Is("CASE")) return CastResults(place, EndOfCase(place), type);
    if (place + 1 < tokens_.size() && tokens_[place + 1].Symbol('(')) {
      return CastResults(place + 1, EndOfParentheses(place + 1), type);
    }
    size_t right = place;
    while (right < tokens_.size() && tokens_[right].kind == Kind::kSymbol) ++right;
    const bool left_cast = place > 0 && Cast(place - 1, type);
    const bool right_cast = right > place && right < tokens_.size() && Cast(right, type);
    return left_cast || right_cast || CastTerms(place, right, type);
  }

  // A parameter whose type nobody can tell is one by its number alone.
  bool GiveTypeTo(int parameter, std::string_view type) {
    bool changed = false;
    for (size_t i = 0; i < tokens_.size(); ++i) {
      if (tokens_[i].parameter == parameter) changed = Cast(i, type) || changed;
    }
    return changed;
  }

 private:
  bool Cast(size_t i, std::string_view type) {
    if (tokens_[i].parameter == 0 || !tokens_[i].behind.empty()) return false;
    if (i + 1 < tokens_.size() && tokens_[i + 1].Symbol(':')) return false;
    tokens_[i].behind = absl::StrCat("::", std::string(type));
    return true;
  }

  // due < current_date - $1: what is added to or taken from an operand of the operator at `place`.
  bool CastTerms(size_t place, size_t right, std::string_view type) {
    const auto ends = [](const Token& token) {
      return token.Symbol(',') || token.Symbol('(') || token.Symbol(')') ||
             token.IsOneOf({"AND", "BY", "CASE", "ELSE", "END", "FROM", "GROUP", "HAVING", "LIMIT",
                            "ON", "OR", "ORDER", "RETURNING", "SELECT", "SET", "THEN", "WHEN",
                            "WHERE"});
    };
    bool changed = false;
    const auto look = [&](size_t i) {
      const char before = i == 0 ? ' ' : tokens_[i - 1].text[0];
      if (before == '+' || before == '-' || before == '*' || before == '/' || before == '%') {
        changed = Cast(i, type) || changed;
      }
    };
    for (size_t i = right; i < tokens_.size() && !ends(tokens_[i]); ++i) look(i);
    for (size_t i = place; i > 0 && !ends(tokens_[i - 1]); --i) look(i - 1);
    return changed;
  }

  // Those that stand alone as an argument, or as what CASE comes to.
  bool CastResults(size_t begin, size_t end, std::string_view type) {
    bool changed = false;
    for (size_t i = begin + 1; i + 1 < end; ++i) {
      const Token &before = tokens_[i - 1], &behind = tokens_[i + 1];
      const bool begins =
          before.Symbol('(') || before.Symbol(',') || before.IsOneOf({"THEN", "ELSE"});
      const bool ends =
          behind.Symbol(')') || behind.Symbol(',') || behind.IsOneOf({"WHEN", "ELSE", "END"});
      if (begins && ends) changed = Cast(i, type) || changed;
    }
    return changed;
  }

  // One behind the parenthesis that closes the one at `i`.
  size_t EndOfParentheses(size_t i) const {
    for (int depth = 0; i < tokens_.size(); ++i) {
      if (tokens_[i].Symbol('(')) ++depth;
      if (tokens_[i].Symbol(')') && --depth == 0) return i + 1;
    }
    return i;
  }

  size_t EndOfCase(size_t i) const {
    for (int depth = 0; i < tokens_.size(); ++i) {
      if (tokens_[i].Is("CASE")) ++depth;
      if (tokens_[i].Is("END") && --depth == 0) return i + 1;
    }
    return i;
  }

  size_t EndOfItem(size_t i) const {
    while (i < tokens_.size() && !EndsItem(tokens_[i]) && !tokens_[i].Symbol(')')) {
      i = tokens_[i].Symbol('(') ? EndOfParentheses(i) : i + 1;
    }
    return i;
  }

  // Where the type begins that a constant at `i` had in front; `i` where it had none.
  size_t BeginOfType(size_t i) const {
    size_t begin = i;
    const auto take = [&](std::initializer_list<std::string_view> words) {
      const bool taken = begin > 0 && tokens_[begin - 1].IsOneOf(words);
      if (taken) --begin;
      return taken;
    };
    const auto take_modifier = [&] {
      if (begin < 3 || !tokens_[begin - 1].Symbol(')')) return;
      size_t open = begin - 2;
      while (open > 0 && (tokens_[open].IsNumber() || tokens_[open].Symbol(','))) --open;
      if (tokens_[open].Symbol('(') && open + 1 < begin - 1) begin = open;
    };
    if (take({"ZONE"})) {
      if (!take({"TIME"}) || !take({"WITH", "WITHOUT"})) return i;
      take_modifier();
      return take({"TIME", "TIMESTAMP"}) ? begin : i;
    }
    take_modifier();
    if (begin == 0 || MayPrecedeExpression(tokens_[begin - 1])) return i;
    if (take({"PRECISION"})) return take({"DOUBLE"}) ? begin : i;
    if (take({"VARYING"})) return take({"CHARACTER", "CHAR", "BIT"}) ? begin : i;
    --begin;
    while (begin > 1 && tokens_[begin - 1].Symbol('.')) begin -= 2;
    return begin;
  }

  // Behind "year to month", "second(3)".
  size_t EndOfFields(size_t i) const {
    const auto field = [&](size_t at) {
      return at < tokens_.size() &&
             tokens_[at].IsOneOf({"YEAR", "MONTH", "DAY", "HOUR", "MINUTE", "SECOND"});
    };
    if (!field(i)) return i;
    ++i;
    if (i < tokens_.size() && tokens_[i].Is("TO") && field(i + 1)) i += 2;
    return i < tokens_.size() && tokens_[i].Symbol('(') ? EndOfParentheses(i) : i;
  }

  bool RestoreFrom(size_t begin, size_t end) {
    bool restored = false;
    for (size_t i = 0; i + (end - begin) <= tokens_.size(); ++i) {
      if (i + (end - begin) > begin && i < end) continue;
      if (!Matches(i, begin, end)) continue;
      for (size_t k = begin; k < end; ++k) {
        Token& at = tokens_[i + k - begin];
        if (at.parameter == 0 || at.text == tokens_[k].text) continue;
        at.parameter = tokens_[k].parameter;
        at.kind = tokens_[k].kind;
        at.text = tokens_[k].text;
        restored = true;
      }
    }
    return restored;
  }

  // Whether what stands at `i` is the item, but for parameters in place of its constants.
  bool Matches(size_t i, size_t begin, size_t end) const {
    for (size_t k = begin; k < end; ++k) {
      const Token &item = tokens_[k], &at = tokens_[i + k - begin];
      const bool field = item.kind == Kind::kWord && k + 1 < end && tokens_[k + 1].Is("FROM");
      const bool constant = item.parameter > 0 || item.kind == Kind::kLiteral || item.IsNumber();
      if (at.parameter > 0 && (constant || field)) continue;
      const bool same = item.kind == Kind::kWord
                            ? at.kind == Kind::kWord &&
                                  absl::AsciiStrToLower(at.text) == absl::AsciiStrToLower(item.text)
                            : at.text == item.text;
      if (!same) return false;
    }
    return true;
  }

  // The token at that character, from 1.
  size_t TokenAt(int position, std::string_view sql) const {
    uint32_t byte = 0;
    for (int character = 1; byte < sql.size() && character < position; ++character) {
      do {
        ++byte;
      } while (byte < sql.size() && (sql[byte] & 0xC0) == 0x80);
    }
    const auto found = std::ranges::find(tokens_, byte, &Token::begin);
    return position > 0 ? static_cast<size_t>(found - tokens_.begin()) : tokens_.size();
  }

  std::vector<Token> tokens_;
};

// "integer" of `column "n" is of type integer but expression is of type text`
std::string WantedType(std::string_view message) {
  constexpr std::string_view kHead = " is of type ", kTail = " but expression is of type ";
  const size_t head = message.find(kHead), tail = message.find(kTail);
  if (head == message.npos || tail == message.npos || tail < head + kHead.size()) return "integer";
  return std::string(message.substr(head + kHead.size(), tail - head - kHead.size()));
}

// 4 of "could not determine data type of parameter $4"
int ParameterIn(std::string_view message) {
  const size_t dollar = message.rfind('$');
  int parameter = 0;
  if (dollar != message.npos) {
    std::from_chars(message.data() + dollar + 1, message.data() + message.size(), parameter);
  }
  return parameter;
}

bool IsAboutTypes(std::string_view sqlstate) {
  // No such function or operator, more than one, types that do not match.
  return sqlstate == "42883" || sqlstate == "42725" || sqlstate == "42804";
}

}  // namespace

std::optional<Repair> RepairOf(std::string_view sql, const SqlError& error) {
  Text text(sql);
  std::vector<std::string> how;
  const auto done = [&](bool changed, std::string what) {
    if (changed) how.push_back(std::move(what));
    return changed;
  };
  const bool syntax = error.sqlstate == "42601";
  if (syntax || error.sqlstate == "42803" || error.sqlstate == "42P10") {
    done(text.RestoreConstants(), "constants of GROUP BY and ORDER BY are put back");
  }
  if (syntax) {
    done(text.CastTypedConstants(), "typed constants are casts");
    done(text.NameFields(), "EXTRACT has a field");
  }
  if (IsAboutTypes(error.sqlstate)) {
    done(text.TakeArraysAsParameters(), "arrays of constants are parameters") ||
        done(text.GiveType(error.position, sql, WantedType(error.message)),
             absl::StrCat("parameters are ", WantedType(error.message)));
  }
  if (error.sqlstate == "42P18") {
    done(text.GiveTypeTo(ParameterIn(error.message), "text"), "parameters are text");
  }
  if (how.empty()) return std::nullopt;
  return Repair{text.Print(), absl::StrJoin(how, ", ")};
}

}  // namespace gate
