#include "checks/canary/canary.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "checks/canary/alone.h"
#include "checks/canary/judge.h"
#include "checks/canary/new_types.h"
#include "checks/canary/numbers.h"
#include "checks/canary/parameters.h"
#include "checks/canary/rules.h"
#include "checks/canary/selector.h"
#include "checks/proto_time.h"

namespace gate {
namespace {

bool ExposesACohort(v1::ChangeKind kind) {
  return kind != v1::CHANGE_KIND_MIGRATION && kind != v1::CHANGE_KIND_FLAG_FLIP;
}

std::string QueryId(const v1::CanaryMetric& metric) {
  return absl::StrCat("canary.", metric.name());
}

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

// What the query of a metric needs and the change does not say: "${version}".
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
  if (KindOf(metric) != v1::METRIC_KIND_VALUES) *asked.mutable_past() = ToProto(parameters.past);
  asked.set_earlier_weeks(policy.earlier_weeks());
  return query;
}

std::vector<v1::Query> Needs(const v1::Change& change, const v1::PolicyRule& rule) {
  const v1::CanaryPolicy& policy = rule.checks().canary();
  const CanaryParameters parameters(policy);
  std::vector<v1::Query> queries;
  if (!ExposesACohort(change.kind())) return queries;
  for (const v1::CanaryMetric& metric : parameters.metrics) {
    // A selector of an empty label would match every series that lacks it.
    if (!Missing(metric, parameters, change).empty()) continue;
    queries.push_back(QueryFor(metric, policy, parameters, change));
  }
  return queries;
}

bool HasTraffic(const v1::MetricSeries& series, const std::string& cohort) {
  if (series.has_state()) return true;  // There is none before the canary's first traffic.
  const auto any = [](const v1::CohortPoint& point) {
    return point.exposure() > 0 || !point.values().empty() ||
           (!point.buckets().empty() && point.buckets(point.buckets_size() - 1).count() > 0);
  };
  return std::ranges::any_of(series.points(), [&](const v1::MetricPoint& point) {
    const auto found = point.cohorts().find(cohort);
    if (found == point.cohorts().end()) return false;
    return any(found->second) || std::ranges::any_of(found->second.strata(), [&](const auto& part) {
             return any(part.second);
           });
  });
}

// The rule of a defect, and what to do about it.
struct DefectRule {
  std::string_view rule;
  std::string instead;
};

// Judges all metrics of one change and writes the outcome.
class Judgement {
 public:
  Judgement(const v1::Change& change, const Evidence& evidence, const v1::PolicyRule& rule,
            absl::Time now)
      : change_(change),
        evidence_(evidence),
        policy_(rule.checks().canary()),
        parameters_(policy_),
        now_(now) {}

  v1::CheckOutcome Run() {
    const v1::JudgeResponse response = JudgeMetrics(Request());
    accelerate_ = response.advice() == v1::ADVICE_ACCELERATE && change_.has_schema_change();
    for (size_t i = 0; i < parameters_.metrics.size(); ++i) {
      JudgeMetric(parameters_.metrics[i], response.metrics(static_cast<int>(i)));
    }
    Conclude(response);
    NoteWindow();
    return std::move(outcome_);
  }

  // Of series without a flaw: whatever a flaw is about may still be mended where it comes from.
  std::vector<CarriedState> Carry() const {
    std::vector<CarriedState> states;
    if (!change_.canary().has_started_at()) return states;
    std::optional<v1::JudgeRequest> request;
    for (int i = 0; i < static_cast<int>(parameters_.metrics.size()); ++i) {
      const std::string query = QueryId(parameters_.metrics[static_cast<size_t>(i)]);
      const v1::MetricSeries& series = evidence_.Get(query).metric();
      const absl::Time until = std::min(FromProto(series.settled_until()), now_ - kShown);
      if (!series.flaws().empty() || PointsBy(until, series) < kWorthCarrying) continue;
      if (!request) request = Request();
      auto state = StateOf(*request, i, until);
      if (state) states.push_back({query, *std::move(state)});
    }
    return states;
  }

 private:
  static constexpr int kWorthCarrying = 30;  // points

