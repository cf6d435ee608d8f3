// From the raw tree to actions. One function for each family of statements; what none of them knows
// becomes Unjudged, so a statement is never passed over in silence.
#ifndef CHECKS_MIGRATION_SQL_LOWER_H_
#define CHECKS_MIGRATION_SQL_LOWER_H_

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "checks/migration/sql/ast.h"
#include "checks/migration/sql/raw_tree.h"

namespace gate::migration {

struct Uses;

// One statement on its way from tree to actions. Locations in the tree count bytes from the start
// of `source`, which lies at `base` in the file.
struct Lowering {
  std::string_view source;
  uint32_t base = 0;
  Span span;  // the statement's, in the file
  Statement& statement;

  template <typename Kind>
  void Add(Kind what) {
    AddAt(span, std::move(what));
  }
  template <typename Kind>
  void AddAt(Span at, Kind what) {
    statement.actions.push_back({std::move(what), at});
  }
};

void Lower(const Node* node, Lowering& to);

void LowerCreateTable(const CreateStmt& create, RelationKind kind, Lowering& to);
void LowerAlterTable(const AlterTableStmt& alter, Lowering& to);
void LowerDrop(const DropStmt& drop, Lowering& to);
void LowerFunction(const CreateFunctionStmt& create, Lowering& to);
void LowerRename(const RenameStmt& rename, Lowering& to);
void LowerMove(const AlterObjectSchemaStmt& move, Lowering& to);
void LowerIndex(const IndexStmt& index, Lowering& to);
void LowerSelect(const SelectStmt& select, Lowering& to);

// The statement's first words, for people: "ALTER SEQUENCE".
std::string CommandName(std::string_view statement);

// ---- parts (parts.cc)
Name NameOf(const RangeVar& relation);
Name NameOf(const List* parts);  // a dotted name: the last two parts
std::string_view Text(const Node* string);
std::vector<std::string> Texts(const List* strings);
Type TypeOf(const TypeName& type, std::string_view source);
Column ColumnOf(const ColumnDef& definition, std::string_view source);
// Whether it is the constant NULL, cast or not.
bool IsNullConstant(const Node* expression);
// Whether it gives one value for all rows of a statement, apart from the functions that are put
// into `calls`: those that are not known here.
Variation VariationOf(const Node* expression, std::vector<Name>& calls, int depth = 0);
// Whether it is known to give another value in each row: nextval and random UUIDs.
bool IsDistinct(const Node* expression);
// Columns that a CHECK with this expression proves to be not null, as PostgreSQL's own proof for
// SET NOT NULL does: conjunctions of column IS NOT NULL. `says_more` is set where there is
// something else in it.
std::vector<std::string> NotNullProofs(const Node* expression, bool& says_more);
// For each condition that AND joins in a CHECK, the columns of which one NULL satisfies it whatever
// the others hold; checks.cc.
std::vector<std::vector<std::string>> SatisfiedByNull(const Node* expression);
// The columns in a CHECK: all, unless they are many.
std::vector<std::string> ColumnsIn(const Node* expression);
// The constants that a CHECK on one column lists, ascending: column IN (...). Else empty.
std::vector<std::string> AllowedIn(const Node* expression);
// Whether a CHECK is known to hold where the column has this constant value.
bool IsSatisfiedBy(const Node* expression, std::string_view column, const Node* value);
// The relations that a query reads, as far as it is followed.
std::vector<Name> RelationsOf(const Node* query);
// Adds what a statement of an application uses; why it cannot be told, where it cannot (uses.cc).
std::optional<std::string> AddUses(const Node* statement, Uses& uses);

}  // namespace gate::migration

#endif  // CHECKS_MIGRATION_SQL_LOWER_H_
