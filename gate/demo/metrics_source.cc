#include "gate/demo/metrics_source.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <map>
#include <numbers>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "checks/evidence.h"
#include "checks/proto_time.h"
#include "gate/evidence/cohort_questions.h"
#include "gate/evidence/series_questions.h"

namespace gate {
namespace {

constexpr double kRequestsPerMinute = 1200;
constexpr double kErrorRate = 0.01;
constexpr double kBadFactor = 5;
constexpr double kCost = 3;               // Per request.
constexpr double kSlowerAndDearer = 1.5;  // What is bad is that, too.
constexpr double kStableShare = 8;        // Traffic of the stable cohort, in canaries.
constexpr double kMeanSeconds = 0.08;
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

double Requests(const std::string& seed, absl::Duration step) {
  return std::round(kRequestsPerMinute * absl::ToDoubleSeconds(step) / 60 *
                    (1 + 0.1 * Noise(seed + "/requests")));
}

// Calmer than a Poisson count: what a demonstration shows is no matter of luck.
double CountAround(double mean, const std::string& seed) {
  return std::max(0.0, std::round(mean + std::sqrt(mean) * Noise(seed)));
}

// Traffic of one cohort, as the query's kind shows it.
class Traffic {
 public:
  Traffic(const v1::CohortMetricQuery& query, bool bad_version)
      : query_(query), step_(FromProto(query.step())), bad_version_(bad_version) {}

  v1::CohortPoint Point(const std::string& cohort, absl::Time time) const {
    const std::string seed = absl::StrCat(query_.events(), query_.histogram(), "/",
                                          absl::ToUnixSeconds(time), "/", cohort);
    const bool bad = bad_version_ && cohort == "canary";
    const bool all = cohort != "canary" && cohort != "baseline";
    v1::CohortPoint point;
    if (query_.stratum_label().empty()) {
      Fill(seed, bad, all ? kStableShare : 1, point);
      return point;
    }
    for (const char* stratum : {"east", "west"}) {
      Fill(seed + stratum, bad, (all ? kStableShare : 1) / 2, (*point.mutable_strata())[stratum]);
    }
    return point;
  }

 private:
  void Fill(const std::string& seed, bool bad, double share, v1::CohortPoint& point) const {
    const double requests = std::round(Requests(seed, step_) * share);
    switch (query_.kind()) {
      case v1::METRIC_KIND_VALUES:
        point.add_values(kCost * (bad ? kSlowerAndDearer : 1) * (1 + 0.05 * Noise(seed + "/cost")));
        if (!query_.exposure().empty()) point.add_weights(requests);
        break;
      case v1::METRIC_KIND_HISTOGRAM:
        FillBuckets(requests, kMeanSeconds * (bad ? kSlowerAndDearer : 1), seed, point);
        break;
      default:
        point.set_exposure(requests);
        point.set_events(std::min(
            requests,
            CountAround(requests * kErrorRate * (bad ? kBadFactor : 1), seed + "/errors")));
    }
  }

  // Exponential latency.
  static void FillBuckets(double requests, double mean, const std::string& seed,
                          v1::CohortPoint& point) {
    double under = 0, below = 0;
    for (const double bound : {0.05, 0.1, 0.25, 0.5, 1.0}) {
      const double share = 1 - std::exp(-bound / mean);
      under = std::min(requests, under + CountAround(requests * (share - below),
                                                     absl::StrCat(seed, "/", bound)));
      below = share;
      v1::HistogramBucket& bucket = *point.add_buckets();
      bucket.set_le(bound);
      bucket.set_count(under);
    }
    v1::HistogramBucket& last = *point.add_buckets();
    last.set_le(std::numeric_limits<double>::infinity());
    last.set_count(requests);
  }

