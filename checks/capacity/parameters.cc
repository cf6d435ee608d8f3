#include "checks/capacity/parameters.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "checks/canary/selector.h"
#include "checks/capacity/rules.h"
#include "checks/proto_time.h"

namespace gate::capacity {
namespace {

// A rate takes two scrapes, and they may be a minute apart.
constexpr absl::Duration kLeastRate = absl::Minutes(2);
constexpr double kDefaultTarget = 0.7;
constexpr double kDefaultAlpha = 0.01;
// Of which one is before the first traffic of a canary of less than two weeks.
constexpr int kEarlierWeeks = 2;

double AlphaOf(const v1::CapacityPolicy& policy) {
  return policy.alpha() == 0 ? kDefaultAlpha : policy.alpha();
}

// Collects issues under checks.capacity.
class Issues {
 public:
  void Add(const std::string& field, std::string message) {
    issues_.push_back({absl::StrCat("checks.capacity.", field), std::move(message)});
  }
  // `given` unset is fine: the default holds.
  void Range(const std::string& field, bool given, absl::Duration value, absl::Duration least,
             absl::Duration most) {
    if (!given || (value >= least && value <= most)) return;
    Add(field, absl::StrCat("must be ", absl::FormatDuration(least), " to ",
                            absl::FormatDuration(most), ", not ", absl::FormatDuration(value)));
  }
  // Empty is fine where nothing is `required`.
  void Selector(const std::string& field, const std::string& text, bool required,
                std::initializer_list<std::string> added = {}) {
    if (text.empty()) {
      if (required) Add(field, "must name a counter, for example redis_commands_total");
      return;
    }
    std::string error;
    const std::optional<MetricSelector> selector = ParseSelector(text, error);
    if (!selector) return Add(field, error);
    if (const std::string unknown = UnknownPlaceholder(*selector); !unknown.empty()) {
      Add(field, absl::StrCat("unknown placeholder ", unknown,
                              "; there are ${service}, ${environment} and ${version}"));
    }
    for (const Matcher& matcher : selector->matchers) {
      if (std::ranges::count(added, matcher.label) == 0) continue;
      Add(field, absl::StrCat("must not select on ", matcher.label, ": the check adds it itself"));
    }
  }
  void Target(const std::string& field, double target) {
    if (target >= 0 && target <= 1) return;
    Add(field, absl::StrCat("must be over 0 and up to 1, not ", target));
  }
  std::vector<ParameterIssue> Take() { return std::move(issues_); }

