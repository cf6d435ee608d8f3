// Tries statements of an application: can they be prepared, what would they take and return, can
// they be planned. Nothing is executed.
#ifndef GATE_EVIDENCE_REHEARSAL_TRIAL_H_
#define GATE_EVIDENCE_REHEARSAL_TRIAL_H_

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gate/evidence/rehearsal/session.h"

namespace gate {

// What a text of a workload is, from its first word.
enum class TextKind {
  kPreparable,
  kHarmless,  // concerns no table: BEGIN, SET
  kUtility,   // may concern one, and cannot be prepared: COPY, CALL, TRUNCATE
};
TextKind KindOf(std::string_view sql);

struct Trial {
  Described described;
  // Why there is no plan that holds for all parameters. ON CONFLICT looks for its index only when
  // it is planned, and SQL functions are looked into.
  std::optional<SqlError> plan_error;

  bool ok() const { return described.ok() && !plan_error; }
  const SqlError& error() const { return plan_error ? *plan_error : *described.error; }
};

// Whether it is our limits that stopped the statement, and not the schema: time, memory, disk.
bool IsOurLimit(const SqlError& error);

// In the order of `statements`, each without NUL. Of their results' columns at most so many bytes:
// what is behind these is stopped by our limits.
std::vector<Trial> TryAll(Session& session, std::span<const std::string> statements,
                          size_t column_bytes);

// "character varying(20)" for each pair of type and modifier that the trials returned, and for each
// parameter's type with -1.
using TypeNames = std::map<std::pair<Oid, int>, std::string>;
TypeNames NameTypes(Session& session, std::span<const Trial> trials);

}  // namespace gate

#endif  // GATE_EVIDENCE_REHEARSAL_TRIAL_H_
