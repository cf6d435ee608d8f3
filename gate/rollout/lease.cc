#include "gate/rollout/lease.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "checks/proto_time.h"
#include "gate/base/field_error.h"
#include "gate/rollout/events.h"
#include "gate/rollout/pacer.h"
#include "gate/rollout/stage.h"
#include "gate/rollout/words.h"

namespace gate::rollout {
namespace {

absl::Status Held(const v1::Rollout& active, absl::Time now) {
  const std::string by = active.holder().empty() ? "" : absl::StrCat(" by ", active.holder());
  const std::string what = absl::StrCat(
      active.change().service(), " in ", active.change().environment(), " is being moved", by, ": ",
      active.name(), active.change().version().empty() ? "" : " of version ",
      active.change().version(), ", ", ShortName(active.state()));
  const absl::Time over = FromProto(active.lease_expire_time());
  if (active.state() == v1::ROLLOUT_STATE_PAUSED && !active.paused_by_gate()) {
    return WithReason(absl::FailedPreconditionError(
                          absl::StrCat(what, " (\"", active.reason(),
                                       "\"); resume or abort it before another change goes out")),
                      "LEASE_HELD");
  }
  const absl::Duration left = std::max(absl::Seconds(1), over - now);
  return WithReason(absl::FailedPreconditionError(
                        absl::StrCat(what, "; its lease is over at ", Rfc3339(over),
                                     " unless it is renewed. Wait for it, or abort it")),
                    "LEASE_HELD", absl::ToDoubleSeconds(left));
}

}  // namespace

absl::Status CheckToken(const v1::Rollout& rollout, int64_t token) {
  if (token == rollout.fencing_token()) return absl::OkStatus();
  const std::string by = rollout.holder().empty() ? "" : absl::StrCat(" (", rollout.holder(), ")");
  return WithReason(
      absl::FailedPreconditionError(
          token == 0 ? absl::StrCat("fencing_token is missing: ", rollout.name(),
                                    " is moved by whoever holds its lease; Start hands it out")
                     : absl::StrCat("the fencing token ", token, " is stale: somebody else", by,
                                    " moves ", rollout.name(), " now; stop what you do to it")),
      "STALE_FENCING_TOKEN");
}

void Renew(v1::Rollout& rollout, absl::Time now) {
  const absl::Time until = now + FromProto(rollout.plan().lease());
  if (until > FromProto(rollout.lease_expire_time())) {
    *rollout.mutable_lease_expire_time() = ToProto(until);
  }
}

v1::Rollout WithoutToken(v1::Rollout rollout) {
  rollout.clear_fencing_token();
  return rollout;
}

bool IsSameChange(const v1::Change& a, const v1::Change& b) {
  return a.service() == b.service() && a.environment() == b.environment() && a.kind() == b.kind() &&
         a.version() == b.version() && a.artifact_digest() == b.artifact_digest() &&
         a.head_revision() == b.head_revision();
}

absl::StatusOr<StartDecision> DecideOnStart(const v1::Rollout& fresh,
                                            const std::string& change_digest,
                                            const std::optional<StoredRollout>& active,
                                            int64_t token, absl::Time now, const By& by) {
  StartDecision decision;
  if (active && IsSameChange(active->rollout.change(), fresh.change()) &&
      active->rollout.state() != v1::ROLLOUT_STATE_BAKING) {
    const bool same_holder = !fresh.holder().empty() && fresh.holder() == active->rollout.holder();
    const bool over = now >= FromProto(active->rollout.lease_expire_time());
    if (!same_holder && !over) return Held(active->rollout, now);
    Transition again = Lease(active->rollout, fresh.holder(), token, now);
    decision.taken = MoveFor(std::move(again), active->change_digest, active->version, by, now);
    return decision;
  }
  if (active) {
    const auto superseded = Next(active->rollout, Superseded{fresh.name()}, now);
    if (!superseded.ok()) return Held(active->rollout, now);
    decision.superseded = MoveFor(*superseded, active->change_digest, active->version, by, now);
  }
  v1::Rollout rollout = fresh;
  rollout.set_fencing_token(token);
  Renew(rollout, now);
  decision.taken = MoveFor(Begin(std::move(rollout), now), change_digest, /*version=*/0, by, now);
  return decision;
}

}  // namespace gate::rollout
