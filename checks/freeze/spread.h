// When a window ends, not everything starts at once: each service has a moment of its own.
#ifndef CHECKS_FREEZE_SPREAD_H_
#define CHECKS_FREEZE_SPREAD_H_

#include <string_view>

#include "absl/time/time.h"
#include "gate/v1/policy.pb.h"

namespace gate::freeze {

// How long after the end of a DENY window, or the start of an ALLOW window, a service in an
// environment starts: whole seconds from 0 to the window's jitter, evenly spread over services. By
// the two names and the window's id alone, so it is the same for each occurrence and each replica.
absl::Duration SpreadOf(const v1::FreezeWindow& window, std::string_view service,
                        std::string_view environment);

}  // namespace gate::freeze

#endif  // CHECKS_FREEZE_SPREAD_H_
