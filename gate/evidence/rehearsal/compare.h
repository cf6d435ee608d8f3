// The catalogue before and after a release, joined with what the running version writes: what fails
// only when a statement is executed.
#ifndef GATE_EVIDENCE_REHEARSAL_COMPARE_H_
#define GATE_EVIDENCE_REHEARSAL_COMPARE_H_

#include <string>
#include <vector>

#include "checks/migration/sql/uses.h"
#include "gate/evidence/rehearsal/bodies.h"
#include "gate/evidence/rehearsal/snapshot.h"
#include "gate/evidence/rehearsal/trial.h"
#include "gate/v1/change.pb.h"
#include "gate/v1/rehearsal.pb.h"

namespace gate {

// A statement of the running version that works on the schema before.
struct Running {
  const v1::WorkloadStatement* statement = nullptr;
  Described described;  // on the schema before
  migration::Uses uses;
};

// Appends to `effects` and `lost_coverage`. `search_path`: the schemas in which names without one
// are looked for, in order. Objects are compared by name, as the statements know them. `broken`:
// the bodies that no longer work, to be told with the statements that run them.
void CompareSchemas(const Snapshot& before, const Snapshot& after,
                    const std::vector<std::string>& search_path,
                    const std::vector<Running>& running, const std::vector<BrokenBody>& broken,
                    v1::Rehearsal& rehearsal);

}  // namespace gate

#endif  // GATE_EVIDENCE_REHEARSAL_COMPARE_H_