  // How much is never carried: alone.h looks at the last half of an hour.
  static constexpr absl::Duration kShown = absl::Minutes(40);

  static int PointsBy(absl::Time until, const v1::MetricSeries& series) {
    return static_cast<int>(std::ranges::count_if(
        series.points(), [&](const auto& point) { return FromProto(point.time()) <= until; }));
  }

  // Metrics that were not seen are asked about as well: their part of alpha is theirs.
  v1::JudgeRequest Request() const {
    v1::JudgeRequest request;
    request.set_alpha(parameters_.alpha);
    *request.mutable_as_of() = ToProto(now_);
    *request.mutable_max_age() = ToProto(parameters_.max_age);
    *request.mutable_warm_up() = ToProto(parameters_.warm_up);
    request.set_canary_share(change_.canary().share());
    if (change_.canary().has_started_at()) *request.mutable_start() = change_.canary().started_at();
    for (const v1::CanaryMetric& metric : parameters_.metrics) {
      v1::MetricSeries& series = *request.add_metrics() = QuestionOf(metric);
      const v1::Observation& observation = evidence_.Get(QueryId(metric));
      if (!observation.has_metric()) continue;
      *series.mutable_points() = observation.metric().points();
      *series.mutable_flaws() = observation.metric().flaws();
      *series.mutable_step() =
          observation.metric().has_step() ? observation.metric().step() : ToProto(parameters_.step);
      series.set_baseline_kind(observation.metric().baseline_kind());
      if (observation.metric().has_state()) *series.mutable_state() = observation.metric().state();
    }
    return request;
  }

  void JudgeMetric(const v1::CanaryMetric& metric, const v1::MetricJudgement& judgement) {
    const v1::Observation& observation = evidence_.Get(QueryId(metric));
    if (!observation.has_metric()) return Unseen(metric, observation);
    const v1::PastComparison& past = judgement.old_cohort();
    if (past.canary_worse() && !past.worse() && judgement.outcome() != v1::OUTCOME_FAIL &&
        RunsAlone(observation.metric()) &&
        !EarlierWeeksHadAsMany(observation.metric(), past.limit())) {
      return AddHarmAlone(metric, judgement);
    }
    const bool fail = judgement.outcome() == v1::OUTCOME_FAIL;
    if (judgement.samples(0).intervals() == 0) {
      return NothingToCompare(metric, observation.metric(), judgement);
    }
    // Better than a version that fails is not yet as good as that version was: only a migration
    // says that going forward is what helps.
    const bool flattered = judgement.old_cohort().worse() && !change_.has_schema_change() && !fail;
    sentences_[flattered ? v1::OUTCOME_INCONCLUSIVE : judgement.outcome()].push_back(
        judgement.reason());
    AddDefects(metric, judgement, fail ? v1::SEVERITY_WARN : v1::SEVERITY_BLOCK);
    if (fail && past.worse() && past.canary_worse()) {
      AddSharedHarm(metric, judgement);
    } else if (fail) {
      AddHarm(metric, judgement);
    } else if (past.worse() || past.canary_worse()) {
      AddOldVersion(metric, judgement, flattered);
    } else if (judgement.outcome() == v1::OUTCOME_INCONCLUSIVE && judgement.defects().empty()) {
      AddUndecided(metric, judgement);
    }
    AddNewTypes(metric, observation.metric(), judgement);
  }

  // ---- findings
  void AddHarm(const v1::CanaryMetric& metric, const v1::MetricJudgement& judgement) {
    std::string message = judgement.reason();
    for (const v1::StratumJudgement& stratum : judgement.strata()) {
      if (!stratum.stands_out()) continue;
      absl::StrAppend(&message, "; on ", stratum.stratum(), " ", Times(stratum.estimate()));
    }
    const std::string_view next = KindOf(metric) == v1::METRIC_KIND_COUNTS
                                      ? "compare the errors of the two versions."
                                  : KindOf(metric) == v1::METRIC_KIND_VALUES
                                      ? "look for what the new version does more often."
                                      : "look for where the new version spends its time.";
    Add("canary.harm", metric, message, v1::SEVERITY_BLOCK, v1::EFFECT_BREAKS_NEW_VERSION,
        absl::StrCat("Take the traffic off the canary, then ", std::string(next)));
  }

