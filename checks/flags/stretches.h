// Lines that follow each other and of which the same is to be said, to be said once.
#ifndef CHECKS_FLAGS_STRETCHES_H_
#define CHECKS_FLAGS_STRETCHES_H_

#include <vector>

#include "checks/flags/coverage.h"

namespace gate::flags {

struct Stretch {
  const ChangedLine* first = nullptr;  // Of the coverage, which outlives it.
  int end_line = 0;                    // The last, as a number.
  int lines = 1;                       // Those that changed.
};

// Of the lines that are not covered, in their order.
std::vector<Stretch> UncoveredStretches(const Coverage& coverage);

}  // namespace gate::flags

#endif  // CHECKS_FLAGS_STRETCHES_H_
