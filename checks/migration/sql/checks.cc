// What the condition of a CHECK comes to where a column is NULL or has a known value. Three-valued
// logic, as PostgreSQL has it: a row passes unless the condition is false.
#include <algorithm>
#include <array>

#include "checks/migration/sql/lower.h"

namespace gate::migration {
namespace {

constexpr int kMaxDepth = 32;
constexpr size_t kMaxColumns = 8;  // looked at in one condition; the careful answer for others

// A set of truth values that are possible.
enum : int { kTrue = 1, kFalse = 2, kNull = 4, kAny = kTrue | kFalse | kNull };

// Operators that give NULL where one side is NULL. (Not ||, which joins NULL to an array.)
constexpr std::array<std::string_view, 21> kStrictOperators = {
    "=", "<>", "!=", "<",  ">",   "<=", ">=", "+",  "-",  "*",  "/",
    "%", "~",  "!~", "~*", "!~*", "@>", "<@", "&&", "~~", "!~~"};
// The same, of functions.
constexpr std::array<std::string_view, 20> kStrictFunctions = {
    "abs",     "array_length", "btrim",       "cardinality",  "ceil",  "char_length", "date_part",
    "extract", "floor",        "json_typeof", "jsonb_typeof", "left",  "length",      "lower",
    "ltrim",   "octet_length", "right",       "round",        "rtrim", "upper"};

bool IsBuiltIn(const Name& name) { return name.schema.empty() || name.schema == "pg_catalog"; }

const Node* NodeIn(const ListCell& cell) { return static_cast<const Node*>(cell.ptr_value); }

std::string_view ColumnOf(const Node* expression) {
  const auto* reference = GATE_NODE(ColumnRef, expression);
  return reference == nullptr ? std::string_view()
                              : Text(NodeIn(Elements(reference->fields).back()));
}

const Node* WithoutCasts(const Node* expression) {
  for (int depth = 0; depth < kMaxDepth; ++depth) {
    const auto* cast = GATE_NODE(TypeCast, expression);
    if (cast == nullptr) break;
    expression = cast->arg;
  }
  return expression;
}

// Whether both are constants that are written alike: equal in any type.
bool AreSame(const Node* a, const Node* b) {
  const auto* left = GATE_NODE(A_Const, WithoutCasts(a));
  const auto* right = GATE_NODE(A_Const, WithoutCasts(b));
  if (left == nullptr || right == nullptr || left->isnull || right->isnull) return false;
  if (nodeTag(&left->val) != nodeTag(&right->val)) return false;
  switch (nodeTag(&left->val)) {
    case T_Integer:
      return left->val.ival.ival == right->val.ival.ival;
    case T_Float:
      return std::string_view(left->val.fval.fval) == right->val.fval.fval;
    case T_Boolean:
      return left->val.boolval.boolval == right->val.boolval.boolval;
    case T_String:
      return std::string_view(left->val.sval.sval) == right->val.sval.sval;
    default:
      return false;
  }
}

const Integer* IntegerOf(const Node* expression) {
  const auto* constant = GATE_NODE(A_Const, expression);
  if (constant == nullptr || constant->isnull) return nullptr;
  return GATE_NODE(Integer, &constant->val);
}

// A condition in rows where `column` has a known value, or is NULL where there is none.
class Rows {
 public:
  Rows(std::string_view column, const Node* value) : column_(column), value_(value) {}

  int Of(const Node* condition, int depth = 0) const {
    if (condition == nullptr || depth > kMaxDepth) return kAny;
    if (IsNull(condition, depth)) return kNull;
    if (const auto* logic = GATE_NODE(BoolExpr, condition)) return OfLogic(*logic, depth);
    if (const auto* test = GATE_NODE(NullTest, condition)) {
      const bool wants_null = test->nulltesttype == IS_NULL;
      const auto* tested = reinterpret_cast<const Node*>(test->arg);
      if (IsNull(tested, depth + 1)) return wants_null ? kTrue : kFalse;
      if (IsValue(tested)) return wants_null ? kFalse : kTrue;
      return kTrue | kFalse;
    }
    const auto* operation = GATE_NODE(A_Expr, condition);
    return operation == nullptr ? kAny : OfOperation(*operation);
  }

