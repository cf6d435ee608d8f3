#include "checks/canary/alone.h"

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "checks/canary/cohorts.h"
#include "checks/proto_time.h"

namespace gate {
namespace {

constexpr int kLasting = 3;  // intervals
constexpr absl::Duration kRecent = absl::Minutes(30);

// Of all strata.
v1::CohortPoint Sum(const v1::CohortPoint& point) {
  v1::CohortPoint sum;
  sum.set_events(point.events());
  sum.set_exposure(point.exposure());
  for (const auto& [stratum, part] : point.strata()) {
    sum.set_events(sum.events() + part.events());
    sum.set_exposure(sum.exposure() + part.exposure());
  }
  return sum;
}

bool HasTraffic(const v1::CohortPoint& point) {
  const auto any = [](const v1::CohortPoint& one) {
    return one.exposure() > 0 || !one.values().empty() ||
           (!one.buckets().empty() && one.buckets(one.buckets_size() - 1).count() > 0);
  };
  return any(point) ||
         std::ranges::any_of(point.strata(), [&](const auto& part) { return any(part.second); });
}

std::vector<const v1::MetricPoint*> NewestFirst(const v1::MetricSeries& series) {
  std::vector<const v1::MetricPoint*> points;
  for (const v1::MetricPoint& point : series.points()) points.push_back(&point);
  std::ranges::stable_sort(points, std::ranges::greater(),
                           [](const auto* point) { return FromProto(point->time()); });
  return points;
}

}  // namespace

bool RunsAlone(const v1::MetricSeries& series) {
  int alone = 0;
  for (const v1::MetricPoint* point : NewestFirst(series)) {
    bool canary = false;
    for (const auto& [name, cohort] : point->cohorts()) {
      if (IsEarlierWeek(name) || !HasTraffic(cohort)) continue;
      if (name != "canary") return false;
      canary = true;
    }
    if (canary && ++alone == kLasting) return true;
  }
  return false;
}

bool EarlierWeeksHadAsMany(const v1::MetricSeries& series, double limit) {
  if (series.kind() != v1::METRIC_KIND_COUNTS) return false;
  const std::vector<const v1::MetricPoint*> points = NewestFirst(series);
  std::map<std::string, v1::CohortPoint> sums;
  for (const v1::MetricPoint* point : points) {
    if (FromProto(points[0]->time()) - FromProto(point->time()) >= kRecent) break;
    for (const auto& [name, cohort] : point->cohorts()) {
      const v1::CohortPoint one = Sum(cohort);
      v1::CohortPoint& sum = sums[name];
      sum.set_events(sum.events() + one.events());
      sum.set_exposure(sum.exposure() + one.exposure());
    }
  }
  const v1::CohortPoint canary = sums["canary"];
  return std::ranges::any_of(sums, [&](const auto& sum) {
    const v1::CohortPoint& week = sum.second;
    return IsEarlierWeek(sum.first) && week.exposure() > 0 &&
           limit * week.events() * canary.exposure() >= canary.events() * week.exposure();
  });
}

void CallHarmAlone(const v1::JudgeRequest& request, v1::JudgeResponse& response) {
  for (int i = 0; i < response.metrics_size(); ++i) {
    v1::MetricJudgement& metric = *response.mutable_metrics(i);
    const v1::PastComparison& past = metric.old_cohort();
    if (!past.canary_worse() || past.worse() || metric.outcome() == v1::OUTCOME_FAIL ||
        !RunsAlone(request.metrics(i)) || EarlierWeeksHadAsMany(request.metrics(i), past.limit())) {
      continue;
    }
    metric.set_outcome(v1::OUTCOME_FAIL);
    metric.set_reason(absl::StrCat(metric.reason(), ", and no old version takes traffic any more"));
    if (response.decision() == v1::DECISION_BLOCK) continue;
    response.set_decision(v1::DECISION_BLOCK);
    response.set_advice(v1::ADVICE_ROLL_BACK);
    response.set_reason(metric.reason());
  }
}

}  // namespace gate
