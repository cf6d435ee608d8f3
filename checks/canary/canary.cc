#include "checks/canary/canary.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "checks/canary/metric_judgement.h"
#include "checks/canary/parameters.h"
#include "checks/canary/rules.h"
#include "checks/canary/selector.h"
#include "checks/canary/sentences.h"
#include "checks/proto_time.h"

namespace gate {
namespace {

bool ExposesACohort(v1::ChangeKind kind) {
  return kind != v1::CHANGE_KIND_MIGRATION && kind != v1::CHANGE_KIND_FLAG_FLIP;
}

std::string QueryId(const v1::CanaryMetric& metric) {
  return absl::StrCat("canary.", metric.name());
}

// Empty where a placeholder has nothing to stand for: a selector of an empty label would match
// every series that lacks it.
std::string FilledSelector(const std::string& text, const v1::Change& change) {
  std::string error;
  std::optional<MetricSelector> selector = ParseSelector(text, error);
  if (!selector || !UnfilledPlaceholder(*selector, change).empty()) return "";
  return Filled(*std::move(selector), change).Print();
}

std::vector<v1::Query> Needs(const v1::Change& change, const v1::PolicyRule& rule) {
  const v1::CanaryPolicy& policy = rule.checks().canary();
  const CanaryParameters parameters(policy);
  std::vector<v1::Query> queries;
  if (!ExposesACohort(change.kind())) return queries;
  for (const v1::CanaryMetric& metric : policy.metrics()) {
    const std::string events = FilledSelector(metric.events(), change);
    const std::string exposure = FilledSelector(metric.exposure(), change);
    if (events.empty() || exposure.empty()) continue;
    v1::Query& query = queries.emplace_back();
    query.set_id(QueryId(metric));
    v1::CohortMetricQuery& counts = *query.mutable_cohort_metric();
    counts.set_source(policy.source());
    counts.set_events(events);
    counts.set_exposure(exposure);
    counts.set_cohort_label(policy.cohort_label());
    (*counts.mutable_cohorts())["canary"] = parameters.canary;
    (*counts.mutable_cohorts())["baseline"] = parameters.baseline;
    if (change.canary().has_started_at()) *counts.mutable_start() = change.canary().started_at();
    *counts.mutable_window() = ToProto(parameters.window);
    *counts.mutable_step() = ToProto(parameters.step);
    counts.set_metric(metric.name());
    counts.set_kind(v1::METRIC_KIND_COUNTS);
  }
  return queries;
}

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
    for (int i = 0; i < policy_.metrics_size(); ++i) JudgeMetric(i);
    const size_t metrics = static_cast<size_t>(policy_.metrics_size());
    if (!harmful_.empty()) {
      outcome_.set_outcome(v1::OUTCOME_FAIL);
      outcome_.set_summary(Summary(harmful_));
    } else if (safe_.size() == metrics) {
      outcome_.set_outcome(v1::OUTCOME_PASS);
      outcome_.set_summary(Summary(safe_));
    } else {
      outcome_.set_outcome(v1::OUTCOME_INCONCLUSIVE);
      outcome_.set_summary(Summary(open_));
      *outcome_.mutable_retry_at() = ToProto(NextInterval());
    }
    NoteWindow();
    return std::move(outcome_);
  }

 private:
  void JudgeMetric(int index) {
    const v1::CanaryMetric& metric = policy_.metrics(index);
    const v1::Observation& observation = evidence_.Get(QueryId(metric));
    if (!observation.has_metric()) return Unseen(metric, observation);
    const CountSeries series = ReadSeries(observation.metric(), change_, parameters_, now_);
    if (series.blocks.empty()) return NothingToCompare(metric, series);
    const MetricJudgement judgement =
        JudgeCounts(series, metric, AlphaOf(policy_, index), parameters_.alpha);
    const std::string sentence = MetricSentence(metric, series, judgement);
    if (judgement.harm) {
      harmful_.push_back(sentence);
      Add("canary.harm", metric, sentence, v1::SEVERITY_BLOCK, v1::EFFECT_BREAKS_NEW_VERSION,
          "Take the traffic off the canary, then compare the errors of the two versions.");
      AddDefects(metric, series, v1::SEVERITY_WARN);
    } else if (!series.defects.empty()) {
      open_.push_back(absl::StrCat(metric.name(), ": ", series.defects[0].message));
      AddDefects(metric, series, v1::SEVERITY_BLOCK);
    } else if (judgement.safe) {
      safe_.push_back(sentence);
    } else {
      open_.push_back(sentence);
      const std::string remaining = RemainingSentence(metric, series, judgement, parameters_);
      Add("canary.undecided", metric, sentence, v1::SEVERITY_BLOCK, v1::EFFECT_UNPROVEN, remaining);
      outcome_.add_unblock(absl::StrCat(metric.name(), ": ", remaining));
    }
  }

