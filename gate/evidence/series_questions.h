// A SeriesQuery -> PromQL, and what came back -> values over time.
#ifndef GATE_EVIDENCE_SERIES_QUESTIONS_H_
#define GATE_EVIDENCE_SERIES_QUESTIONS_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "gate/evidence/interval_grid.h"
#include "gate/evidence/prometheus_response.h"
#include "gate/v1/evidence.pb.h"

namespace gate {

// What is wrong with a question; empty: it can be asked.
std::string ProblemOf(const v1::SeriesQuery& query);

// The boundaries at which there may be a value.
IntervalGrid GridOf(const v1::SeriesQuery& query, absl::Time now);

// sum(rate(requests_total{job="shop"}[900s]))
std::string PromQlOf(const v1::SeriesQuery& query);

// What is no number is left out. INVALID_ARGUMENT where it is not one series of numbers.
absl::StatusOr<v1::ValueSeries> ReadValues(const v1::SeriesQuery& query,
                                           const std::vector<PrometheusSeries>& series);

}  // namespace gate

#endif  // GATE_EVIDENCE_SERIES_QUESTIONS_H_
