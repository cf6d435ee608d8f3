// Runs a release's migrations, statement by statement, and watches: a second connection sees which
// locks are held before the transaction ends, PostgreSQL's debug messages name scans and rewrites,
// and a table that was written anew has another file.
#ifndef GATE_EVIDENCE_REHEARSAL_MIGRATE_H_
#define GATE_EVIDENCE_REHEARSAL_MIGRATE_H_

#include "gate/evidence/rehearsal/roles.h"
#include "gate/evidence/rehearsal/session.h"
#include "gate/evidence/rehearsal/snapshot.h"
#include "gate/v1/change.pb.h"
#include "gate/v1/rehearsal.pb.h"

namespace gate {

// Appends to `statements` and `lost_coverage` of `rehearsal`; where a statement fails, sets its end
// and its failure and returns. What exists in `before` is what locks and scans are told of.
void RunMigrations(Session& runner, Session& admin, Roles& roles, const Snapshot& before,
                   const google::protobuf::RepeatedPtrField<v1::MigrationFile>& files,
                   v1::Rehearsal& rehearsal);

}  // namespace gate

#endif  // GATE_EVIDENCE_REHEARSAL_MIGRATE_H_
