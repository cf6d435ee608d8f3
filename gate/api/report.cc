// The call that takes metrics in.
#include "gate/api/api.h"
#include "gate/api/report_request.h"
#include "gate/evidence/reported_series.h"

namespace gate {

absl::StatusOr<v1::ReportMetricsResponse> Api::ReportMetrics(
    const v1::ReportMetricsRequest& request) {
  const absl::Time now = parts_.clock.Now();
  const ReportBounds bounds = {.now = now,
                               .forget_before = now - parts_.reports.retention,
                               .settled = SettledAt(now),
                               .max_series = parts_.reports.max_series,
                               .max_points_per_series = parts_.reports.max_points_per_series};
  const absl::StatusOr<MetricsReport> report = ParseReport(request, bounds);
  if (!report.ok()) return report.status();
  v1::ReportMetricsResponse response;
  if (request.validate_only()) return response;
  const absl::StatusOr<Reported> reported = parts_.store.ReportMetrics(*report, bounds);
  if (!reported.ok()) return reported.status();
  response.set_points(reported->points);
  response.set_known(reported->known);
  return response;
}

}  // namespace gate
