// Rollouts in PostgreSQL. A start holds the row of its lease, so that replicas take turns.
#ifndef GATE_STORE_POSTGRES_ROLLOUTS_H_
#define GATE_STORE_POSTGRES_ROLLOUTS_H_

#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "gate/store/connection_pool.h"
#include "gate/store/postgres_session.h"
#include "gate/store/rollout_store.h"

namespace gate {

class PostgresRollouts final : public RolloutStore {
 public:
  // Both outlive it.
  PostgresRollouts(ConnectionPool<PostgresSession>& readers,
                   ConnectionPool<PostgresSession>& writer)
      : readers_(readers), writer_(writer) {}

  absl::StatusOr<v1::Rollout> Start(const RolloutStart& start, const DecideStart& decide) override;
  absl::Status Move(const RolloutMove& move) override;
  absl::StatusOr<StoredRollout> Get(std::string_view id) override;
  absl::StatusOr<std::vector<v1::Rollout>> List(const RolloutFilter& filter,
                                                std::string_view before, int limit) override;
  absl::StatusOr<std::vector<v1::WatchRolloutResponse>> ReadEvents(std::string_view id,
                                                                   int64_t after,
                                                                   int limit) override;
  absl::StatusOr<std::vector<StoredRollout>> Claim(std::string_view owner, absl::Time now,
                                                   absl::Time until, int limit) override;

 private:
  ConnectionPool<PostgresSession>& readers_;
  ConnectionPool<PostgresSession>& writer_;
};

}  // namespace gate

#endif  // GATE_STORE_POSTGRES_ROLLOUTS_H_
