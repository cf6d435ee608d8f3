#include "checks/migration/dual_write.h"

#include <algorithm>
#include <set>
#include <span>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "checks/migration/sql/lexer.h"
#include "checks/migration/sql/parse.h"
#include "checks/migration/sql/text.h"

namespace gate::migration {
namespace {

constexpr int kBatch = 10'000;

std::string Unquoted(std::string_view word) {
  if (!word.starts_with('"')) return absl::AsciiStrToLower({word.data(), word.size()});
  std::string name;
  for (size_t i = 1; i + 1 < word.size(); ++i) {
    name += word[i];
    if (word[i] == '"') ++i;
  }
  return name;
}

// What may stand before a parenthesis; any other word is a call, and may do anything.
constexpr std::string_view kNoCalls[] = {"IF",     "ELSIF", "AND",   "OR",     "NOT",   "FROM",
                                         "WHEN",   "THEN",  "ELSE",  "IN",     "CASE",  "COALESCE",
                                         "NULLIF", "LOWER", "UPPER", "SELECT", "RETURN"};
constexpr std::string_view kDoMore[] = {"INSERT",  "UPDATE", "DELETE", "MERGE",  "PERFORM",
                                        "EXECUTE", "CALL",   "COPY",   "NOTIFY", "RAISE"};

bool IsOneOf(std::string_view word, std::span<const std::string_view> words) {
  return std::ranges::any_of(words, [word](auto each) { return IsKeyword(word, each); });
}

bool IsName(std::string_view word) {
  return !word.empty() &&
         (word[0] == '"' || word[0] == '_' ||
          absl::ascii_isalpha(static_cast<unsigned char>(word[0])) || (word[0] & 0x80) != 0);
}

// The tokens of each statement of a function's body.
std::vector<std::vector<std::string_view>> StatementsOf(std::string_view body) {
  std::vector<std::vector<std::string_view>> statements(1);
  Lexer lexer(body);
  for (Token token = lexer.Next(); token.kind != Token::Kind::kEnd; token = lexer.Next()) {
    const std::string_view word = Slice(body, token.span);
    if (word == ";") {
      statements.emplace_back();
    } else {
      statements.back().push_back(word);
    }
  }
  return statements;
}

// The tokens outside of parentheses, one after the other.
class Outside {
 public:
  explicit Outside(std::string_view sql) : sql_(sql), lexer_(sql) { Next(); }

  bool AtEnd() const { return token_.kind == Token::Kind::kEnd; }
  std::string_view word() const { return Slice(sql_, token_.span); }
  bool Is(std::string_view keyword) const { return IsKeyword(word(), keyword); }
  Span span() const { return token_.span; }
  bool Take(std::string_view keyword) {
    if (!Is(keyword)) return false;
    Next();
    return true;
  }
  void Next() {
    Advance();
    for (int depth = 0; !AtEnd(); Advance()) {
      if (word() == "(") ++depth;
      if (depth == 0) return;
      if (word() == ")") --depth;
    }
  }
  // Goes to the next of these words, and returns where the text before it ends.
  uint32_t Seek(std::initializer_list<std::string_view> words) {
    bool distinct = false;  // IS DISTINCT FROM begins no clause
    for (; !AtEnd(); Next()) {
      for (const std::string_view each : words) {
        const bool found = each == "," ? word() == "," : Is(each);
        if (found && !(distinct && each == "FROM")) return end_;
      }
      distinct = Is("DISTINCT");
    }
    return end_;
  }

 private:
  void Advance() {
    end_ = token_.span.end;
    token_ = lexer_.Next();
  }

