// What INSERT, UPDATE, DELETE and MERGE write, and with which values.
#include <utility>

#include "checks/migration/sql/uses_reader.h"

namespace gate::migration {
namespace {

Assignment ValueOf(const Node* value) {
  Assignment assignment;
  if (GATE_NODE(SetToDefault, value)) {
    assignment.by_default = true;
  } else if (IsNullConstant(value)) {
    assignment.null = true;
  } else {
    while (const auto* cast = GATE_NODE(TypeCast, value)) value = cast->arg;
    assignment.unknown = !GATE_NODE(A_Const, value);
  }
  return assignment;
}

void Merge(const Assignment& value, Assignment& to) {
  to.null = to.null || value.null;
  to.by_default = to.by_default || value.by_default;
  to.unknown = to.unknown || value.unknown;
}

// The values of an INSERT, by position.
bool ValuesOf(const SelectStmt* select, std::vector<Assignment>& values) {
  if (select == nullptr) return true;  // DEFAULT VALUES
  if (select->op != SETOP_NONE) return false;
  const auto add = [&values](size_t i, const Node* value) {
    if (values.size() <= i) values.resize(i + 1);
    Merge(ValueOf(value), values[i]);
  };
  for (const ListCell& row : Elements(select->valuesLists)) {
    size_t i = 0;
    for (const ListCell& cell : Elements(GATE_NODE(List, row.ptr_value))) {
      add(i++, static_cast<const Node*>(cell.ptr_value));
    }
  }
  size_t i = 0;
  for (const ListCell& cell : Elements(select->targetList)) {
    const auto* target = GATE_NODE(ResTarget, cell.ptr_value);
    const auto* reference = target ? GATE_NODE(ColumnRef, target->val) : nullptr;
    if (target == nullptr || (reference && IsStar(*reference))) return false;
    add(i++, target->val);
  }
  return true;
}

Write InsertOf(int relation, const List* columns, std::vector<Assignment> values, bool complete) {
  Write write{relation, true, columns == nullptr, true};
  if (columns == nullptr) {
    write.complete = complete;
    write.assignments = std::move(values);
    return write;
  }
  size_t i = 0;
  for (const ListCell& cell : Elements(columns)) {
    const auto* target = GATE_NODE(ResTarget, cell.ptr_value);
    if (target == nullptr || target->name == nullptr) continue;
    Assignment assignment;
    if (complete && i < values.size()) {
      assignment = values[i];
    } else {
      assignment.unknown = true;
    }
    assignment.column = target->name;
    write.assignments.push_back(std::move(assignment));
    ++i;
  }
  return write;
}

}  // namespace

void UsesReader::NameTargets(const List* targets, int relation, const Scope& scope) {
  for (const ListCell& cell : Elements(targets)) {
    const auto* target = GATE_NODE(ResTarget, cell.ptr_value);
    if (target == nullptr || target->name == nullptr) continue;
    names_.NameColumn(target->name, relation);
    ReadAll(target->indirection, scope);
  }
}

void UsesReader::ReadAssignments(const List* targets, int relation, const Scope& scope) {
  Write write{relation};
  NameTargets(targets, relation, scope);
  for (const ListCell& cell : Elements(targets)) {
    const auto* target = GATE_NODE(ResTarget, cell.ptr_value);
    if (target == nullptr || target->name == nullptr) continue;
    const Node* value = target->val;
    if (const auto* several = GATE_NODE(MultiAssignRef, value)) {
      if (several->colno == 1) Read(several->source, scope);
      const auto* row = GATE_NODE(RowExpr, several->source);
      const auto elements = Elements(row ? row->args : nullptr);
      const size_t at = static_cast<size_t>(several->colno) - 1;
      value = at < elements.size() ? static_cast<const Node*>(elements[at].ptr_value) : nullptr;
    } else {
      Read(value, scope);
    }
    Assignment assignment = ValueOf(value);
    if (value == nullptr) assignment.unknown = true;
    if (target->indirection != nullptr) assignment = {};  // a part of it: the rest stays
    assignment.column = target->name;
    write.assignments.push_back(std::move(assignment));
  }
  uses_.writes.push_back(std::move(write));
}

Result UsesReader::ReadInsert(const InsertStmt& insert, const Scope& outer) {
  Scope around{&outer};
  ReadWith(insert.withClause, around);
  const int relation = names_.Mention(*insert.relation);
  const auto* select = GATE_NODE(SelectStmt, insert.selectStmt);
  std::vector<Assignment> values;
  const bool complete = ValuesOf(select, values);
  uses_.writes.push_back(InsertOf(relation, insert.cols, std::move(values), complete));
  NameTargets(insert.cols, relation, around);
  if (select != nullptr) {
    for (const int read : ReadQuery(insert.selectStmt, around).relations) {
      uses_.whole_rows.push_back({read, true});
    }
  }
  Scope scope{&around};
  names_.AddTarget(*insert.relation, relation, scope);
  if (insert.onConflictClause != nullptr) ReadConflict(*insert.onConflictClause, relation, scope);
  return ReadTargets(insert.returningList, scope);
}

void UsesReader::ReadConflict(const OnConflictClause& conflict, int relation, const Scope& scope) {
  if (const InferClause* infer = conflict.infer) {
    Inference inference{relation};
    if (infer->conname != nullptr) inference.constraint = infer->conname;
    inference.says_more = infer->whereClause != nullptr;
    for (const ListCell& cell : Elements(infer->indexElems)) {
      const auto* element = GATE_NODE(IndexElem, cell.ptr_value);
      if (element == nullptr) continue;
      if (element->name != nullptr) {
        inference.columns.emplace_back(element->name);
        names_.NameColumn(element->name, relation);
      } else {
        inference.says_more = true;
        Read(element->expr, scope);
      }
    }
    Read(infer->whereClause, scope);
    uses_.inferences.push_back(std::move(inference));
  }
  if (conflict.action != ONCONFLICT_UPDATE) return;
  Scope updating = scope;
  updating.sources.push_back(
      {.alias = "excluded", .relations = {relation}, .qualified_only = true});
  ReadAssignments(conflict.targetList, relation, updating);
  Read(conflict.whereClause, updating);
}

Result UsesReader::ReadUpdate(const UpdateStmt& update, const Scope& outer) {
  Scope scope{&outer};
  ReadWith(update.withClause, scope);
  const int relation = names_.Mention(*update.relation);
  names_.AddTarget(*update.relation, relation, scope);
  ReadFromClause(update.fromClause, scope);
  ReadAssignments(update.targetList, relation, scope);
  Read(update.whereClause, scope);
  return ReadTargets(update.returningList, scope);
}

Result UsesReader::ReadDelete(const DeleteStmt& remove, const Scope& outer) {
  Scope scope{&outer};
  ReadWith(remove.withClause, scope);
  const int relation = names_.Mention(*remove.relation);
  names_.AddTarget(*remove.relation, relation, scope);
  uses_.deletes.push_back(relation);
  ReadFromClause(remove.usingClause, scope);
  Read(remove.whereClause, scope);
  return ReadTargets(remove.returningList, scope);
}

Result UsesReader::ReadMerge(const MergeStmt& merge, const Scope& outer) {
  Scope scope{&outer};
  ReadWith(merge.withClause, scope);
  const int relation = names_.Mention(*merge.relation);
  names_.AddTarget(*merge.relation, relation, scope);
  ReadFrom(merge.sourceRelation, scope);
  Read(merge.joinCondition, scope);
  for (const ListCell& cell : Elements(merge.mergeWhenClauses)) {
    const auto* when = GATE_NODE(MergeWhenClause, cell.ptr_value);
    if (when == nullptr) continue;
    Read(when->condition, scope);
    if (when->commandType == CMD_UPDATE) ReadAssignments(when->targetList, relation, scope);
    if (when->commandType == CMD_DELETE) uses_.deletes.push_back(relation);
    if (when->commandType != CMD_INSERT) continue;
    std::vector<Assignment> values;
    for (const ListCell& value : Elements(when->values)) {
      values.push_back(ValueOf(static_cast<const Node*>(value.ptr_value)));
    }
    uses_.writes.push_back(InsertOf(relation, when->targetList, std::move(values), true));
    NameTargets(when->targetList, relation, scope);
    ReadAll(when->values, scope);
  }
  return {};
}

}  // namespace gate::migration
