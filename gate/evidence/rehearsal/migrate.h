// Runs a release's migrations, statement by statement, and may watch: a second connection sees
// which locks are held before the transaction ends, PostgreSQL's debug messages name scans and
// rewrites, and a table that was written anew has another file.
#ifndef GATE_EVIDENCE_REHEARSAL_MIGRATE_H_
#define GATE_EVIDENCE_REHEARSAL_MIGRATE_H_

#include <span>

#include "gate/evidence/rehearsal/roles.h"
#include "gate/evidence/rehearsal/script.h"
#include "gate/evidence/rehearsal/session.h"
#include "gate/evidence/rehearsal/snapshot.h"
#include "gate/v1/rehearsal.pb.h"

namespace gate {

// Appends to `statements` and `lost_coverage` of `rehearsal`; where a statement fails, sets its end
// and its failure and returns. What exists in `watched` is what locks and scans are told of;
// nullptr: nothing is looked at, which takes a third of the time.
void RunMigrations(Session& runner, Session& admin, Roles& roles, const Snapshot* watched,
                   std::span<const MigrationScript> scripts, v1::Rehearsal& rehearsal);

}  // namespace gate

#endif  // GATE_EVIDENCE_REHEARSAL_MIGRATE_H_
