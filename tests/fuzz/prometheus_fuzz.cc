// Whatever a metrics server answers: it is read or refused, and what is read makes a series.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "gate/evidence/cohort_counts.h"
#include "gate/evidence/prometheus_response.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view body(reinterpret_cast<const char*>(data), size);
  const auto response = gate::ParsePrometheusResponse(body, "track");
  if (!response.ok()) {
    if (response.status().message().empty()) __builtin_trap();  // A refusal says why.
    return 0;
  }
  const gate::IntervalGrid grid = {absl::FromUnixSeconds(60), absl::Seconds(60), 10, 2};
  const auto series =
      gate::CountCohorts(response->series, response->series, "canary", "baseline", grid);
  if (!series.ok()) return 0;
  for (const gate::v1::MetricPoint& point : series->points()) {
    for (const auto& [cohort, counts] : point.cohorts()) {
      if (!(counts.events() >= 0 && counts.exposure() >= counts.events())) __builtin_trap();
    }
  }
  return 0;
}
