// Answers a question for samples from series that are at hand, as a Prometheus would.
#ifndef GATE_EVIDENCE_SAMPLE_SELECT_H_
#define GATE_EVIDENCE_SAMPLE_SELECT_H_

#include <vector>

#include "absl/status/statusor.h"
#include "gate/evidence/cohort_questions.h"
#include "gate/evidence/interval_grid.h"
#include "gate/evidence/prometheus_response.h"

namespace gate {

// For each boundary the newest sample up to it that is not too old, under the boundary's time.
// `lists` are series by labels, samples ascending; what several lists hold of one series is put
// together. INVALID_ARGUMENT where a regular expression is none; DATA_LOSS where two lists hold
// different values of one series and moment.
absl::StatusOr<std::vector<PrometheusSeries>> SelectSamples(
    const SampleQuestion& question, const std::vector<const std::vector<PrometheusSeries>*>& lists,
    const IntervalGrid& grid);

}  // namespace gate

#endif  // GATE_EVIDENCE_SAMPLE_SELECT_H_
