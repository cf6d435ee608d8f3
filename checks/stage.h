// Which questions are open at a moment of a rollout. Where a change does not tell one, all are.
#ifndef CHECKS_STAGE_H_
#define CHECKS_STAGE_H_

#include <string_view>

#include "gate/v1/change.pb.h"

namespace gate {

// For what only live traffic can show: why that is not asked yet. Empty: it is.
std::string_view BeforeTraffic(const v1::Change& change);

// For what is to be known before a schema change runs: why that is not asked any more. Empty: it
// is.
std::string_view AfterSchemaChange(const v1::Change& change);

// Whether its rollout has taken a step.
bool IsUnderWay(const v1::Change& change);

}  // namespace gate

#endif  // CHECKS_STAGE_H_
