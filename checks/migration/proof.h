// From what the rules say and what a rehearsal showed to what people read. Pure: server, `gatectl
// lint` and replay share it.
//
// What runs is believed over what is concluded from text, as far as it goes. A finding that the
// rehearsal confirms says so, and names the statements that failed; what no rule has seen becomes a
// finding of its own. The other way round a rehearsal takes nothing away but a rewrite that did not
// happen on the very version that production has: its tables are empty, and the workload is not all
// that code runs.
#ifndef CHECKS_MIGRATION_PROOF_H_
#define CHECKS_MIGRATION_PROOF_H_

#include <span>
#include <string_view>
#include <vector>

#include "gate/v1/change.pb.h"
#include "gate/v1/rehearsal.pb.h"
#include "gate/v1/verdict.pb.h"

namespace gate::migration {

struct Recording;

// The release, of one database, as it was rehearsed and judged.
struct Rehearsed {
  std::span<const v1::MigrationFile* const> files;
  // Whether the text of the schema before came with it. Without it a table that is not there proves
  // nothing.
  bool schema_given = false;
  int postgres_version = 0;  // production's, as told; 0: not known
  bool required = false;     // whether the policy asks for a proof
  // Over which time the workload was recorded; nullptr where disuse clears nothing.
  const Recording* recording = nullptr;
};

// Makes `findings`, the rules' own, the final ones.
void ApplyRehearsal(const v1::Rehearsal& rehearsal, const Rehearsed& release,
                    std::vector<v1::Finding>& findings);

// That nothing was proven by running it. Where it is required, unproven.
v1::Finding NotRehearsed(std::string_view why, bool required);

}  // namespace gate::migration

#endif  // CHECKS_MIGRATION_PROOF_H_
