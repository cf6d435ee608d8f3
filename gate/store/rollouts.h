// How both stores keep rollouts: the rules, over the few things that a database has to do for them.
#ifndef GATE_STORE_ROLLOUTS_H_
#define GATE_STORE_ROLLOUTS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "gate/store/record.h"
#include "gate/store/rollout_store.h"

namespace gate {

// A rollout in the form in which both stores write it.
struct EncodedRollout {
  std::string id;
  int64_t create_time = 0;  // microseconds since 1970; as is due_time
  std::string service;
  std::string environment;
  bool active = true;
  bool moving = false;                   // between its first step and its last
  std::vector<v1::ConcurrencyCap> caps;  // by name
  int64_t version = 0;                   // after the write
  std::string write_id;
  int64_t due_time = 0;
  std::string change;
  std::string rollout;
  struct Event {
    int64_t sequence;
    std::string event;
  };
  std::vector<Event> events;
  std::optional<EncodedAudit> audit;
};

// A row, as it is read.
struct RolloutRow {
  int64_t version = 0;
  std::string write_id;
  std::string change;
  std::string rollout;
};

// A call that took a lease, as it is on record.
struct RolloutRequestRow {
  std::string request_digest;
  std::string rollout;
  int64_t token = 0;
};

// A rollout that has a place under each cap that is for it.
struct MovingRow {
  std::string id;
  std::string service;
  std::string environment;
};

// The tables, within a transaction that whoever calls the functions below begins and ends.
class RolloutTables {
 public:
  virtual ~RolloutTables() = default;

  virtual absl::StatusOr<std::optional<RolloutRequestRow>> FindRequest(
      std::string_view request_id) = 0;
  virtual absl::Status AddRequest(std::string_view request_id, const RolloutRequestRow& row,
                                  int64_t create_time) = 0;
  // The next token of the lease; nobody else takes one until the transaction ends.
  virtual absl::StatusOr<int64_t> NextToken(std::string_view service,
                                            std::string_view environment) = 0;
  virtual absl::StatusOr<std::optional<RolloutRow>> FindActive(std::string_view service,
                                                               std::string_view environment) = 0;
  virtual absl::StatusOr<std::optional<RolloutRow>> Find(std::string_view id) = 0;
  virtual absl::Status AddBlob(const EncodedBlob& blob) = 0;
  virtual absl::Status Add(const EncodedRollout& rollout) = 0;
  // Whether the row had the version before; its claim ends with the write.
  virtual absl::StatusOr<bool> Replace(const EncodedRollout& rollout) = 0;
  virtual absl::Status AddEvents(const EncodedRollout& rollout) = 0;
  // Nobody else gets past this for the same cap until the transaction ends.
  virtual absl::Status LockCap(std::string_view name) = 0;
  virtual absl::StatusOr<std::vector<MovingRow>> FindMoving() = 0;
  virtual absl::Status AddAudit(const EncodedAudit& entry) = 0;
};

// As RolloutStore::Start and RolloutStore::Move, the latter with whether it was done: where it was
// not, the rollout has another version by now. Where they are not OK, and where it was not, the
// transaction has to be rolled back; they may run again from the start where nobody knows what
// became of it.
absl::StatusOr<v1::Rollout> StartIn(const RolloutStart& start, const DecideStart& decide,
                                    const EncodedBlob& change, RolloutTables& tables);
absl::StatusOr<bool> MoveIn(const EncodedRollout& move, RolloutTables& tables);
absl::Status HasMoved(std::string_view id);
// Whether it is MoveIn's word that a cap is full.
bool IsCapFull(const absl::Status& status);

// INVALID_ARGUMENT for what an index cannot hold. `write_id` tells writes apart.
absl::StatusOr<EncodedRollout> EncodeRollout(const RolloutMove& move, std::string write_id);

// DATA_LOSS where the bytes are none.
absl::StatusOr<v1::Rollout> DecodeRollout(std::string_view bytes);
absl::StatusOr<StoredRollout> DecodeRow(const RolloutRow& row);
absl::StatusOr<v1::WatchRolloutResponse> DecodeRolloutEvent(std::string_view bytes);

// The part of its name behind "rollouts/".
std::string_view IdOf(const RolloutDue& rollout);

// Tells one write from another.
std::string NewWriteId();

absl::Status NoSuchRollout(std::string_view id);

}  // namespace gate

#endif  // GATE_STORE_ROLLOUTS_H_
