// Numbers of capacity as people read them; more in checks/canary/numbers.h.
#ifndef CHECKS_CAPACITY_WORDS_H_
#define CHECKS_CAPACITY_WORDS_H_

#include <string>

#include "absl/time/time.h"

namespace gate::capacity {

// "118 %".
std::string Percent(double part);
// "7,040", "64.8", "0.27": three digits that mean something, and all that stand before the point.
std::string Amount(double value);
// "32.8 M" from a million on.
std::string Many(double value);
// "40 s", "35 min", "3.0 h", "4.2 days".
std::string Long(absl::Duration duration);

}  // namespace gate::capacity

#endif  // CHECKS_CAPACITY_WORDS_H_
