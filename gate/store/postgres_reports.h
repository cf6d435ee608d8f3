// Reports of metrics in PostgreSQL. A report is one transaction that holds a lock of each of its
// series; whatever becomes of its connection, it may be sent again.
#ifndef GATE_STORE_POSTGRES_REPORTS_H_
#define GATE_STORE_POSTGRES_REPORTS_H_

#include "absl/status/statusor.h"
#include "gate/store/postgres_session.h"
#include "gate/store/store.h"

namespace gate {

// As Store::ReportMetrics and Store::ReadSeries.
absl::StatusOr<Reported> TakeInPostgres(const MetricsReport& report, const ReportBounds& bounds,
                                        PostgresSession& session);
absl::StatusOr<StoredSeries> ReadPostgresSeries(PostgresSession& session, const SeriesRange& range);

}  // namespace gate

#endif  // GATE_STORE_POSTGRES_REPORTS_H_
