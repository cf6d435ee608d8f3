// What a view is made of: the relations that its query names, in FROM and in subqueries. Not all
// expressions are followed; what is missed stays in the model, which is the careful side.
#include <algorithm>

#include "checks/migration/sql/lower.h"

namespace gate::migration {
namespace {

class Reader {
 public:
  void Read(const void* node) {
    constexpr int kMaxDepth = 200;
    if (node == nullptr || depth_ == kMaxDepth) return;
    ++depth_;
    ReadInner(node);
    --depth_;
  }

  // Without the names that WITH has given to its own queries.
  std::vector<Name> Take() {
    std::erase_if(relations_, [this](const Name& name) {
      return name.schema.empty() && std::ranges::find(own_, name.name) != own_.end();
    });
    return std::move(relations_);
  }

 private:
  void ReadAll(const List* list) {
    for (const ListCell& cell : Elements(list)) Read(cell.ptr_value);
  }

  void ReadSelect(const SelectStmt& select) {
    if (select.withClause != nullptr) ReadAll(select.withClause->ctes);
    ReadAll(select.fromClause);
    ReadAll(select.targetList);
    Read(select.whereClause);
    Read(select.havingClause);
    // A chain of UNIONs leans to the left, however long it is.
    const SelectStmt* arm = select.larg;
    Read(select.rarg);
    for (; arm != nullptr && arm->op != SETOP_NONE; arm = arm->larg) Read(arm->rarg);
    Read(arm);
  }

  void ReadInner(const void* node) {
    if (const auto* relation = GATE_NODE(RangeVar, node)) {
      relations_.push_back(NameOf(*relation));
    } else if (const auto* select = GATE_NODE(SelectStmt, node)) {
      ReadSelect(*select);
    } else if (const auto* join = GATE_NODE(JoinExpr, node)) {
      Read(join->larg);
      Read(join->rarg);
      Read(join->quals);
    } else if (const auto* from = GATE_NODE(RangeSubselect, node)) {
      Read(from->subquery);
    } else if (const auto* link = GATE_NODE(SubLink, node)) {
      Read(link->testexpr);
      Read(link->subselect);
    } else if (const auto* query = GATE_NODE(CommonTableExpr, node)) {
      own_.emplace_back(query->ctename);
      Read(query->ctequery);
    } else {
      ReadExpression(node);
    }
  }

  void ReadExpression(const void* node) {
    if (const auto* target = GATE_NODE(ResTarget, node)) {
      Read(target->val);
    } else if (const auto* operation = GATE_NODE(A_Expr, node)) {
      Read(operation->lexpr);
      Read(operation->rexpr);
    } else if (const auto* logic = GATE_NODE(BoolExpr, node)) {
      ReadAll(logic->args);
    } else if (const auto* call = GATE_NODE(FuncCall, node)) {
      ReadAll(call->args);
    } else if (const auto* cast = GATE_NODE(TypeCast, node)) {
      Read(cast->arg);
    } else if (const auto* coalesce = GATE_NODE(CoalesceExpr, node)) {
      ReadAll(coalesce->args);
    } else if (const auto* list = GATE_NODE(List, node)) {
      ReadAll(list);
    }
  }

  std::vector<Name> relations_;
  std::vector<std::string> own_;
  int depth_ = 0;
};

}  // namespace

std::vector<Name> RelationsOf(const Node* query) {
  Reader reader;
  reader.Read(query);
  return reader.Take();
}

}  // namespace gate::migration
