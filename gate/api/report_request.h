// Evidence.ReportMetrics at the door: what no report may be, and the form in which it is stored.
#ifndef GATE_API_REPORT_REQUEST_H_
#define GATE_API_REPORT_REQUEST_H_

#include "absl/status/statusor.h"
#include "gate/store/store.h"
#include "gate/v1/evidence_service.pb.h"

namespace gate {

// INVALID_ARGUMENT with the first wrong fields, by their paths
// ("series[0].points[3].cohorts.canary.events").
absl::StatusOr<MetricsReport> ParseReport(const v1::ReportMetricsRequest& request,
                                          const ReportBounds& bounds);

}  // namespace gate

#endif  // GATE_API_REPORT_REQUEST_H_
