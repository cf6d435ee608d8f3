// QA runs and watches in a SQLite database.
#ifndef GATE_STORE_SQLITE_QA_H_
#define GATE_STORE_SQLITE_QA_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "gate/store/sqlite_database.h"
#include "gate/store/sqlite_reports.h"
#include "gate/store/store.h"

namespace gate {

// As Store::ReportQaRun, Store::ReadQaRuns and Store::ReadFlagWatches.
absl::StatusOr<ReportedRun> TakeInSqlite(const QaReport& report, const QaBounds& bounds,
                                         SqliteReports& reports);
absl::StatusOr<v1::QaRuns> ReadSqliteQaRuns(SqliteDatabase& database, const std::string& service,
                                            const std::vector<std::string>& builds);
absl::StatusOr<std::vector<v1::FlagWatch>> ReadSqliteWatches(SqliteDatabase& database,
                                                             const std::string& environment,
                                                             const std::string& flag);

}  // namespace gate

#endif  // GATE_STORE_SQLITE_QA_H_
