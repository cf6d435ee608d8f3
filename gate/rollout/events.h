// From transitions to what is stored of them.
#ifndef GATE_ROLLOUT_EVENTS_H_
#define GATE_ROLLOUT_EVENTS_H_

#include <string>

#include "absl/time/time.h"
#include "gate/rollout/pacer.h"
#include "gate/store/rollout_store.h"

namespace gate::rollout {

// How often a rollout is judged by itself: every ten seconds between its steps, and in the first
// ten minutes at 100 %; then more seldom, down to once a minute, and so where nothing of it moves.
inline constexpr absl::Duration kBetweenJudgements = absl::Seconds(10);
inline constexpr absl::Duration kBetweenRareJudgements = absl::Minutes(1);
absl::Duration BetweenJudgements(const v1::Rollout& rollout, absl::Time now);

// When it is to be judged next; never where it has ended.
absl::Time DueOf(const v1::Rollout& rollout, absl::Time now);

// Whose doing a move is.
struct By {
  std::string actor;       // empty: the gate, by itself
  std::string action;      // "gate.v1.Rollouts.Start"; empty: "rollout.judge"
  std::string request_id;  // of the call
};

// The write that makes a transition last, with one event for each of its actions, and a row of the
// audit log where something became of the rollout; that a verdict changed has the verdict's own.
// `version` is the one that was read, 0: the rollout is new.
RolloutMove MoveFor(Transition transition, const std::string& change_digest, int64_t version,
                    const By& by, absl::Time now);

}  // namespace gate::rollout

#endif  // GATE_ROLLOUT_EVENTS_H_
