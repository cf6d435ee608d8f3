// What the names in a statement stand for, query by query: each has a scope with the sources of its
// FROM, and what a subquery or WITH makes is a source with columns of its own.
#ifndef CHECKS_MIGRATION_SQL_USES_SCOPE_H_
#define CHECKS_MIGRATION_SQL_USES_SCOPE_H_

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "checks/migration/sql/lower.h"
#include "checks/migration/sql/uses.h"

namespace gate::migration {

// What is between the FROM of a query and its columns.
struct Source {
  std::string alias;
  std::string schema;              // of a relation without an alias, where it is written
  std::vector<std::string> names;  // columns that are known by name and have been read already
  std::vector<int> relations;      // whose columns are among its own
  bool unknown = false;            // it has, or may have, columns of which nothing is known
  bool qualified_only = false;     // "excluded": its columns have to be named with it
};

// The columns that a query returns.
struct Result {
  std::vector<std::string> names;
  std::vector<int> relations;
  bool unknown = false;

  void Add(const Source& source) {
    names.insert(names.end(), source.names.begin(), source.names.end());
    relations.insert(relations.end(), source.relations.begin(), source.relations.end());
    unknown = unknown || source.unknown;
  }
};

struct Scope {
  const Scope* outer = nullptr;
  std::vector<std::pair<std::string, Result>> queries = {};  // of WITH
  std::vector<Source> sources = {};
};

// Finds what names stand for, and adds it to the uses.
class Names {
 public:
  explicit Names(Uses& uses) : uses_(uses) {}

  // Why not all of the statement was followed, where it was not: the first reason.
  const std::optional<std::string>& lost() const { return lost_; }
  void Lose(std::string why);
  // Counts work that is not bounded by the length of the text.
  void Look(const Source& source);

  // ---- relations
  // Adds the relation to the uses; its index.
  int Mention(const RangeVar& relation);
  void Mention(const List* relations);
  // What FROM names: a relation, or a query of WITH.
  void AddRelation(const RangeVar& relation, Scope& scope);
  // A relation itself, be it read or written.
  void AddTarget(const RangeVar& relation, int index, Scope& scope);
  void AddSource(const Alias* alias, std::string_view name, const Result& result, Scope& scope);
  const Source* FindSource(std::string_view schema, std::string_view alias, const Scope& scope);
  // The source before the last field: "o", "public.orders".
  const Source* Qualifier(const ColumnRef& reference, const Scope& scope);
  std::vector<const Source*> StarOf(const ColumnRef& reference, const Scope& scope);

  // ---- columns
  void AddWhole(const Source& source);
  // A column of one of these.
  void AddUse(std::string column, const std::vector<Source>& sources);
  // A column of this relation.
  void NameColumn(const std::string& column, int relation);
  // A column that is named without its source.
  void UseBare(std::string_view column, const Scope& scope);

 private:
  void Look(size_t parts);
  const Result* FindQuery(const char* name, const Scope* scope);
  // Adds what a source may have to do with the column; whether it is certain to have it.
  bool Collect(const Source& source, int level, ColumnUse& use);

  Uses& uses_;
  std::optional<std::string> lost_;
  size_t looks_ = 0;
};

}  // namespace gate::migration

#endif  // CHECKS_MIGRATION_SQL_USES_SCOPE_H_
