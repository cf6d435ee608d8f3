// The moment of a rollout about which a verdict is asked.
#ifndef GATE_ROLLOUT_STAGE_H_
#define GATE_ROLLOUT_STAGE_H_

#include "gate/v1/change.pb.h"
#include "gate/v1/rollouts.pb.h"

namespace gate::rollout {

// Whether it has ended: nothing of it changes any more.
bool HasEnded(v1::RolloutState state);

// Index in the plan of the first step that was not taken and is not behind one that was; the number
// of steps where there is none.
int NextStep(const v1::Rollout& rollout);

// What the rollout is to be judged for now: its next step where it waits for one, else whether all
// is well. Two stages are equal where their verdicts can stand for each other. What becomes of the
// incident that it mends is no part of it: that is evidence, and whoever has it judged adds it.
v1::RolloutStage StageOf(const v1::Rollout& rollout);

// `change`, which is the rollout's with its bulky parts, as checks are to see it at this stage:
// with the stage, and with the exposure that the rollout knows better than whoever started it.
v1::Change AtStage(v1::Change change, const v1::RolloutStage& stage);

}  // namespace gate::rollout

#endif  // GATE_ROLLOUT_STAGE_H_
