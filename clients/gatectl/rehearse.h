// Rehearsals of `gatectl lint migrations --rehearse`: done by a program of its own, gate-rehearse,
// which needs PostgreSQL on this machine.
#ifndef CLIENTS_GATECTL_REHEARSE_H_
#define CLIENTS_GATECTL_REHEARSE_H_

#include "clients/gatectl/problem.h"
#include "clients/gatectl/session.h"
#include "gate/v1/change.pb.h"
#include "gate/v1/rehearsal.pb.h"

namespace gate::ctl {

// The rehearsal of a change of one database. The program is looked for beside this one, then on the
// PATH. Says on a terminal what it waits for.
Or<v1::Rehearsal> Rehearse(const Session& session, const v1::SchemaChange& change);

}  // namespace gate::ctl

#endif  // CLIENTS_GATECTL_REHEARSE_H_
