// Rollouts in SQLite: each write is a transaction of its own, beside those of verdicts.
#ifndef GATE_STORE_SQLITE_ROLLOUTS_H_
#define GATE_STORE_SQLITE_ROLLOUTS_H_

#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "gate/base/mutex.h"
#include "gate/store/connection_pool.h"
#include "gate/store/rollout_store.h"
#include "gate/store/sqlite_database.h"
#include "gate/store/sqlite_reports.h"

namespace gate {

class SqliteRollouts final : public RolloutStore {
 public:
  // Both outlive it.
  SqliteRollouts(ConnectionPool<SqliteDatabase>& readers, SqliteReports& writer)
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
  absl::Status KeepClaims(std::string_view owner, absl::Time until) override;
  absl::Status PutOff(const std::vector<RolloutDue>& rollouts) override;
  void Listen(Heard heard) override;

 private:
  void Tell(std::string_view id) GATE_EXCLUDES(mu_);

  ConnectionPool<SqliteDatabase>& readers_;
  SqliteReports& writer_;
  Mutex mu_;
  Heard heard_ GATE_GUARDED_BY(mu_);
};

}  // namespace gate

#endif  // GATE_STORE_SQLITE_ROLLOUTS_H_
