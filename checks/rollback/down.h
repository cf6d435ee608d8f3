// What is said of the down parts of a release: what their text tells, and, where a rehearsal has
// gone down and up again, what that has shown. What was run is believed.
#ifndef CHECKS_ROLLBACK_DOWN_H_
#define CHECKS_ROLLBACK_DOWN_H_

#include <vector>

#include "checks/migration/databases.h"
#include "checks/migration/undo.h"
#include "checks/rollback/notes.h"
#include "gate/v1/policy.pb.h"
#include "gate/v1/rehearsal.pb.h"

namespace gate {

// Of one database. `rehearsal` is nullptr where there is none. What has no down part is left to the
// caller, who says it once for all databases.
void JudgeDown(const migration::OneDatabase& database, const std::vector<migration::Undo>& undos,
               const v1::Rehearsal* rehearsal, const v1::RollbackPolicy& policy, Notes& notes);

}  // namespace gate

#endif  // CHECKS_ROLLBACK_DOWN_H_
