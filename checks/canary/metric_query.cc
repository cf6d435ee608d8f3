#include "checks/canary/metric_query.h"

#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "checks/canary/selector.h"
#include "checks/proto_time.h"

namespace gate {
namespace {

// The first placeholder of the text that the change has nothing for.
std::string MissingIn(const std::string& text, const v1::Change& change) {
  std::string error;
  const std::optional<MetricSelector> selector = ParseSelector(text, error);
  return selector ? UnfilledPlaceholder(*selector, change) : "";
}

std::string FilledSelector(const std::string& text, const v1::Change& change) {
  std::string error;
  std::optional<MetricSelector> selector = ParseSelector(text, error);
  return selector ? Filled(*std::move(selector), change).Print() : "";
}

// A value of the cohort label is a matcher without the rest.
MetricSelector AsSelector(const std::string& value) { return {"", {{"cohort", "=", value}}}; }

}  // namespace

std::string QueryId(const v1::CanaryMetric& metric) {
  return absl::StrCat("canary.", metric.name());
}

std::string SinceSchemaChangeId(const v1::CanaryMetric& metric) {
  return absl::StrCat(QueryId(metric), "@schema");
}

std::string Missing(const v1::CanaryMetric& metric, const CanaryParameters& parameters,
                    const v1::Change& change) {
  for (const std::string& value : {parameters.canary, parameters.baseline, parameters.stable}) {
    const std::string missing = UnfilledPlaceholder(AsSelector(value), change);
    if (!missing.empty()) return missing;
  }
  for (const NamedSelector& selector : SelectorsOf(metric)) {
    const std::string missing = MissingIn(selector.text, change);
    if (!missing.empty()) return missing;
  }
  return "";
}

v1::Query QueryFor(const v1::CanaryMetric& metric, const v1::CanaryPolicy& policy,
                   const CanaryParameters& parameters, const v1::Change& change) {
  v1::Query query;
  query.set_id(QueryId(metric));
  v1::CohortMetricQuery& asked = *query.mutable_cohort_metric();
  asked.set_source(SourceOf(metric, policy));
  asked.set_metric(metric.name());
  asked.set_kind(KindOf(metric));
  const std::string& cost = metric.cost().empty() ? metric.gauge() : metric.cost();
  asked.set_events(FilledSelector(metric.events().empty() ? cost : metric.events(), change));
  asked.set_exposure(FilledSelector(metric.exposure(), change));
  asked.set_histogram(FilledSelector(metric.histogram(), change));
  asked.set_cohort_label(policy.cohort_label());
  for (const auto& [cohort, value] : {std::pair("canary", parameters.canary),
                                      {"baseline", parameters.baseline},
                                      {"stable", parameters.stable}}) {
    (*asked.mutable_cohorts())[cohort] = Filled(AsSelector(value), change).matchers[0].value;
  }
  asked.set_stratum_label(policy.stratum_label());
  asked.set_type_label(metric.type_label());
  if (change.canary().has_started_at()) *asked.mutable_start() = change.canary().started_at();
  *asked.mutable_window() = ToProto(parameters.window);
  *asked.mutable_step() = ToProto(parameters.step);
  *asked.mutable_past() = ToProto(parameters.past);
  asked.set_earlier_weeks(policy.earlier_weeks());
  return query;
}

}  // namespace gate
