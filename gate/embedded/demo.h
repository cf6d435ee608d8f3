// The files of `gated --demo`, put into the program by the build.
#ifndef GATE_EMBEDDED_DEMO_H_
#define GATE_EMBEDDED_DEMO_H_

#include <string_view>

namespace gate {

// gate/demo/policy.yaml. Not to be used before main().
extern const std::string_view kDemoPolicy;

// deploy/policies/us-federal-holidays.ics.
extern const std::string_view kUsFederalHolidays;

}  // namespace gate

#endif  // GATE_EMBEDDED_DEMO_H_
