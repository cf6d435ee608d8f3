// Writes groups to PostgreSQL: one pipeline, one sync, one commit.
//
// When the connection breaks, a commit that was on its way may have happened or not. Then the same
// group is sent again on a new connection. Its inserts wait for the old transaction where that is
// still running, do nothing where it committed, and insert where it did not: whatever happened,
// afterwards the rows are there once, and the answer is read from them.
#ifndef GATE_STORE_POSTGRES_WRITER_H_
#define GATE_STORE_POSTGRES_WRITER_H_

#include <chrono>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "gate/base/mutex.h"
#include "gate/store/group_commit.h"
#include "gate/store/known_digests.h"
#include "gate/store/postgres_consumption.h"
#include "gate/store/postgres_session.h"

namespace gate {

// Since when the server has not answered; all writers of a store share it. Thread-safe.
class Outage {
 public:
  using Time = std::chrono::steady_clock::time_point;
  // When it began: now, unless it is under way.
  Time Since(Time now) GATE_EXCLUDES(mu_);
  void End() GATE_EXCLUDES(mu_);

 private:
  Mutex mu_;
  std::optional<Time> since_ GATE_GUARDED_BY(mu_);
};

class PostgresWriter final : public GroupWriter {
 public:
  // Forgets what is known after each connect: the server may be another one. Both outlive the
  // writer.
  PostgresWriter(std::string url, KnownDigests& known, Outage& outage);

  void Write(std::vector<PendingAppend>& group, Closing& closing) override;

 private:
  using Group = std::span<PendingAppend*>;

  // Writes them together, or, where the database refuses one of them, in ever smaller groups.
  void WriteOrSplit(Group group, Closing& closing);
  // Tries until the server has been away for too long. Sets the results where it is OK.
  absl::Status Persist(Group group, Closing& closing);
  absl::Status Attempt(PostgresConnection& connection, Group group);
  // Writes those that can be written, and commits. Returns those that were not.
  absl::StatusOr<std::vector<PendingAppend*>> Commit(PostgresConnection& connection, Group group,
                                                     GoneOverrides& gone);
  // Sets the results of those whose request_id (or id) was there already, or whose override is
  // gone.
  absl::Status ResolveTakenOnes(PostgresConnection& connection,
                                const std::vector<PendingAppend*>& taken,
                                const GoneOverrides& gone);

  PostgresSession session_;
  Outage& outage_;
};

}  // namespace gate

#endif  // GATE_STORE_POSTGRES_WRITER_H_
