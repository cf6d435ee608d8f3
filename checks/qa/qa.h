// The qa check: was what goes out tested on this build, or is it behind a flag that is off?
//
// The release's commits are told apart by ticket. A ticket has passed where each case that the
// policy requires of what it touches has passed on this very build; it may go out without where a
// flag guards each line of it that runs, and the flag server says that the flag is off for
// everyone. Which flag that is comes from the ticket, never from the code. What goes out so is
// watched: switching the flag on is a change that the check stops until the ticket passes.
#ifndef CHECKS_QA_QA_H_
#define CHECKS_QA_QA_H_

#include "checks/check.h"

namespace gate {

extern const Check kQaCheck;

}  // namespace gate

#endif  // CHECKS_QA_QA_H_