 private:
  std::vector<ParameterIssue> issues_;
};

bool IsName(std::string_view text) {
  return !text.empty() && text.size() <= 64 && std::ranges::all_of(text, [](char c) {
    return absl::ascii_islower(static_cast<unsigned char>(c)) ||
           absl::ascii_isdigit(static_cast<unsigned char>(c)) || c == '_' || c == '-';
  });
}

void ValidateResource(const v1::CapacityPolicy& policy, int index, std::set<std::string>& names,
                      Issues& issues) {
  const v1::CapacityResource& resource = policy.resources(index);
  const std::string field = absl::StrCat("resources[", index, "].");
  if (!IsName(resource.name())) {
    issues.Add(field + "name", "must be 1 to 64 characters of [a-z0-9_-]");
  } else if (resource.name() == "load" || resource.name() == "origin") {
    issues.Add(field + "name", "is a name that the check uses itself");
  } else if (!names.insert(resource.name()).second) {
    issues.Add(field + "name", absl::StrCat("is used twice: ", resource.name()));
  }
  issues.Selector(field + "cost", resource.cost(), true, {policy.cohort_label()});
  issues.Selector(field + "capacity_metric", resource.capacity_metric(), false);
  issues.Selector(field + "utilization", resource.utilization(), false);
  issues.Selector(field + "total", resource.total(), false);
  issues.Selector(field + "queue.backlog", resource.queue().backlog(), false);
  const int ways = (resource.capacity() != 0) + !resource.capacity_metric().empty() +
                   !resource.utilization().empty();
  if (ways != 1) {
    issues.Add(field + "capacity",
               "how much there is has to be known in one way: capacity, capacity_metric or "
               "utilization");
  } else if (!(resource.capacity() >= 0 && std::isfinite(resource.capacity()))) {
    issues.Add(field + "capacity", "must be over 0, per second");
  }
  issues.Target(field + "target", resource.target());
  if (!(resource.queue().room() >= 0)) issues.Add(field + "queue.room", "must not be negative");
  issues.Range(field + "max_wait", resource.has_max_wait(), FromProto(resource.max_wait()),
               absl::Microseconds(1), absl::Hours(24));
}

// A selector with the change's values, and one more matcher where `label` is given. Empty where a
// placeholder has nothing to stand for: an empty label would match every series that lacks it.
std::string Fill(const std::string& text, const v1::Change& change, const std::string& label = "",
                 const std::string& value = "") {
  std::string error;
  std::optional<MetricSelector> selector = ParseSelector(text, error);
  if (!selector || !UnfilledPlaceholder(*selector, change).empty()) return "";
  MetricSelector filled = Filled(*std::move(selector), change);
  if (!label.empty()) filled.matchers.push_back({label, "=", value});
  return filled.Print();
}

// What becomes of queries that one change needs.
class Queries {
 public:
  Queries(const v1::Change& change, const v1::CapacityPolicy& policy)
      : change_(change), policy_(policy), parameters_(policy) {}

  void AddLoad() { Series(kLoadId, Fill(policy_.load(), change_), true, true); }

  void AddResource(const v1::CapacityResource& resource) {
    AddCost(resource);
    Series(IdOf(resource, "total"), Fill(resource.total(), change_), true, true);
    Series(IdOf(resource, "capacity"), Fill(resource.capacity_metric(), change_), false, false);
    Series(IdOf(resource, "utilization"), Fill(resource.utilization(), change_), false, false,
           v1::SeriesQuery::AGGREGATION_MAX);
    Series(IdOf(resource, "utilization_before"), Fill(resource.utilization(), change_), false, true,
           v1::SeriesQuery::AGGREGATION_MAX);
    if (!resource.utilization().empty()) {
      Series(IdOf(resource, "spent"),
             Fill(resource.total().empty() ? resource.cost() : resource.total(), change_), true,
             false);
    }
    const std::string backlog = Fill(resource.queue().backlog(), change_);
    Series(IdOf(resource, "backlog"), backlog, false, false);
    Series(IdOf(resource, "backlog_before"), backlog, false, true);
  }

  // What was usual, of the whole service: an origin may be new.
  void AddWaiting() {
    Series(kWaitBeforeId, Fill(policy_.origins().wait(), change_), false, true,
           v1::SeriesQuery::AGGREGATION_MEAN);
  }

  void AddOrigin(const v1::TrafficShift::Origin& origin) {
    const v1::OriginPools& pools = policy_.origins();
    Series(IdOf(origin, "wait"), Fill(pools.wait(), change_, pools.label(), origin.name()), false,
           false, v1::SeriesQuery::AGGREGATION_MEAN);
    if (pools.busy().empty()) return;
    Series(IdOf(origin, "busy"), Fill(pools.busy(), change_, pools.label(), origin.name()), true,
           false);
    Series(IdOf(origin, "requests"), Fill(policy_.load(), change_, pools.label(), origin.name()),
           true, false);
  }

  std::vector<v1::Query> Take() { return std::move(queries_); }