  void Unseen(const v1::CanaryMetric& metric, const v1::Observation& observation) {
    std::string message = Describe(observation.absence(), observation.source());
    std::string instead = "See that the metrics server answers, and ask again.";
    std::string error;
    for (const std::string& text : {metric.events(), metric.exposure()}) {
      const std::optional<MetricSelector> selector = ParseSelector(text, error);
      const std::string missing = selector ? UnfilledPlaceholder(*selector, change_) : "";
      if (missing.empty()) continue;
      message = absl::StrCat("its selector needs ", missing, ", and the change does not say it");
      instead = "Name it in the change, for example with --version.";
    }
    AddUnproven("canary.no_data", metric, message, instead);
  }

  void NothingToCompare(const v1::CanaryMetric& metric, const CountSeries& series) {
    for (const SeriesDefect& defect : series.defects) {
      if (defect.rule == "canary.silent_cohort") continue;  // Said better below.
      Add(defect.rule, metric, absl::StrCat(metric.name(), ": ", defect.message), v1::SEVERITY_WARN,
          v1::EFFECT_UNPROVEN, defect.instead);
    }
    AddUnproven("canary.not_started", metric,
                absl::StrCat("no traffic of the canary (", policy_.cohort_label(), "=\"",
                             parameters_.canary, "\") has been seen in the last ",
                             absl::FormatDuration(parameters_.window)),
                "Route a part of the traffic to the new version, label its metrics as the canary, "
                "and say when it began in change.canary.started_at.");
  }

  void AddUnproven(std::string_view rule, const v1::CanaryMetric& metric, std::string_view message,
                   std::string_view instead) {
    const std::string sentence = absl::StrCat(metric.name(), ": ", std::string(message));
    open_.push_back(sentence);
    Add(rule, metric, sentence, v1::SEVERITY_BLOCK, v1::EFFECT_UNPROVEN, instead);
    outcome_.add_unblock(absl::StrCat(metric.name(), ": ", std::string(instead)));
  }

  void AddDefects(const v1::CanaryMetric& metric, const CountSeries& series,
                  v1::Severity severity) {
    for (const SeriesDefect& defect : series.defects) {
      Add(defect.rule, metric, absl::StrCat(metric.name(), ": ", defect.message), severity,
          v1::EFFECT_UNPROVEN, defect.instead);
      outcome_.add_unblock(absl::StrCat(metric.name(), ": ", defect.instead));
    }
  }

  void Add(std::string_view rule, const v1::CanaryMetric& metric, std::string_view message,
           v1::Severity severity, v1::Effect effect, std::string_view instead) {
    v1::Finding& finding = *outcome_.add_findings();
    finding.set_rule(std::string(rule));
    finding.set_severity(severity);
    finding.add_effects(effect);
    finding.set_subject(metric.name());
    finding.set_message(std::string(message));
    finding.set_instead(std::string(instead));
  }

  // A canary that outlives the window is judged on what the window shows.
  void NoteWindow() {
    if (!change_.canary().has_started_at()) return;
    const absl::Duration age = now_ - FromProto(change_.canary().started_at());
    if (age <= parameters_.window + parameters_.step) return;
    v1::Finding& finding = *outcome_.add_findings();
    finding.set_rule("canary.window");
    finding.set_severity(v1::SEVERITY_WARN);
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
  std::vector<std::string> harmful_, safe_, open_;  // One sentence per metric.
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

}  // namespace

const Check kCanaryCheck = {
    "canary",       "New code is no worse than old code under live traffic.",
    ValidateCanary, Needs,
    Judge,          CanaryRules};

}  // namespace gate
