// New modules that are only loaded where the flag is on (G9).
#ifndef CHECKS_FLAGS_MODULES_H_
#define CHECKS_FLAGS_MODULES_H_

#include "checks/flags/changed_file.h"
#include "checks/flags/files.h"

namespace gate::flags {

// Whether all that names a new module loads it behind a check, while something runs: import() or
// require() in JavaScript, an import in a function in Python, a component that is made with lazy()
// and only shown behind a check. Not of modules that frameworks find by where they lie.
bool IsLoadedBehindCheck(const ChangedFile& file, Files& files);

}  // namespace gate::flags

#endif  // CHECKS_FLAGS_MODULES_H_
