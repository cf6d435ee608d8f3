// Overrides in PostgreSQL. A change holds the row of its override, so that replicas, and the
// verdicts that consume it, take turns.
#ifndef GATE_STORE_POSTGRES_OVERRIDES_H_
#define GATE_STORE_POSTGRES_OVERRIDES_H_

#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "gate/store/connection_pool.h"
#include "gate/store/override_store.h"
#include "gate/store/postgres_session.h"

namespace gate {

class PostgresOverrides final : public OverrideStore {
 public:
  // Both outlive it.
  PostgresOverrides(ConnectionPool<PostgresSession>& readers,
                    ConnectionPool<PostgresSession>& writer)
      : readers_(readers), writer_(writer) {}

  absl::StatusOr<v1::Override> Create(const NewOverride& made) override;
  absl::StatusOr<v1::Override> Change(const OverrideChange& change,
                                      const DecideOverride& decide) override;
  absl::StatusOr<v1::Override> Get(std::string_view id, absl::Time now) override;
  absl::StatusOr<std::vector<v1::Override>> List(const OverrideFilter& filter,
                                                 std::string_view before, int limit,
                                                 absl::Time now) override;
  absl::StatusOr<std::vector<v1::Override>> Live(const v1::OverridesQuery& query,
                                                 absl::Time now) override;

 private:
  ConnectionPool<PostgresSession>& readers_;
  ConnectionPool<PostgresSession>& writer_;
};

}  // namespace gate

#endif  // GATE_STORE_POSTGRES_OVERRIDES_H_
