// Takes in reports, of metrics and of QA, on a connection of its own to a SQLite database: one
// transaction, one fsync each. SQLite has one transaction that writes at a time; a verdict waits
// for a report that is under way, and the other way round.
#ifndef GATE_STORE_SQLITE_REPORTS_H_
#define GATE_STORE_SQLITE_REPORTS_H_

#include <functional>
#include <memory>
#include <string>
#include <string_view>

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

  // Does the work in one transaction, which is on disk when this returns OK, and has left nothing
  // where it does not.
  absl::Status Commit(const std::function<absl::Status(SqliteDatabase&)>& work) GATE_EXCLUDES(mu_);

 private:
  absl::Status CommitOnce(const std::function<absl::Status(SqliteDatabase&)>& work)
      GATE_REQUIRES(mu_);

  SqliteFile* const file_;
  Mutex mu_;
  const std::unique_ptr<SqliteDatabase> database_ GATE_GUARDED_BY(mu_);
  int log_pages_ = 0;  // in the write-ahead log; set while a commit runs
};

// Enters a report's request where it is new: then its digest comes back, else the one on record.
absl::StatusOr<std::string> EnterSqliteRequest(SqliteDatabase& database,
                                               std::string_view request_id, std::string_view digest,
                                               absl::Time now);

// As Store::ReportMetrics and Store::ReadSeries.
absl::StatusOr<Reported> TakeInSqlite(const MetricsReport& report, const ReportBounds& bounds,
                                      SqliteReports& reports);
absl::StatusOr<StoredSeries> ReadSqliteSeries(SqliteDatabase& database, const SeriesRange& range);

}  // namespace gate

#endif  // GATE_STORE_SQLITE_REPORTS_H_