 private:
  int OfLogic(const BoolExpr& logic, int depth) const {
    const auto parts = Elements(logic.args);
    if (logic.boolop == NOT_EXPR) {
      const int part = Of(NodeIn(parts.front()), depth + 1);
      return (part & kNull) | (part & kTrue ? kFalse : 0) | (part & kFalse ? kTrue : 0);
    }
    // Of AND: false if one is, true if all are, else NULL. Of OR the other way round.
    const int decides = logic.boolop == AND_EXPR ? kFalse : kTrue;
    const int rest = kTrue + kFalse - decides;
    int possible = rest;
    for (const ListCell& cell : parts) {
      const int part = Of(NodeIn(cell), depth + 1);
      int next = (part | possible) & decides;
      if ((possible & rest) && (part & rest)) next |= rest;
      const bool unknown_before = (possible & kNull) != 0 && (part & (kNull | rest)) != 0;
      const bool unknown_now = (part & kNull) != 0 && (possible & rest) != 0;
      if (unknown_before || unknown_now) next |= kNull;
      possible = next;
    }
    return possible;
  }

  int OfOperation(const A_Expr& operation) const {
    if (!IsValue(operation.lexpr)) return kAny;
    const std::string_view name = Text(NodeIn(Elements(operation.name).back()));
    if (operation.kind == AEXPR_IN && name == "=") {
      return HasSame(GATE_NODE(List, operation.rexpr)) ? kTrue : kAny;
    }
    if (operation.kind == AEXPR_OP_ANY && name == "=") {
      const auto* array = GATE_NODE(A_ArrayExpr, WithoutCasts(operation.rexpr));
      return array && HasSame(array->elements) ? kTrue : kAny;
    }
    if (operation.kind != AEXPR_OP) return kAny;
    if ((name == "=" || name == ">=" || name == "<=") && AreSame(value_, operation.rexpr)) {
      return kTrue;
    }
    const Integer* left = IntegerOf(value_);
    const Integer* right = IntegerOf(operation.rexpr);
    if (left == nullptr || right == nullptr) return kAny;
    const bool holds = (name.starts_with('>') && left->ival > right->ival) ||
                       ((name == "<" || name == "<=") && left->ival < right->ival) ||
                       ((name == "<>" || name == "!=") && left->ival != right->ival);
    return holds ? kTrue : kAny;
  }

  bool HasSame(const List* constants) const {
    return std::ranges::any_of(Elements(constants), [this](const ListCell& cell) {
      return AreSame(value_, NodeIn(cell));
    });
  }

  bool IsValue(const Node* expression) const {
    return value_ != nullptr && ColumnOf(WithoutCasts(expression)) == column_;
  }

  // Whether the expression is certainly NULL.
  bool IsNull(const Node* expression, int depth) const {
    if (value_ != nullptr || expression == nullptr || depth > kMaxDepth) return false;
    expression = WithoutCasts(expression);
    if (GATE_NODE(ColumnRef, expression)) return ColumnOf(expression) == column_;
    if (const auto* operation = GATE_NODE(A_Expr, expression)) {
      const Name name = NameOf(operation->name);
      const bool strict = IsBuiltIn(name) &&
                          std::ranges::find(kStrictOperators, name.name) != kStrictOperators.end();
      switch (operation->kind) {
        case AEXPR_OP:
          return strict &&
                 (IsNull(operation->lexpr, depth + 1) || IsNull(operation->rexpr, depth + 1));
        case AEXPR_OP_ANY:
        case AEXPR_OP_ALL: {
          // With an empty array it is no NULL.
          const auto* array = GATE_NODE(A_ArrayExpr, WithoutCasts(operation->rexpr));
          return strict && array && !Elements(array->elements).empty() &&
                 IsNull(operation->lexpr, depth + 1);
        }
        case AEXPR_IN:
        case AEXPR_LIKE:
        case AEXPR_ILIKE:
        case AEXPR_SIMILAR:
        case AEXPR_BETWEEN:
        case AEXPR_NOT_BETWEEN:
          return IsNull(operation->lexpr, depth + 1);
        default:
          return false;
      }
    }
    const auto* call = GATE_NODE(FuncCall, expression);
    if (call == nullptr) return false;
    const Name name = NameOf(call->funcname);
    return IsBuiltIn(name) &&
           std::ranges::find(kStrictFunctions, name.name) != kStrictFunctions.end() &&
           std::ranges::any_of(Elements(call->args), [this, depth](const ListCell& cell) {
             return IsNull(NodeIn(cell), depth + 1);
           });
  }

