#include "gate/store/postgres_transaction.h"

#include "gate/store/postgres_error.h"
#include "gate/store/record.h"

namespace gate {
namespace {

using std::chrono::steady_clock;

constexpr int kAttempts = 3;

PostgresConnection::Deadline Deadline() { return steady_clock::now() + kPostgresTimeout; }

absl::Status CommitOnce(PostgresConnection& connection,
                        const std::function<absl::Status(PostgresConnection&)>& work) {
  if (absl::Status status = connection.Execute("BEGIN", Deadline()); !status.ok()) return status;
  if (absl::Status status = work(connection); !status.ok()) {
    if (connection.alive()) (void)connection.Execute("ROLLBACK", Deadline());
    return status;
  }
  return connection.Execute("COMMIT", Deadline());
}

}  // namespace

absl::Status CommitInPostgres(PostgresSession& session,
                              const std::function<absl::Status(PostgresConnection&)>& work) {
  absl::Status status = PostgresGone("");
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    const auto connection = session.Connected();
    if (!connection.ok()) return connection.status();
    status = CommitOnce(**connection, work);
    // A connection from before may have broken long ago.
    if ((*connection)->alive() && !absl::IsAborted(status)) return status;
  }
  return absl::IsAborted(status) ? PostgresGone(std::string(status.message())) : status;
}

absl::StatusOr<std::string> EnterPostgresRequest(PostgresConnection& connection,
                                                 std::string_view request_id,
                                                 std::string_view digest, absl::Time now) {
  const auto entered = connection.Query(
      "INSERT INTO gate.reported_requests (request_id, request_digest, create_time)"
      " VALUES ($1, $2, $3) ON CONFLICT DO NOTHING RETURNING request_digest",
      {PostgresParameter::Text(request_id), PostgresParameter::Text(digest),
       PostgresParameter::Timestamp(Micros(now))},
      Deadline());
  if (!entered.ok()) return entered.status();
  if (entered->size() > 0) return std::string(digest);
  const auto found =
      connection.Query("SELECT request_digest FROM gate.reported_requests WHERE request_id = $1",
                       {PostgresParameter::Text(request_id)}, Deadline());
  if (!found.ok()) return found.status();
  // Forgotten meanwhile: so long ago that nobody asks for it.
  return found->size() == 0 ? std::string(digest) : std::string(found->Bytes(0, 0));
}

}  // namespace gate
