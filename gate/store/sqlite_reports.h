// Takes in reports of metrics on a connection of its own to a SQLite database: one transaction, one
// fsync each. SQLite has one transaction that writes at a time; a verdict waits for a report that
// is under way, and the other way round.
#ifndef GATE_STORE_SQLITE_REPORTS_H_
#define GATE_STORE_SQLITE_REPORTS_H_

#include <memory>

#include "absl/status/statusor.h"
#include "gate/base/mutex.h"
#include "gate/store/sqlite_database.h"
#include "gate/store/sqlite_file.h"
#include "gate/store/store.h"

namespace gate {

// Thread-safe.
class SqliteReports {
 public:
  // `database` is set up for writing; `file` is null for a database in memory, and outlives this.
  SqliteReports(std::unique_ptr<SqliteDatabase> database, SqliteFile* file);

  // As Store::ReportMetrics.
  absl::StatusOr<Reported> Take(const MetricsReport& report, const ReportBounds& bounds)
      GATE_EXCLUDES(mu_);

 private:
  absl::StatusOr<Reported> TakeInTransaction(const MetricsReport& report,
                                             const ReportBounds& bounds) GATE_REQUIRES(mu_);

  SqliteFile* const file_;
  Mutex mu_;
  const std::unique_ptr<SqliteDatabase> database_ GATE_GUARDED_BY(mu_);
  int log_pages_ = 0;  // in the write-ahead log; set while a commit runs
};

// As Store::ReadSeries.
absl::StatusOr<StoredSeries> ReadSqliteSeries(SqliteDatabase& database, const SeriesRange& range);

}  // namespace gate

#endif  // GATE_STORE_SQLITE_REPORTS_H_
