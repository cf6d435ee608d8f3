#include "gate/rollout/events.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "checks/proto_time.h"
#include "gate/rollout/lease.h"
#include "gate/rollout/stage.h"

namespace gate::rollout {
namespace {

// When all waits that end by a moment are over; nothing where there are none.
std::optional<absl::Time> EarliestNext(const v1::Rollout& rollout, absl::Time now) {
  std::optional<absl::Time> next;
  for (const v1::RolloutWait& wait : rollout.waits()) {
    if (!wait.has_until() || FromProto(wait.until()) <= now) continue;
    next = std::max(next.value_or(now), FromProto(wait.until()));
  }
  return next;
}

}  // namespace

absl::Duration BetweenJudgements(const v1::Rollout& rollout, absl::Time now) {
  if (rollout.state() == v1::ROLLOUT_STATE_PROGRESSING) return kBetweenJudgements;
  if (rollout.state() != v1::ROLLOUT_STATE_BAKING) return kBetweenRareJudgements;
  const absl::Duration baking = now - FromProto(rollout.taken().rbegin()->take_time());
  return std::clamp(baking / 60, kBetweenJudgements, kBetweenRareJudgements);
}

absl::Time DueOf(const v1::Rollout& rollout, absl::Time now) {
  if (HasEnded(rollout.state())) return absl::InfiniteFuture();
  return std::min(NextDue(rollout, now), now + BetweenJudgements(rollout, now));
}

RolloutMove MoveFor(Transition transition, const std::string& change_digest, int64_t version,
                    const std::string& actor, absl::Time now) {
  RolloutMove move;
  move.version = version;
  move.change_digest = change_digest;
  v1::Rollout& rollout = transition.rollout;
  move.due = DueOf(rollout, now);
  const std::optional<absl::Time> next_step = EarliestNext(rollout, now);
  int64_t sequence = rollout.sequence() - static_cast<int64_t>(transition.actions.size());
  for (Action& action : transition.actions) {
    v1::WatchRolloutResponse event;
    event.set_sequence(++sequence);
    event.set_kind(action.kind);
    *event.mutable_time() = ToProto(now);
    event.set_actor(actor);
    event.set_message(std::move(action.message));
    *event.mutable_rollout() = WithoutToken(rollout);
    if (next_step) *event.mutable_estimated_next_step() = ToProto(*next_step);
    move.events.push_back(std::move(event));
  }
  move.rollout = std::move(rollout);
  return move;
}

}  // namespace gate::rollout
