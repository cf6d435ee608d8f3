// Transactions of reports in PostgreSQL: whatever becomes of the connection, the same work may be
// done again, since a report that is there already changes nothing.
#ifndef GATE_STORE_POSTGRES_TRANSACTION_H_
#define GATE_STORE_POSTGRES_TRANSACTION_H_

#include <functional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "gate/store/postgres_session.h"

namespace gate {

// Does the work in one transaction, which is committed when this returns OK. `work` may run more
// than once, each time from the start.
absl::Status CommitInPostgres(PostgresSession& session,
                              const std::function<absl::Status(PostgresConnection&)>& work);

// Enters a report's request where it is new: then its digest comes back, else the one on record.
absl::StatusOr<std::string> EnterPostgresRequest(PostgresConnection& connection,
                                                 std::string_view request_id,
                                                 std::string_view digest, absl::Time now);

}  // namespace gate

#endif  // GATE_STORE_POSTGRES_TRANSACTION_H_
