// What services have reported -> the answer to a question for cohorts, with its flaws.
//
//   a cohort that was there and is not  GAP, once a later interval of it is there, or after three
//                                       minutes (two intervals, where these are longer): reports of
//                                       several places do not arrive at once
//   a cohort without any point          SILENT_COHORT; of old cohorts only where there is none at
//   all
#ifndef GATE_EVIDENCE_REPORTED_SERIES_H_
#define GATE_EVIDENCE_REPORTED_SERIES_H_

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "gate/evidence/interval_grid.h"
#include "gate/store/store.h"
#include "gate/v1/evidence.pb.h"

namespace gate {

// Which points a question on that grid wants. `service` and `environment` are the change's.
SeriesRange RangeFor(const v1::CohortMetricQuery& query, const IntervalGrid& grid,
                     std::string_view service, std::string_view environment);

// Up to which moment nothing more is taken of an interval that is not behind all others; stores are
// told so when they take a report in.
absl::Time SettledAt(absl::Time now);

// `stored` was read at `now` and was found. DATA_LOSS where it cannot be read.
absl::StatusOr<v1::MetricSeries> SeriesOf(const StoredSeries& stored,
                                          const v1::CohortMetricQuery& query,
                                          const IntervalGrid& grid, absl::Time now);

}  // namespace gate

#endif  // GATE_EVIDENCE_REPORTED_SERIES_H_
