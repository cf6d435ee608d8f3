// Reads the answer of a Prometheus range query, strictly: what is not the documented form is an
// error, not a guess. https://prometheus.io/docs/prometheus/latest/querying/api/#range-queries
#ifndef GATE_EVIDENCE_PROMETHEUS_RESPONSE_H_
#define GATE_EVIDENCE_PROMETHEUS_RESPONSE_H_

#include <compare>
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

// A bucket of a native histogram.
struct NativeBucket {
  double lower;
  double upper;
  double count;  // In this bucket alone.
};

struct PrometheusHistogram {
  int64_t milliseconds;  // Since 1970.
  double count;          // Of all observations.
  std::vector<NativeBucket> buckets;
};

// The labels of a series. Equal ones are the same series.
class Labels {
 public:
  // Replaces one of the same name.
  void Set(std::string_view name, std::string_view value);
  // "" where there is none, as in PromQL.
  std::string_view Get(std::string_view name) const;
  // Without one of them.
  Labels Without(std::string_view name) const;
  auto operator<=>(const Labels&) const = default;

 private:
  // Name and value in turn, each followed by a byte that is no part of UTF-8; by name. One string,
  // since there are many series with a dozen labels each.
  std::string text_;
};

struct PrometheusSeries {
  Labels labels;
  std::vector<PrometheusSample> samples;        // Ascending.
  std::vector<PrometheusHistogram> histograms;  // Ascending.
};

struct PrometheusResponse {
  bool success = false;
  bool partial = false;    // The server says itself that it has not seen everything.
  std::string error_type;  // Where not successful: "bad_data", "timeout", ...
  std::string error;
  std::vector<std::string> warnings;  // Also a partial answer: Thanos and Mimir say it this way.
  std::vector<PrometheusSeries> series;
};

// Errors say where: "byte 214: data.result is not an array". Memory stays within a small multiple
// of `body`, depth of nesting is bounded.
absl::StatusOr<PrometheusResponse> ParsePrometheusResponse(std::string_view body);

}  // namespace gate

#endif  // GATE_EVIDENCE_PROMETHEUS_RESPONSE_H_