  std::string_view sql_;
  Lexer lexer_;
  Token token_;
  uint32_t end_ = 0;  // of the token before
};

}  // namespace

std::optional<CopyingUpdate> ReadCopy(std::string_view sql) {
  Outside at(sql);
  if (!at.Take("UPDATE")) return std::nullopt;
  at.Take("ONLY");
  CopyingUpdate copy;
  copy.alias = std::string(at.word());
  at.Next();
  if (at.word() == ".") {
    at.Next();
    copy.alias = std::string(at.word());
    at.Next();
  }
  at.Take("AS");
  if (!at.Is("SET")) {
    copy.alias = std::string(at.word());
    at.Next();
  }
  if (!at.Is("SET")) return std::nullopt;
  uint32_t end = 0;
  do {
    at.Next();  // SET, or a comma
    CopyingUpdate::Set set{Unquoted(at.word()), ""};
    at.Next();
    if (at.word() != "=") return std::nullopt;
    at.Next();
    const uint32_t begin = at.span().begin;
    end = at.Seek({",", "FROM", "WHERE", "RETURNING"});
    set.expression = std::string(Slice(sql, {begin, end}));
    if (set.expression.empty()) return std::nullopt;
    copy.sets.push_back(std::move(set));
  } while (at.word() == ",");
  copy.head = std::string(sql.substr(0, end));
  if (at.AtEnd()) return copy;
  if (!at.Take("WHERE")) return std::nullopt;
  const uint32_t begin = at.span().begin;
  end = at.Seek({"RETURNING"});
  if (!at.AtEnd()) return std::nullopt;
  copy.condition = std::string(Slice(sql, {begin, end}));
  return copy;
}

std::string InBatches(const CopyingUpdate& copy, const std::string& key) {
  const std::string range = key.empty() ? std::string("ctid >= '(0,0)' AND ctid < '(1000,0)'")
                                        : absl::StrCat(Quoted(key), " BETWEEN 1 AND ", kBatch);
  return absl::StrCat(
      copy.head, " WHERE ",
      copy.condition.empty() ? range : absl::StrCat("(", copy.condition, ") AND ", range),
      ";  -- and so on, each batch in a transaction of its own");
}

DualWrite TriggerFor(const CopyingUpdate& copy, const Name& table,
                     const std::vector<std::string>& reads) {
  std::vector<std::string> columns, missing, expressions, targets, changed;
  for (const CopyingUpdate::Set& set : copy.sets) {
    const std::string column = Quoted(set.column);
    missing.push_back(absl::StrCat("NEW.", column, " IS NULL"));
    changed.push_back(absl::StrCat("NEW.", column, " IS NOT DISTINCT FROM OLD.", column));
    expressions.push_back(set.expression);
    targets.push_back(absl::StrCat("NEW.", column));
    columns.push_back(set.column);
  }
  std::vector<std::string> moved;
  for (const std::string& read : reads) {
    const std::string column = Quoted(read);
    moved.push_back(absl::StrCat("NEW.", column, " IS DISTINCT FROM OLD.", column));
  }
  const std::string fill =
      absl::StrCat("    SELECT ", absl::StrJoin(expressions, ", "), " INTO ",
                   absl::StrJoin(targets, ", "), " FROM (SELECT NEW.*) AS ", copy.alias, ";\n");
  const std::string name = absl::StrCat(table.name, "_", columns.front(), "_dual_write");
  const std::string function = Quoted(Name{table.schema, name}), trigger = Quoted(name),
                    on = Quoted(table);
  return {
      .make = absl::StrCat(
          "CREATE FUNCTION ", function, "() RETURNS trigger LANGUAGE plpgsql AS $$\nBEGIN\n",
          "  IF TG_OP = 'INSERT' THEN\n    IF ", absl::StrJoin(missing, " AND "), " THEN\n  ", fill,
          "    END IF;\n  ELSIF (", absl::StrJoin(moved, " OR "), ") AND ",
          absl::StrJoin(changed, " AND "), " THEN\n", fill,
          "  END IF;\n  RETURN NEW;\nEND\n$$;\nCREATE TRIGGER ", trigger,
          " BEFORE INSERT OR UPDATE ON ", on, " FOR EACH ROW EXECUTE FUNCTION ", function, "();"),
      .drop =
          absl::StrCat("DROP TRIGGER ", trigger, " ON ", on, ";\nDROP FUNCTION ", function, "();")};
}

std::vector<std::string> CarriedOver(std::string_view body,
                                     const std::vector<std::string>& columns) {
  std::set<std::string> sources, filled;
  for (const std::vector<std::string_view>& statement : StatementsOf(body)) {
    bool into = false, fills = false, reads = false;
    for (size_t i = 0; i < statement.size(); ++i) {
      const auto at = [&](size_t ahead) {
        return i + ahead < statement.size() ? statement[i + ahead] : std::string_view();
      };
      if (IsOneOf(at(0), kDoMore)) return {};
      if (at(1) == "(" && IsName(at(0)) && !IsOneOf(at(0), kNoCalls)) return {};
      into = !IsKeyword(at(0), "FROM") && (into || IsKeyword(at(0), "INTO"));
      if (IsKeyword(at(0), "NEW") && at(1) == ".") {
        const bool target = into || (at(3) == ":" && at(4) == "=");
        if (target) {
          filled.insert(Unquoted(at(2)));
          fills = true;
          i += 2;
        }
        continue;
      }
      const std::string column = Unquoted(at(0));
      if (std::ranges::find(columns, column) == columns.end()) continue;
      sources.insert(column);
      reads = true;
    }
    if (fills && !reads) return {};
  }
  for (const std::string& column : filled) sources.erase(column);
  if (filled.empty()) return {};
  return {sources.begin(), sources.end()};
}

}  // namespace gate::migration
