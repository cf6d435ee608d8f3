// The walk over the raw tree, query by query. Depth is bounded; what is not followed is said, since
// a use that is missed would look like proof that there is none.
#ifndef CHECKS_MIGRATION_SQL_USES_READER_H_
#define CHECKS_MIGRATION_SQL_USES_READER_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "checks/migration/sql/lower.h"
#include "checks/migration/sql/uses.h"
#include "checks/migration/sql/uses_scope.h"

namespace gate::migration {

template <typename T>
const Node* AsNode(const T* node) {
  return reinterpret_cast<const Node*>(node);
}

// ---- what a reference to a column says
std::string_view Last(const ColumnRef& reference);
bool IsStar(const ColumnRef& reference);
// The name, where it is one without a qualifier; else empty.
std::string_view BareName(const Node* node);

class UsesReader {
 public:
  explicit UsesReader(Uses& uses) : uses_(uses), names_(uses) {}

  void ReadTop(const Node* node);

  // Why the uses are not all, where they are not.
  const std::optional<std::string>& lost() const { return names_.lost(); }

 private:
  // One level deeper while it lives.
  struct Deeper {
    explicit Deeper(UsesReader& reader);
    ~Deeper() { --reader.depth_; }
    UsesReader& reader;
  };

  void ReadSet(const VariableSetStmt& set);
  void ReadCopy(const CopyStmt& copy);

  // ---- queries (uses_queries.cc)
  Result ReadQuery(const Node* node, const Scope& outer);
  void ReadWith(const WithClause* with, Scope& scope);
  Result ReadSelect(const SelectStmt& select, const Scope& outer);
  Result ReadArms(const SelectStmt& select, const Scope& scope);
  void ReadSorted(const List* sorted, const List* targets, const Scope& scope);
  Result ReadTargets(const List* targets, const Scope& scope);
  void ReadFromClause(const List* items, Scope& scope);
  void ReadFrom(const Node* item, Scope& scope);
  void ReadFunction(const RangeFunction& function, Scope& scope);
  void ReadJoin(const JoinExpr& join, Scope& scope);

  // ---- writes (uses_writes.cc)
  Result ReadInsert(const InsertStmt& insert, const Scope& outer);
  Result ReadUpdate(const UpdateStmt& update, const Scope& outer);
  Result ReadDelete(const DeleteStmt& remove, const Scope& outer);
  Result ReadMerge(const MergeStmt& merge, const Scope& outer);
  void ReadConflict(const OnConflictClause& conflict, int relation, const Scope& scope);
  void NameTargets(const List* targets, int relation, const Scope& scope);
  // SET: what is named, and what is written there.
  void ReadAssignments(const List* targets, int relation, const Scope& scope);

  // ---- expressions (uses_expressions.cc)
  void Read(const Node* node, const Scope& scope);
  void ReadAll(const List* list, const Scope& scope);
  void ReadOne(const Node* node, const Scope& scope);
  // What has one or two parts, or none.
  void ReadSimple(const Node* node, const Scope& scope);
  void ReadReference(const ColumnRef& reference, const Scope& scope);
  void ReadIndirection(const A_Indirection& from, const Scope& scope);
  void ReadCall(const FuncCall& call, const Scope& scope);
  void ReadCast(const TypeCast& cast, const Scope& scope);
  void ReadLink(const SubLink& link, const Scope& scope);
  void ReadCase(const CaseExpr& expression, const Scope& scope);
  void ReadWindow(const WindowDef& window, const Scope& scope);

  Uses& uses_;
  Names names_;
  std::vector<size_t> returned_;  // columns of the outermost result
  int depth_ = 0;
};

}  // namespace gate::migration

#endif  // CHECKS_MIGRATION_SQL_USES_READER_H_
