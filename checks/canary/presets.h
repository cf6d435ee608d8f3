// Metrics that come ready for common exporters.
#ifndef CHECKS_CANARY_PRESETS_H_
#define CHECKS_CANARY_PRESETS_H_

#include <string>
#include <string_view>
#include <vector>

#include "gate/v1/policy.pb.h"

namespace gate {

// Their names, sorted.
std::vector<std::string_view> PresetNames();

// The metrics of one; empty: there is none of that name. `matchers` pick the service's series:
// job="${service}".
std::vector<v1::CanaryMetric> Preset(std::string_view name, const std::string& matchers);

}  // namespace gate

#endif  // CHECKS_CANARY_PRESETS_H_
