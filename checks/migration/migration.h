#ifndef CHECKS_MIGRATION_MIGRATION_H_
#define CHECKS_MIGRATION_MIGRATION_H_

#include "checks/check.h"

namespace gate {

extern const Check kMigrationCheck;

}  // namespace gate

#endif  // CHECKS_MIGRATION_MIGRATION_H_
