#include "checks/canary/parameters.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <span>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "checks/canary/presets.h"
#include "checks/canary/rules.h"
#include "checks/canary/selector.h"
#include "checks/proto_time.h"

namespace gate {
namespace {

constexpr int kMaxPoints = 11000;  // What a Prometheus answers at the most, per series.

constexpr absl::Duration kLongestPast = absl::Hours(24 * 7);
constexpr int kMostWeeks = 8;

v1::Direction DirectionOf(const v1::CanaryMetric& metric) {
  return metric.direction() == v1::DIRECTION_UNSPECIFIED ? v1::DIRECTION_HIGHER_IS_WORSE
                                                         : metric.direction();
}

std::string Listed(std::span<const std::string_view> names, std::string_view separator) {
  std::string text;
  for (const std::string_view name : names) {
    if (!text.empty()) text.append(separator);
    text.append(name);
  }
  return text;
}

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
                      const v1::CanaryPolicy& policy, Issues& issues) {
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
    if (matcher.label == policy.cohort_label()) {
      issues.Add(field, absl::StrCat("must not select on ", policy.cohort_label(),
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

// One of the four things that a metric may be, or reported.
void ValidateKind(const std::string& field, const v1::CanaryMetric& metric, Issues& issues) {
  const bool events = !metric.events().empty(), cost = !metric.cost().empty();
  const bool gauge = !metric.gauge().empty(), histogram = !metric.histogram().empty();
  const int kinds = events + cost + gauge + histogram;
  const bool reported = metric.kind() != v1::METRIC_KIND_UNSPECIFIED;
  if (reported && (kinds > 0 || !metric.exposure().empty())) {
    issues.Add(field + ".kind",
               "is for a metric that is reported and has no selector; the selectors say what this "
               "one counts");
  } else if (reported && !v1::MetricKind_IsValid(metric.kind())) {
    issues.Add(field + ".kind", "must be COUNTS, VALUES or HISTOGRAM");
  } else if (kinds == 0 && !reported) {
    issues.Add(field + ".events",
               "must name a counter, for example http_requests_total{job=\"${service}\"}; or set "
               "`cost`, `gauge` or `histogram`, or `kind` where the metric is reported");
  } else if (kinds > 1) {
    issues.Add(field, "has more than one of `events`, `cost`, `gauge` and `histogram`");
  } else if ((events || cost) && metric.exposure().empty()) {
    issues.Add(field + ".exposure",
               "must name the counter of requests, for example "
               "http_requests_total{job=\"${service}\"}");
  } else if ((gauge || histogram) && !metric.exposure().empty()) {
    issues.Add(field + ".exposure", "is for a metric with `events` or `cost` only");
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
  ValidateKind(field, metric, issues);
  for (const NamedSelector& selector : SelectorsOf(metric)) {
    ValidateSelector(absl::StrCat(field, ".", std::string(selector.field)), selector.text, policy,
                     issues);
  }
  const double margin = metric.margin();
  if (!(margin >= 0 && margin <= 100)) {
    issues.Add(field + ".margin", absl::StrCat("must be 0 to 100, not ", margin));
  } else if (DirectionOf(metric) != v1::DIRECTION_HIGHER_IS_WORSE && !(margin < 1)) {
    issues.Add(field + ".margin",
               "must be under 1 where less is worse: a rate cannot fall by 100 % or more");
  }
  ValidateToleratedRate(field + ".tolerated_rate", metric, issues);
  if (!(metric.quantile() >= 0 && metric.quantile() < 1)) {
    issues.Add(field + ".quantile",
               absl::StrCat("must be over 0 and under 1, not ", metric.quantile()));
  } else if (metric.quantile() > 0 && KindOf(metric) != v1::METRIC_KIND_HISTOGRAM) {
    issues.Add(field + ".quantile", "is for a metric with `histogram` only");
  }
  if (!metric.type_label().empty() && !IsLabelName(metric.type_label())) {
    issues.Add(field + ".type_label", "must be a label, such as exception");
  } else if (!metric.type_label().empty() && metric.events().empty()) {
    issues.Add(field + ".type_label", "is for a metric with `events` only");
  }
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
  issues.Range("past", policy.has_past(), parameters.past, absl::ZeroDuration(), kLongestPast);
  issues.Range("warm_up", policy.has_warm_up(), parameters.warm_up, absl::ZeroDuration(),
               parameters.window / 2);
  if (policy.earlier_weeks() < 0 || policy.earlier_weeks() > kMostWeeks) {
    issues.Add("earlier_weeks", absl::StrCat("must be 0 to ", kMostWeeks));
  }
}

void ValidatePresets(const v1::CanaryPolicy& policy, Issues& issues) {
  const std::vector<std::string_view> names = PresetNames();
  for (int i = 0; i < policy.presets_size(); ++i) {
    if (std::ranges::find(names, policy.presets(i)) != names.end()) continue;
    issues.Add(absl::StrCat("presets[", i, "]"),
               absl::StrCat("unknown preset \"", policy.presets(i), "\"; there are ",
                            Listed(names, ", ")));
  }
  if (policy.preset_matchers().empty()) return;
  ValidateSelector("preset_matchers", "{" + policy.preset_matchers() + "}", policy, issues);
}

void ValidateSeverities(const v1::CanaryPolicy& policy, Issues& issues) {
  for (const auto& [id, severity] : policy.severities()) {
    const std::string field = absl::StrCat("severities[\"", id, "\"]");
    if (std::ranges::find(kSettableRules, id) == std::end(kSettableRules)) {
      issues.Add(field, absl::StrCat("can be set for ", Listed(kSettableRules, " and "),
                                     " only, not for \"", id, "\""));
    } else if (severity == v1::SEVERITY_UNSPECIFIED) {
      issues.Add(field, "must be INFO, WARN or BLOCK");
    }
  }
}

}  // namespace

CanaryParameters::CanaryParameters(const v1::CanaryPolicy& policy)
    : canary(policy.canary().empty() ? "canary" : policy.canary()),
      baseline(policy.baseline().empty() ? "baseline" : policy.baseline()),
      stable(policy.stable().empty() ? "stable" : policy.stable()),
      window(policy.has_window() ? FromProto(policy.window()) : absl::Hours(1)),
      step(policy.has_step() ? FromProto(policy.step()) : absl::Minutes(1)),
      max_age(policy.has_max_age() ? FromProto(policy.max_age())
                                   : std::max(absl::Minutes(3), 2 * step)),
      past(policy.has_past() ? FromProto(policy.past()) : absl::Hours(4)),
      warm_up(FromProto(policy.warm_up())),
      alpha(policy.alpha() == 0 ? 0.01 : policy.alpha()),
      metrics(policy.metrics().begin(), policy.metrics().end()) {
  const std::string matchers =
      policy.preset_matchers().empty() ? "job=\"${service}\"" : policy.preset_matchers();
  for (const std::string& preset : policy.presets()) {
    for (v1::CanaryMetric& metric : Preset(preset, matchers)) {
      const auto same = [&](const v1::CanaryMetric& one) { return one.name() == metric.name(); };
      if (std::ranges::none_of(metrics, same)) metrics.push_back(std::move(metric));
    }
  }
}

bool IsReported(const v1::CanaryMetric& metric) { return SelectorsOf(metric).empty(); }

std::string SourceOf(const v1::CanaryMetric& metric, const v1::CanaryPolicy& policy) {
  return IsReported(metric) ? std::string(kReportedSource) : policy.source();
}

v1::MetricKind KindOf(const v1::CanaryMetric& metric) {
  if (IsReported(metric)) return metric.kind();
  if (!metric.histogram().empty()) return v1::METRIC_KIND_HISTOGRAM;
  return metric.events().empty() ? v1::METRIC_KIND_VALUES : v1::METRIC_KIND_COUNTS;
}

v1::MetricSeries QuestionOf(const v1::CanaryMetric& metric) {
  constexpr double kDefaultMargin = 0.2, kDefaultToleratedRate = 1e-4;
  v1::MetricSeries series;
  series.set_name(metric.name());
  series.set_kind(KindOf(metric));
  series.set_direction(DirectionOf(metric));
  series.set_margin(metric.margin() == 0 ? kDefaultMargin : metric.margin());
  series.set_critical(metric.critical());
  series.set_quantile(metric.quantile());
  series.set_unit(metric.unit());
  if (DirectionOf(metric) == v1::DIRECTION_HIGHER_IS_WORSE) {
    series.set_tolerated_rate(metric.has_tolerated_rate() ? metric.tolerated_rate()
                                                          : kDefaultToleratedRate);
  }
  return series;
}

std::vector<NamedSelector> SelectorsOf(const v1::CanaryMetric& metric) {
  std::vector<NamedSelector> selectors;
  for (const NamedSelector& selector :
       {NamedSelector{"events", metric.events()}, NamedSelector{"cost", metric.cost()},
        NamedSelector{"gauge", metric.gauge()}, NamedSelector{"histogram", metric.histogram()},
        NamedSelector{"exposure", metric.exposure()}}) {
    if (!selector.text.empty()) selectors.push_back(selector);
  }
  return selectors;
}

std::vector<ParameterIssue> ValidateCanary(const v1::Policy&, const v1::PolicyRule& rule) {
  const v1::CanaryPolicy& policy = rule.checks().canary();
  Issues issues;
  const bool selects = !policy.presets().empty() || policy.metrics().empty() ||
                       std::ranges::any_of(policy.metrics(), [](const v1::CanaryMetric& metric) {
                         return metric.kind() == v1::METRIC_KIND_UNSPECIFIED;
                       });
  if (selects && policy.source().empty()) issues.Add("source", "must name a metrics source");
  if (selects && policy.source() == kReportedSource) {
    issues.Add("source",
               "\"reported\" is where metrics with `kind` come from; those with selectors need a "
               "metrics server");
  }
  if ((selects || !policy.cohort_label().empty()) && !IsLabelName(policy.cohort_label())) {
    issues.Add("cohort_label",
               "must be the label that tells canary and baseline apart, such as track");
  }
  if (!policy.stratum_label().empty() && !IsLabelName(policy.stratum_label())) {
    issues.Add("stratum_label", "must be a label, such as hoster");
  }
  const CanaryParameters parameters(policy);
  if (parameters.canary == parameters.baseline) {
    issues.Add("baseline", absl::StrCat("must differ from canary: both are ", parameters.canary));
  }
  if (parameters.stable == parameters.canary) {
    issues.Add("stable", absl::StrCat("must differ from canary: both are ", parameters.canary));
  } else if (parameters.stable == parameters.baseline) {
    issues.Add("stable", absl::StrCat("must differ from baseline: both are ", parameters.stable));
  }
  ValidateTimes(policy, issues);
  if (!(parameters.alpha > 0 && parameters.alpha < 0.5)) {
    issues.Add("alpha", absl::StrCat("must be over 0 and under 0.5, not ", policy.alpha()));
  }
  if (policy.metrics().empty() && policy.presets().empty()) {
    issues.Add("metrics", "must hold at least one metric, or `presets` one of them");
  }
  ValidatePresets(policy, issues);
  ValidateSeverities(policy, issues);
  std::set<std::string> names;
  for (int i = 0; i < policy.metrics_size(); ++i) ValidateMetric(policy, i, names, issues);
  return issues.Take();
}

}  // namespace gate
