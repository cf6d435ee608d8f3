// QA runs and watches in PostgreSQL. A report is one transaction that holds a lock of its build.
#ifndef GATE_STORE_POSTGRES_QA_H_
#define GATE_STORE_POSTGRES_QA_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "gate/store/postgres_session.h"
#include "gate/store/store.h"

namespace gate {

// As Store::ReportQaRun, Store::ReadQaRuns and Store::ReadFlagWatches.
absl::StatusOr<ReportedRun> TakeInPostgres(const QaReport& report, const QaBounds& bounds,
                                           PostgresSession& session);
absl::StatusOr<v1::QaRuns> ReadPostgresQaRuns(PostgresSession& session, const std::string& service,
                                              const std::vector<std::string>& builds);
absl::StatusOr<std::vector<v1::FlagWatch>> ReadPostgresWatches(PostgresSession& session,
                                                               const std::string& environment,
                                                               const std::string& flag);

}  // namespace gate

#endif  // GATE_STORE_POSTGRES_QA_H_
