// Who may move a rollout: whoever shows the newest token. Pure.
#ifndef GATE_ROLLOUT_LEASE_H_
#define GATE_ROLLOUT_LEASE_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "gate/rollout/events.h"
#include "gate/store/rollout_store.h"
#include "gate/v1/rollouts.pb.h"

namespace gate::rollout {

// FAILED_PRECONDITION (STALE_FENCING_TOKEN) where the token is not the one that moves the rollout
// now. One whose time is over still does, until somebody else has taken the lease.
absl::Status CheckToken(const v1::Rollout& rollout, int64_t token);

// Keeps the lease for as long as the plan says.
void Renew(v1::Rollout& rollout, absl::Time now);

// As everybody may see it: without the token.
v1::Rollout WithoutToken(v1::Rollout rollout);

// Whether two changes are the same to be rolled out: kind, version, artefact and revision.
bool IsSameChange(const v1::Change& a, const v1::Change& b);

// What becomes of a start. `fresh` is the rollout that it would begin; `active` has the service and
// environment now. FAILED_PRECONDITION (LEASE_HELD) where that one does not make room.
absl::StatusOr<StartDecision> DecideOnStart(const v1::Rollout& fresh,
                                            const std::string& change_digest,
                                            const std::optional<StoredRollout>& active,
                                            int64_t token, absl::Time now, const By& by = {});

}  // namespace gate::rollout

#endif  // GATE_ROLLOUT_LEASE_H_
