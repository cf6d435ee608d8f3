#include "gate/demo/metrics_source.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>

#include "absl/strings/str_cat.h"
#include "checks/proto_time.h"

namespace gate {
namespace {

constexpr double kRequestsPerMinute = 1200;
constexpr double kErrorRate = 0.01;
constexpr double kBadFactor = 5;
// As a real server: the last scrape takes a while to arrive.
constexpr absl::Duration kArrival = absl::Seconds(10);

// Evenly between -1 and 1, the same for the same text (FNV-1a, then a finaliser: its high bits
// alone would hardly differ between minutes).
double Noise(const std::string& text) {
  uint64_t hash = 14695981039346656037u;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211u;
  hash ^= hash >> 31;
  hash *= 0x94d049bb133111ebu;
  hash ^= hash >> 29;
  return static_cast<double>(hash >> 11) / static_cast<double>(1ull << 52) - 1;
}

v1::CohortPoint Traffic(const std::string& seed, absl::Duration step, double error_rate) {
  v1::CohortPoint point;
  const double requests =
      kRequestsPerMinute * absl::ToDoubleSeconds(step) / 60 * (1 + 0.1 * Noise(seed + "/requests"));
  const double errors = requests * error_rate;
  point.set_exposure(std::round(requests));
  // Uniform with the spread of a Poisson count.
  point.set_events(
      std::max(0.0, std::round(errors + std::sqrt(3 * errors) * Noise(seed + "/errors"))));
  return point;
}

}  // namespace

bool DemoMetrics::Answers(const v1::Query& query) const {
  return query.has_cohort_metric() && query.cohort_metric().source() == "demo";
}

v1::Observation DemoMetrics::Fetch(const v1::Query& query, const FetchContext& context) {
  const v1::CohortMetricQuery& asked = query.cohort_metric();
  const absl::Duration step = FromProto(asked.step());
  const absl::Time end =
      absl::UnixEpoch() + absl::Floor(context.now - kArrival - absl::UnixEpoch(), step);
  absl::Time begin = end - FromProto(asked.window());
  if (asked.has_start()) begin = std::max(begin, FromProto(asked.start()));
  const bool bad = context.change.version().ends_with("-bad");

  v1::Observation observation;
  observation.set_id(query.id());
  observation.set_source(std::string(name()));
  *observation.mutable_observed_at() = ToProto(end);
  v1::MetricSeries& series = *observation.mutable_metric();
  series.set_name(asked.metric());
  series.set_kind(v1::METRIC_KIND_COUNTS);
  series.set_baseline_kind(v1::BASELINE_KIND_CONCURRENT);
  *series.mutable_step() = ToProto(step);
  series.add_queries(asked.events());
  series.add_queries(asked.exposure());
  for (absl::Time time = begin + step; time <= end; time += step) {
    v1::MetricPoint& point = *series.add_points();
    *point.mutable_time() = ToProto(time);
    const std::string seed = absl::StrCat(asked.events(), "/", absl::ToUnixSeconds(time), "/");
    auto& cohorts = *point.mutable_cohorts();
    cohorts["canary"] = Traffic(seed + "canary", step, kErrorRate * (bad ? kBadFactor : 1));
    cohorts["baseline"] = Traffic(seed + "baseline", step, kErrorRate);
  }
  return observation;
}

}  // namespace gate