  // All of the traffic is on the new version, and it is worse than the old one was before it.
  void AddHarmAlone(const v1::CanaryMetric& metric, const v1::MetricJudgement& judgement) {
    harm_alone_.push_back(
        absl::StrCat(judgement.reason(), ", and no old version takes traffic any more"));
    Add("canary.harm", metric, harm_alone_.back(), v1::SEVERITY_BLOCK,
        v1::EFFECT_BREAKS_NEW_VERSION,
        "Go back to the version before, then compare the errors of the two.");
  }

  void AddSharedHarm(const v1::CanaryMetric& metric, const v1::MetricJudgement& judgement) {
    v1::Finding& finding =
        Add("canary.shared_harm", metric, judgement.reason(), v1::SEVERITY_BLOCK,
            v1::EFFECT_BREAKS_RUNNING_VERSION,
            "Take the canary back, and its migration with it where there is one; then look at what "
            "both versions use: the database, caches, queues.");
    finding.add_effects(v1::EFFECT_BREAKS_NEW_VERSION);
  }

  // The old version got worse, or only the canary is worse than its past: the canary is proven to
  // be no part of it, or nobody knows yet.
  void AddOldVersion(const v1::CanaryMetric& metric, const v1::MetricJudgement& judgement,
                     bool flattered) {
    if (judgement.outcome() == v1::OUTCOME_PASS && !flattered) {
      Add("canary.old_version", metric, judgement.reason(), v1::SEVERITY_WARN,
          v1::EFFECT_BREAKS_RUNNING_VERSION,
          "Go forward: give the new version all of the traffic. Taking it back would leave every "
          "request to the version that suffers.");
      return;
    }
    Add("canary.old_version", metric, judgement.reason(), v1::SEVERITY_BLOCK, v1::EFFECT_UNPROVEN,
        "Neither promote nor take back yet: ask again in a minute, and look at what both versions "
        "use.");
  }

  void AddUndecided(const v1::CanaryMetric& metric, const v1::MetricJudgement& judgement) {
    const std::string remaining = Remaining(judgement);
    // Where the old version suffers nobody waits for the rest.
    Add("canary.undecided", metric, judgement.reason(),
        accelerate_ ? v1::SEVERITY_WARN : v1::SEVERITY_BLOCK, v1::EFFECT_UNPROVEN, remaining);
    outcome_.add_unblock(absl::StrCat(metric.name(), ": ", remaining));
  }

  // What brings the answer, and when it may be expected.
  std::string Remaining(const v1::MetricJudgement& judgement) const {
    const v1::CohortSample& canary = judgement.samples(0);
    const absl::Duration seen = canary.intervals() * parameters_.step;
    const std::string traffic =
        canary.exposure() > 0 ? absl::StrCat("more traffic than the ",
                                             Count(canary.exposure() / absl::ToDoubleMinutes(seen)),
                                             " requests/min that it has")
                              : "more traffic";
    if (!judgement.has_remaining()) {
      return absl::StrCat("Give the canary ", traffic,
                          ", or compare something that happens more often.");
    }
    const absl::Duration more = FromProto(judgement.remaining());
    if (more + seen <= parameters_.window) {
      return absl::StrCat("Wait for ", More(more), " (an estimate), or give the canary ", traffic,
                          ".");
    }
    return absl::StrCat("Waiting takes ", More(more), " (an estimate), beyond the window of ",
                        absl::FormatDuration(parameters_.window), ": give the canary ", traffic,
                        ", or set a longer `window`, a larger `margin` or, where errors are rare, "
                        "a larger `tolerated_rate`.");
  }

