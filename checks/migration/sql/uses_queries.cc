// Queries: WITH, the arms of UNION, the columns that they return, and FROM.
#include <algorithm>
#include <utility>

#include "checks/migration/sql/uses_reader.h"

namespace gate::migration {
namespace {

const List* Row(const ListCell& cell) { return GATE_NODE(List, cell.ptr_value); }

// The scope without its sources: what a subquery in FROM sees.
Scope Around(const Scope& scope) { return {scope.outer, scope.queries, {}}; }

}  // namespace

Result UsesReader::ReadQuery(const Node* node, const Scope& outer) {
  const Deeper deeper(*this);
  if (names_.lost() || node == nullptr) return {};
  if (const auto* select = GATE_NODE(SelectStmt, node)) return ReadSelect(*select, outer);
  if (const auto* insert = GATE_NODE(InsertStmt, node)) return ReadInsert(*insert, outer);
  if (const auto* update = GATE_NODE(UpdateStmt, node)) return ReadUpdate(*update, outer);
  if (const auto* remove = GATE_NODE(DeleteStmt, node)) return ReadDelete(*remove, outer);
  if (const auto* merge = GATE_NODE(MergeStmt, node)) return ReadMerge(*merge, outer);
  names_.Lose("what this kind of statement uses is not followed");
  return {};
}

void UsesReader::ReadWith(const WithClause* with, Scope& scope) {
  if (with == nullptr) return;
  const auto bind = [&scope](const char* name, Result result) {
    for (auto& [known, old] : scope.queries) {
      if (known != name) continue;
      old = std::move(result);
      return;
    }
    scope.queries.emplace_back(name, std::move(result));
  };
  for (const ListCell& cell : Elements(with->recursive ? with->ctes : nullptr)) {
    const auto* query = GATE_NODE(CommonTableExpr, cell.ptr_value);
    if (query) bind(query->ctename, {.names = Texts(query->aliascolnames), .unknown = true});
  }
  for (const ListCell& cell : Elements(with->ctes)) {
    const auto* query = GATE_NODE(CommonTableExpr, cell.ptr_value);
    if (query == nullptr) continue;
    Result result = ReadQuery(query->ctequery, scope);
    for (std::string& name : Texts(query->aliascolnames)) result.names.push_back(std::move(name));
    if (query->search_clause != nullptr || query->cycle_clause != nullptr) result.unknown = true;
    bind(query->ctename, std::move(result));
  }
}

Result UsesReader::ReadSelect(const SelectStmt& select, const Scope& outer) {
  Scope scope{&outer};
  ReadWith(select.withClause, scope);
  Result result;
  if (select.op != SETOP_NONE) {
    result = ReadArms(select, scope);
    // ORDER BY can only name columns of the result here.
  } else if (select.valuesLists != nullptr) {
    for (const ListCell& row : Elements(select.valuesLists)) ReadAll(Row(row), scope);
    const List* first = Row(Elements(select.valuesLists).front());
    for (size_t i = 1; i <= Elements(first).size(); ++i) {
      result.names.push_back(absl::StrCat("column", i));
    }
  } else {
    ReadFromClause(select.fromClause, scope);
    result = ReadTargets(select.targetList, scope);
    Read(select.whereClause, scope);
    ReadAll(select.groupClause, scope);
    Read(select.havingClause, scope);
    ReadAll(select.windowClause, scope);
    ReadSorted(select.sortClause, select.targetList, scope);
    ReadSorted(select.distinctClause, select.targetList, scope);
  }
  Read(select.limitOffset, scope);
  Read(select.limitCount, scope);
  return result;
}

// A chain of UNIONs leans to the left, however long it is.
Result UsesReader::ReadArms(const SelectStmt& select, const Scope& scope) {
  std::vector<const SelectStmt*> arms;
  const SelectStmt* at = &select;
  const auto is_plain = [](const SelectStmt& arm) {
    return arm.withClause == nullptr && arm.limitOffset == nullptr && arm.limitCount == nullptr;
  };
  for (; at->op != SETOP_NONE && (at == &select || is_plain(*at)); at = at->larg) {
    arms.push_back(at->rarg);
  }
  arms.push_back(at);
  Result result;
  for (auto arm = arms.rbegin(); arm != arms.rend(); ++arm) {
    const Result read = ReadQuery(AsNode(*arm), scope);
    for (const int relation : read.relations) uses_.whole_rows.push_back({relation, true});
    result.unknown = result.unknown || read.unknown;
    result.relations.insert(result.relations.end(), read.relations.begin(), read.relations.end());
    if (arm == arms.rbegin()) result.names = read.names;
  }
  return result;
}

// ORDER BY and DISTINCT ON: a name of the result stands before a column.
void UsesReader::ReadSorted(const List* sorted, const List* targets, const Scope& scope) {
  for (const ListCell& cell : Elements(sorted)) {
    const auto* node = static_cast<const Node*>(cell.ptr_value);
    if (const auto* by = GATE_NODE(SortBy, node)) node = by->node;
    const std::string_view name = BareName(node);
    const bool of_result =
        !name.empty() && std::ranges::any_of(Elements(targets), [&](const ListCell& each) {
          const auto* target = GATE_NODE(ResTarget, each.ptr_value);
          return target && target->name != nullptr && name == target->name;
        });
    if (!of_result) Read(node, scope);
  }
}

Result UsesReader::ReadTargets(const List* targets, const Scope& scope) {
  Result result;
  for (const ListCell& cell : Elements(targets)) {
    const auto* target = GATE_NODE(ResTarget, cell.ptr_value);
    if (target == nullptr) continue;
    const auto* reference = GATE_NODE(ColumnRef, target->val);
    if (reference && IsStar(*reference)) {
      for (const Source* source : names_.StarOf(*reference, scope)) {
        names_.Look(*source);
        if (!names_.lost()) result.Add(*source);
      }
      continue;
    }
    const size_t first = uses_.columns.size();
    Read(target->val, scope);
    // Only the outermost targets are read at the end; an inner one is overwritten by then.
    if (reference && depth_ == 1 && uses_.columns.size() > first) returned_.push_back(first);
    if (target->name != nullptr) {
      result.names.emplace_back(target->name);
    } else if (reference) {
      result.names.emplace_back(Last(*reference));
    } else if (const auto* call = GATE_NODE(FuncCall, target->val)) {
      result.names.push_back(NameOf(call->funcname).name);
    } else {
      result.unknown = true;  // PostgreSQL chooses the name.
    }
  }
  return result;
}

void UsesReader::ReadFromClause(const List* items, Scope& scope) {
  for (const ListCell& cell : Elements(items)) {
    if (names_.lost()) return;
    ReadFrom(static_cast<const Node*>(cell.ptr_value), scope);
  }
}

void UsesReader::ReadFrom(const Node* item, Scope& scope) {
  const Deeper deeper(*this);
  if (names_.lost() || item == nullptr) return;
  if (const auto* relation = GATE_NODE(RangeVar, item)) {
    names_.AddRelation(*relation, scope);
  } else if (const auto* join = GATE_NODE(JoinExpr, item)) {
    ReadJoin(*join, scope);
  } else if (const auto* from = GATE_NODE(RangeSubselect, item)) {
    // Without LATERAL it does not see the sources beside it.
    const Result result =
        from->lateral ? ReadQuery(from->subquery, scope) : ReadQuery(from->subquery, Around(scope));
    names_.AddSource(from->alias, "", result, scope);
  } else if (const auto* function = GATE_NODE(RangeFunction, item)) {
    ReadFunction(*function, scope);
  } else if (const auto* sample = GATE_NODE(RangeTableSample, item)) {
    ReadFrom(sample->relation, scope);
    ReadAll(sample->args, scope);
    Read(sample->repeatable, scope);
  } else if (const auto* xml = GATE_NODE(RangeTableFunc, item)) {
    Read(xml->docexpr, scope);
    Read(xml->rowexpr, scope);
    Result result;
    for (const ListCell& cell : Elements(xml->columns)) {
      const auto* column = GATE_NODE(RangeTableFuncCol, cell.ptr_value);
      if (column == nullptr) continue;
      result.names.emplace_back(column->colname);
      Read(column->colexpr, scope);
      Read(column->coldefexpr, scope);
    }
    names_.AddSource(xml->alias, "", result, scope);
  } else {
    names_.Lose("a part of its FROM is not followed");
  }
}

void UsesReader::ReadFunction(const RangeFunction& function, Scope& scope) {
  Result result;
  std::string name;
  for (const ListCell& cell : Elements(function.functions)) {
    const auto* pair = GATE_NODE(List, cell.ptr_value);
    if (pair == nullptr || pair->length == 0) continue;
    const auto* call = static_cast<const Node*>(pair->elements[0].ptr_value);
    Read(call, scope);
    if (const auto* named = GATE_NODE(FuncCall, call)) name = NameOf(named->funcname).name;
  }
  for (const ListCell& cell : Elements(function.coldeflist)) {
    const auto* column = GATE_NODE(ColumnDef, cell.ptr_value);
    if (column && column->colname) result.names.emplace_back(column->colname);
  }
  const Alias* alias = function.alias;
  if (alias != nullptr) name = alias->aliasname;
  result.names.push_back(name);  // of a function that returns one value
  result.unknown =
      function.coldeflist == nullptr && (alias == nullptr || alias->colnames == nullptr);
  names_.AddSource(alias, name, result, scope);
}

void UsesReader::ReadJoin(const JoinExpr& join, Scope& scope) {
  const size_t left = scope.sources.size();
  ReadFrom(join.larg, scope);
  const size_t right = scope.sources.size();
  ReadFrom(join.rarg, scope);
  if (names_.lost()) return;
  const std::vector<Source>& sources = scope.sources;
  for (const std::string& column : Texts(join.usingClause)) {
    names_.AddUse(column, {sources.begin() + left, sources.begin() + right});
    names_.AddUse(column, {sources.begin() + right, sources.end()});
  }
  if (join.isNatural) {
    for (size_t i = left; i < sources.size(); ++i) names_.AddWhole(sources[i]);
  }
  Read(join.quals, scope);
  if (join.alias == nullptr) return;
  Result all;
  for (size_t i = left; i < sources.size(); ++i) all.Add(sources[i]);
  scope.sources.resize(left);
  names_.AddSource(join.alias, "", all, scope);
}

}  // namespace gate::migration
