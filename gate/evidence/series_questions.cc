#include "gate/evidence/series_questions.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "absl/strings/str_cat.h"
#include "checks/canary/selector.h"
#include "checks/proto_time.h"

namespace gate {
namespace {

constexpr absl::Duration kLongest = absl::Hours(24 * 7 * 53);
constexpr int kMostPoints = 110000;  // Ten questions, and a few megabytes.

std::string FunctionOf(v1::SeriesQuery::Aggregation aggregation) {
  switch (aggregation) {
    case v1::SeriesQuery::AGGREGATION_SUM:
      return "sum";
    case v1::SeriesQuery::AGGREGATION_MAX:
      return "max";
    case v1::SeriesQuery::AGGREGATION_MIN:
      return "min";
    case v1::SeriesQuery::AGGREGATION_MEAN:
      return "avg";
    default:
      return "";
  }
}

}  // namespace

std::string ProblemOf(const v1::SeriesQuery& query) {
  const absl::Duration step = FromProto(query.step()), window = FromProto(query.window());
  if (step < absl::Seconds(1) || absl::Trunc(step, absl::Seconds(1)) != step) {
    return "step must be whole seconds";
  }
  if (window < step || window > kLongest) return "window is out of range: one step to 53 weeks";
  if (window / step > kMostPoints) {
    return absl::StrCat(window / step, " values are too many, ", kMostPoints,
                        " are the most: take a longer step");
  }
  if (FunctionOf(query.aggregation()).empty()) return "the aggregation is not known";
  std::string error;
  return ParseSelector(query.selector(), error) ? "" : error;
}

IntervalGrid GridOf(const v1::SeriesQuery& query, absl::Time now) {
  const absl::Duration step = FromProto(query.step());
  const auto points = static_cast<int>(FromProto(query.window()) / step);
  IntervalGrid grid;
  grid.step = step;
  grid.boundaries = points;
  grid.first = LastBoundary(step, now) - (points - 1) * step;
  return grid;
}

std::string PromQlOf(const v1::SeriesQuery& query) {
  std::string error;
  const std::optional<MetricSelector> selector = ParseSelector(query.selector(), error);
  std::string promql = selector ? selector->Print() : "";
  if (query.counter()) {
    promql = absl::StrCat("rate(", promql, "[", query.step().seconds(), "s])");
  }
  return absl::StrCat(FunctionOf(query.aggregation()), "(", promql, ")");
}

absl::StatusOr<v1::ValueSeries> ReadValues(const v1::SeriesQuery& query,
                                           const std::vector<PrometheusSeries>& series) {
  if (series.size() > 1 || (!series.empty() && !series[0].histograms.empty())) {
    return absl::InvalidArgumentError("it is not one series of numbers");
  }
  v1::ValueSeries values;
  *values.mutable_step() = query.step();
  values.set_query(PromQlOf(query));
  if (series.empty()) return values;
  for (const PrometheusSample& sample : series[0].samples) {
    if (!std::isfinite(sample.value)) continue;
    v1::ValuePoint& point = *values.add_points();
    *point.mutable_time() = ToProto(absl::FromUnixMillis(sample.milliseconds));
    point.set_value(sample.value);
  }
  return values;
}

}  // namespace gate
