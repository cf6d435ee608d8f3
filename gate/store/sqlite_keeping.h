// Forgetting in SQLite: a few hundred rows at a time, so that verdicts are written in between.
#ifndef GATE_STORE_SQLITE_KEEPING_H_
#define GATE_STORE_SQLITE_KEEPING_H_

#include <string_view>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "gate/store/keeping.h"
#include "gate/store/sqlite_database.h"
#include "gate/store/sqlite_reports.h"

namespace gate {

// Something of that month points to a blob. Parameters: digest, month.
inline constexpr std::string_view kUseSqliteBlob =
    "INSERT INTO blob_months (digest, month) VALUES ($1, $2)"
    " ON CONFLICT (digest) DO UPDATE SET month = excluded.month WHERE excluded.month > month";

// As Store::KeepHouse.
absl::StatusOr<Housekeeping> KeepSqliteHouse(SqliteDatabase& reader, SqliteReports& writer,
                                             const Retention& retention, absl::Time now,
                                             bool dry_run);

}  // namespace gate

#endif  // GATE_STORE_SQLITE_KEEPING_H_
