// What a configuration has to keep, before its defaults are filled in.
#ifndef GATE_CONFIG_VALIDATE_H_
#define GATE_CONFIG_VALIDATE_H_

#include <vector>

#include "checks/check.h"
#include "gate/config/v1/config.pb.h"

namespace gate {

// Every issue, with the field's path. Files are looked for where the configuration says: their
// paths are resolved already.
std::vector<ParameterIssue> ValidateConfig(const config::v1::Config& config);

}  // namespace gate

#endif  // GATE_CONFIG_VALIDATE_H_
