#include "gate/rollout/events.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "checks/proto_time.h"
#include "gate/rollout/lease.h"
#include "gate/rollout/stage.h"
#include "gate/store/audit_store.h"

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

v1::AuditEntry AuditOf(const Transition& transition, const By& by, absl::Time now) {
  v1::AuditEntry entry;
  for (const Action& action : transition.actions) {
    if (action.kind == v1::ROLLOUT_EVENT_KIND_JUDGED) continue;
    absl::StrAppend(entry.mutable_detail(), entry.detail().empty() ? "" : "; ", action.message);
    entry.set_action(by.action.empty() ? "rollout.judge" : by.action);
  }
  const v1::Rollout& rollout = transition.rollout;
  *entry.mutable_time() = ToProto(now);
  entry.set_actor(by.actor.empty() ? kGateActor : by.actor);
  entry.set_resource(rollout.name());
  entry.set_service(rollout.change().service());
  entry.set_environment(rollout.change().environment());
  entry.set_outcome("DONE");
  entry.set_request_id(by.request_id);
  return entry;
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
                    const By& by, absl::Time now) {
  RolloutMove move;
  move.audit = AuditOf(transition, by, now);
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
    event.set_actor(by.actor);
    event.set_message(std::move(action.message));
    *event.mutable_rollout() = WithoutToken(rollout);
    if (next_step) *event.mutable_estimated_next_step() = ToProto(*next_step);
    move.events.push_back(std::move(event));
  }
  move.rollout = std::move(rollout);
  return move;
}

}  // namespace gate::rollout