 private:
  void AddCost(const v1::CapacityResource& resource) {
    const std::string cost = Fill(resource.cost(), change_);
    const std::string load = Fill(policy_.load(), change_);
    if (cost.empty() || load.empty()) return;
    v1::Query& query = queries_.emplace_back();
    query.set_id(IdOf(resource, "cost"));
    v1::CohortMetricQuery& metric = *query.mutable_cohort_metric();
    metric.set_source(policy_.source());
    metric.set_metric(resource.name());
    metric.set_kind(v1::METRIC_KIND_VALUES);
    metric.set_events(cost);
    metric.set_exposure(load);
    metric.set_cohort_label(policy_.cohort_label());
    metric.set_stratum_label(policy_.endpoint_label());
    (*metric.mutable_cohorts())["canary"] = parameters_.canary;
    (*metric.mutable_cohorts())["baseline"] = parameters_.baseline;
    (*metric.mutable_cohorts())["stable"] = parameters_.stable;
    if (change_.canary().has_started_at()) *metric.mutable_start() = change_.canary().started_at();
    *metric.mutable_window() = ToProto(parameters_.window);
    *metric.mutable_step() = ToProto(parameters_.step);
    if (HasAllTraffic(change_)) metric.set_earlier_weeks(kEarlierWeeks);
  }

  void Series(const std::string& id, const std::string& selector, bool counter, bool weeks,
              v1::SeriesQuery::Aggregation aggregation = v1::SeriesQuery::AGGREGATION_SUM) {
    if (selector.empty()) return;
    v1::Query& query = queries_.emplace_back();
    query.set_id(id);
    v1::SeriesQuery& series = *query.mutable_series();
    series.set_source(policy_.source());
    series.set_selector(selector);
    series.set_counter(counter);
    series.set_aggregation(aggregation);
    *series.mutable_window() = ToProto(weeks ? parameters_.history : parameters_.window);
    *series.mutable_step() =
        ToProto(weeks                                               ? parameters_.history_step
                : id.ends_with(".backlog") || id.ends_with(".wait") ? parameters_.step
                                                                    : parameters_.rate_step);
  }

