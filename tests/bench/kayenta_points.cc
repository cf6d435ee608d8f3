#include "tests/bench/kayenta_points.h"

#include <cmath>
#include <map>
#include <numeric>
#include <string>
#include <vector>

#include "checks/stats/quantile_test.h"

namespace gate::bench {
namespace {

double ValueOf(const v1::CohortPoint& point) {
  if (point.buckets().empty()) {
    return point.values().empty()
               ? point.events() / point.exposure()
               : std::reduce(point.values().begin(), point.values().end()) / point.values_size();
  }
  std::vector<double> bounds;
  stats::Cumulative counts;
  for (const v1::HistogramBucket& bucket : point.buckets()) {
    if (bucket.le() > 0 && std::isfinite(bucket.le())) bounds.push_back(bucket.le());
    counts.push_back(bucket.count());
  }
  return stats::Quantile(bounds, counts, 0.99);
}

}  // namespace

Label LabelOf(const v1::MetricSeries& series) {
  std::vector<double> canary;
  std::map<std::string, std::vector<double>> old;
  for (const v1::MetricPoint& point : series.points()) {
    for (const auto& [name, cohort] : point.cohorts()) {
      const double value = ValueOf(cohort);
      if (!std::isnan(value)) (name == "canary" ? canary : old[name]).push_back(value);
    }
  }
  return old.empty() ? Label::kNoData : CompareAsKayenta(canary, old.begin()->second);
}

const char* NameOf(Label label) {
  switch (label) {
    case Label::kPass:
      return "Pass";
    case Label::kHigh:
      return "High";
    case Label::kNoData:
      return "Nodata";
    default:
      return "Error";
  }
}

}  // namespace gate::bench
