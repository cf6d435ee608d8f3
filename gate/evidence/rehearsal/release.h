// The rehearsal of a whole release: each database that it changes on a server of its own.
#ifndef GATE_EVIDENCE_REHEARSAL_RELEASE_H_
#define GATE_EVIDENCE_REHEARSAL_RELEASE_H_

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "gate/base/mutex.h"
#include "gate/evidence/rehearsal/rehearse.h"
#include "gate/evidence/rehearsal/scratch_cluster.h"
#include "gate/v1/change.pb.h"
#include "gate/v1/rehearsal.pb.h"

namespace gate {

// Thread-safe.
class Rehearser {
 public:
  // `options` says nothing of the version: each database tells its own. Of the programs those of
  // that version are taken, or of the one next to it, as the rehearsal then tells.
  Rehearser(ScratchOptions options, const RehearsalLimits& limits)
      : options_(std::move(options)), limits_(limits) {}

  // Makes ready what every rehearsal needs, for each version that there is, so that the first one
  // is as quick as the others.
  absl::Status Prepare();

  // One rehearsal for each database, in turn; all servers are gone by the deadline. A database for
  // which the time does not suffice, or whose server fails, has a rehearsal that says so. An error
  // where there is no PostgreSQL to run.
  absl::StatusOr<v1::Rehearsals> Rehearse(const v1::SchemaChange& change,
                                          std::chrono::steady_clock::time_point deadline);

 private:
  // Of that version, or of all that there are; the last of them.
  absl::StatusOr<const ScratchClusters*> ClustersFor(std::optional<int> major) GATE_EXCLUDES(mu_);
  absl::StatusOr<v1::Rehearsal> RehearseOne(const v1::SchemaChange& database,
                                            std::chrono::steady_clock::time_point deadline);

  const ScratchOptions options_;
  const RehearsalLimits limits_;
  Mutex mu_;
  std::vector<PostgresPrograms> programs_ GATE_GUARDED_BY(mu_);  // as found by the first that asked
  std::map<std::string, std::unique_ptr<ScratchClusters>> clusters_ GATE_GUARDED_BY(mu_);
};

}  // namespace gate

#endif  // GATE_EVIDENCE_REHEARSAL_RELEASE_H_