  void AddNewTypes(const v1::CanaryMetric& metric, const v1::MetricSeries& series,
                   const v1::MetricJudgement& judgement) {
    const stats::CountBlock exposure{judgement.samples(0).exposure(),
                                     judgement.samples(1).exposure(), 0, 0};
    for (const NewType& type : NewTypes(series, exposure, parameters_.alpha)) {
      v1::Severity severity = v1::SEVERITY_WARN;
      const auto set = policy_.severities().find("canary.new_error_type");
      if (set != policy_.severities().end()) severity = set->second;
      v1::Finding& finding =
          Add("canary.new_error_type", metric,
              absl::StrCat(metric.name(), ": ", type.name, " has come up ", Count(type.events),
                           type.events == 1 ? " time" : " times", " on the canary, first at ",
                           Clock(type.first_seen), ", and never on old code"),
              severity, v1::EFFECT_BREAKS_NEW_VERSION,
              absl::StrCat("See where ", type.name, " comes from, in the canary's log."));
      finding.set_subject(absl::StrCat(metric.name(), "/", type.name));
      if (severity == v1::SEVERITY_BLOCK) blocked_by_type_.push_back(finding.message());
    }
  }

  void Unseen(const v1::CanaryMetric& metric, const v1::Observation& observation) {
    const std::string missing = Missing(metric, parameters_, change_);
    if (!missing.empty()) {
      return AddUnproven(
          "canary.no_data", metric,
          absl::StrCat("its query needs ", missing, ", and the change does not say it"),
          "Name it in the change, for example with --version.");
    }
    AddUnproven("canary.no_data", metric, Describe(observation.absence(), observation.source()),
                IsReported(metric)
                    ? "Report what canary and old code do (gatectl metrics report), and ask again."
                    : "See that the metrics server answers, and ask again.");
  }

  void NothingToCompare(const v1::CanaryMetric& metric, const v1::MetricSeries& series,
                        const v1::MetricJudgement& judgement) {
    for (const v1::SeriesFlaw& defect : judgement.defects()) {
      if (defect.kind() == v1::FLAW_KIND_SILENT_COHORT) continue;  // Said better below.
      const DefectRule rule = RuleOf(defect);
      Add(rule.rule, metric, absl::StrCat(metric.name(), ": ", defect.detail()), v1::SEVERITY_WARN,
          v1::EFFECT_UNPROVEN, rule.instead);
    }
    const bool started = HasTraffic(series, "canary");
    if (started && parameters_.warm_up > absl::ZeroDuration()) {
      return AddUnproven("canary.warm_up", metric,
                         absl::StrCat("the canary is warming up: its first ",
                                      absl::FormatDuration(parameters_.warm_up), " do not count"),
                         "Wait; nothing else is needed.");
    }
    if (started) {
      return AddUnproven(
          "canary.no_old_version", metric,
          absl::StrCat("no traffic of old code (", CohortsOf(metric, {"baseline", "stable"}),
                       ") has been seen at the same time as the canary's"),
          IsReported(metric) ? "Keep old code under traffic beside the canary, and report it too."
                             : "Keep old code under traffic beside the canary, with its cohort "
                               "label; or set `earlier_weeks`, which proves less.");
    }
    AddUnproven(
        "canary.not_started", metric,
        absl::StrCat("no traffic of the canary (", CohortsOf(metric, {"canary"}),
                     ") has been seen in the last ", absl::FormatDuration(parameters_.window)),
        absl::StrCat("Route a part of the traffic to the new version, ",
                     IsReported(metric) ? "report" : "label",
                     " its metrics as the canary, and say when it began in "
                     "change.canary.started_at."));
  }

  // As whoever sends the metric names them: track="baseline" or "stable".
  std::string CohortsOf(const v1::CanaryMetric& metric,
                        const std::vector<std::string>& cohorts) const {
    std::string text = IsReported(metric) ? "" : policy_.cohort_label() + "=";
    for (const std::string& cohort : cohorts) {
      const std::string& value = cohort == "canary"     ? parameters_.canary
                                 : cohort == "baseline" ? parameters_.baseline
                                                        : parameters_.stable;
      absl::StrAppend(&text, cohort == cohorts.front() ? "\"" : " or \"",
                      IsReported(metric) ? cohort : value, "\"");
    }
    return text;
  }

  void AddUnproven(std::string_view rule, const v1::CanaryMetric& metric, std::string_view message,
                   std::string_view instead) {
    const std::string sentence = absl::StrCat(metric.name(), ": ", std::string(message));
    sentences_[v1::OUTCOME_INCONCLUSIVE].push_back(sentence);
    Add(rule, metric, sentence, v1::SEVERITY_BLOCK, v1::EFFECT_UNPROVEN, instead);
    outcome_.add_unblock(absl::StrCat(metric.name(), ": ", std::string(instead)));
  }