  const v1::Change& change_;
  const v1::CapacityPolicy& policy_;
  const Parameters parameters_;
  std::vector<v1::Query> queries_;
};

}  // namespace

Parameters::Parameters(const v1::CapacityPolicy& policy)
    : canary(policy.canary().empty() ? "canary" : policy.canary()),
      baseline(policy.baseline().empty() ? "baseline" : policy.baseline()),
      stable(policy.stable().empty() ? "stable" : policy.stable()),
      history((policy.weeks() == 0 ? 5 : policy.weeks()) * kWeek),
      // Under 11,000 points, what a Prometheus answers at the most.
      history_step(absl::Minutes(history <= 5 * kWeek    ? 5
                                 : history <= 16 * kWeek ? 15
                                                         : 30)),
      window(policy.has_window() ? FromProto(policy.window()) : absl::Hours(1)),
      step(policy.has_step() ? FromProto(policy.step()) : absl::Minutes(1)),
      rate_step(std::max(step, kLeastRate)),
      max_age(policy.has_max_age() ? FromProto(policy.max_age()) : absl::Minutes(15)),
      alpha_harm(AlphaOf(policy) / std::max(1, policy.resources_size())),
      alpha_safe(AlphaOf(policy)) {}

double TargetOf(const v1::CapacityPolicy& policy) {
  return policy.target() == 0 ? kDefaultTarget : policy.target();
}

double TargetOf(const v1::CapacityPolicy& policy, const v1::CapacityResource& resource) {
  return resource.target() == 0 ? TargetOf(policy) : resource.target();
}

std::string IdOf(const v1::CapacityResource& resource, std::string_view what) {
  return absl::StrCat("capacity.", resource.name(), ".", std::string(what));
}

std::string IdOf(const v1::TrafficShift::Origin& origin, std::string_view what) {
  return absl::StrCat("capacity.origin.", origin.name(), ".", std::string(what));
}

bool ExposesACohort(v1::ChangeKind kind) {
  return kind == v1::CHANGE_KIND_CODE || kind == v1::CHANGE_KIND_HOTFIX ||
         kind == v1::CHANGE_KIND_CONFIG;
}

bool HasAllTraffic(const v1::Change& change) {
  return change.has_stage() ? change.stage().has_complete_at() : change.canary().share() == 1;
}

std::vector<ParameterIssue> Validate(const v1::Policy&, const v1::PolicyRule& rule) {
  const v1::CapacityPolicy& policy = rule.checks().capacity();
  Issues issues;
  if (policy.source().empty()) issues.Add("source", "must name a metrics source");
  issues.Selector("load", policy.load(), true, {policy.cohort_label(), policy.origins().label()});
  if (policy.weeks() != 0 && (policy.weeks() < 2 || policy.weeks() > 26)) {
    issues.Add("weeks", absl::StrCat("must be 2 to 26, not ", policy.weeks()));
  }
  const Parameters parameters(policy);
  issues.Range("window", policy.has_window(), parameters.window, absl::Minutes(10),
               absl::Hours(24));
  issues.Range("step", policy.has_step(), parameters.step, absl::Minutes(1), absl::Hours(1));
  if (parameters.rate_step > parameters.window / 5) {
    issues.Add("step", "must fit into the window five times or more");
  }
  if (parameters.max_age <= parameters.step) {
    issues.Add("max_age", absl::StrCat("must be longer than the step of ",
                                       absl::FormatDuration(parameters.step),
                                       ", or every answer would be stale"));
  }
  issues.Target("target", policy.target());
  if (!(policy.alpha() >= 0 && policy.alpha() < 0.5)) {
    issues.Add("alpha", absl::StrCat("must be over 0 and under 0.5, not ", policy.alpha()));
  }
  if (policy.resources().empty() && !policy.has_origins()) {
    issues.Add("resources", "must hold a resource, or `origins` be there for shifts of traffic");
  }
  if (!policy.resources().empty() && policy.cohort_label().empty()) {
    issues.Add("cohort_label",
               "must be the label that tells canary and baseline apart, such as track");
  }
  std::set<std::string> names;
  for (int i = 0; i < policy.resources_size(); ++i) ValidateResource(policy, i, names, issues);
  const v1::OriginPools& origins = policy.origins();
  issues.Selector("origins.busy", origins.busy(), false, {origins.label()});
  issues.Selector("origins.wait", origins.wait(), false, {origins.label()});
  if (!(origins.busy().empty() && origins.wait().empty()) && origins.label().empty()) {
    issues.Add("origins.label", "must be the label that tells origins apart, such as hoster");
  }
  issues.Range("origins.service_time", origins.has_service_time(),
               FromProto(origins.service_time()), absl::Microseconds(1), absl::Hours(24));
  issues.Range("origins.max_wait", origins.has_max_wait(), FromProto(origins.max_wait()),
               absl::Microseconds(1), absl::Hours(24));
  for (const auto& [id, severity] : policy.severities()) {
    const std::string field = absl::StrCat("severities[\"", id, "\"]");
    if (!IsRule(id)) {
      issues.Add(field, absl::StrCat("unknown rule \"", id, "\""));
    } else if (!HasSeverity(id)) {
      issues.Add(field, "is not for a policy to weigh; write an exemption");
    } else if (severity == v1::SEVERITY_UNSPECIFIED) {
      issues.Add(field, "must be INFO, WARN or BLOCK");
    }
  }
  return issues.Take();
}

std::vector<v1::Query> Needs(const v1::Change& change, const v1::PolicyRule& rule) {
  const v1::CapacityPolicy& policy = rule.checks().capacity();
  Queries queries(change, policy);
  if (ExposesACohort(change.kind()) && !policy.resources().empty()) {
    queries.AddLoad();
    for (const v1::CapacityResource& resource : policy.resources()) queries.AddResource(resource);
  } else if (change.kind() == v1::CHANGE_KIND_TRAFFIC_SHIFT) {
    queries.AddLoad();
    queries.AddWaiting();
    for (const v1::TrafficShift::Origin& origin : change.traffic_shift().origins()) {
      queries.AddOrigin(origin);
    }
  }
  return queries.Take();
}

}  // namespace gate::capacity
