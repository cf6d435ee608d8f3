// Statements as statistics keep them (pg_stat_statements) have a parameter for each constant: also
// where the grammar takes only a constant (date $1), where GROUP BY names the expression with the
// constant that it had, and where the constant told a type that a parameter does not. As they are
// they prepare nowhere. Here they are written so that they do, and so that they ask for the same
// tables, columns and keys.
//
// Repairs follow what PostgreSQL said of the text on the schema before, where the statement ran. A
// guess that is wrong fails there as well, and is lost coverage; it never reaches the comparison.
#ifndef GATE_EVIDENCE_REHEARSAL_REPAIR_H_
#define GATE_EVIDENCE_REHEARSAL_REPAIR_H_

#include <optional>
#include <string>
#include <string_view>

#include "gate/evidence/rehearsal/session.h"

namespace gate {

struct Repair {
  std::string sql;
  std::string how;  // "parameters have the types of constants"
};

// The next try for a text that failed in this way; nothing where there is none. Each try has less
// to repair than the one before, so that asking again comes to an end.
std::optional<Repair> RepairOf(std::string_view sql, const SqlError& error);

}  // namespace gate

#endif  // GATE_EVIDENCE_REHEARSAL_REPAIR_H_
