// What a statement of an application uses: relations, columns, unique keys, functions and types, as
// plain values. Which table an unqualified column belongs to is left to who knows the schema; here
// it has candidates.
#ifndef CHECKS_MIGRATION_SQL_USES_H_
#define CHECKS_MIGRATION_SQL_USES_H_

#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "checks/migration/sql/ast.h"

namespace gate::migration {

// A column that the statement names. Relations are indexes into Uses::relations.
struct ColumnUse {
  struct Candidate {
    int relation = 0;
    int level = 0;  // 0: of the query that names it; 1: of the one around it; ...
  };
  static constexpr int kNowhere = std::numeric_limits<int>::max();

  std::string column;
  std::vector<Candidate> candidates;
  // The innermost level with something whose columns are not known here: a function, for example.
  int unknown_level = kNowhere;
  bool returned = false;  // it stands in the result as it is
};

// All columns of a relation, not by name: SELECT *, RETURNING *, a row as a value.
struct WholeRow {
  int relation = 0;
  // Whether another part of the statement counts on how many there are: UNION, INSERT ... SELECT *.
  bool counted = false;
};

// What is written into one column: any of these, row by row.
struct Assignment {
  std::string column;  // empty where the INSERT goes by position
  bool null = false;
  bool by_default = false;
  bool unknown = false;  // a parameter or an expression
};

struct Write {
  int relation = 0;
  bool inserts = false;     // else it updates
  bool positional = false;  // INSERT without a list of columns
  // Whether `assignments` are all; not where a positional INSERT takes them from SELECT *.
  bool complete = true;
  std::vector<Assignment> assignments;
};

// ON CONFLICT: the unique key, or the constraint, that has to be there.
struct Inference {
  int relation = 0;
  std::vector<std::string> columns;
  bool says_more = false;  // expressions, or the predicate of a partial index
  std::string constraint;
};

struct TypeUse {
  Name type;
  std::optional<std::string> label;  // of a constant: 'done'::order_status
};

struct Uses {
  std::vector<Name> relations;  // one for each mention; never the names that WITH gives
  std::vector<ColumnUse> columns;
  std::vector<WholeRow> whole_rows;
  std::vector<Write> writes;
  std::vector<int> deletes;  // relations whose rows it deletes
  std::vector<Inference> inferences;
  std::vector<Name> functions;
  std::vector<TypeUse> casts;
  std::optional<std::vector<std::string>> search_path;  // that it sets; empty: the default
};

// Fills `uses` from the SQL, or says why that cannot be told. Any bytes. (parse.cc)
std::optional<std::string> ReadUses(std::string_view sql, Uses& uses);

}  // namespace gate::migration

#endif  // CHECKS_MIGRATION_SQL_USES_H_
