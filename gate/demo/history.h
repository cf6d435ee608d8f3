// Two weeks of changes that could have happened, for the demo to judge.
#ifndef GATE_DEMO_HISTORY_H_
#define GATE_DEMO_HISTORY_H_

#include <vector>

#include "absl/time/time.h"
#include "gate/v1/change.pb.h"

namespace gate {

struct PastChange {
  absl::Time time;
  v1::Change change;
};

// By time, ascending, all before `now`; the same for the same day.
std::vector<PastChange> PastChanges(absl::Time now);

}  // namespace gate

#endif  // GATE_DEMO_HISTORY_H_
