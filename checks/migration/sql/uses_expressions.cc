// Expressions: the columns, functions, types and subqueries in them.
#include <utility>

#include "checks/migration/sql/uses_reader.h"

namespace gate::migration {
namespace {

const Node* LastField(const ColumnRef& reference) {
  return static_cast<const Node*>(Elements(reference.fields).back().ptr_value);
}

}  // namespace

std::string_view Last(const ColumnRef& reference) { return Text(LastField(reference)); }

bool IsStar(const ColumnRef& reference) { return nodeTag(LastField(reference)) == T_A_Star; }

std::string_view BareName(const Node* node) {
  const auto* reference = GATE_NODE(ColumnRef, node);
  if (reference == nullptr || Elements(reference->fields).size() != 1) return "";
  return Text(static_cast<const Node*>(Elements(reference->fields).front().ptr_value));
}

void UsesReader::ReadAll(const List* list, const Scope& scope) {
  for (const ListCell& cell : Elements(list)) {
    if (names_.lost()) return;
    Read(static_cast<const Node*>(cell.ptr_value), scope);
  }
}

void UsesReader::Read(const Node* node, const Scope& scope) {
  const Deeper deeper(*this);
  if (names_.lost() || node == nullptr) return;
  // a + b + c + ... leans to the left, however long it is.
  while (const auto* operation = GATE_NODE(A_Expr, node)) {
    Read(operation->rexpr, scope);
    if (operation->lexpr == nullptr || names_.lost()) return;
    node = operation->lexpr;
  }
  ReadOne(node, scope);
}

void UsesReader::ReadReference(const ColumnRef& reference, const Scope& scope) {
  if (IsStar(reference)) {
    for (const Source* source : names_.StarOf(reference, scope)) names_.AddWhole(*source);
  } else if (Elements(reference.fields).size() == 1) {
    names_.UseBare(Last(reference), scope);
  } else if (const Source* source = names_.Qualifier(reference, scope)) {
    names_.AddUse(std::string(Last(reference)), {*source});
  }
}

// (o).note is a column of o; what else is selected from is an expression.
void UsesReader::ReadIndirection(const A_Indirection& from, const Scope& scope) {
  const std::string_view name = BareName(from.arg);
  const auto parts = Elements(from.indirection);
  const auto* first = static_cast<const Node*>(parts.empty() ? nullptr : parts[0].ptr_value);
  const Source* source = name.empty() ? nullptr : names_.FindSource("", name, scope);
  if (source != nullptr && GATE_NODE(String, first)) {
    names_.AddUse(std::string(Text(first)), {*source});
  } else {
    Read(from.arg, scope);
  }
  ReadAll(from.indirection, scope);
}

void UsesReader::ReadCall(const FuncCall& call, const Scope& scope) {
  uses_.functions.push_back(NameOf(call.funcname));
  ReadAll(call.args, scope);
  ReadAll(call.agg_order, scope);
  Read(call.agg_filter, scope);
  Read(AsNode(call.over), scope);
}

void UsesReader::ReadCast(const TypeCast& cast, const Scope& scope) {
  Read(cast.arg, scope);
  const Name type = NameOf(cast.typeName->names);
  if (type.schema == "pg_catalog") return;
  const auto* constant = GATE_NODE(A_Const, cast.arg);
  TypeUse use{type, {}};
  if (constant && !constant->isnull && nodeTag(&constant->val) == T_String) {
    use.label = std::string(Text(&constant->val.node));
  }
  uses_.casts.push_back(std::move(use));
}

void UsesReader::ReadLink(const SubLink& link, const Scope& scope) {
  Read(link.testexpr, scope);
  const Result result = ReadQuery(link.subselect, scope);
  if (link.subLinkType == EXISTS_SUBLINK) return;
  for (const int relation : result.relations) uses_.whole_rows.push_back({relation, true});
}

void UsesReader::ReadCase(const CaseExpr& expression, const Scope& scope) {
  Read(AsNode(expression.arg), scope);
  for (const ListCell& cell : Elements(expression.args)) {
    const auto* when = GATE_NODE(CaseWhen, cell.ptr_value);
    if (when == nullptr) continue;
    Read(AsNode(when->expr), scope);
    Read(AsNode(when->result), scope);
  }
  Read(AsNode(expression.defresult), scope);
}

void UsesReader::ReadWindow(const WindowDef& window, const Scope& scope) {
  ReadAll(window.partitionClause, scope);
  ReadAll(window.orderClause, scope);
  Read(window.startOffset, scope);
  Read(window.endOffset, scope);
}

void UsesReader::ReadOne(const Node* node, const Scope& scope) {
  switch (nodeTag(node)) {
    case T_ColumnRef:
      return ReadReference(*GATE_NODE(ColumnRef, node), scope);
    case T_FuncCall:
      return ReadCall(*GATE_NODE(FuncCall, node), scope);
    case T_TypeCast:
      return ReadCast(*GATE_NODE(TypeCast, node), scope);
    case T_SubLink:
      return ReadLink(*GATE_NODE(SubLink, node), scope);
    case T_CaseExpr:
      return ReadCase(*GATE_NODE(CaseExpr, node), scope);
    case T_WindowDef:
      return ReadWindow(*GATE_NODE(WindowDef, node), scope);
    case T_A_Indirection:
      return ReadIndirection(*GATE_NODE(A_Indirection, node), scope);
    case T_BoolExpr:
      return ReadAll(GATE_NODE(BoolExpr, node)->args, scope);
    case T_CoalesceExpr:
      return ReadAll(GATE_NODE(CoalesceExpr, node)->args, scope);
    case T_MinMaxExpr:
      return ReadAll(GATE_NODE(MinMaxExpr, node)->args, scope);
    case T_RowExpr:
      return ReadAll(GATE_NODE(RowExpr, node)->args, scope);
    case T_A_ArrayExpr:
      return ReadAll(GATE_NODE(A_ArrayExpr, node)->elements, scope);
    case T_GroupingSet:
      return ReadAll(GATE_NODE(GroupingSet, node)->content, scope);
    case T_GroupingFunc:
      return ReadAll(GATE_NODE(GroupingFunc, node)->args, scope);
    case T_List:
      return ReadAll(GATE_NODE(List, node), scope);
    default:
      return ReadSimple(node, scope);
  }
}

void UsesReader::ReadSimple(const Node* node, const Scope& scope) {
  switch (nodeTag(node)) {
    case T_NullTest:
      return Read(AsNode(GATE_NODE(NullTest, node)->arg), scope);
    case T_BooleanTest:
      return Read(AsNode(GATE_NODE(BooleanTest, node)->arg), scope);
    case T_CollateClause:
      return Read(GATE_NODE(CollateClause, node)->arg, scope);
    case T_NamedArgExpr:
      return Read(AsNode(GATE_NODE(NamedArgExpr, node)->arg), scope);
    case T_SortBy:
      return Read(GATE_NODE(SortBy, node)->node, scope);
    case T_ResTarget:
      return Read(GATE_NODE(ResTarget, node)->val, scope);
    case T_A_Indices:
      Read(GATE_NODE(A_Indices, node)->lidx, scope);
      return Read(GATE_NODE(A_Indices, node)->uidx, scope);
    case T_XmlExpr:
      ReadAll(GATE_NODE(XmlExpr, node)->named_args, scope);
      return ReadAll(GATE_NODE(XmlExpr, node)->args, scope);
    case T_XmlSerialize:
      return Read(GATE_NODE(XmlSerialize, node)->expr, scope);
    case T_A_Const:
    case T_A_Star:
    case T_ParamRef:
    case T_SQLValueFunction:
    case T_SetToDefault:
    case T_CurrentOfExpr:
    case T_String:
    case T_Integer:
    case T_Float:
      return;
    default:
      return names_.Lose("a part of it is not followed");
  }
}

}  // namespace gate::migration
