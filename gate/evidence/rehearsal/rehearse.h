// Proof by running it: loads a schema into a scratch server, tries the running version's statements
// on it, runs the release's migrations, tries the statements again, and tells what is different.
//
// The SQL comes from whoever asks for a verdict. See scratch_cluster.h for what it may do; here it
// is bounded in time. A text of it that hides what it does can only hide that from its own
// rehearsal: what is compared is read by the administrator, from the catalogues.
#ifndef GATE_EVIDENCE_REHEARSAL_REHEARSE_H_
#define GATE_EVIDENCE_REHEARSAL_REHEARSE_H_

#include <chrono>

#include "absl/status/statusor.h"
#include "gate/evidence/rehearsal/scratch_cluster.h"
#include "gate/v1/change.pb.h"
#include "gate/v1/rehearsal.pb.h"

namespace gate {

struct RehearsalLimits {
  // For all of it, the loading of the schema included.
  std::chrono::milliseconds total{60'000};
  // For one statement; SQL can change it for itself, up to `total`.
  std::chrono::milliseconds statement{30'000};
  // Texts of the workload behind these are lost coverage.
  int workload_statements = 20'000;
  // Of the descriptions of their results; statements behind these are lost coverage as well.
  size_t column_bytes = size_t{64} << 20;
};

// Uses the cluster up: it is for one rehearsal, and was started with the change's schema, or with
// none. An error means that the scratch server failed
// before anything was tried; everything else is an end of the rehearsal.
absl::StatusOr<v1::Rehearsal> Rehearse(ScratchCluster& cluster, const v1::SchemaChange& change,
                                       const RehearsalLimits& limits);

}  // namespace gate

#endif  // GATE_EVIDENCE_REHEARSAL_REHEARSE_H_
