#include "checks/canary/findings.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "checks/canary/metric_query.h"
#include "checks/canary/new_types.h"
#include "checks/canary/numbers.h"
#include "checks/proto_time.h"

namespace gate {
namespace {

std::string Clock(absl::Time time) {
  return absl::FormatTime("%H:%M", time, absl::UTCTimeZone()) + " UTC";
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

}  // namespace

void CanaryFindings::AddHarm(const v1::CanaryMetric& metric, const v1::MetricJudgement& judgement) {
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

void CanaryFindings::AddHarmAlone(const v1::CanaryMetric& metric,
                                  const v1::MetricJudgement& judgement) {
  harm_alone_.push_back(
      absl::StrCat(judgement.reason(), ", and no old version takes traffic any more"));
  Add("canary.harm", metric, harm_alone_.back(), v1::SEVERITY_BLOCK, v1::EFFECT_BREAKS_NEW_VERSION,
      "Go back to the version before, then compare the errors of the two.");
}

void CanaryFindings::NoWorseThanBefore(const v1::CanaryMetric& metric,
                                       const v1::MetricJudgement& judgement) {
  const v1::PastComparison& past = judgement.old_cohort();
  Say(v1::OUTCOME_PASS,
      absl::StrCat(metric.name(),
                   ": all of the traffic is on the new version, and it is no worse "
                   "than ",
                   past.cohort(), " was in ", past.past_intervals(), " intervals before it"));
}

void CanaryFindings::AddSharedHarm(const v1::CanaryMetric& metric,
                                   const v1::MetricJudgement& judgement) {
  v1::Finding& finding =
      Add("canary.shared_harm", metric, judgement.reason(), v1::SEVERITY_BLOCK,
          v1::EFFECT_BREAKS_RUNNING_VERSION,
          "Take the canary back, and its migration with it where there is one; then look at what "
          "both versions use: the database, caches, queues.");
  finding.add_effects(v1::EFFECT_BREAKS_NEW_VERSION);
}

void CanaryFindings::AddOldVersion(const v1::CanaryMetric& metric,
                                   const v1::MetricJudgement& judgement, bool flattered) {
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

void CanaryFindings::AddUndecided(const v1::CanaryMetric& metric,
                                  const v1::MetricJudgement& judgement, bool forward) {
  const std::string remaining = Remaining(judgement);
  Add("canary.undecided", metric, judgement.reason(),
      forward ? v1::SEVERITY_WARN : v1::SEVERITY_BLOCK, v1::EFFECT_UNPROVEN, remaining);
  outcome_.add_unblock(absl::StrCat(metric.name(), ": ", remaining));
}

std::string CanaryFindings::Remaining(const v1::MetricJudgement& judgement) const {
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

void CanaryFindings::AddNewTypes(const v1::CanaryMetric& metric, const v1::MetricSeries& series,
                                 const v1::MetricJudgement& judgement) {
  const stats::CountBlock exposure{judgement.samples(0).exposure(), judgement.samples(1).exposure(),
                                   0, 0};
  for (const NewType& type : NewTypes(series, exposure, parameters_.alpha)) {
    const v1::Severity severity = SeverityOf("canary.new_error_type");
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

void CanaryFindings::Unseen(const v1::CanaryMetric& metric, const v1::Observation& observation) {
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

void CanaryFindings::NothingToCompare(const v1::CanaryMetric& metric,
                                      const v1::MetricSeries& series,
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

std::string CanaryFindings::CohortsOf(const v1::CanaryMetric& metric,
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

void CanaryFindings::AddUnproven(std::string_view rule, const v1::CanaryMetric& metric,
                                 std::string_view message, std::string_view instead) {
  const std::string sentence = absl::StrCat(metric.name(), ": ", std::string(message));
  Say(v1::OUTCOME_INCONCLUSIVE, sentence);
  Add(rule, metric, sentence, v1::SEVERITY_BLOCK, v1::EFFECT_UNPROVEN, instead);
  outcome_.add_unblock(absl::StrCat(metric.name(), ": ", std::string(instead)));
}

void CanaryFindings::AddDefects(const v1::CanaryMetric& metric,
                                const v1::MetricJudgement& judgement, v1::Severity severity) {
  for (const v1::SeriesFlaw& defect : judgement.defects()) {
    const DefectRule rule = RuleOf(defect);
    Add(rule.rule, metric, absl::StrCat(metric.name(), ": ", defect.detail()), severity,
        v1::EFFECT_UNPROVEN, rule.instead);
    outcome_.add_unblock(absl::StrCat(metric.name(), ": ", rule.instead));
  }
}

CanaryFindings::DefectRule CanaryFindings::RuleOf(const v1::SeriesFlaw& flaw) const {
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
      return {"canary.impossible_counts", "Let `events` select a part of what `exposure` selects."};
    case v1::FLAW_KIND_TRAFFIC_SPLIT:
      return {"canary.traffic_split",
              "See what routes the traffic: weights, sticky sessions, health checks. Or tell the "
              "share that is meant."};
    default:
      return {"canary.not_a_number", "See what exports it: a counter is a whole number."};
  }
}

v1::Severity CanaryFindings::SeverityOf(const char* rule) const {
  const auto set = policy_.severities().find(rule);
  return set == policy_.severities().end() ? v1::SEVERITY_WARN : set->second;
}

v1::Finding& CanaryFindings::Add(std::string_view rule, const v1::CanaryMetric& metric,
                                 std::string_view message, v1::Severity severity, v1::Effect effect,
                                 std::string_view instead) {
  v1::Finding& finding = *outcome_.add_findings();
  finding.set_rule(std::string(rule));
  finding.set_severity(severity);
  finding.add_effects(effect);
  finding.set_subject(metric.name());
  finding.set_message(std::string(message));
  finding.set_instead(std::string(instead));
  return finding;
}

void CanaryFindings::AddTogether(const v1::JudgeResponse& response) {
  v1::CanaryMetric all;
  all.set_name("all metrics");
  Say(v1::OUTCOME_FAIL, response.reason());
  Add("canary.harm", all, response.reason(), v1::SEVERITY_BLOCK, v1::EFFECT_BREAKS_NEW_VERSION,
      "Take the traffic off the canary, then compare the two versions.");
}

void CanaryFindings::NoteWindow(absl::Time now) {
  if (!change_.canary().has_started_at()) return;
  const absl::Duration age = now - FromProto(change_.canary().started_at());
  if (age <= parameters_.window + parameters_.step) return;
  v1::Finding& finding = *outcome_.add_findings();
  finding.set_rule("canary.window");
  finding.set_severity(SeverityOf("canary.window"));
  finding.set_subject(change_.service());
  finding.set_message(absl::StrCat(
      "the canary has run for ", absl::FormatDuration(absl::Trunc(age, absl::Minutes(1))),
      ", longer than the window of ", absl::FormatDuration(parameters_.window),
      ": what happened before is not counted any more"));
  finding.set_instead("Set `window` to at least as long as a canary runs, up to 24h.");
}

}  // namespace gate
