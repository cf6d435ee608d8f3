// From transitions to what is stored of them.
#ifndef GATE_ROLLOUT_EVENTS_H_
#define GATE_ROLLOUT_EVENTS_H_

#include <string>

#include "absl/time/time.h"
#include "gate/rollout/pacer.h"
#include "gate/store/rollout_store.h"

namespace gate::rollout {

// How often a rollout that is under way is judged by itself.
inline constexpr absl::Duration kBetweenJudgements = absl::Seconds(10);

// The write that makes a transition last, with one event for each of its actions; `actor` has done
// it, empty: the gate. `version` is the one that was read, 0: the rollout is new.
RolloutMove MoveFor(Transition transition, const std::string& change_digest, int64_t version,
                    const std::string& actor, absl::Time now);

}  // namespace gate::rollout

#endif  // GATE_ROLLOUT_EVENTS_H_
