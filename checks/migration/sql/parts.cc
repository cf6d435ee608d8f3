// Parts that many statements share: names, types, columns, and what expressions prove.
#include <algorithm>
#include <array>

#include "absl/strings/ascii.h"
#include "checks/migration/sql/lexer.h"
#include "checks/migration/sql/lower.h"

namespace gate::migration {
namespace {

constexpr int kMaxDepth = 32;

struct Serial {
  std::string_view name, type;
};
constexpr std::array<Serial, 6> kSerials = {{{"serial", "int4"},
                                             {"serial4", "int4"},
                                             {"bigserial", "int8"},
                                             {"serial8", "int8"},
                                             {"smallserial", "int2"},
                                             {"serial2", "int2"}}};

// Aliases that the grammar leaves as they are written: the catalogue's name of each.
constexpr std::array<Serial, 3> kAliases = {
    {{"decimal", "numeric"}, {"int", "int4"}, {"dec", "numeric"}}};

// PostgreSQL's own functions that a DEFAULT may call: neither volatile nor known to few.
constexpr std::string_view kStableFunctions[] = {"abs",
                                                 "age",
                                                 "array_append",
                                                 "array_cat",
                                                 "array_fill",
                                                 "array_to_string",
                                                 "ceil",
                                                 "concat",
                                                 "concat_ws",
                                                 "convert_from",
                                                 "convert_to",
                                                 "current_database",
                                                 "current_schema",
                                                 "current_setting",
                                                 "date_part",
                                                 "date_trunc",
                                                 "decode",
                                                 "encode",
                                                 "extract",
                                                 "floor",
                                                 "format",
                                                 "inet_client_addr",
                                                 "json_build_array",
                                                 "json_build_object",
                                                 "json_object",
                                                 "jsonb_build_array",
                                                 "jsonb_build_object",
                                                 "jsonb_object",
                                                 "length",
                                                 "lower",
                                                 "lpad",
                                                 "make_date",
                                                 "make_interval",
                                                 "make_timestamp",
                                                 "make_timestamptz",
                                                 "md5",
                                                 "now",
                                                 "overlay",
                                                 "repeat",
                                                 "replace",
                                                 "round",
                                                 "row_to_json",
                                                 "rpad",
                                                 "session_user",
                                                 "sha256",
                                                 "split_part",
                                                 "statement_timestamp",
                                                 "string_to_array",
                                                 "substring",
                                                 "timezone",
                                                 "to_char",
                                                 "to_date",
                                                 "to_json",
                                                 "to_jsonb",
                                                 "to_number",
                                                 "to_timestamp",
                                                 "to_tsvector",
                                                 "transaction_timestamp",
                                                 "trunc",
                                                 "upper",
                                                 "uuid_nil"};

// Volatile, PostgreSQL's own and those of uuid-ossp and pgcrypto.
constexpr std::string_view kVolatileFunctions[] = {
    "clock_timestamp",    "currval",          "gen_random_bytes", "gen_random_uuid",
    "gen_salt",           "lastval",          "nextval",          "random",
    "random_normal",      "setval",           "timeofday",        "uuid_generate_v1",
    "uuid_generate_v1mc", "uuid_generate_v4", "uuidv4",           "uuidv7"};

constexpr std::array<std::string_view, 5> kDistinctFunctions = {
    "gen_random_uuid", "nextval", "uuid_generate_v1", "uuid_generate_v1mc", "uuid_generate_v4"};

// The type's text in the source: its tokens up to what cannot belong to it.
std::string WrittenType(std::string_view source, int location, bool array) {
  if (location < 0) return "";
  Lexer lexer(source, static_cast<uint32_t>(location));
  const Token first = lexer.Next();
  uint32_t end = first.span.end;
  int depth = 0;
  for (Token token = lexer.Next(); token.kind != Token::Kind::kEnd; token = lexer.Next()) {
    const std::string_view word = Slice(source, token.span);
    if (word == "(" || word == "[") ++depth;
    if (depth == 0 &&
        !(word == "." || word == "%" || IsKeyword(word, "VARYING") ||
          IsKeyword(word, "PRECISION") || IsKeyword(word, "WITH") || IsKeyword(word, "WITHOUT") ||
          IsKeyword(word, "TIME") || IsKeyword(word, "ZONE") ||
          (array && IsKeyword(word, "ARRAY")) || source[end - 1] == '.')) {
      break;
    }
    if (word == ")" || word == "]") --depth;
    if (depth < 0) break;
    end = token.span.end;
  }
  return std::string(source.substr(location, end - static_cast<uint32_t>(location)));
}

void AddModifiers(const List* modifiers, Type& type) {
  for (const ListCell& cell : Elements(modifiers)) {
    const auto* constant = GATE_NODE(A_Const, cell.ptr_value);
    if (constant == nullptr || constant->isnull || nodeTag(&constant->val) != T_Integer) continue;
    type.modifiers.push_back(constant->val.ival.ival);
  }
}

void AddProofs(const Node* expression, int depth, std::vector<std::string>& columns,
               bool& says_more) {
  const auto* both = GATE_NODE(BoolExpr, expression);
  if (both && both->boolop == AND_EXPR && depth < kMaxDepth) {
    for (const ListCell& cell : Elements(both->args)) {
      AddProofs(static_cast<const Node*>(cell.ptr_value), depth + 1, columns, says_more);
    }
    return;
  }
  const auto* test = GATE_NODE(NullTest, expression);
  const bool proof = test != nullptr && test->nulltesttype == IS_NOT_NULL;
  const auto* column = proof ? GATE_NODE(ColumnRef, test->arg) : nullptr;
  if (column == nullptr) {
    says_more = true;
  } else {
    columns.emplace_back(Text(static_cast<const Node*>(Elements(column->fields).back().ptr_value)));
  }
}

// From DEFAULT to where the column's next constraint begins, or the column ends.
std::string FillerOf(const Constraint& constraint, uint32_t end, std::string_view source) {
  constexpr size_t kMaxWritten = 200;
  if (constraint.location < 0) return "DEFAULT";
  const auto begin = static_cast<uint32_t>(constraint.location);
  Lexer lexer(source.substr(0, end), begin);
  Span span{begin, begin};
  int depth = 0;
  for (Token token = lexer.Next(); token.kind != Token::Kind::kEnd; token = lexer.Next()) {
    const std::string_view word = Slice(source, token.span);
    if (word == "(" || word == "[") ++depth;
    if (word == ")" || word == "]") --depth;
    if (depth < 0 || (depth == 0 && word == ",")) break;
    span.end = token.span.end;
  }
  return span.end - span.begin > kMaxWritten ? "DEFAULT ..." : std::string(Slice(source, span));
}

void ApplyConstraint(const Constraint& constraint, uint32_t end, std::string_view source,
                     Column& column) {
  switch (constraint.contype) {
    case CONSTR_NOTNULL:
      column.not_null = true;
      break;
    case CONSTR_DEFAULT:
      if (IsNullConstant(constraint.raw_expr)) break;
      column.filled = true;
      column.distinct = column.distinct || IsDistinct(constraint.raw_expr);
      column.filler = FillerOf(constraint, end, source);
      column.variation = VariationOf(constraint.raw_expr, column.calls);
      break;
    case CONSTR_IDENTITY:
      column.filled = column.distinct = column.not_null = true;
      column.filler = "IDENTITY";
      column.variation = Variation::kEachRow;
      break;
    case CONSTR_GENERATED:
      column.filled = column.stored_generated = true;
      column.filler = "GENERATED ... STORED";
      column.variation = Variation::kEachRow;
      break;
    case CONSTR_PRIMARY:
      column.not_null = true;
      break;
    default:
      break;
  }
}

}  // namespace

std::string_view Text(const Node* string) {
  const auto* value = GATE_NODE(String, string);
  return value == nullptr || value->sval == nullptr ? std::string_view() : value->sval;
}

std::vector<std::string> Texts(const List* strings) {
  std::vector<std::string> texts;
  for (const ListCell& cell : Elements(strings)) {
    texts.emplace_back(Text(static_cast<const Node*>(cell.ptr_value)));
  }
  return texts;
}

Name NameOf(const RangeVar& relation) {
  return {relation.schemaname == nullptr ? "" : relation.schemaname, relation.relname};
}

Name NameOf(const List* parts) {
  const auto elements = Elements(parts);
  Name name;
  if (elements.empty()) return name;
  name.name = Text(static_cast<const Node*>(elements.back().ptr_value));
  if (elements.size() > 1) {
    name.schema = Text(static_cast<const Node*>(elements[elements.size() - 2].ptr_value));
  }
  return name;
}

Type TypeOf(const TypeName& written, std::string_view source) {
  Type type;
  const Name name = NameOf(written.names);
  const bool built_in = name.schema.empty() || name.schema == "pg_catalog";
  type.name = built_in ? name.name : name.schema + "." + name.name;
  for (const auto& [alias, real] : kAliases) {
    if (built_in && type.name == alias) type.name = real;
  }
  AddModifiers(written.typmods, type);
  type.dimensions = static_cast<int>(Elements(written.arrayBounds).size());
  type.written = WrittenType(source, written.location, type.dimensions > 0);
  return type;
}

Column ColumnOf(const ColumnDef& definition, std::string_view source) {
  Column column;
  column.name = definition.colname == nullptr ? "" : definition.colname;
  column.not_null = definition.is_not_null;
  if (definition.typeName != nullptr) {
    column.type = TypeOf(*definition.typeName, source);
    for (const auto& [serial, type] : kSerials) {
      if (column.type->name != serial) continue;
      column.type->name = type;
      column.filled = column.distinct = column.not_null = true;
      column.filler = column.type->written;
      column.variation = Variation::kEachRow;
    }
  }
  const auto constraints = Elements(definition.constraints);
  for (size_t i = 0; i < constraints.size(); ++i) {
    const auto* constraint = GATE_NODE(Constraint, constraints[i].ptr_value);
    if (constraint == nullptr) continue;
    const auto* next =
        i + 1 < constraints.size() ? GATE_NODE(Constraint, constraints[i + 1].ptr_value) : nullptr;
    const bool ends = next != nullptr && next->location > constraint->location;
    ApplyConstraint(
        *constraint,
        ends ? static_cast<uint32_t>(next->location) : static_cast<uint32_t>(source.size()), source,
        column);
  }
  return column;
}

bool IsNullConstant(const Node* expression) {
  for (int depth = 0; depth < kMaxDepth; ++depth) {
    const auto* cast = GATE_NODE(TypeCast, expression);
    if (cast == nullptr) break;
    expression = cast->arg;
  }
  const auto* constant = GATE_NODE(A_Const, expression);
  return constant != nullptr && constant->isnull;
}

Variation VariationOf(const Node* expression, std::vector<Name>& calls, int depth) {
  if (expression == nullptr) return Variation::kNone;
  if (depth > kMaxDepth) return Variation::kUnknown;
  const auto of = [&](const void* node) {
    return VariationOf(static_cast<const Node*>(node), calls, depth + 1);
  };
  const auto all = [&of](const List* list) {
    Variation most = Variation::kNone;
    for (const ListCell& cell : Elements(list)) most = std::max(most, of(cell.ptr_value));
    return most;
  };
  if (GATE_NODE(A_Const, expression) || GATE_NODE(SQLValueFunction, expression) ||
      GATE_NODE(ColumnRef, expression)) {
    return Variation::kNone;
  }
  if (const auto* cast = GATE_NODE(TypeCast, expression)) return of(cast->arg);
  if (const auto* array = GATE_NODE(A_ArrayExpr, expression)) return all(array->elements);
  if (const auto* row = GATE_NODE(RowExpr, expression)) return all(row->args);
  if (const auto* collate = GATE_NODE(CollateClause, expression)) return of(collate->arg);
  if (const auto* list = GATE_NODE(List, expression)) return all(list);
  if (const auto* both = GATE_NODE(BoolExpr, expression)) return all(both->args);
  if (const auto* first = GATE_NODE(CoalesceExpr, expression)) return all(first->args);
  if (const auto* most = GATE_NODE(MinMaxExpr, expression)) return all(most->args);
  if (const auto* test = GATE_NODE(NullTest, expression)) return of(test->arg);
  if (const auto* operation = GATE_NODE(A_Expr, expression)) {
    return std::max(of(operation->lexpr), of(operation->rexpr));
  }
  if (const auto* choice = GATE_NODE(CaseExpr, expression)) {
    return std::max({of(choice->arg), all(choice->args), of(choice->defresult)});
  }
  if (const auto* when = GATE_NODE(CaseWhen, expression)) {
    return std::max(of(when->expr), of(when->result));
  }
  const auto* call = GATE_NODE(FuncCall, expression);
  if (call == nullptr) return Variation::kUnknown;
  const Name function = NameOf(call->funcname);
  const Variation arguments = all(call->args);
  if (std::ranges::find(kVolatileFunctions, function.name) != std::end(kVolatileFunctions)) {
    return Variation::kEachRow;
  }
  const bool built_in = function.schema.empty() || function.schema == "pg_catalog";
  if (!built_in ||
      std::ranges::find(kStableFunctions, function.name) == std::end(kStableFunctions)) {
    calls.push_back(function);
  }
  return arguments;
}

bool IsDistinct(const Node* expression) {
  for (int depth = 0; depth < kMaxDepth; ++depth) {
    const auto* cast = GATE_NODE(TypeCast, expression);
    if (cast == nullptr) break;
    expression = cast->arg;
  }
  const auto* call = GATE_NODE(FuncCall, expression);
  return call != nullptr && std::ranges::find(kDistinctFunctions, NameOf(call->funcname).name) !=
                                kDistinctFunctions.end();
}

std::vector<std::string> NotNullProofs(const Node* expression, bool& says_more) {
  std::vector<std::string> columns;
  AddProofs(expression, 0, columns, says_more);
  return columns;
}

std::string CommandName(std::string_view statement) {
  Lexer lexer(statement);
  std::string name;
  for (int words = 0; words < 2; ++words) {
    const Token token = lexer.Next();
    if (token.kind != Token::Kind::kWord) break;
    if (!name.empty()) name += ' ';
    name += absl::AsciiStrToUpper(std::string(Slice(statement, token.span)));
  }
  return name;
}

}  // namespace gate::migration