  const v1::CohortMetricQuery& query_;
  const absl::Duration step_;
  const bool bad_version_;
};

double EventsOf(const v1::CohortPoint& point) {
  double events = point.events();
  for (const auto& [name, stratum] : point.strata()) events += stratum.events();
  return events;
}

// Two kinds of error that all versions have, and one of the bad version's own.
void AddTypes(bool bad_version, absl::Time begin, v1::MetricSeries& series) {
  std::map<std::string, double> events;
  double past = 0;
  for (const v1::MetricPoint& point : series.points()) {
    for (const auto& [cohort, counts] : point.cohorts()) {
      (FromProto(point.time()) <= begin ? past : events[cohort]) += EventsOf(counts);
    }
  }
  const auto add = [&](const char* name, double share, bool canary_only) {
    v1::EventType& type = *series.add_types();
    type.set_name(name);
    *type.mutable_first_seen() = ToProto(begin + FromProto(series.step()));
    if (!canary_only) type.set_past_events(std::floor(past * share));
    for (const auto& [cohort, count] : events) {
      if (canary_only && cohort != "canary") continue;
      (*type.mutable_events())[cohort] = std::floor(count * share);
    }
  };
  add("500", 0.75, false);
  add("503", 0.25, false);
  if (bad_version) add("TypeError", 0.5, true);
}

absl::Time LastBoundary(absl::Duration step, absl::Time now) {
  return absl::UnixEpoch() + absl::Floor(now - kArrival - absl::UnixEpoch(), step);
}

void AnswerCohorts(const v1::CohortMetricQuery& asked, const FetchContext& context,
                   v1::Observation& observation) {
  const absl::Duration step = FromProto(asked.step());
  const absl::Time end = LastBoundary(step, context.now);
  absl::Time begin = end - FromProto(asked.window());
  if (asked.has_start()) begin = std::max(begin, FromProto(asked.start()));
  const bool bad = context.change.version().ends_with("-bad");
  std::vector<std::string> old;
  for (const auto& [cohort, value] : asked.cohorts()) {
    if (cohort != "canary") old.push_back(cohort);
  }

  *observation.mutable_observed_at() = ToProto(end);
  v1::MetricSeries& series = *observation.mutable_metric();
  series.set_name(asked.metric());
  series.set_kind(asked.kind());
  series.set_baseline_kind(old.empty() ? v1::BASELINE_KIND_EARLIER : v1::BASELINE_KIND_CONCURRENT);
  *series.mutable_step() = ToProto(step);
  for (const std::string& query : {asked.events(), asked.exposure(), asked.histogram()}) {
    if (!query.empty()) series.add_queries(query);
  }
  const Traffic traffic(asked, bad);
  for (absl::Time time = begin - FromProto(asked.past()) + step; time <= end; time += step) {
    v1::MetricPoint& point = *series.add_points();
    *point.mutable_time() = ToProto(time);
    auto& cohorts = *point.mutable_cohorts();
    for (const std::string& cohort : old) cohorts[cohort] = traffic.Point(cohort, time);
    if (time <= begin) continue;
    cohorts["canary"] = traffic.Point("canary", time);
    for (int week = 1; week <= asked.earlier_weeks(); ++week) {
      const std::string cohort = absl::StrCat("earlier-", week, "w");
      cohorts[cohort] = traffic.Point(cohort, time);
    }
  }
  if (!asked.type_label().empty()) AddTypes(bad, begin, series);
}

// A day's wave: most at 18:00 UTC, a third of it at 6:00.
void AnswerSeries(const v1::SeriesQuery& asked, const FetchContext& context,
                  v1::Observation& observation) {
  const absl::Duration step = FromProto(asked.step());
  const absl::Time end = LastBoundary(step, context.now);
  *observation.mutable_observed_at() = ToProto(end);
  v1::ValueSeries& series = *observation.mutable_series();
  *series.mutable_step() = asked.step();
  series.set_query(asked.selector());
  for (absl::Time time = end - FromProto(asked.window()) + step; time <= end; time += step) {
    const double hour = absl::ToDoubleHours((time - absl::UnixEpoch()) % absl::Hours(24));
    const double wave = 1 + 0.5 * std::sin((hour - 12) / 12 * std::numbers::pi);
    v1::ValuePoint& point = *series.add_points();
    *point.mutable_time() = ToProto(time);
    point.set_value(kRequestsPerMinute / 60 * (2 + kStableShare) * wave *
                    (1 + 0.02 * Noise(absl::StrCat(asked.selector(), absl::ToUnixSeconds(time)))));
  }
}

}  // namespace

bool DemoMetrics::Answers(const v1::Query& query) const {
  return (query.has_cohort_metric() && query.cohort_metric().source() == "demo") ||
         (query.has_series() && query.series().source() == "demo");
}

v1::Observation DemoMetrics::Fetch(const v1::Query& query, const FetchContext& context) {
  const std::string problem =
      query.has_series() ? ProblemOf(query.series()) : ProblemOf(query.cohort_metric());
  if (!problem.empty()) return Absent(query.id(), name(), v1::ABSENCE_REASON_REJECTED, problem);
  v1::Observation observation;
  observation.set_id(query.id());
  observation.set_source(std::string(name()));
  if (query.has_series()) {
    AnswerSeries(query.series(), context, observation);
  } else {
    AnswerCohorts(query.cohort_metric(), context, observation);
  }
  return observation;
}

}  // namespace gate
