// Partitions by month in PostgreSQL: made ahead, and dropped when their time is up.
//
// Names say which month: gate.verdicts_2027_02. gate.verdicts itself is the first partition, of all
// that was written before there were months (schema/postgres/0008_partitions.sql). It is emptied
// and not dropped, since programs name it.
#ifndef GATE_STORE_POSTGRES_KEEPING_H_
#define GATE_STORE_POSTGRES_KEEPING_H_

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "gate/store/keeping.h"
#include "gate/store/postgres_session.h"

namespace gate {

// As Store::KeepHouse. Whoever does not own the tables is told so among the problems: rows of
// months that nobody made are in the default partitions.
absl::StatusOr<Housekeeping> KeepPostgresHouse(PostgresSession& session, const Retention& retention,
                                               absl::Time now, bool dry_run);

}  // namespace gate

#endif  // GATE_STORE_POSTGRES_KEEPING_H_
