// Whatever a metrics server answers: it is read or refused, and what is read makes a series.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "gate/evidence/cohort_counts.h"
#include "gate/evidence/prometheus_response.h"

namespace {

// What the checks take for granted.
void CheckPoint(const gate::v1::CohortPoint& point) {
  if (!(point.events() >= 0 && point.exposure() >= point.events())) __builtin_trap();
  if (point.weights_size() != point.values_size()) __builtin_trap();
  double before = 0;
  for (const gate::v1::HistogramBucket& bucket : point.buckets()) {
    if (!(bucket.le() > 0 && bucket.count() >= before)) __builtin_trap();
    before = bucket.count();
  }
  for (const auto& [stratum, counts] : point.strata()) CheckPoint(counts);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view body(reinterpret_cast<const char*>(data), size);
  const auto response = gate::ParsePrometheusResponse(body);
  if (!response.ok()) {
    if (response.status().message().empty()) __builtin_trap();  // A refusal says why.
    return 0;
  }
  const gate::IntervalGrid grid = {absl::FromUnixSeconds(60), absl::Seconds(60), 10, 4, 2};
  gate::v1::CohortMetricQuery query;
  query.set_exposure("requests_total");
  query.set_cohort_label("track");
  (*query.mutable_cohorts())["canary"] = "canary";
  (*query.mutable_cohorts())["baseline"] = "baseline";
  for (const gate::v1::MetricKind kind :
       {gate::v1::METRIC_KIND_COUNTS, gate::v1::METRIC_KIND_VALUES,
        gate::v1::METRIC_KIND_HISTOGRAM}) {
    query.set_kind(kind);
    if (kind == gate::v1::METRIC_KIND_HISTOGRAM) query.set_stratum_label("zone");
    const auto series = gate::CountCohorts({{response->series, response->series}, {}}, query, grid);
    if (!series.ok()) continue;
    for (const gate::v1::MetricPoint& point : series->points()) {
      for (const auto& [cohort, counts] : point.cohorts()) CheckPoint(counts);
    }
  }
  return 0;
}
