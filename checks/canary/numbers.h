// Numbers as people read them.
#ifndef CHECKS_CANARY_NUMBERS_H_
#define CHECKS_CANARY_NUMBERS_H_

#include <string>

#include "absl/time/time.h"

namespace gate {

// "12,104".
std::string Count(double value);

// Two digits that mean something: "0.40", "12", "0.049".
std::string TwoDigits(double value);

// Three: "0.402", "12.1", "1,204".
std::string ThreeDigits(double value);

// A ratio: "8.1x", and near one, where limits lie, with two decimals: 1.15x is not 1.2x.
std::string Times(double ratio);

// "14 more minutes", rounded up.
std::string More(absl::Duration duration);

}  // namespace gate

#endif  // CHECKS_CANARY_NUMBERS_H_
