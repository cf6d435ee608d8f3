// Reads the answer of a Prometheus range query, strictly: what is not the documented form is an
// error, not a guess. https://prometheus.io/docs/prometheus/latest/querying/api/#range-queries
#ifndef GATE_EVIDENCE_PROMETHEUS_RESPONSE_H_
#define GATE_EVIDENCE_PROMETHEUS_RESPONSE_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace gate {

struct PrometheusSample {
  int64_t milliseconds;  // Since 1970.
  double value;          // NaN and infinities are values.
};

struct PrometheusSeries {
  std::string label;  // Value of the one label that was asked for; empty where it has none.
  // Whose it is: the labels by which a Prometheus tells targets apart. Empty where it has none, for
  // example after a recording rule.
  std::string job;
  std::string instance;
  std::string pod;
  std::vector<PrometheusSample> samples;
};

struct PrometheusResponse {
  bool success = false;
  bool partial = false;    // The server says itself that it has not seen everything.
  std::string error_type;  // Where not successful: "bad_data", "timeout", ...
  std::string error;
  std::vector<std::string> warnings;  // Also a partial answer: Thanos and Mimir say it this way.
  std::vector<PrometheusSeries> series;
};

// `label`: the only label whose values are kept beside those of the target. Errors say where: "byte
// 214: data.result is not an array". Memory stays within a small multiple of `body`, depth of
// nesting is bounded.
absl::StatusOr<PrometheusResponse> ParsePrometheusResponse(std::string_view body,
                                                           std::string_view label);

}  // namespace gate

#endif  // GATE_EVIDENCE_PROMETHEUS_RESPONSE_H_
