// The rollback check: whether there is a way back from a release that changes the schema. Can the
// version that runs now run on the schema after it? Do the down parts of its migrations lead back,
// and what is lost on the way? As the rules of the migration check tell it, and as a rehearsal
// showed it. It states; where the policy asks for a way back, it forbids.
#ifndef CHECKS_ROLLBACK_ROLLBACK_H_
#define CHECKS_ROLLBACK_ROLLBACK_H_

#include "checks/check.h"

namespace gate {

extern const Check kRollbackCheck;

}  // namespace gate

#endif  // CHECKS_ROLLBACK_ROLLBACK_H_
