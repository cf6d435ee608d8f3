// Evidence.ReportQaResults at the door: what no report may be, and the form in which it is stored.
#ifndef GATE_API_QA_REQUEST_H_
#define GATE_API_QA_REQUEST_H_

#include "absl/status/statusor.h"
#include "gate/store/store.h"
#include "gate/v1/evidence_service.pb.h"

namespace gate {

struct ParsedQaReport {
  QaReport report;
  v1::ReportQaResultsResponse response;  // All of it but what the store tells.
};

// INVALID_ARGUMENT with the first wrong fields by their paths ("cases[3].name"); what is wrong with
// a JUnit report is told of the field junit_xml, with the line.
absl::StatusOr<ParsedQaReport> ParseQaReport(const v1::ReportQaResultsRequest& request,
                                             const QaBounds& bounds);

}  // namespace gate

#endif  // GATE_API_QA_REQUEST_H_
