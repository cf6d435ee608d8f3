// Rollouts in PostgreSQL. A start holds the row of its lease, so that replicas take turns.
#ifndef GATE_STORE_POSTGRES_ROLLOUTS_H_
#define GATE_STORE_POSTGRES_ROLLOUTS_H_

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "gate/store/connection_pool.h"
#include "gate/store/postgres_listener.h"
#include "gate/store/postgres_session.h"
#include "gate/store/rollout_store.h"

namespace gate {

class PostgresRollouts final : public RolloutStore {
 public:
  // Both outlive it. Of `url` it makes a connection of its own once somebody listens.
  PostgresRollouts(std::string url, ConnectionPool<PostgresSession>& readers,
                   ConnectionPool<PostgresSession>& writer)
      : url_(std::move(url)), readers_(readers), writer_(writer) {}

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
  absl::Status KeepClaims(std::string_view owner, absl::Time until) override;
  absl::Status PutOff(const std::vector<RolloutDue>& rollouts) override;
  void Listen(Heard heard) override;

 private:
  // Work that costs nothing but time where it is lost.
  absl::Status Commit(const char* sql, const std::vector<PostgresParameter>& parameters);

  const std::string url_;
  ConnectionPool<PostgresSession>& readers_;
  ConnectionPool<PostgresSession>& writer_;
  std::unique_ptr<PostgresListener> listener_;
};

}  // namespace gate

#endif  // GATE_STORE_POSTGRES_ROLLOUTS_H_
