// Where rollouts, their leases and what happened to them are kept: durable before the reply, shared
// by replicas where the implementation is PostgreSQL. A part of Store, with its errors.
#ifndef GATE_STORE_ROLLOUT_STORE_H_
#define GATE_STORE_ROLLOUT_STORE_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "gate/store/blob.h"
#include "gate/v1/audit.pb.h"
#include "gate/v1/policy.pb.h"
#include "gate/v1/rollouts.pb.h"

namespace gate {

// A rollout as it is kept.
struct StoredRollout {
  v1::Rollout rollout;
  int64_t version = 0;        // grows by one with each write
  std::string change_digest;  // of the blob that holds the whole change
};

// One write of a rollout.
struct RolloutMove {
  v1::Rollout rollout;  // as it is to be; service and environment are its change's
  int64_t version = 0;  // that it had when it was read; 0: it is new
  std::string change_digest;
  absl::Time due;                                // when it is to be judged next
  std::vector<v1::WatchRolloutResponse> events;  // by sequence
  // Its row in the audit log, written with it. Without an action: none.
  v1::AuditEntry audit = {};
  // Caps under which it needs a place, since it takes its first step. Rollouts that are moving take
  // one: those between their first step and their last, paused or not; who bakes, has ended or goes
  // back does not.
  std::vector<v1::ConcurrencyCap> caps = {};
};

// When a rollout of which nothing has changed is to be judged next.
struct RolloutDue {
  std::string name;
  int64_t version = 0;  // that it was read with
  absl::Time due;
};

// Who asks for a lease, and of what.
struct RolloutStart {
  std::string request_id;
  std::string request_digest;  // Sha256Hex of the request without its request_id
  std::string service;
  std::string environment;
  Blob change;  // the whole
  absl::Time now;
};

// What a start comes to: who gets the lease, and who has to make room for it.
struct StartDecision {
  RolloutMove taken;  // with the token that was offered
  std::optional<RolloutMove> superseded;
};
// Decides, under a lock of the lease, over the rollout that has it now, if there is one, and the
// next token. May run more than once. Where it is not OK nothing has happened.
using DecideStart = std::function<absl::StatusOr<StartDecision>(
    const std::optional<StoredRollout>& active, int64_t token)>;

// Which rollouts to list. Empty or unset fields match all.
struct RolloutFilter {
  std::string service;
  std::string environment;
  bool active = false;  // only those that have not ended
};

// Thread-safe.
class RolloutStore {
 public:
  virtual ~RolloutStore() = default;

  // Takes the lease of a service in an environment; it is on disk when this returns. The rollout
  // with the token of this call: the same request_id with the same request gets the same answer,
  // whatever has happened since, else ALREADY_EXISTS (REQUEST_ID_REUSED). After UNAVAILABLE it may
  // have been done or not: asked again, it is done once.
  virtual absl::StatusOr<v1::Rollout> Start(const RolloutStart& start,
                                            const DecideStart& decide) = 0;

  // Writes a rollout with its events; on disk when this returns. ABORTED where it has another
  // version by now, or a cap is full (CAP_FULL): places are counted in the transaction of the
  // write, one writer after the other. After UNAVAILABLE it may be there or not.
  virtual absl::Status Move(const RolloutMove& move) = 0;

  // By id, the part of the name after "rollouts/". NOT_FOUND where there is none.
  virtual absl::StatusOr<StoredRollout> Get(std::string_view id) = 0;

  // At most `limit` rollouts, newest first, as ListVerdicts does.
  virtual absl::StatusOr<std::vector<v1::Rollout>> List(const RolloutFilter& filter,
                                                        std::string_view before, int limit) = 0;

  // At most `limit` events of a rollout behind a sequence, in order.
  virtual absl::StatusOr<std::vector<v1::WatchRolloutResponse>> ReadEvents(std::string_view id,
                                                                           int64_t after,
                                                                           int limit) = 0;

  // Up to `limit` rollouts that are due at `now` and that no other replica has claimed: `owner` has
  // them until `until`, or until it writes them or puts them off. Those that are due longest come
  // first.
  virtual absl::StatusOr<std::vector<StoredRollout>> Claim(std::string_view owner, absl::Time now,
                                                           absl::Time until, int limit) = 0;

  // `owner` is still at work: what it has claimed is its own until `until`.
  virtual absl::Status KeepClaims(std::string_view owner, absl::Time until) = 0;

  // Ends the claims on rollouts of which nothing is to be written; those that have another version
  // by now are left alone.
  virtual absl::Status PutOff(const std::vector<RolloutDue>& rollouts) = 0;

  // From now on calls `heard` with the id of each rollout of which events were written, by this
  // replica or another one; null ends that, and when it returns no call is under way. Some may be
  // missed. It runs on threads of the store and of its callers, and must not block.
  using Heard = std::function<void(std::string_view id)>;
  virtual void Listen(Heard heard) = 0;
};

}  // namespace gate

#endif  // GATE_STORE_ROLLOUT_STORE_H_