  void AddDefects(const v1::CanaryMetric& metric, const v1::MetricJudgement& judgement,
                  v1::Severity severity) {
    for (const v1::SeriesFlaw& defect : judgement.defects()) {
      const DefectRule rule = RuleOf(defect);
      Add(rule.rule, metric, absl::StrCat(metric.name(), ": ", defect.detail()), severity,
          v1::EFFECT_UNPROVEN, rule.instead);
      outcome_.add_unblock(absl::StrCat(metric.name(), ": ", rule.instead));
    }
  }

  DefectRule RuleOf(const v1::SeriesFlaw& flaw) const {
    const std::string wait =
        flaw.has_time() ? absl::StrCat("Wait until it has left the window of ",
                                       absl::FormatDuration(parameters_.window), ", at ",
                                       Clock(FromProto(flaw.time()) + parameters_.window), ".")
                        : "";
    switch (flaw.kind()) {
      case v1::FLAW_KIND_COUNTER_RESET:
        return {
            "canary.counter_reset",
            "See whether the process crashed: what it had counted since the last scrape is lost. " +
                wait};
      case v1::FLAW_KIND_GAP:
        return {"canary.gap", "See why the metrics server has no samples there. " + wait};
      case v1::FLAW_KIND_SILENT_COHORT:
        return {"canary.silent_cohort",
                "Route traffic to both cohorts, with the cohort label: only what happens to both "
                "at the same time can be compared."};
      case v1::FLAW_KIND_STALE:
        return {"canary.stale",
                "See whether the metrics server still scrapes, and whether its clock is right."};
      case v1::FLAW_KIND_FUTURE:
        return {"canary.clock", "Set the clocks of the gate and the metrics server right."};
      case v1::FLAW_KIND_IMPOSSIBLE:
        return {"canary.impossible_counts",
                "Let `events` select a part of what `exposure` selects."};
      case v1::FLAW_KIND_TRAFFIC_SPLIT:
        return {"canary.traffic_split",
                "See what routes the traffic: weights, sticky sessions, health checks. Or tell the "
                "share that is meant."};
      default:
        return {"canary.not_a_number", "See what exports it: a counter is a whole number."};
    }
  }

  v1::Finding& Add(std::string_view rule, const v1::CanaryMetric& metric, std::string_view message,
                   v1::Severity severity, v1::Effect effect, std::string_view instead) {
    v1::Finding& finding = *outcome_.add_findings();
    finding.set_rule(std::string(rule));
    finding.set_severity(severity);
    finding.add_effects(effect);
    finding.set_subject(metric.name());
    finding.set_message(std::string(message));
    finding.set_instead(std::string(instead));
    return finding;
  }

  // ---- the outcome
  void Conclude(const v1::JudgeResponse& response) {
    const bool all_safe = sentences_[v1::OUTCOME_PASS].size() == parameters_.metrics.size();
    const bool open = std::ranges::any_of(outcome_.findings(), [](const v1::Finding& finding) {
      return finding.severity() == v1::SEVERITY_BLOCK;
    });
    const bool forward = response.advice() == v1::ADVICE_ACCELERATE;
    outcome_.set_advice(forward && !accelerate_ ? v1::ADVICE_WAIT : response.advice());
    if (response.decision() == v1::DECISION_BLOCK) {
      outcome_.set_outcome(v1::OUTCOME_FAIL);
      if (sentences_[v1::OUTCOME_FAIL].empty()) AddTogether(response);
      outcome_.set_summary(Summary(sentences_[v1::OUTCOME_FAIL]));
    } else if (!harm_alone_.empty() || !blocked_by_type_.empty()) {
      outcome_.set_outcome(v1::OUTCOME_FAIL);
      outcome_.set_advice(v1::ADVICE_ROLL_BACK);
      outcome_.set_summary(Summary(harm_alone_.empty() ? blocked_by_type_ : harm_alone_));
    } else if (all_safe || (accelerate_ && !open)) {
      outcome_.set_outcome(v1::OUTCOME_PASS);
      outcome_.set_summary(forward ? response.reason() : Summary(sentences_[v1::OUTCOME_PASS]));
    } else {
      outcome_.set_outcome(v1::OUTCOME_INCONCLUSIVE);
      outcome_.set_summary(Summary(sentences_[v1::OUTCOME_INCONCLUSIVE]));
      *outcome_.mutable_retry_at() = ToProto(NextInterval());
      if (outcome_.advice() == v1::ADVICE_PROCEED) outcome_.set_advice(v1::ADVICE_WAIT);
    }
  }