  const std::string_view column_;
  const Node* const value_;
};

void AddColumns(const Node* expression, int depth, std::vector<std::string>& columns) {
  if (expression == nullptr || depth > kMaxDepth || columns.size() == kMaxColumns) return;
  const auto add_all = [&columns, depth](const List* list) {
    for (const ListCell& cell : Elements(list)) AddColumns(NodeIn(cell), depth + 1, columns);
  };
  expression = WithoutCasts(expression);
  if (const std::string_view column = ColumnOf(expression); !column.empty()) {
    if (std::ranges::find(columns, column) == columns.end()) columns.emplace_back(column);
  } else if (const auto* logic = GATE_NODE(BoolExpr, expression)) {
    add_all(logic->args);
  } else if (const auto* test = GATE_NODE(NullTest, expression)) {
    AddColumns(reinterpret_cast<const Node*>(test->arg), depth + 1, columns);
  } else if (const auto* operation = GATE_NODE(A_Expr, expression)) {
    AddColumns(operation->lexpr, depth + 1, columns);
    AddColumns(operation->rexpr, depth + 1, columns);
  } else if (const auto* call = GATE_NODE(FuncCall, expression)) {
    add_all(call->args);
  }
}

void AddConditions(const Node* expression, int depth,
                   std::vector<std::vector<std::string>>& conditions) {
  const auto* both = GATE_NODE(BoolExpr, expression);
  if (both && both->boolop == AND_EXPR && depth < kMaxDepth) {
    for (const ListCell& cell : Elements(both->args)) {
      AddConditions(NodeIn(cell), depth + 1, conditions);
    }
    return;
  }
  std::vector<std::string>& columns = conditions.emplace_back(ColumnsIn(expression));
  std::erase_if(columns, [expression](const std::string& column) {
    return (Rows(column, nullptr).Of(expression) & kFalse) != 0;
  });
}

}  // namespace

std::vector<std::string> ColumnsIn(const Node* expression) {
  std::vector<std::string> columns;
  AddColumns(expression, 0, columns);
  return columns;
}

std::vector<std::vector<std::string>> SatisfiedByNull(const Node* expression) {
  std::vector<std::vector<std::string>> conditions;
  AddConditions(expression, 0, conditions);
  return conditions;
}

std::vector<std::string> AllowedIn(const Node* expression) {
  const auto* operation = GATE_NODE(A_Expr, expression);
  if (operation == nullptr || ColumnOf(WithoutCasts(operation->lexpr)).empty()) return {};
  if (Text(NodeIn(Elements(operation->name).back())) != "=") return {};
  const List* constants = nullptr;
  if (operation->kind == AEXPR_IN) {
    constants = GATE_NODE(List, operation->rexpr);
  } else if (operation->kind == AEXPR_OP_ANY) {
    const auto* array = GATE_NODE(A_ArrayExpr, WithoutCasts(operation->rexpr));
    constants = array == nullptr ? nullptr : array->elements;
  }
  std::vector<std::string> allowed;
  for (const ListCell& cell : Elements(constants)) {
    const auto* constant = GATE_NODE(A_Const, WithoutCasts(NodeIn(cell)));
    if (constant == nullptr || constant->isnull) return {};
    if (const auto* text = GATE_NODE(String, &constant->val)) {
      allowed.push_back(absl::StrCat("'", std::string(text->sval)));
    } else if (const auto* number = GATE_NODE(Integer, &constant->val)) {
      allowed.push_back(absl::StrCat(number->ival));
    } else {
      return {};
    }
  }
  std::ranges::sort(allowed);
  return allowed;
}

bool IsSatisfiedBy(const Node* expression, std::string_view column, const Node* value) {
  const auto* constant = GATE_NODE(A_Const, WithoutCasts(value));
  if (constant == nullptr || constant->isnull) return false;
  return (Rows(column, WithoutCasts(value)).Of(expression) & kFalse) == 0;
}

}  // namespace gate::migration
