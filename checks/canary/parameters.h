// The canary check's parameters with their defaults, and what they may be.
#ifndef CHECKS_CANARY_PARAMETERS_H_
#define CHECKS_CANARY_PARAMETERS_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "checks/check.h"
#include "gate/v1/evidence.pb.h"
#include "gate/v1/policy.pb.h"

namespace gate {

// A policy as it is meant: every default filled in.
struct CanaryParameters {
  explicit CanaryParameters(const v1::CanaryPolicy& policy);

  // Values of the cohort label, with placeholders.
  std::string canary, baseline, stable;
  absl::Duration window, step, max_age, past, warm_up;
  double alpha;
  // The policy's own, then those of presets that it does not have itself.
  std::vector<v1::CanaryMetric> metrics;
};

v1::MetricKind KindOf(const v1::CanaryMetric& metric);

// Whether the metric is reported, and has no selector.
bool IsReported(const v1::CanaryMetric& metric);

// The source of metrics that are reported, whatever else is configured.
inline constexpr std::string_view kReportedSource = "reported";

// The source that is asked for a metric.
std::string SourceOf(const v1::CanaryMetric& metric, const v1::CanaryPolicy& policy);

// A series of the metric without any point: kind, direction, margin and what else is asked.
v1::MetricSeries QuestionOf(const v1::CanaryMetric& metric);

// The selectors of a metric, with the names of their fields.
struct NamedSelector {
  std::string_view field;
  const std::string& text;
};
std::vector<NamedSelector> SelectorsOf(const v1::CanaryMetric& metric);

// Check::validate.
std::vector<ParameterIssue> ValidateCanary(const v1::Policy& policy, const v1::PolicyRule& rule);

}  // namespace gate

#endif  // CHECKS_CANARY_PARAMETERS_H_
