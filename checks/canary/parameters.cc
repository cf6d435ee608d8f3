#include "checks/canary/parameters.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "checks/canary/selector.h"
#include "checks/proto_time.h"

namespace gate {
namespace {

constexpr double kCriticalWeight = 3;
constexpr int kMaxPoints = 11000;  // What a Prometheus answers at the most, per series.

double WeightOf(const v1::CanaryMetric& metric) { return metric.critical() ? kCriticalWeight : 1; }

// Collects issues under checks.canary.
class Issues {
 public:
  void Add(std::string_view field, std::string_view message) {
    issues_.push_back({absl::StrCat("checks.canary.", std::string(field)), std::string(message)});
  }
  // `given` unset is fine: the default holds.
  void Range(std::string_view field, bool given, absl::Duration value, absl::Duration least,
             absl::Duration most) {
    if (!given || (value >= least && value <= most)) return;
    Add(field, absl::StrCat("must be ", absl::FormatDuration(least), " to ",
                            absl::FormatDuration(most), ", not ", absl::FormatDuration(value)));
  }
  std::vector<ParameterIssue> Take() { return std::move(issues_); }

 private:
  std::vector<ParameterIssue> issues_;
};

bool IsLabelName(std::string_view text) {
  if (text.empty() || absl::ascii_isdigit(static_cast<unsigned char>(text[0]))) return false;
  return std::all_of(text.begin(), text.end(), [](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '_';
  });
}

bool IsMetricId(std::string_view text) {
  return !text.empty() && text.size() <= 64 && std::all_of(text.begin(), text.end(), [](char c) {
    return absl::ascii_islower(static_cast<unsigned char>(c)) ||
           absl::ascii_isdigit(static_cast<unsigned char>(c)) || c == '_';
  });
}

void ValidateSelector(const std::string& field, const std::string& text,
                      const std::string& cohort_label, Issues& issues) {
  if (text.empty()) {
    issues.Add(field, "must name a counter, for example http_requests_total{job=\"${service}\"}");
    return;
  }
  std::string error;
  const std::optional<MetricSelector> selector = ParseSelector(text, error);
  if (!selector) {
    issues.Add(field, error);
    return;
  }
  if (const std::string unknown = UnknownPlaceholder(*selector); !unknown.empty()) {
    issues.Add(field, absl::StrCat("unknown placeholder ", unknown,
                                   "; there are ${service}, ${environment} and ${version}"));
  }
  for (const Matcher& matcher : selector->matchers) {
    if (matcher.label == cohort_label) {
      issues.Add(field, absl::StrCat("must not select on ", cohort_label,
                                     ": the check adds the cohort label itself"));
    }
  }
}

void ValidateToleratedRate(const std::string& field, const v1::CanaryMetric& metric,
                           Issues& issues) {
  const double rate = metric.tolerated_rate();
  if (!(rate >= 0 && rate < 1)) {
    issues.Add(field,
               absl::StrCat("must be 0 (off) to under 1, in events per exposure, not ", rate));
  } else if (rate > 0 && DirectionOf(metric) != v1::DIRECTION_HIGHER_IS_WORSE) {
    issues.Add(field,
               "is for HIGHER_IS_WORSE only: where less is worse, a low rate proves nothing");
  }
}

void ValidateMetric(const v1::CanaryPolicy& policy, int index, std::set<std::string>& names,
                    Issues& issues) {
  const v1::CanaryMetric& metric = policy.metrics(index);
  const std::string field = absl::StrCat("metrics[", index, "]");
  if (!IsMetricId(metric.name())) {
    issues.Add(field + ".name", "must be 1 to 64 characters of [a-z0-9_]");
  } else if (!names.insert(metric.name()).second) {
    issues.Add(field + ".name", absl::StrCat("is used twice: ", metric.name()));
  }
  ValidateSelector(field + ".events", metric.events(), policy.cohort_label(), issues);
  ValidateSelector(field + ".exposure", metric.exposure(), policy.cohort_label(), issues);
  const double margin = metric.margin();
  if (!(margin >= 0 && margin <= 100)) {
    issues.Add(field + ".margin", absl::StrCat("must be 0 to 100, not ", margin));
  } else if (DirectionOf(metric) != v1::DIRECTION_HIGHER_IS_WORSE && !(margin < 1)) {
    issues.Add(field + ".margin",
               "must be under 1 where less is worse: a rate cannot fall by 100 % or more");
  }
  ValidateToleratedRate(field + ".tolerated_rate", metric, issues);
}

void ValidateTimes(const v1::CanaryPolicy& policy, Issues& issues) {
  const CanaryParameters parameters(policy);
  issues.Range("window", policy.has_window(), parameters.window, absl::Minutes(1), absl::Hours(24));
  issues.Range("step", policy.has_step(), parameters.step, absl::Seconds(5), absl::Hours(1));
  if (parameters.step <= absl::ZeroDuration()) return;
  if (absl::Trunc(parameters.step, absl::Seconds(1)) != parameters.step) {
    issues.Add("step", "must be whole seconds");
  }
  if (parameters.step > parameters.window) {
    issues.Add("step", "must not be longer than the window");
  }
  if (absl::FDivDuration(parameters.window, parameters.step) > kMaxPoints) {
    issues.Add("step", absl::StrCat("is too short for the window: at most ", kMaxPoints,
                                    " steps fit into one"));
  }
  if (parameters.max_age <= parameters.step) {
    issues.Add("max_age", absl::StrCat("must be longer than the step of ",
                                       absl::FormatDuration(parameters.step),
                                       ", or every answer would be stale"));
  }
}

}  // namespace

CanaryParameters::CanaryParameters(const v1::CanaryPolicy& policy)
    : canary(policy.canary().empty() ? "canary" : policy.canary()),
      baseline(policy.baseline().empty() ? "baseline" : policy.baseline()),
      window(policy.has_window() ? FromProto(policy.window()) : absl::Hours(1)),
      step(policy.has_step() ? FromProto(policy.step()) : absl::Minutes(1)),
      max_age(policy.has_max_age() ? FromProto(policy.max_age())
                                   : std::max(absl::Minutes(3), 2 * step)),
      alpha(policy.alpha() == 0 ? 0.01 : policy.alpha()) {}

double MarginOf(const v1::CanaryMetric& metric) {
  constexpr double kDefault = 0.2;
  return metric.margin() == 0 ? kDefault : metric.margin();
}

double ToleratedRateOf(const v1::CanaryMetric& metric) {
  constexpr double kDefault = 1e-4;
  if (DirectionOf(metric) != v1::DIRECTION_HIGHER_IS_WORSE) return 0;
  return metric.has_tolerated_rate() ? metric.tolerated_rate() : kDefault;
}

v1::Direction DirectionOf(const v1::CanaryMetric& metric) {
  return metric.direction() == v1::DIRECTION_UNSPECIFIED ? v1::DIRECTION_HIGHER_IS_WORSE
                                                         : metric.direction();
}

double AlphaOf(const v1::CanaryPolicy& policy, int index) {
  double weights = 0;
  for (const v1::CanaryMetric& metric : policy.metrics()) weights += WeightOf(metric);
  return CanaryParameters(policy).alpha * WeightOf(policy.metrics(index)) / weights;
}

std::vector<ParameterIssue> ValidateCanary(const v1::Policy&, const v1::PolicyRule& rule) {
  const v1::CanaryPolicy& policy = rule.checks().canary();
  Issues issues;
  if (policy.source().empty()) issues.Add("source", "must name a metrics source");
  if (!IsLabelName(policy.cohort_label())) {
    issues.Add("cohort_label",
               "must be the label that tells canary and baseline apart, such as track");
  }
  const CanaryParameters parameters(policy);
  if (parameters.canary == parameters.baseline) {
    issues.Add("baseline", absl::StrCat("must differ from canary: both are ", parameters.canary));
  }
  ValidateTimes(policy, issues);
  if (!(parameters.alpha > 0 && parameters.alpha < 0.5)) {
    issues.Add("alpha", absl::StrCat("must be over 0 and under 0.5, not ", policy.alpha()));
  }
  if (policy.metrics().empty()) issues.Add("metrics", "must hold at least one metric");
  std::set<std::string> names;
  for (int i = 0; i < policy.metrics_size(); ++i) ValidateMetric(policy, i, names, issues);
  return issues.Take();
}

}  // namespace gate
