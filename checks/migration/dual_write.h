// The trigger by which what is written to an old column reaches the new one that takes its place,
// made from the statement that copies the old rows.
#ifndef CHECKS_MIGRATION_DUAL_WRITE_H_
#define CHECKS_MIGRATION_DUAL_WRITE_H_

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "checks/migration/sql/ast.h"

namespace gate::migration {

// UPDATE table SET column = expression, ... [WHERE condition], and nothing else.
struct CopyingUpdate {
  struct Set {
    std::string column;
    std::string expression;
  };
  std::string head;   // "UPDATE orders SET a = b"
  std::string alias;  // by which expressions name the table
  std::vector<Set> sets;
  std::string condition;  // of WHERE; empty: all rows
};

std::optional<CopyingUpdate> ReadCopy(std::string_view sql);

// The copy of a part of the rows, in a transaction of its own. `key` is an integer column that is
// unique; empty: by the place of the rows.
std::string InBatches(const CopyingUpdate& copy, const std::string& key);

struct DualWrite {
  std::string make;  // SQL of function and trigger
  std::string drop;
};
// A node may write the old columns or the new ones. `reads` are the old columns, at least one.
DualWrite TriggerFor(const CopyingUpdate& copy, const Name& table,
                     const std::vector<std::string>& reads);

// Of a trigger's body that does nothing but fill columns of the row from others of the same row,
// as the one above does: those others, among these columns of the table. Empty where it may do
// more.
std::vector<std::string> CarriedOver(std::string_view body,
                                     const std::vector<std::string>& columns);

}  // namespace gate::migration

#endif  // CHECKS_MIGRATION_DUAL_WRITE_H_
