// Series -> outcome and the sentences that people read. Goldens: tests/golden/canary/*.txt.
#include "checks/canary/canary.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "checks/canary/presets.h"
#include "checks/proto_time.h"
#include "tests/support/golden.h"

namespace gate {
namespace {

using ::testing::HasSubstr;

const absl::Time kNow = absl::FromUnixSeconds(1795183245);  // 2026-11-20 14:00:45 UTC

v1::Change Change(v1::ChangeKind kind = v1::CHANGE_KIND_CODE) {
  v1::Change change;
  change.set_service("payments");
  change.set_environment("production");
  change.set_version("2026.11.3");
  change.set_kind(kind);
  return change;
}

v1::PolicyRule Rule() {
  v1::PolicyRule rule;
  v1::CanaryPolicy& canary = *rule.mutable_checks()->mutable_canary();
  canary.set_source("main");
  canary.set_cohort_label("track");
  v1::CanaryMetric& metric = *canary.add_metrics();
  metric.set_name("http_5xx");
  metric.set_events(R"(http_requests_total{job="${service}",code=~"5.."})");
  metric.set_exposure(R"(http_requests_total{job="${service}"})");
  return rule;
}

// Events per interval of `canary` and `baseline`, each of so many requests; ends a minute ago.
v1::MetricSeries Series(const std::vector<double>& canary, const std::vector<double>& baseline,
                        double canary_requests = 1000, double baseline_requests = 1000) {
  v1::MetricSeries series;
  series.set_kind(v1::METRIC_KIND_COUNTS);
  *series.mutable_step() = ToProto(absl::Minutes(1));
  const int count = static_cast<int>(canary.size());
  for (int i = 0; i < count; ++i) {
    v1::MetricPoint& point = *series.add_points();
    *point.mutable_time() =
        ToProto(absl::FromUnixSeconds(1795183200) - (count - 1 - i) * absl::Minutes(1));
    v1::CohortPoint& c = (*point.mutable_cohorts())["canary"];
    c.set_events(canary[i]);
    c.set_exposure(canary_requests);
    v1::CohortPoint& b = (*point.mutable_cohorts())["baseline"];
    b.set_events(baseline[i]);
    b.set_exposure(baseline_requests);
  }
  return series;
}

// About `mean` events per interval, spread as single events are.
std::vector<double> About(double mean, int count) {
  const std::vector<double> pattern = {0, 1.1, -0.6, 0.4, -1.2, 0.7, -0.2, 1.4, -1, 0.2, -0.4};
  std::vector<double> values;
  for (int i = 0; i < count; ++i) {
    const double value = mean + pattern[static_cast<size_t>(i * 7 + static_cast<int>(mean)) % 11] *
                                    std::sqrt(mean) * 0.9;
    values.push_back(std::max(0.0, std::round(value)));
  }
  return values;
}

Evidence With(const v1::MetricSeries& series, const std::string& id = "canary.http_5xx") {
  Evidence evidence;
  v1::Observation observation;
  observation.set_id(id);
  observation.set_source("prometheus:main");
  *observation.mutable_metric() = series;
  evidence.Add(observation);
  return evidence;
}

v1::SeriesFlaw Flaw(v1::FlawKind kind, const std::string& detail) {
  v1::SeriesFlaw flaw;
  flaw.set_kind(kind);
  flaw.set_cohort("canary");
  *flaw.mutable_time() = ToProto(kNow - absl::Minutes(20));
  flaw.set_intervals(1);
  flaw.set_detail(detail);
  return flaw;
}

std::string Text(const v1::CheckOutcome& outcome) {
  std::string text =
      absl::StrCat(v1::Outcome_Name(outcome.outcome()), "\n", outcome.summary(), "\n");
  for (const v1::Finding& finding : outcome.findings()) {
    absl::StrAppend(&text, "\n", v1::Severity_Name(finding.severity()), " ", finding.rule(), " (",
                    finding.subject(), ")\n  ", finding.message(),
                    "\n  Instead: ", finding.instead(), "\n");
  }
  for (const std::string& unblock : outcome.unblock())
    absl::StrAppend(&text, "\nunblock: ", unblock);
  if (outcome.advice() != v1::ADVICE_UNSPECIFIED) {
    absl::StrAppend(&text, "\n", v1::Advice_Name(outcome.advice()), "\n");
  }
  if (outcome.has_retry_at()) {
    absl::StrAppend(&text, "\nask again at ", Rfc3339(FromProto(outcome.retry_at())), "\n");
  }
  return text;
}

struct Case {
  std::string name;
  v1::Outcome outcome;
  std::function<v1::CheckOutcome()> judge;
};

v1::CheckOutcome JudgeSeries(const v1::MetricSeries& series) {
  return kCanaryCheck.judge(Change(), With(series), Rule(), kNow);
}

v1::MetricSeries Harmful() { return Series(About(8, 30), About(1, 30)); }
v1::MetricSeries Healthy() { return Series(About(60, 60), About(60, 60), 6000, 6000); }

// Commands per request, with the noise of hosts.
v1::MetricSeries Costs(double canary, double baseline) {
  v1::MetricSeries series = Series(About(0, 60), About(0, 60));
  series.set_kind(v1::METRIC_KIND_VALUES);
  const std::vector<double> noise = About(100, 137);
  size_t next = 0;
  for (v1::MetricPoint& point : *series.mutable_points()) {
    for (const auto& [cohort, mean] : {std::pair("canary", canary), {"baseline", baseline}}) {
      v1::CohortPoint value;
      value.add_values(mean * noise[next++ * 31 % noise.size()] / 100);
      value.add_weights(1000);
      (*point.mutable_cohorts())[cohort] = value;
    }
  }
  return series;
}

v1::PolicyRule CostRule() {
  v1::PolicyRule rule = Rule();
  v1::CanaryMetric& metric = *rule.mutable_checks()->mutable_canary()->mutable_metrics(0);
  metric.clear_events();
  metric.set_name("redis_commands");
  metric.set_cost(R"(redis_commands_total{job="${service}"})");
  metric.set_unit("commands per request");
  return rule;
}

// Errors per minute of the old version in the four hours before the canary and in its ten minutes,
// out of 2,000 requests, and of a canary of 1,000.
v1::MetricSeries WithPast(double past, double old, double canary) {
  std::vector<double> baseline = About(past, 240);
  for (const double events : About(old, 10)) baseline.push_back(events);
  v1::MetricSeries series = Series(About(canary, 250), baseline, 1000, 2000);
  for (int i = 0; i < 240; ++i) series.mutable_points(i)->mutable_cohorts()->erase("canary");
  for (v1::MetricPoint& point : *series.mutable_points()) {
    auto& cohorts = *point.mutable_cohorts();
    cohorts["stable"] = cohorts["baseline"];
    cohorts.erase("baseline");
  }
  return series;
}

// The same where the canary took all of the traffic at once.
v1::MetricSeries Promoted(double past, double canary) {
  v1::MetricSeries series = WithPast(past, past, canary);
  for (v1::MetricPoint& point : *series.mutable_points()) {
    if (point.cohorts().contains("canary")) point.mutable_cohorts()->erase("stable");
  }
  return series;
}

// By a rollout at its end.
v1::CheckOutcome JudgeComplete(const v1::MetricSeries& series) {
  v1::Change change = Change();
  *change.mutable_stage()->mutable_exposed_at() = change.canary().started_at();
  *change.mutable_stage()->mutable_complete_at() = change.canary().started_at();
  return kCanaryCheck.judge(change, With(series), Rule(), kNow);
}

v1::Change MigratedBesideACanary(absl::Duration exposed_ago, absl::Duration migrated_ago) {
  v1::Change change = Change();
  change.mutable_schema_change();
  *change.mutable_canary()->mutable_started_at() = ToProto(kNow - exposed_ago);
  *change.mutable_stage()->mutable_exposed_at() = change.canary().started_at();
  *change.mutable_stage()->mutable_migrated_at() = ToProto(kNow - migrated_ago);
  return change;
}

// What is asked of the time since begins with its first whole interval.
Evidence WithSinceSchemaChange(const v1::MetricSeries& series, const v1::Change& change) {
  v1::MetricSeries since = series;
  const absl::Time first = FromProto(change.stage().migrated_at()) + absl::Minutes(1);
  for (v1::MetricPoint& point : *since.mutable_points()) {
    if (FromProto(point.time()) < first) point.mutable_cohorts()->erase("canary");
  }
  Evidence evidence = With(series);
  evidence.Add(With(since, "canary.http_5xx@schema").Get("canary.http_5xx@schema"));
  return evidence;
}

// With a schema change as a step of its rollout, so long after which it is judged.
v1::CheckOutcome JudgeMigrated(const v1::MetricSeries& series, absl::Duration ago) {
  const v1::Change change = MigratedBesideACanary(absl::Minutes(61), ago);
  return kCanaryCheck.judge(change, WithSinceSchemaChange(series, change), Rule(), kNow);
}

std::vector<Case> Cases() {
  const auto flawed = [](v1::MetricSeries series, v1::FlawKind kind, const std::string& detail) {
    *series.add_flaws() = Flaw(kind, detail);
    return [series] { return JudgeSeries(series); };
  };
  return {
      {"harm", v1::OUTCOME_FAIL, [] { return JudgeSeries(Harmful()); }},
      {"harm_none_on_baseline", v1::OUTCOME_FAIL,
       [] { return JudgeSeries(Series(About(8, 30), std::vector<double>(30, 0))); }},
      {"harm_of_a_small_canary", v1::OUTCOME_FAIL,
       [] { return JudgeSeries(Series(About(3, 40), About(4, 40), 100, 1900)); }},
      {"safe", v1::OUTCOME_PASS, [] { return JudgeSeries(Healthy()); }},
      {"undecided", v1::OUTCOME_INCONCLUSIVE,
       [] { return JudgeSeries(Series(About(3, 12), About(2, 12))); }},
      {"no_errors_at_all", v1::OUTCOME_INCONCLUSIVE,
       [] { return JudgeSeries(Series(std::vector<double>(30, 0), std::vector<double>(30, 0))); }},
      {"no_errors_and_tolerated", v1::OUTCOME_PASS,
       [] {
         const std::vector<double> none(40, 0);
         return JudgeSeries(Series(none, none, 10000, 90000));
       }},
      {"few_errors_and_tolerated", v1::OUTCOME_PASS,
       [] {
         std::vector<double> canary(60, 0), baseline(60, 0);
         canary[17] = canary[40] = baseline[3] = 1;
         return JudgeSeries(Series(canary, baseline, 10000, 90000));
       }},
      {"no_errors_and_nothing_tolerated", v1::OUTCOME_INCONCLUSIVE,
       [] {
         v1::PolicyRule rule = Rule();
         rule.mutable_checks()->mutable_canary()->mutable_metrics(0)->set_tolerated_rate(0);
         const std::vector<double> none(40, 0);
         return kCanaryCheck.judge(Change(), With(Series(none, none, 10000, 90000)), rule, kNow);
       }},
      {"rare_and_still_harm", v1::OUTCOME_FAIL,
       [] {
         v1::PolicyRule rule = Rule();
         rule.mutable_checks()->mutable_canary()->mutable_metrics(0)->set_tolerated_rate(0.01);
         return kCanaryCheck.judge(Change(), With(Series(About(8, 30), About(1, 30), 10000, 10000)),
                                   rule, kNow);
       }},
      {"no_errors_and_a_gap", v1::OUTCOME_INCONCLUSIVE,
       [] {
         const std::vector<double> none(40, 0);
         v1::MetricSeries series = Series(none, none, 10000, 90000);
         series.mutable_points(20)->clear_cohorts();
         return JudgeSeries(series);
       }},
      {"not_started", v1::OUTCOME_INCONCLUSIVE,
       [] {
         return JudgeSeries(
             Series(std::vector<double>(30, 0), About(2, 30), /*canary_requests=*/0));
       }},
      {"counter_reset", v1::OUTCOME_INCONCLUSIVE,
       flawed(Healthy(), v1::FLAW_KIND_COUNTER_RESET, "a counter fell of canary in 1 interval")},
      {"counter_reset_and_harm", v1::OUTCOME_FAIL,
       flawed(Harmful(), v1::FLAW_KIND_COUNTER_RESET, "a counter fell of canary in 1 interval")},
      {"gap", v1::OUTCOME_INCONCLUSIVE,
       flawed(Healthy(), v1::FLAW_KIND_GAP, "there are no samples of canary in 3 intervals")},
      {"holes", v1::OUTCOME_INCONCLUSIVE,
       [] {
         v1::MetricSeries series = Healthy();
         series.mutable_points(20)->mutable_cohorts()->erase("canary");
         series.mutable_points(21)->clear_cohorts();
         return JudgeSeries(series);
       }},
      {"not_a_number", v1::OUTCOME_INCONCLUSIVE,
       flawed(Healthy(), v1::FLAW_KIND_NOT_A_NUMBER, "a value is not a whole number")},
      {"unnamed_flaw", v1::OUTCOME_INCONCLUSIVE,
       flawed(Healthy(), v1::FLAW_KIND_UNSPECIFIED, "something new")},
      {"baseline_silent", v1::OUTCOME_INCONCLUSIVE,
       [] { return JudgeSeries(Series(About(2, 30), std::vector<double>(30, 0), 1000, 0)); }},
      {"canary_went_silent", v1::OUTCOME_INCONCLUSIVE,
       [] {
         v1::MetricSeries series = Healthy();
         for (int i = 50; i < 60; ++i) {
           v1::CohortPoint& point = (*series.mutable_points(i)->mutable_cohorts())["canary"];
           point.set_events(0);
           point.set_exposure(0);
         }
         return JudgeSeries(series);
       }},
      {"stale", v1::OUTCOME_INCONCLUSIVE,
       [] {
         return kCanaryCheck.judge(Change(), With(Healthy()), Rule(), kNow + absl::Minutes(4));
       }},
      {"stale_harm", v1::OUTCOME_FAIL,
       [] {
         return kCanaryCheck.judge(Change(), With(Harmful()), Rule(), kNow + absl::Minutes(4));
       }},
      {"impossible", v1::OUTCOME_INCONCLUSIVE,
       [] {
         v1::MetricSeries series = Healthy();
         (*series.mutable_points(3)->mutable_cohorts())["canary"].set_events(7000);
         return JudgeSeries(series);
       }},
      {"half_an_error", v1::OUTCOME_INCONCLUSIVE,
       [] {
         v1::MetricSeries series = Healthy();
         (*series.mutable_points(3)->mutable_cohorts())["canary"].set_events(3.5);
         return JudgeSeries(series);
       }},
      {"nan", v1::OUTCOME_INCONCLUSIVE,
       [] {
         v1::MetricSeries series = Healthy();
         (*series.mutable_points(3)->mutable_cohorts())["baseline"].set_exposure(std::nan(""));
         return JudgeSeries(series);
       }},
      {"no_data", v1::OUTCOME_INCONCLUSIVE,
       [] {
         Evidence evidence;
         evidence.Add(Absent("canary.http_5xx", "prometheus:main", v1::ABSENCE_REASON_UNREACHABLE,
                             "connection refused"));
         return kCanaryCheck.judge(Change(), evidence, Rule(), kNow);
       }},
      {"version_is_needed", v1::OUTCOME_INCONCLUSIVE,
       [] {
         v1::PolicyRule rule = Rule();
         rule.mutable_checks()->mutable_canary()->mutable_metrics(0)->set_events(
             R"(errors_total{version="${version}"})");
         v1::Change change = Change();
         change.clear_version();
         return kCanaryCheck.judge(change, Evidence(), rule, kNow);
       }},
      {"lower_is_worse", v1::OUTCOME_FAIL,
       [] {
         v1::PolicyRule rule = Rule();
         v1::CanaryMetric& metric = *rule.mutable_checks()->mutable_canary()->mutable_metrics(0);
         metric.set_name("logins");
         metric.set_direction(v1::DIRECTION_LOWER_IS_WORSE);
         return kCanaryCheck.judge(
             Change(), With(Series(About(20, 40), About(60, 40)), "canary.logins"), rule, kNow);
       }},
      {"either_is_safe", v1::OUTCOME_PASS,
       [] {
         v1::PolicyRule rule = Rule();
         v1::CanaryMetric& metric = *rule.mutable_checks()->mutable_canary()->mutable_metrics(0);
         metric.set_direction(v1::DIRECTION_EITHER);
         return kCanaryCheck.judge(Change(), With(Healthy()), rule, kNow);
       }},
      {"either_falls", v1::OUTCOME_FAIL,
       [] {
         v1::PolicyRule rule = Rule();
         v1::CanaryMetric& metric = *rule.mutable_checks()->mutable_canary()->mutable_metrics(0);
         metric.set_direction(v1::DIRECTION_EITHER);
         return kCanaryCheck.judge(Change(), With(Series(About(20, 40), About(60, 40))), rule,
                                   kNow);
       }},
      {"bursts_are_no_harm", v1::OUTCOME_INCONCLUSIVE,
       [] {
         std::vector<double> canary(30, 0), baseline(30, 0);
         for (const int i : {2, 9, 17}) canary[i] = 14;
         for (const int i : {5, 25}) baseline[i] = 12;
         return JudgeSeries(Series(canary, baseline));
       }},
      {"longer_than_the_window", v1::OUTCOME_PASS,
       [] {
         v1::Change change = Change();
         *change.mutable_canary()->mutable_started_at() = ToProto(kNow - absl::Hours(3));
         return kCanaryCheck.judge(change, With(Healthy()), Rule(), kNow);
       }},
      {"dearer", v1::OUTCOME_FAIL,
       [] {
         return kCanaryCheck.judge(Change(), With(Costs(14, 6), "canary.redis_commands"),
                                   CostRule(), kNow);
       }},
      {"no_dearer", v1::OUTCOME_PASS,
       [] {
         return kCanaryCheck.judge(Change(), With(Costs(6, 6), "canary.redis_commands"), CostRule(),
                                   kNow);
       }},
      {"old_version_suffers", v1::OUTCOME_PASS,
       [] {
         v1::Change change = Change();
         change.mutable_schema_change();
         return kCanaryCheck.judge(change, With(WithPast(8, 400, 8)), Rule(), kNow);
       }},
      {"old_version_suffers_and_the_series_is_stale", v1::OUTCOME_INCONCLUSIVE,
       [] {
         v1::Change change = Change();
         change.mutable_schema_change();
         return kCanaryCheck.judge(change, With(WithPast(8, 400, 8)), Rule(),
                                   kNow + absl::Minutes(10));
       }},
      {"old_version_suffers_before_its_migration", v1::OUTCOME_INCONCLUSIVE,
       [] {
         v1::Change change = Change();
         change.mutable_schema_change();
         *change.mutable_stage()->mutable_exposed_at() = change.canary().started_at();
         return kCanaryCheck.judge(change, With(WithPast(8, 400, 8)), Rule(), kNow);
       }},
      {"old_version_suffers_after_its_migration", v1::OUTCOME_PASS,
       [] {
         v1::Change change = Change();
         change.mutable_schema_change();
         *change.mutable_stage()->mutable_exposed_at() = change.canary().started_at();
         *change.mutable_stage()->mutable_migrated_at() = change.canary().started_at();
         return kCanaryCheck.judge(change, With(WithPast(8, 400, 8)), Rule(), kNow);
       }},
      {"schema_changed_just_now", v1::OUTCOME_INCONCLUSIVE,
       [] { return JudgeMigrated(Healthy(), absl::Seconds(90)); }},
      {"schema_changed_a_while_ago", v1::OUTCOME_INCONCLUSIVE,
       [] { return JudgeMigrated(Healthy(), absl::Minutes(10)); }},
      {"schema_changed_long_enough_ago", v1::OUTCOME_PASS,
       [] {
         return JudgeMigrated(Series(About(600, 60), About(600, 60), 60000, 60000),
                              absl::Minutes(25));
       }},
      {"harm_from_before_the_schema_changed", v1::OUTCOME_FAIL,
       [] { return JudgeMigrated(Harmful(), absl::Minutes(2)); }},
      {"old_version_suffers_without_a_migration", v1::OUTCOME_INCONCLUSIVE,
       [] { return kCanaryCheck.judge(Change(), With(WithPast(8, 400, 8)), Rule(), kNow); }},
      {"both_versions_suffer", v1::OUTCOME_FAIL, [] { return JudgeSeries(WithPast(8, 100, 50)); }},
      {"worse_than_the_version_before", v1::OUTCOME_FAIL,
       [] { return JudgeSeries(Promoted(8, 100)); }},
      {"worse_than_the_version_before_as_every_week", v1::OUTCOME_INCONCLUSIVE,
       [] {
         v1::MetricSeries series = Promoted(8, 100);
         for (v1::MetricPoint& point : *series.mutable_points()) {
           if (point.cohorts().contains("canary")) {
             (*point.mutable_cohorts())["earlier-1w"] = point.cohorts().at("canary");
           }
         }
         return JudgeSeries(series);
       }},
      {"as_good_as_the_version_before", v1::OUTCOME_INCONCLUSIVE,
       [] { return JudgeSeries(Promoted(8, 4)); }},
      {"as_good_as_the_version_before_at_the_end_of_a_rollout", v1::OUTCOME_PASS,
       [] { return JudgeComplete(Promoted(8, 4)); }},
      {"worse_than_the_version_before_at_the_end_of_a_rollout", v1::OUTCOME_FAIL,
       [] { return JudgeComplete(Promoted(8, 100)); }},
      {"no_past_at_the_end_of_a_rollout", v1::OUTCOME_INCONCLUSIVE,
       [] {
         v1::MetricSeries series = Healthy();
         for (auto& point : *series.mutable_points()) point.mutable_cohorts()->erase("baseline");
         return JudgeComplete(series);
       }},
      {"a_gap_at_the_end_of_a_rollout", v1::OUTCOME_INCONCLUSIVE,
       [] {
         v1::MetricSeries series = Promoted(8, 4);
         *series.add_flaws() = Flaw(v1::FLAW_KIND_GAP, "nothing was scraped for five minutes");
         return JudgeComplete(series);
       }},
      {"new_error_type", v1::OUTCOME_PASS,
       [] {
         v1::MetricSeries series = Healthy();
         v1::EventType& type = *series.add_types();
         type.set_name("KeyError");
         (*type.mutable_events())["canary"] = 2100;
         *type.mutable_first_seen() = ToProto(kNow - absl::Minutes(50));
         v1::EventType& known = *series.add_types();
         known.set_name("Timeout");
         (*known.mutable_events())["canary"] = 512;
         (*known.mutable_events())["baseline"] = 1;
         return JudgeSeries(series);
       }},
      {"no_old_version", v1::OUTCOME_INCONCLUSIVE,
       [] {
         v1::MetricSeries series = Healthy();
         for (auto& point : *series.mutable_points()) point.mutable_cohorts()->erase("baseline");
         return JudgeSeries(series);
       }},
      {"warm_up", v1::OUTCOME_INCONCLUSIVE,
       [] {
         v1::PolicyRule rule = Rule();
         *rule.mutable_checks()->mutable_canary()->mutable_warm_up() = ToProto(absl::Minutes(30));
         return kCanaryCheck.judge(Change(), With(Series(About(8, 20), About(1, 20))), rule, kNow);
       }},
      {"traffic_split", v1::OUTCOME_INCONCLUSIVE,
       [] {
         v1::Change change = Change();
         change.mutable_canary()->set_share(0.05);
         return kCanaryCheck.judge(change, With(Healthy()), Rule(), kNow);
       }},
      {"clock", v1::OUTCOME_INCONCLUSIVE,
       [] {
         return kCanaryCheck.judge(Change(), With(Healthy()), Rule(), kNow - absl::Minutes(20));
       }},
      {"migration", v1::OUTCOME_SKIPPED,
       [] {
         return kCanaryCheck.judge(Change(v1::CHANGE_KIND_MIGRATION), Evidence(), Rule(), kNow);
       }},
  };
}

TEST(Canary, OutcomesAndSentences) {
  std::set<std::string> referenced;
  for (const Case& one : Cases()) {
    SCOPED_TRACE(one.name);
    const v1::CheckOutcome outcome = one.judge();
    EXPECT_EQ(v1::Outcome_Name(outcome.outcome()), v1::Outcome_Name(one.outcome));
    const std::string path = "golden/canary/" + one.name + ".txt";
    EXPECT_TRUE(testing::MatchesGolden(path, Text(outcome)));
    referenced.insert(path);
    for (const v1::Finding& finding : outcome.findings()) {
      bool documented = false;
      for (const RuleDoc& rule : kCanaryCheck.rules()) documented |= rule.id == finding.rule();
      EXPECT_TRUE(documented) << finding.rule();
    }
    EXPECT_EQ(one.judge().SerializeAsString(), outcome.SerializeAsString());
  }
  EXPECT_TRUE(testing::NoStrayGoldens("golden/canary", referenced));
}

// Hours after a schema change its minutes are long out of the window: both spans are carried, each
// by a question of its own.
TEST(Canary, WhatCameSinceASchemaChangeIsAskedForAndCarriedByItself) {
  v1::Change change = MigratedBesideACanary(absl::Minutes(61), absl::Minutes(61));
  EXPECT_EQ(kCanaryCheck.needs(change, Rule()).size(), 1u) << "before the canary, not beside it";
  change = MigratedBesideACanary(absl::Hours(4), absl::Minutes(200));
  const std::vector<v1::Query> queries = kCanaryCheck.needs(change, Rule());
  ASSERT_EQ(queries.size(), 2u);
  EXPECT_EQ(FromProto(queries[0].cohort_metric().start()), kNow - absl::Hours(4));
  EXPECT_EQ(queries[1].id(), "canary.http_5xx@schema");
  EXPECT_EQ(FromProto(queries[1].cohort_metric().start()), kNow - absl::Minutes(200));

  v1::MetricSeries series = Series(About(600, 240), About(600, 240), 60000, 60000);
  *series.mutable_settled_until() = ToProto(kNow);
  const auto states =
      kCanaryCheck.carry(change, WithSinceSchemaChange(series, change), Rule(), kNow);
  ASSERT_EQ(states.size(), 2u);
  EXPECT_EQ(states[0].query, queries[0].id());
  EXPECT_EQ(states[1].query, queries[1].id());
  EXPECT_GT(FromProto(states[1].state.until()), kNow - absl::Minutes(60));

  // What is left of the points, and the state: it is no less proven.
  Evidence later;
  for (const CarriedState& state : states) {
    v1::MetricSeries rest = series;
    rest.clear_points();
    for (const v1::MetricPoint& point : series.points()) {
      if (FromProto(point.time()) > FromProto(state.state.until())) *rest.add_points() = point;
    }
    *rest.mutable_state() = state.state;
    later.Add(With(rest, state.query).Get(state.query));
  }
  EXPECT_EQ(kCanaryCheck.judge(change, later, Rule(), kNow).outcome(), v1::OUTCOME_PASS);

  // Where it is not known, it is no proof.
  const v1::CheckOutcome unknown = kCanaryCheck.judge(change, With(series), Rule(), kNow);
  EXPECT_EQ(unknown.outcome(), v1::OUTCOME_INCONCLUSIVE);
  EXPECT_EQ(unknown.findings(0).rule(), "canary.no_data");
}

TEST(Canary, PassNeedsEveryMetricAndHarmNeedsOne) {
  v1::PolicyRule rule = Rule();
  v1::CanaryMetric& second = *rule.mutable_checks()->mutable_canary()->add_metrics();
  second = rule.checks().canary().metrics(0);
  second.set_name("http_4xx");
  const auto judge = [&](const v1::MetricSeries& first, const v1::MetricSeries& other) {
    Evidence evidence = With(first);
    evidence.Add(With(other, "canary.http_4xx").Get("canary.http_4xx"));
    return kCanaryCheck.judge(Change(), evidence, rule, kNow).outcome();
  };
  const v1::MetricSeries open = Series(About(3, 12), About(2, 12));
  EXPECT_EQ(judge(Healthy(), Healthy()), v1::OUTCOME_PASS);
  EXPECT_EQ(judge(Healthy(), open), v1::OUTCOME_INCONCLUSIVE);
  EXPECT_EQ(judge(open, Healthy()), v1::OUTCOME_INCONCLUSIVE);
  EXPECT_EQ(judge(Healthy(), Harmful()), v1::OUTCOME_FAIL);
  // One metric without evidence.
  EXPECT_EQ(kCanaryCheck.judge(Change(), With(Healthy()), rule, kNow).outcome(),
            v1::OUTCOME_INCONCLUSIVE);
}

TEST(Canary, TheToleratedRateIsPrintedAsItWasWritten) {
  const std::vector<double> none(5, 0);
  for (const auto& [rate, text] : {std::pair(1e-4, "under 0.01 %"),
                                   {0.5, "under 50 %"},
                                   {0.00035, "under 0.035 %"},
                                   {2e-7, "under 0.00002 %"}}) {
    v1::PolicyRule rule = Rule();
    rule.mutable_checks()->mutable_canary()->mutable_metrics(0)->set_tolerated_rate(rate);
    const auto outcome = kCanaryCheck.judge(Change(), With(Series(none, none)), rule, kNow);
    EXPECT_THAT(outcome.summary(), HasSubstr(text));
  }
}

// Where less is worse, silence is what harm looks like.
TEST(Canary, ALowRateIsNoExcuseWhereLessIsWorse) {
  const std::vector<double> none(60, 0);
  for (const v1::Direction direction : {v1::DIRECTION_LOWER_IS_WORSE, v1::DIRECTION_EITHER}) {
    v1::PolicyRule rule = Rule();
    rule.mutable_checks()->mutable_canary()->mutable_metrics(0)->set_direction(direction);
    const Evidence evidence = With(Series(none, none, 1e6, 1e6));
    EXPECT_EQ(kCanaryCheck.judge(Change(), evidence, rule, kNow).outcome(),
              v1::OUTCOME_INCONCLUSIVE);
  }
}

TEST(Canary, WhatIsBeforeTheStartDoesNotCount) {
  v1::MetricSeries series = Series(About(8, 30), About(1, 30));
  v1::Change change = Change();
  *change.mutable_canary()->mutable_started_at() = series.points(27).time();
  const v1::CheckOutcome outcome = kCanaryCheck.judge(change, With(series), Rule(), kNow);
  EXPECT_EQ(outcome.outcome(), v1::OUTCOME_INCONCLUSIVE);
  EXPECT_THAT(outcome.summary(), HasSubstr("of 2,000 requests"));
}

TEST(Canary, TheOrderOfPointsDoesNotMatter) {
  for (const v1::MetricSeries& series : {Healthy(), Harmful()}) {
    v1::MetricSeries shuffled = series;
    for (int i = 0; i < series.points_size(); ++i) {
      *shuffled.mutable_points(i) = series.points(i * 7 % series.points_size());
    }
    EXPECT_EQ(JudgeSeries(shuffled).SerializeAsString(), JudgeSeries(series).SerializeAsString());
  }
}

// A source that leaves out what it does not know, and does not say so.
TEST(Canary, HolesForbidAPassAndNotAFail) {
  const auto without = [](v1::MetricSeries series, int from, int count, const char* cohort) {
    for (int i = from; i < from + count; ++i) {
      series.mutable_points(i)->mutable_cohorts()->erase(cohort);
    }
    return JudgeSeries(series);
  };
  const auto pass = v1::OUTCOME_PASS, open = v1::OUTCOME_INCONCLUSIVE;
  EXPECT_EQ(without(Healthy(), 0, 0, "canary").outcome(), pass);
  for (const char* cohort : {"canary", "baseline"}) {
    EXPECT_EQ(without(Healthy(), 30, 1, cohort).outcome(), open) << cohort;
    EXPECT_EQ(without(Harmful(), 15, 1, cohort).outcome(), v1::OUTCOME_FAIL) << cohort;
    // Before the first block nothing was expected; the newest may be on its way.
    EXPECT_EQ(without(Healthy(), 0, 3, cohort).outcome(), pass) << cohort;
    EXPECT_EQ(without(Healthy(), 58, 2, cohort).outcome(), pass) << cohort;
    // On its way for longer than max_age, 3 minutes: stale.
    EXPECT_EQ(without(Healthy(), 55, 5, cohort).outcome(), open) << cohort;
  }
  // A hole among the newest is one as soon as a later interval is there.
  EXPECT_EQ(without(Healthy(), 58, 1, "canary").outcome(), open);

  v1::MetricSeries series = Healthy();
  series.mutable_points()->DeleteSubrange(40, 2);
  const v1::CheckOutcome left_out = JudgeSeries(series);
  EXPECT_EQ(left_out.outcome(), open);
  EXPECT_THAT(left_out.summary(), HasSubstr("2 intervals have no values of both cohorts"));

  // Said once: the source's own flaw explains it.
  *series.add_flaws() = Flaw(v1::FLAW_KIND_GAP, "there are no samples of canary in 2 intervals");
  EXPECT_EQ(JudgeSeries(series).findings_size(), 1);
}

TEST(CanaryNeeds, FillsAndEscapes) {
  v1::PolicyRule rule = Rule();
  v1::CanaryMetric& metric = *rule.mutable_checks()->mutable_canary()->mutable_metrics(0);
  metric.set_events(R"(errors_total{job=~"${service}-.*", version="${version}"})");
  v1::Change change = Change();
  change.set_service("pay.ments");
  change.set_version("1\"} or up{a=\"${service}\\\n");
  *change.mutable_canary()->mutable_started_at() = ToProto(kNow - absl::Minutes(20));
  const std::vector<v1::Query> queries = kCanaryCheck.needs(change, rule);
  ASSERT_EQ(queries.size(), 1u);
  EXPECT_EQ(queries[0].id(), "canary.http_5xx");
  const v1::CohortMetricQuery& counts = queries[0].cohort_metric();
  EXPECT_EQ(counts.events(),
            R"(errors_total{job=~"pay\\.ments-.*",version="1\"} or up{a=\"${service}\\\x0a"})");
  EXPECT_EQ(counts.exposure(), R"(http_requests_total{job="pay.ments"})");
  EXPECT_EQ(counts.cohorts().at("canary"), "canary");
  EXPECT_EQ(counts.cohorts().at("baseline"), "baseline");
  EXPECT_EQ(FromProto(counts.start()), kNow - absl::Minutes(20));
  EXPECT_EQ(FromProto(counts.window()), absl::Hours(1));
  EXPECT_EQ(FromProto(counts.step()), absl::Minutes(1));
  EXPECT_TRUE(kCanaryCheck.needs(Change(v1::CHANGE_KIND_MIGRATION), rule).empty());
  EXPECT_TRUE(kCanaryCheck.needs(Change(v1::CHANGE_KIND_FLAG_FLIP), rule).empty());
  change.clear_version();
  EXPECT_TRUE(kCanaryCheck.needs(change, rule).empty());
}

TEST(CanaryNeeds, OneQueryForEachMetricWhateverItMeasures) {
  v1::PolicyRule rule = CostRule();
  v1::CanaryPolicy& policy = *rule.mutable_checks()->mutable_canary();
  policy.set_canary("${version}");
  policy.set_stratum_label("hoster");
  policy.add_metrics()->set_name("queue_depth");
  policy.mutable_metrics(1)->set_gauge("queue_depth");
  policy.add_metrics()->set_name("latency");
  policy.mutable_metrics(2)->set_histogram(R"(request_seconds{job="${service}"})");
  const std::vector<v1::Query> queries = kCanaryCheck.needs(Change(), rule);
  ASSERT_EQ(queries.size(), 3u);
  const v1::CohortMetricQuery& cost = queries[0].cohort_metric();
  EXPECT_EQ(cost.kind(), v1::METRIC_KIND_VALUES);
  EXPECT_EQ(cost.events(), R"(redis_commands_total{job="payments"})");
  EXPECT_EQ(cost.exposure(), R"(http_requests_total{job="payments"})");
  EXPECT_EQ(cost.cohorts().at("canary"), "2026.11.3");
  EXPECT_EQ(cost.cohorts().at("stable"), "stable");
  EXPECT_EQ(cost.stratum_label(), "hoster");
  const v1::CohortMetricQuery& gauge = queries[1].cohort_metric();
  EXPECT_EQ(gauge.kind(), v1::METRIC_KIND_VALUES);
  EXPECT_EQ(gauge.events(), "queue_depth");
  EXPECT_EQ(gauge.exposure(), "");
  const v1::CohortMetricQuery& latency = queries[2].cohort_metric();
  EXPECT_EQ(latency.kind(), v1::METRIC_KIND_HISTOGRAM);
  EXPECT_EQ(latency.histogram(), R"(request_seconds{job="payments"})");
  EXPECT_EQ(FromProto(latency.past()), absl::Hours(4));
}

TEST(CanaryPresets, AreMetricsLikeAnyOther) {
  v1::PolicyRule rule = Rule();
  v1::CanaryPolicy& policy = *rule.mutable_checks()->mutable_canary();
  policy.clear_metrics();
  for (const std::string_view name : PresetNames()) {
    policy.add_presets(std::string(name));
    v1::PolicyRule own = Rule();
    v1::CanaryPolicy& metrics = *own.mutable_checks()->mutable_canary();
    metrics.clear_metrics();
    for (v1::CanaryMetric& metric : Preset(name, R"(app="${service}")")) {
      *metrics.add_metrics() = std::move(metric);
    }
    EXPECT_GT(metrics.metrics_size(), 0);
    for (const ParameterIssue& issue : kCanaryCheck.validate(v1::Policy(), own)) {
      ADD_FAILURE() << name << " " << issue.field << ": " << issue.message;
    }
  }
  EXPECT_TRUE(kCanaryCheck.validate(v1::Policy(), rule).empty());
  std::set<std::string> ids;
  for (const v1::Query& query : kCanaryCheck.needs(Change(), rule)) {
    EXPECT_TRUE(ids.insert(query.id()).second) << query.id();
  }
  EXPECT_TRUE(ids.contains("canary.redis_commands"));
  // The policy's own metric takes the place of the preset's.
  policy.add_metrics()->set_name("http_5xx");
  policy.mutable_metrics(0)->set_events("mine_total");
  policy.mutable_metrics(0)->set_exposure("all_total");
  const std::vector<v1::Query> queries = kCanaryCheck.needs(Change(), rule);
  EXPECT_EQ(queries.size(), ids.size());
  EXPECT_EQ(queries[0].cohort_metric().events(), "mine_total");
}

// Makes a metric one that is reported.
void Report(v1::MetricKind kind, v1::CanaryMetric& metric) {
  metric.clear_events();
  metric.clear_exposure();
  metric.set_kind(kind);
}

struct BadPolicy {
  std::string field;
  std::string message;
  std::function<void(v1::CanaryPolicy&)> change;
};

class CanaryValidate : public ::testing::TestWithParam<int> {};

const std::vector<BadPolicy>& BadPolicies() {
  const auto events = [](std::string text) {
    return
        [text = std::move(text)](v1::CanaryPolicy& p) { p.mutable_metrics(0)->set_events(text); };
  };
  static const auto& policies = *new std::vector<BadPolicy>{
      {"source", "must name a metrics source", [](auto& p) { p.clear_source(); }},
      {"cohort_label", "must be the label", [](auto& p) { p.set_cohort_label("0a"); }},
      {"baseline", "must differ from canary", [](auto& p) { p.set_baseline("canary"); }},
      {"alpha", "must be over 0 and under 0.5", [](auto& p) { p.set_alpha(0.5); }},
      {"alpha", "must be over 0 and under 0.5", [](auto& p) { p.set_alpha(-0.1); }},
      {"alpha", "must be over 0 and under 0.5", [](auto& p) { p.set_alpha(std::nan("")); }},
      {"window", "must be 1m to 24h", [](auto& p) { p.mutable_window()->set_seconds(86401); }},
      {"step", "must be 5s to 1h", [](auto& p) { p.mutable_step()->set_seconds(4); }},
      {"step", "must be whole seconds",
       [](auto& p) {
         p.mutable_step()->set_seconds(5);
         p.mutable_step()->set_nanos(1);
       }},
      {"step", "must not be longer than the window",
       [](auto& p) { p.mutable_step()->set_seconds(3600), p.mutable_window()->set_seconds(600); }},
      {"step", "at most 11000 steps",
       [](auto& p) { p.mutable_step()->set_seconds(5), p.mutable_window()->set_seconds(86400); }},
      {"max_age", "must be longer than the step",
       [](auto& p) { p.mutable_max_age()->set_seconds(60); }},
      {"metrics", "at least one", [](auto& p) { p.clear_metrics(); }},
      {"metrics[0].name", "[a-z0-9_]", [](auto& p) { p.mutable_metrics(0)->set_name("5xx!"); }},
      {"metrics[1].name", "is used twice", [](auto& p) { *p.add_metrics() = p.metrics(0); }},
      {"metrics[0].margin", "must be 0 to 100",
       [](auto& p) { p.mutable_metrics(0)->set_margin(-1); }},
      {"metrics[0].margin", "must be under 1",
       [](auto& p) {
         p.mutable_metrics(0)->set_margin(1);
         p.mutable_metrics(0)->set_direction(v1::DIRECTION_EITHER);
       }},
      {"metrics[0].tolerated_rate", "must be 0 (off) to under 1",
       [](auto& p) { p.mutable_metrics(0)->set_tolerated_rate(-1e-4); }},
      {"metrics[0].tolerated_rate", "must be 0 (off) to under 1",
       [](auto& p) { p.mutable_metrics(0)->set_tolerated_rate(1); }},
      {"metrics[0].tolerated_rate", "must be 0 (off) to under 1",
       [](auto& p) { p.mutable_metrics(0)->set_tolerated_rate(std::nan("")); }},
      {"metrics[0].tolerated_rate", "for HIGHER_IS_WORSE only",
       [](auto& p) {
         p.mutable_metrics(0)->set_tolerated_rate(1e-4);
         p.mutable_metrics(0)->set_direction(v1::DIRECTION_LOWER_IS_WORSE);
       }},
      {"metrics[0].tolerated_rate", "for HIGHER_IS_WORSE only",
       [](auto& p) {
         p.mutable_metrics(0)->set_tolerated_rate(1e-4);
         p.mutable_metrics(0)->set_direction(v1::DIRECTION_EITHER);
       }},
      {"past", "must be 0 to 168h", [](auto& p) { p.mutable_past()->set_seconds(700000); }},
      {"warm_up", "must be 0 to 30m", [](auto& p) { p.mutable_warm_up()->set_seconds(1801); }},
      {"earlier_weeks", "must be 0 to 8", [](auto& p) { p.set_earlier_weeks(9); }},
      {"stable", "must differ from baseline", [](auto& p) { p.set_stable("baseline"); }},
      {"stratum_label", "must be a label", [](auto& p) { p.set_stratum_label("a-b"); }},
      {"presets[0]", "unknown preset \"htp\"; there are celery, envoy",
       [](auto& p) { p.add_presets("htp"); }},
      {"preset_matchers", "expected", [](auto& p) { p.set_preset_matchers("job="); }},
      {"severities[\"canary.harm\"]", "can be set for canary.new_error_type and canary.window only",
       [](auto& p) { (*p.mutable_severities())["canary.harm"] = v1::SEVERITY_INFO; }},
      {"metrics[0]", "more than one of",
       [](auto& p) { p.mutable_metrics(0)->set_histogram("h_seconds"); }},
      {"metrics[0].exposure", "must name the counter of requests",
       [](auto& p) { p.mutable_metrics(0)->clear_exposure(); }},
      {"metrics[0].exposure", "is for a metric with",
       [](auto& p) {
         p.mutable_metrics(0)->clear_events();
         p.mutable_metrics(0)->set_gauge("g");
       }},
      {"metrics[0].quantile", "is for a metric with `histogram` only",
       [](auto& p) { p.mutable_metrics(0)->set_quantile(0.5); }},
      {"metrics[0].type_label", "must be a label",
       [](auto& p) { p.mutable_metrics(0)->set_type_label("a b"); }},
      {"metrics[0].events", "must name a counter",
       [](auto& p) {
         p.mutable_metrics(0)->clear_events();
         p.mutable_metrics(0)->clear_exposure();
       }},
      {"metrics[0].kind", "is for a metric that is reported",
       [](auto& p) { p.mutable_metrics(0)->set_kind(v1::METRIC_KIND_COUNTS); }},
      {"metrics[0].kind", "is for a metric that is reported",
       [](auto& p) {
         p.mutable_metrics(0)->clear_events();
         p.mutable_metrics(0)->set_kind(v1::METRIC_KIND_COUNTS);
       }},
      {"metrics[0].quantile", "is for a metric with `histogram` only",
       [](auto& p) {
         Report(v1::METRIC_KIND_COUNTS, *p.mutable_metrics(0));
         p.mutable_metrics(0)->set_quantile(0.5);
       }},
      {"metrics[0].type_label", "is for a metric with `events` only",
       [](auto& p) {
         Report(v1::METRIC_KIND_COUNTS, *p.mutable_metrics(0));
         p.mutable_metrics(0)->set_type_label("code");
       }},
      {"source", "is where metrics with `kind` come from",
       [](auto& p) { p.set_source("reported"); }},
      {"cohort_label", "must be the label",
       [](auto& p) {
         Report(v1::METRIC_KIND_COUNTS, *p.mutable_metrics(0));
         p.set_cohort_label("a-b");
       }},
      {"metrics[0].events", "a range is not wanted", events("errors_total[5m]")},
      {"metrics[0].events", "a function is not wanted", events("rate(errors_total[5m])")},
      {"metrics[0].events", "expected the end", events("errors_total offset 5m")},
      {"metrics[0].events", "expected the end", events("a_total / b_total")},
      {"metrics[0].events", "expected a label", events("errors_total{,}")},
      {"metrics[0].events", "expected , or }", events(R"(errors_total{a="b")")},
      {"metrics[0].events", "the string has no end", events(R"(errors_total{a="b})")},
      {"metrics[0].events", "expected a string", events("errors_total{a=b}")},
      {"metrics[0].events", "expected one of", events(R"(errors_total{a>"b"})")},
      {"metrics[0].events", "bad escape", events(R"(errors_total{a="\q"})")},
      {"metrics[0].events", "unknown placeholder ${servise}", events(R"(e{a="${servise}"})")},
      {"metrics[0].events", "must not select on track", events(R"(e_total{track="canary"})")},
  };
  return policies;
}

TEST_P(CanaryValidate, SaysWhatIsWrong) {
  const BadPolicy& bad = BadPolicies()[static_cast<size_t>(GetParam())];
  v1::PolicyRule rule = Rule();
  bad.change(*rule.mutable_checks()->mutable_canary());
  const std::vector<ParameterIssue> issues = kCanaryCheck.validate(v1::Policy(), rule);
  ASSERT_EQ(issues.size(), 1u);
  EXPECT_EQ(issues[0].field, "checks.canary." + bad.field);
  EXPECT_THAT(issues[0].message, HasSubstr(bad.message));
}

INSTANTIATE_TEST_SUITE_P(Table, CanaryValidate,
                         ::testing::Range(0, static_cast<int>(BadPolicies().size())));

TEST(CanaryValidate, AcceptsWhatIsGood) {
  EXPECT_TRUE(kCanaryCheck.validate(v1::Policy(), Rule()).empty());
  for (const char* selector : {"up", "a:b:c_total", R"({__name__="x"})", R"( x { a = 'b' , } )",
                               "x{a=~`5..`,b!=\"\",c!~\"d|e\"}"}) {
    v1::PolicyRule rule = Rule();
    rule.mutable_checks()->mutable_canary()->mutable_metrics(0)->set_events(selector);
    EXPECT_TRUE(kCanaryCheck.validate(v1::Policy(), rule).empty()) << selector;
  }
}

TEST(CanaryReported, NeedsNoServerAndNoLabel) {
  v1::PolicyRule rule = Rule();
  v1::CanaryPolicy& policy = *rule.mutable_checks()->mutable_canary();
  policy.clear_source();
  policy.clear_cohort_label();
  for (const v1::MetricKind kind :
       {v1::METRIC_KIND_COUNTS, v1::METRIC_KIND_VALUES, v1::METRIC_KIND_HISTOGRAM}) {
    Report(kind, *policy.mutable_metrics(0));
    EXPECT_TRUE(kCanaryCheck.validate(v1::Policy(), rule).empty()) << kind;
    const std::vector<v1::Query> queries = kCanaryCheck.needs(Change(), rule);
    ASSERT_EQ(queries.size(), 1u);
    EXPECT_EQ(queries[0].cohort_metric().source(), "reported");
    EXPECT_EQ(queries[0].cohort_metric().kind(), kind);
  }
}

TEST(CanaryReported, MayStandBesideThoseOfAServer) {
  v1::PolicyRule rule = Rule();
  v1::CanaryPolicy& policy = *rule.mutable_checks()->mutable_canary();
  v1::CanaryMetric& metric = *policy.add_metrics();
  metric.set_name("abandoned_carts");
  metric.set_kind(v1::METRIC_KIND_COUNTS);
  EXPECT_TRUE(kCanaryCheck.validate(v1::Policy(), rule).empty());
  std::vector<std::string> sources;
  for (const v1::Query& query : kCanaryCheck.needs(Change(), rule)) {
    sources.push_back(query.cohort_metric().source());
  }
  EXPECT_THAT(sources, ::testing::ElementsAre(policy.source(), "reported"));
}

}  // namespace
}  // namespace gate
