#include "gate/rollout/stage.h"

#include <algorithm>
#include <utility>

namespace gate::rollout {

bool HasEnded(v1::RolloutState state) {
  switch (state) {
    case v1::ROLLOUT_STATE_SUCCEEDED:
    case v1::ROLLOUT_STATE_ROLLED_BACK:
    case v1::ROLLOUT_STATE_SUPERSEDED:
    case v1::ROLLOUT_STATE_EXPIRED:
      return true;
    default:
      return false;
  }
}

int NextStep(const v1::Rollout& rollout) {
  return rollout.taken().empty() ? 0 : rollout.taken().rbegin()->step() + 1;
}

v1::RolloutStage StageOf(const v1::Rollout& rollout) {
  v1::RolloutStage stage;
  stage.set_share(rollout.share());
  stage.set_next_share(rollout.share());
  for (const v1::TakenStep& taken : rollout.taken()) {
    const v1::PlannedStep& step = rollout.plan().steps(taken.step());
    if (!stage.has_started_at()) *stage.mutable_started_at() = taken.take_time();
    if (step.migration()) {
      *stage.mutable_migrated_at() = taken.take_time();
    } else {
      if (!stage.has_exposed_at()) *stage.mutable_exposed_at() = taken.take_time();
      *stage.mutable_share_since() = taken.take_time();
    }
    if (step.share() == 1) *stage.mutable_complete_at() = taken.take_time();
  }
  // Where the plan has no step for it, the schema changes before the first one.
  const bool has_step = std::ranges::any_of(rollout.plan().steps(), &v1::PlannedStep::migration);
  if (rollout.change().has_schema_change() && !has_step && stage.has_started_at()) {
    *stage.mutable_migrated_at() = stage.started_at();
  }
  const bool forward = rollout.state() == v1::ROLLOUT_STATE_PENDING ||
                       rollout.state() == v1::ROLLOUT_STATE_PROGRESSING;
  const int next = NextStep(rollout);
  if (!forward || next >= rollout.plan().steps_size()) return stage;
  const v1::PlannedStep& step = rollout.plan().steps(next);
  stage.set_next_step(step.name());
  stage.set_migration(step.migration());
  if (!step.migration()) stage.set_next_share(step.share());
  return stage;
}

v1::Change AtStage(v1::Change change, const v1::RolloutStage& stage) {
  *change.mutable_stage() = stage;
  change.clear_canary();
  if (stage.has_exposed_at()) {
    *change.mutable_canary()->mutable_started_at() = stage.exposed_at();
    change.mutable_canary()->set_share(stage.share());
    *change.mutable_canary()->mutable_share_since() = stage.share_since();
  }
  return change;
}

}  // namespace gate::rollout
