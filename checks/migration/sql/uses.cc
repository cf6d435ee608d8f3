// Which statements are followed, and those that hold no query.
#include "checks/migration/sql/uses.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "checks/migration/sql/uses_reader.h"

namespace gate::migration {
namespace {

constexpr int kMaxDepth = 200;

// Statements that use nothing of the schema which running code could miss: sessions, transactions,
// maintenance, and changes of the schema that somebody has run.
constexpr NodeTag kUsesNothing[] = {
    T_TransactionStmt, T_VariableShowStmt,    T_DiscardStmt,      T_DeallocateStmt,
    T_ListenStmt,      T_NotifyStmt,          T_UnlistenStmt,     T_FetchStmt,
    T_ClosePortalStmt, T_ConstraintsSetStmt,  T_CheckPointStmt,   T_VacuumStmt,
    T_ReindexStmt,     T_ClusterStmt,         T_CommentStmt,      T_GrantStmt,
    T_CreateStmt,      T_AlterTableStmt,      T_IndexStmt,        T_DropStmt,
    T_RenameStmt,      T_CreateSchemaStmt,    T_CreateEnumStmt,   T_AlterEnumStmt,
    T_CreateSeqStmt,   T_AlterSeqStmt,        T_CreateRoleStmt,   T_AlterRoleStmt,
    T_CreateTrigStmt,  T_CreateExtensionStmt, T_CreateDomainStmt, T_CreateFunctionStmt,
    T_AlterSystemStmt, T_CreatedbStmt,        T_CreateStatsStmt};

}  // namespace

UsesReader::Deeper::Deeper(UsesReader& reader) : reader(reader) {
  if (++reader.depth_ > kMaxDepth) reader.names_.Lose("it is nested too deeply");
}

void UsesReader::ReadTop(const Node* node) {
  if (const auto* explain = GATE_NODE(ExplainStmt, node)) return ReadTop(explain->query);
  if (const auto* prepare = GATE_NODE(PrepareStmt, node)) return ReadTop(prepare->query);
  if (const auto* cursor = GATE_NODE(DeclareCursorStmt, node)) return ReadTop(cursor->query);
  if (const auto* create = GATE_NODE(CreateTableAsStmt, node)) return ReadTop(create->query);
  if (const auto* view = GATE_NODE(ViewStmt, node)) return ReadTop(view->query);
  if (const auto* copy = GATE_NODE(CopyStmt, node)) return ReadCopy(*copy);
  if (const auto* truncate = GATE_NODE(TruncateStmt, node)) {
    return names_.Mention(truncate->relations);
  }
  if (const auto* lock = GATE_NODE(LockStmt, node)) return names_.Mention(lock->relations);
  if (const auto* refresh = GATE_NODE(RefreshMatViewStmt, node)) {
    names_.Mention(*refresh->relation);
    return;
  }
  const Scope nothing;
  if (const auto* call = GATE_NODE(CallStmt, node)) return Read(AsNode(call->funccall), nothing);
  if (const auto* set = GATE_NODE(VariableSetStmt, node)) return ReadSet(*set);
  if (std::ranges::find(kUsesNothing, nodeTag(node)) != std::end(kUsesNothing)) return;
  for (const int relation : ReadQuery(node, nothing).relations) {
    uses_.whole_rows.push_back({relation, false});
  }
  for (const size_t column : returned_) uses_.columns[column].returned = true;
}

void UsesReader::ReadSet(const VariableSetStmt& set) {
  if (set.name == nullptr || std::string_view(set.name) != "search_path") return;
  uses_.search_path.emplace();
  for (const ListCell& cell : Elements(set.args)) {
    const auto* constant = GATE_NODE(A_Const, cell.ptr_value);
    if (constant && !constant->isnull) {
      uses_.search_path->emplace_back(Text(&constant->val.node));
    }
  }
}

void UsesReader::ReadCopy(const CopyStmt& copy) {
  if (copy.query != nullptr) return ReadTop(copy.query);
  const int relation = names_.Mention(*copy.relation);
  Write write{relation, true, copy.attlist == nullptr, copy.attlist != nullptr};
  for (std::string& column : Texts(copy.attlist)) {
    names_.NameColumn(column, relation);
    write.assignments.push_back({std::move(column), false, false, true});
  }
  if (copy.attlist == nullptr) uses_.whole_rows.push_back({relation, true});
  if (copy.is_from) uses_.writes.push_back(std::move(write));
}

std::optional<std::string> AddUses(const Node* statement, Uses& uses) {
  UsesReader reader(uses);
  reader.ReadTop(statement);
  return reader.lost();
}

}  // namespace gate::migration
