// Reads a text exposition with timestamps, strictly: what is not of the form is refused with line
// and column, not skipped. OpenMetrics 1.0, section 3:
// https://github.com/prometheus/OpenMetrics/blob/main/specification/OpenMetrics.md
//
// Of all samples those that counters, gauges and classic histograms are made of are kept, by their
// own names: X_total, X, X_bucket, X_count; and what has no type. Summaries, infos, state sets,
// gauge histograms, _created, _sum and exemplars are read and left out.
#ifndef GATE_EVIDENCE_OPEN_METRICS_H_
#define GATE_EVIDENCE_OPEN_METRICS_H_

#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "gate/evidence/prometheus_response.h"

namespace gate {

// Series by labels, with the name in __name__; samples ascending. INVALID_ARGUMENT says where:
// "line 3, column 14: expected a value". RESOURCE_EXHAUSTED beyond 100,000 series.
absl::StatusOr<std::vector<PrometheusSeries>> ParseOpenMetrics(std::string_view text);

}  // namespace gate

#endif  // GATE_EVIDENCE_OPEN_METRICS_H_
