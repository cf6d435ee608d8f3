#include "checks/canary/judge_request.h"

#include <cmath>
#include <set>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "checks/proto_time.h"

namespace gate {
namespace {

constexpr double kCriticalWeight = 3;
constexpr int kMaxMetrics = 1000;

class Issues {
 public:
  void Add(std::string field, std::string message) {
    issues_.push_back({std::move(field), std::move(message)});
  }
  std::vector<ParameterIssue> Take() { return std::move(issues_); }

 private:
  std::vector<ParameterIssue> issues_;
};

// The values that a cohort has to have by the kind of its metric.
void ValidateCohort(const v1::MetricSeries& metric, const v1::CohortPoint& point,
                    const std::string& field, Issues& issues) {
  const bool counts = point.events() != 0 || point.exposure() != 0;
  const bool values = !point.values().empty(), buckets = !point.buckets().empty();
  switch (metric.kind()) {
    case v1::METRIC_KIND_COUNTS:
      if (values || buckets) {
        issues.Add(field, "a metric of COUNTS has `events` and `exposure`, nothing else");
      }
      break;
    case v1::METRIC_KIND_VALUES:
      if (counts || buckets) issues.Add(field, "a metric of VALUES has `values`, nothing else");
      break;
    default:
      if (counts || values) {
        issues.Add(field, "a metric of kind HISTOGRAM has `buckets`, nothing else");
      }
      if (!buckets) return;
      double before = 0;
      for (int i = 0; i + 1 < point.buckets_size(); ++i) {
        const double bound = point.buckets(i).le();
        if (!(bound > before) || std::isinf(bound)) {
          issues.Add(field + ".buckets", "must have bounds `le` over 0 that rise");
          return;
        }
        before = bound;
      }
      const double last = point.buckets(point.buckets_size() - 1).le();
      if ((last != 0 && !std::isinf(last)) || point.buckets_size() < 2) {
        issues.Add(
            field + ".buckets",
            "must end with the bucket of all, with `le` \"Infinity\" or none, behind another");
      }
  }
}

bool IsCohort(std::string_view name) {
  if (name.starts_with("earlier-")) {
    return name.size() == 10 && name[8] >= '1' && name[8] <= '8' && name[9] == 'w';
  }
  return name == "canary" || name == "baseline" || name == "stable";
}

void ValidateStrata(const v1::MetricSeries& metric, const v1::CohortPoint& point,
                    const std::string& field, Issues& issues) {
  ValidateCohort(metric, point, field, issues);
  if (point.strata().empty()) return;
  if (point.events() != 0 || point.exposure() != 0 || point.values_size() + point.buckets_size()) {
    issues.Add(field, "has either `strata` or values of its own");
  }
  std::set<std::string> names;
  for (const auto& [name, unused] : point.strata()) names.insert(name);
  for (const std::string& name : names) {
    const v1::CohortPoint& stratum = point.strata().at(name);
    const std::string place = absl::StrCat(field, ".strata.", name);
    ValidateCohort(metric, stratum, place, issues);
    if (!stratum.strata().empty()) issues.Add(place, "strata have no strata");
  }
}

void ValidateMetric(const v1::MetricSeries& metric, const std::string& field,
                    std::set<std::string>& names, Issues& issues) {
  if (metric.name().empty()) {
    issues.Add(field + ".name", "must be set");
  } else if (!names.insert(metric.name()).second) {
    issues.Add(field + ".name", absl::StrCat("is used twice: ", metric.name()));
  }
  if (metric.kind() == v1::METRIC_KIND_UNSPECIFIED) {
    issues.Add(field + ".kind", "must be COUNTS, VALUES or HISTOGRAM");
    return;
  }
  const double margin = metric.margin();
  const bool less = metric.direction() == v1::DIRECTION_LOWER_IS_WORSE ||
                    metric.direction() == v1::DIRECTION_EITHER;
  if (!(margin >= 0 && margin <= 100)) {
    issues.Add(field + ".margin", absl::StrCat("must be 0 to 100, not ", margin));
  } else if (less && !(margin < 1)) {
    issues.Add(field + ".margin", "must be under 1 where less is worse");
  }
  if (!(metric.quantile() >= 0 && metric.quantile() < 1)) {
    issues.Add(field + ".quantile",
               absl::StrCat("must be over 0 and under 1, not ", metric.quantile()));
  }
  if (!(metric.tolerated_rate() >= 0 && metric.tolerated_rate() < 1)) {
    issues.Add(field + ".toleratedRate",
               absl::StrCat("must be 0 (off) to under 1, not ", metric.tolerated_rate()));
  }
  for (int i = 0; i < metric.points_size(); ++i) {
    const std::string point = absl::StrCat(field, ".points[", i, "]");
    if (!metric.points(i).has_time()) issues.Add(point + ".time", "must be set");
    std::set<std::string> cohorts;
    for (const auto& [cohort, unused] : metric.points(i).cohorts()) cohorts.insert(cohort);
    for (const std::string& cohort : cohorts) {
      const std::string name = absl::StrCat(point, ".cohorts.", cohort);
      if (!IsCohort(cohort)) {
        issues.Add(name, "cohorts are canary, baseline, stable, and earlier-1w to earlier-8w");
      } else {
        ValidateStrata(metric, metric.points(i).cohorts().at(cohort), name, issues);
      }
    }
  }
}

}  // namespace

std::vector<ParameterIssue> ValidateJudgeRequest(const v1::JudgeRequest& request) {
  Issues issues;
  if (!(request.alpha() >= 0 && request.alpha() < 0.5)) {
    issues.Add("alpha", absl::StrCat("must be over 0 and under 0.5, not ", request.alpha()));
  }
  if (!(request.canary_share() >= 0 && request.canary_share() <= 1)) {
    issues.Add("canaryShare", absl::StrCat("must be 0 to 1, not ", request.canary_share()));
  }
  if (FromProto(request.max_age()) < absl::ZeroDuration()) {
    issues.Add("maxAge", "must not be negative");
  }
  if (FromProto(request.warm_up()) < absl::ZeroDuration()) {
    issues.Add("warmUp", "must not be negative");
  }
  if (request.metrics().empty() || request.metrics_size() > kMaxMetrics) {
    issues.Add("metrics", absl::StrCat("must hold 1 to ", kMaxMetrics, " metrics, not ",
                                       request.metrics_size()));
    return issues.Take();
  }
  std::set<std::string> names;
  for (int i = 0; i < request.metrics_size(); ++i) {
    ValidateMetric(request.metrics(i), absl::StrCat("metrics[", i, "]"), names, issues);
  }
  return issues.Take();
}

double AlphaOf(const v1::JudgeRequest& request) {
  constexpr double kDefault = 0.01;
  return request.alpha() == 0 ? kDefault : request.alpha();
}

double WeightOf(const v1::MetricSeries& metric) { return metric.critical() ? kCriticalWeight : 1; }

}  // namespace gate
