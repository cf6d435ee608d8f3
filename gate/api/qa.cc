// The call that takes QA results in.
#include "gate/api/api.h"
#include "gate/api/qa_request.h"

namespace gate {

absl::StatusOr<v1::ReportQaResultsResponse> Api::ReportQaResults(
    const v1::ReportQaResultsRequest& request) {
  const absl::Time now = parts_.clock.Now();
  const QaBounds bounds = {.now = now,
                           .forget_before = now - parts_.qa.retention,
                           .max_builds = parts_.qa.max_builds,
                           .max_runs_per_build = parts_.qa.max_runs_per_build};
  absl::StatusOr<ParsedQaReport> parsed = absl::UnknownError("");
  {
    MutexLock lock(reading_);
    parsed = ParseQaReport(request, bounds);
  }
  if (!parsed.ok()) return parsed.status();
  v1::ReportQaResultsResponse response = std::move(parsed->response);
  if (request.validate_only()) return response;
  const absl::StatusOr<ReportedRun> reported = parts_.store.ReportQaRun(parsed->report, bounds);
  if (!reported.ok()) return reported.status();
  response.set_evidence(reported->name);
  response.set_known(reported->known);
  return response;
}

}  // namespace gate
