// Listings in PostgreSQL, and where they are read: on a replica, where one is configured and has
// all that the primary has when the listing begins, else on the primary. So a listing shows what
// was acknowledged before it, whoever answers. A page is of one server: where the replica fails in
// the middle, the whole page is read again on the primary; and a page goes on behind a verdict, or
// a sequence, which are the same on both.
#ifndef GATE_STORE_POSTGRES_HISTORY_H_
#define GATE_STORE_POSTGRES_HISTORY_H_

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "gate/base/mutex.h"
#include "gate/store/connection_pool.h"
#include "gate/store/listing.h"
#include "gate/store/postgres_session.h"
#include "gate/store/store.h"

namespace gate {

// The listing as Store::ListVerdicts has it, by one session.
absl::StatusOr<std::vector<v1::Verdict>> ListPostgresVerdicts(PostgresSession& session,
                                                              const VerdictFilter& filter,
                                                              std::string_view before, int limit);

// When the verdict with that id was made, which says in which partition it is; nothing where there
// is none.
absl::StatusOr<std::optional<int64_t>> PostgresTimeOf(PostgresSession& session,
                                                      std::string_view id);

// Thread-safe.
class PostgresHistory {
 public:
  // `replica` is empty where there is none. `observer` hears of each listing that might be read on
  // it whether it was. Outlived by `primary`.
  PostgresHistory(ConnectionPool<PostgresSession>& primary, const std::string& replica,
                  std::function<void(bool from_replica)> observer);

  // Reads where it is best; `read` may run twice, and then the second time counts.
  absl::Status Read(const std::function<absl::Status(PostgresSession&)>& read);

 private:
  absl::Status ReadOnReplica(const std::function<absl::Status(PostgresSession&)>& read);
  bool Rests() GATE_EXCLUDES(mu_);
  void Rest() GATE_EXCLUDES(mu_);

  ConnectionPool<PostgresSession>& primary_;
  const bool has_replica_;
  ConnectionPool<PostgresSession> replicas_;
  const std::function<void(bool)> observer_;
  Mutex mu_;
  std::chrono::steady_clock::time_point rests_until_ GATE_GUARDED_BY(mu_){};
};

}  // namespace gate

#endif  // GATE_STORE_POSTGRES_HISTORY_H_
