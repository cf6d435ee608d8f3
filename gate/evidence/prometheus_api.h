// Range queries to one address that speaks the Prometheus HTTP API: Prometheus, Thanos, Mimir,
// VictoriaMetrics. https://prometheus.io/docs/prometheus/latest/querying/api/#range-queries
//
// A partial answer (a warning, or isPartial) is no answer: the missing part may be the canary's
// errors.
#ifndef GATE_EVIDENCE_PROMETHEUS_API_H_
#define GATE_EVIDENCE_PROMETHEUS_API_H_

#include <chrono>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "gate/evidence/http_client.h"
#include "gate/evidence/prometheus_response.h"
#include "gate/v1/evidence.pb.h"

namespace gate {

// A query at the boundaries first, first + step, ..., last.
struct RangeQuery {
  std::string promql;
  absl::Time first;
  absl::Time last;
  absl::Duration step;  // Whole seconds.
};

// Thread-safe.
class PrometheusApi {
 public:
  using Deadline = std::chrono::steady_clock::time_point;

  // `url`: the base, "http://prometheus:9090".
  PrometheusApi(const std::string& url, HttpOptions options);

  // False: `absence` says why. Series come ascending by their labels.
  bool Query(const RangeQuery& query, Deadline deadline, std::vector<PrometheusSeries>& series,
             v1::Absence& absence);

 private:
  const std::string url_;
  HttpClient http_;
};

}  // namespace gate

#endif  // GATE_EVIDENCE_PROMETHEUS_API_H_
