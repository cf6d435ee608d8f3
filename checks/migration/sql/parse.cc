#include "checks/migration/sql/parse.h"

#include "absl/strings/str_cat.h"
#include "checks/migration/sql/lower.h"
#include "checks/migration/sql/raw_tree.h"
#include "checks/migration/sql/uses.h"

namespace gate::migration {
namespace {

// All that the parser allocates for one statement, given back at the end of the scope.
class ParserMemory {
 public:
  ParserMemory() : context_(pg_query_enter_memory_context()) {}
  ~ParserMemory() { pg_query_exit_memory_context(context_); }
  ParserMemory(const ParserMemory&) = delete;
  ParserMemory& operator=(const ParserMemory&) = delete;

 private:
  MemoryContext context_;
};

// The parser counts characters from 1.
uint32_t ByteOffset(std::string_view text, int position) {
  uint32_t offset = 0;
  for (int character = 1; character < position && offset < text.size(); ++character) {
    ++offset;
    while (offset < text.size() && (text[offset] & 0xC0) == 0x80) ++offset;
  }
  return offset;
}

// Calls `read` with the tree of each statement in `source`. The trees live no longer.
template <typename F>
std::optional<SyntaxError> ReadTrees(const std::string& source, F read) {
  const ParserMemory memory;
  const PgQueryInternalParsetreeAndError result = pg_query_raw_parse(source.c_str());
  free(result.stderr_buffer);
  if (result.error != nullptr) {
    SyntaxError error{result.error->message, ByteOffset(source, result.error->cursorpos)};
    pg_query_free_error(result.error);
    return error;
  }
  for (const ListCell& cell : Elements(result.tree)) {
    if (const auto* raw = GATE_NODE(RawStmt, cell.ptr_value)) read(raw->stmt);
  }
  return std::nullopt;
}

}  // namespace

std::optional<SyntaxError> Parse(std::string_view text, Span span, Statement& statement) {
  statement.span = span;
  const std::string source(Slice(text, span));
  Lowering to{source, span.begin, span, statement};
  std::optional<SyntaxError> error =
      ReadTrees(source, [&to](const Node* tree) { Lower(tree, to); });
  if (error) error->offset += span.begin;
  return error;
}

std::optional<std::string> ReadUses(std::string_view sql, Uses& uses) {
  if (const std::optional<TextFlaw> flaw = FindFlaw(sql)) return flaw->message;
  std::optional<std::string> lost;
  bool empty = true;
  const std::optional<SyntaxError> error = ReadTrees(std::string(sql), [&](const Node* tree) {
    empty = false;
    if (!lost) lost = AddUses(tree, uses);
  });
  if (error) return error->message;
  if (empty) return "it is empty";
  return lost;
}

std::string Quoted(std::string_view identifier) {
  bool safe = !identifier.empty() && !(identifier[0] >= '0' && identifier[0] <= '9') &&
              identifier[0] != '$';
  for (const char c : identifier) {
    safe = safe && ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '$');
  }
  if (safe) {
    const std::string word(identifier);
    const int keyword = ScanKeywordLookup(word.c_str(), &ScanKeywords);
    safe = keyword < 0 || ScanKeywordCategories[keyword] == UNRESERVED_KEYWORD;
  }
  if (safe) return std::string(identifier);
  std::string quoted = "\"";
  for (const char c : identifier) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + '"';
}

std::string Quoted(const Name& name) {
  if (name.schema.empty()) return Quoted(name.name);
  return absl::StrCat(Quoted(name.schema), ".", Quoted(name.name));
}

std::string QuotedText(std::string_view text) {
  std::string quoted = "'";
  for (const char c : text) {
    if (c == '\'') quoted += '\'';
    quoted += c;
  }
  return quoted + '\'';
}

}  // namespace gate::migration
