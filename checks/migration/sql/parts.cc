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

constexpr std::array<std::string_view, 12> kStableFunctions = {"coalesce",
                                                               "concat",
                                                               "current_setting",
                                                               "date_trunc",
                                                               "jsonb_build_object",
                                                               "lower",
                                                               "make_interval",
                                                               "now",
                                                               "statement_timestamp",
                                                               "timezone",
                                                               "transaction_timestamp",
                                                               "upper"};

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

void ApplyConstraint(const Constraint& constraint, Column& column) {
  switch (constraint.contype) {
    case CONSTR_NOTNULL:
      column.not_null = true;
      break;
    case CONSTR_DEFAULT:
      column.filled = column.filled || !IsNullConstant(constraint.raw_expr);
      column.distinct = column.distinct || IsDistinct(constraint.raw_expr);
      break;
    case CONSTR_IDENTITY:
      column.filled = column.distinct = column.not_null = true;
      break;
    case CONSTR_GENERATED:
      column.filled = column.stored_generated = true;
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
    }
  }
  for (const ListCell& cell : Elements(definition.constraints)) {
    if (const auto* constraint = GATE_NODE(Constraint, cell.ptr_value)) {
      ApplyConstraint(*constraint, column);
    }
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

bool IsStable(const Node* expression, int depth) {
  if (expression == nullptr) return true;
  if (depth > kMaxDepth) return false;
  const auto all = [depth](const List* list) {
    return std::ranges::all_of(Elements(list), [depth](const ListCell& cell) {
      return IsStable(static_cast<const Node*>(cell.ptr_value), depth + 1);
    });
  };
  if (GATE_NODE(A_Const, expression) || GATE_NODE(SQLValueFunction, expression)) return true;
  if (const auto* cast = GATE_NODE(TypeCast, expression)) return IsStable(cast->arg, depth + 1);
  if (const auto* array = GATE_NODE(A_ArrayExpr, expression)) return all(array->elements);
  if (const auto* row = GATE_NODE(RowExpr, expression)) return all(row->args);
  if (const auto* collate = GATE_NODE(CollateClause, expression)) {
    return IsStable(collate->arg, depth + 1);
  }
  if (const auto* operation = GATE_NODE(A_Expr, expression)) {
    return IsStable(operation->lexpr, depth + 1) && IsStable(operation->rexpr, depth + 1);
  }
  if (const auto* call = GATE_NODE(FuncCall, expression)) {
    const Name function = NameOf(call->funcname);
    return (function.schema.empty() || function.schema == "pg_catalog") &&
           std::ranges::find(kStableFunctions, function.name) != kStableFunctions.end() &&
           all(call->args);
  }
  return false;
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
