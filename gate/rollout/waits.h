// What a rollout waits for, in the order in which people want to hear it.
#ifndef GATE_ROLLOUT_WAITS_H_
#define GATE_ROLLOUT_WAITS_H_

#include <vector>

#include "absl/time/time.h"
#include "gate/v1/rollouts.pb.h"

namespace gate::rollout {

// What keeps the next step, or the end of the bake, from coming at `now`. Empty: nothing, the next
// step may be taken. Goes by the verdict that the rollout holds.
std::vector<v1::RolloutWait> WaitsOf(const v1::Rollout& rollout, absl::Time now);

}  // namespace gate::rollout

#endif  // GATE_ROLLOUT_WAITS_H_