  // Harm is proven for all metrics taken together, and for none alone.
  void AddTogether(const v1::JudgeResponse& response) {
    v1::CanaryMetric all;
    all.set_name("all metrics");
    sentences_[v1::OUTCOME_FAIL].push_back(response.reason());
    Add("canary.harm", all, response.reason(), v1::SEVERITY_BLOCK, v1::EFFECT_BREAKS_NEW_VERSION,
        "Take the traffic off the canary, then compare the two versions.");
  }

  // A canary that outlives the window is judged on what the window shows.
  void NoteWindow() {
    if (!change_.canary().has_started_at()) return;
    const absl::Duration age = now_ - FromProto(change_.canary().started_at());
    if (age <= parameters_.window + parameters_.step) return;
    v1::Severity severity = v1::SEVERITY_WARN;
    const auto set = policy_.severities().find("canary.window");
    if (set != policy_.severities().end()) severity = set->second;
    v1::Finding& finding = *outcome_.add_findings();
    finding.set_rule("canary.window");
    finding.set_severity(severity);
    finding.set_subject(change_.service());
    finding.set_message(absl::StrCat(
        "the canary has run for ", absl::FormatDuration(absl::Trunc(age, absl::Minutes(1))),
        ", longer than the window of ", absl::FormatDuration(parameters_.window),
        ": what happened before is not counted any more"));
    finding.set_instead("Set `window` to at least as long as a canary runs, up to 24h.");
  }

  // The end of the interval that runs now, and a few seconds for the last scrape to arrive.
  absl::Time NextInterval() const {
    const absl::Duration since_epoch = now_ - absl::UnixEpoch();
    return absl::UnixEpoch() + absl::Floor(since_epoch, parameters_.step) + parameters_.step +
           absl::Seconds(10);
  }

  static std::string Clock(absl::Time time) {
    return absl::FormatTime("%H:%M", time, absl::UTCTimeZone()) + " UTC";
  }

  static std::string Summary(const std::vector<std::string>& sentences) {
    if (sentences.size() == 1) return sentences[0];
    return absl::StrCat(sentences[0], " (and ", sentences.size() - 1, " more ",
                        sentences.size() == 2 ? "metric" : "metrics", " like it)");
  }

  const v1::Change& change_;
  const Evidence& evidence_;
  const v1::CanaryPolicy& policy_;
  const CanaryParameters parameters_;
  const absl::Time now_;
  std::map<v1::Outcome, std::vector<std::string>> sentences_;  // one per metric
  std::vector<std::string> blocked_by_type_, harm_alone_;
  bool accelerate_ = false;  // The way out is forward.
  v1::CheckOutcome outcome_;
};

v1::CheckOutcome Judge(const v1::Change& change, const Evidence& evidence,
                       const v1::PolicyRule& rule, absl::Time now) {
  if (ExposesACohort(change.kind())) return Judgement(change, evidence, rule, now).Run();
  v1::CheckOutcome outcome;
  outcome.set_outcome(v1::OUTCOME_SKIPPED);
  outcome.set_summary(
      change.kind() == v1::CHANGE_KIND_MIGRATION
          ? "a schema change puts no new code under traffic"
          : "a flag is switched for everyone at once: there is no canary to compare");
  return outcome;
}

std::vector<CarriedState> Carry(const v1::Change& change, const Evidence& evidence,
                                const v1::PolicyRule& rule, absl::Time now) {
  if (!ExposesACohort(change.kind())) return {};
  return Judgement(change, evidence, rule, now).Carry();
}

}  // namespace

const Check kCanaryCheck = {
    "canary",       "New code is no worse than old code under live traffic.",
    ValidateCanary, Needs,
    Judge,          CanaryRules,
    Carry};

}  // namespace gate
