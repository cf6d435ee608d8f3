// Counters -> whole numbers per interval: births, resets, gaps, garbage.
#include "gate/evidence/cohort_counts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "absl/strings/str_cat.h"
#include "checks/proto_time.h"

namespace gate {
namespace {

constexpr double kNone = -1;  // No sample there.
const absl::Time kFirst = absl::FromUnixSeconds(1795180000 / 60 * 60);

IntervalGrid Grid(int boundaries) {
  return {kFirst, absl::Minutes(1), boundaries, /*judged_from=*/0, /*past=*/0};
}

PrometheusSeries Counter(const std::string& cohort, const std::vector<double>& values,
                         const std::string& instance = "") {
  PrometheusSeries series;
  series.labels.Set("track", cohort);
  if (!instance.empty()) series.labels.Set("instance", instance);
  for (size_t i = 0; i < values.size(); ++i) {
    if (values[i] == kNone) continue;
    series.samples.push_back(
        {absl::ToUnixMillis(kFirst + static_cast<int64_t>(i) * absl::Minutes(1)), values[i]});
  }
  return series;
}

v1::CohortMetricQuery Query() {
  v1::CohortMetricQuery query;
  query.set_kind(v1::METRIC_KIND_COUNTS);
  query.set_exposure("requests_total");
  query.set_cohort_label("track");
  (*query.mutable_cohorts())["canary"] = "new";
  (*query.mutable_cohorts())["baseline"] = "old";
  return query;
}

v1::MetricSeries Count(const std::vector<PrometheusSeries>& events,
                       const std::vector<PrometheusSeries>& exposure, int boundaries) {
  auto series = CountCohorts({{events, exposure}, {}}, Query(), Grid(boundaries));
  EXPECT_TRUE(series.ok());
  return series.value_or(v1::MetricSeries());
}

// "events/exposure" per interval of a cohort, "-" where it has no point.
std::string Of(const v1::MetricSeries& series, const std::string& cohort, int boundaries) {
  std::string text;
  for (int i = 1; i < boundaries; ++i) {
    std::string one = "-";
    for (const v1::MetricPoint& point : series.points()) {
      if (FromProto(point.time()) != kFirst + i * absl::Minutes(1)) continue;
      const auto found = point.cohorts().find(cohort);
      if (found == point.cohorts().end()) continue;
      one = std::to_string(static_cast<int>(found->second.events())) + "/" +
            std::to_string(static_cast<int>(found->second.exposure()));
    }
    text += (text.empty() ? "" : " ") + one;
  }
  return text;
}

std::string Flaws(const v1::MetricSeries& series) {
  std::string text;
  for (const v1::SeriesFlaw& flaw : series.flaws()) {
    text += (text.empty() ? "" : " ") + v1::FlawKind_Name(flaw.kind()).substr(10) + ":" +
            flaw.cohort() + ":" + std::to_string(flaw.intervals());
  }
  return text;
}

const PrometheusSeries kOld = Counter("old", {500, 600, 700, 800, 900});

TEST(CohortCounts, DifferencesAreExact) {
  const auto series = Count({Counter("new", {7, 7, 9, 10, 10})},
                            {Counter("new", {50, 150, 250, 350, 450}), kOld}, 5);
  EXPECT_EQ(Of(series, "canary", 5), "0/100 2/100 1/100 0/100");
  EXPECT_EQ(Of(series, "baseline", 5), "0/100 0/100 0/100 0/100");
  EXPECT_EQ(Flaws(series), "");
}

TEST(CohortCounts, HostsAndCodesAreAddedUp) {
  const auto series =
      Count({Counter("new", {0, 1, 2, 3, 4}), Counter("new", {5, 5, 5, 7, 7})},
            {Counter("new", {0, 10, 20, 30, 40}), Counter("new", {0, 5, 10, 15, 20}), kOld,
             Counter("someone else", {0, 9, 9, 9, 9})},
            5);
  EXPECT_EQ(Of(series, "canary", 5), "1/15 1/15 3/15 1/15");
}

TEST(CohortCounts, ASeriesThatIsBornOnATargetCountsFromZero) {
  const auto series = Count({Counter("new", {kNone, kNone, kNone, 3, 4}, "a:80")},
                            {Counter("new", {0, 40, 80, 120, 160}, "a:80"), kOld}, 5);
  EXPECT_EQ(Of(series, "canary", 5), "0/40 0/40 3/40 1/40");
  EXPECT_EQ(Flaws(series), "");
}

TEST(CohortCounts, AFreshTargetLosesItsFirstIntervalAndNoMore) {
  const auto series = Count({Counter("new", {kNone, 1, 3, 3, 4}, "a:80")},
                            {Counter("new", {kNone, 40, 80, 120, 160}, "a:80"), kOld}, 5);
  EXPECT_EQ(Of(series, "canary", 5), "- 2/40 0/40 1/40");
  EXPECT_EQ(Of(series, "baseline", 5), "0/100 0/100 0/100 0/100");
  EXPECT_EQ(Flaws(series), "");
}

// A process that has run for years and is scraped only now: its totals are no increment.
TEST(CohortCounts, AnOldProcessThatIsScrapedForTheFirstTimeIsNoBurst) {
  for (const char* cohort : {"new", "old"}) {
    const auto series =
        Count({Counter(cohort, {kNone, kNone, 70000, 70001, 70001}, "b:80")},
              {Counter(cohort, {10, 20, 30, 40, 50}, "a:80"),
               Counter(cohort, {kNone, kNone, 9000000, 9000010, 9000020}, "b:80"),
               Counter(cohort == std::string("new") ? "old" : "new", {0, 1, 2, 3, 4})},
              5);
    EXPECT_EQ(Of(series, cohort == std::string("new") ? "canary" : "baseline", 5),
              "0/10 0/10 1/20 0/20");
    EXPECT_EQ(Flaws(series), "");
  }
}

// A canary that is promoted: the same process, with totals from before, is a baseline now.
TEST(CohortCounts, AProcessThatChangesCohortsBringsNothingAlong) {
  const auto series = Count({},
                            {Counter("new", {5000, 6000, kNone, kNone, kNone}, "a:80"),
                             Counter("new", {0, 10, 20, 30, 40}, "c:80"),
                             Counter("old", {kNone, kNone, 7000, 8000, 9000}, "a:80"),
                             Counter("old", {0, 10, 20, 30, 40}, "b:80")},
                            5);
  EXPECT_EQ(Of(series, "baseline", 5), "0/10 0/10 0/1010 0/1010");
  EXPECT_EQ(Flaws(series), "");
}

TEST(CohortCounts, ATargetWhoseSeriesAreAllReplacedIsAGap) {
  const auto series = Count({},
                            {Counter("new", {5000, 5010, kNone, kNone, kNone}, "a:80"),
                             Counter("new", {kNone, kNone, 5020, 5030, 5040}, "a:80"), kOld},
                            5);
  EXPECT_EQ(Of(series, "canary", 5), "0/10 - 0/10 0/10");
  EXPECT_EQ(Flaws(series), "GAP:canary:1");
}

TEST(CohortCounts, ATargetThatIsSeenOnceIsAGap) {
  const std::vector<PrometheusSeries> others = {Counter("new", {0, 10, 20, 30, 40}, "a:80"), kOld};
  const auto count = [&](const std::vector<double>& values) {
    std::vector<PrometheusSeries> exposure = others;
    exposure.push_back(Counter("new", values, "b:80"));
    return Count({}, exposure, 5);
  };
  const auto series = count({kNone, 90, kNone, kNone, kNone});
  EXPECT_EQ(Of(series, "canary", 5), "0/10 - 0/10 0/10");
  EXPECT_EQ(Flaws(series), "GAP:canary:1");
  // One that ended as the window began, and one that has just come.
  EXPECT_EQ(Flaws(count({90, kNone, kNone, kNone, kNone})), "");
  EXPECT_EQ(Flaws(count({kNone, kNone, kNone, kNone, 90})), "");
}

TEST(CohortCounts, FirstEventsOfATargetWithoutExposureAreAGap) {
  const auto series = Count({Counter("new", {kNone, kNone, 70, 71, 71}, "app:80")},
                            {Counter("new", {0, 100, 200, 300, 400}, "proxy:80"), kOld}, 5);
  EXPECT_EQ(Of(series, "canary", 5), "0/100 - 1/100 0/100");
  EXPECT_EQ(Flaws(series), "GAP:canary:1");
}

TEST(CohortCounts, TheFirstValueEverIsWhereCountingStarts) {
  const auto series = Count({Counter("new", {kNone, kNone, 900, 901, 901})},
                            {Counter("new", {kNone, kNone, 90000, 90100, 90200}),
                             Counter("old", {kNone, kNone, 5, 9, 9})},
                            5);
  EXPECT_EQ(Of(series, "canary", 5), "- - 1/100 0/100");
  EXPECT_EQ(Flaws(series), "");
}

TEST(CohortCounts, TheSourceWasAwayAndComesBackWithOthers) {
  const auto series = Count({},
                            {Counter("new", {10, 20, kNone, kNone, kNone, kNone}),
                             Counter("new", {kNone, kNone, kNone, 90000, 90100, 90200}),
                             Counter("old", {10, 20, kNone, 50, 60, 70})},
                            6);
  EXPECT_EQ(Of(series, "canary", 6), "0/10 - - 0/100 0/100");
  EXPECT_EQ(Flaws(series), "GAP:canary:2 GAP:baseline:2");
}

TEST(CohortCounts, AResetLeavesTheIntervalOut) {
  const auto series =
      Count({Counter("new", {5, 8, 1, 2, 2})}, {Counter("new", {100, 200, 30, 130, 230}), kOld}, 5);
  EXPECT_EQ(Of(series, "canary", 5), "3/100 - 1/100 0/100");
  EXPECT_EQ(Of(series, "baseline", 5), "0/100 0/100 0/100 0/100");
  EXPECT_EQ(Flaws(series), "COUNTER_RESET:canary:1");
}

TEST(CohortCounts, GoneAndBackHigherIsAGap) {
  const auto series = Count(
      {}, {Counter("new", {100, 200, kNone, kNone, 500, 600}), Counter("old", {0, 1, 2, 3, 4, 5})},
      6);
  EXPECT_EQ(Of(series, "canary", 6), "0/100 - - - 0/100");
  EXPECT_EQ(Flaws(series), "GAP:canary:3");
}

TEST(CohortCounts, GoneForGoodIsAGapFromThenOn) {
  const auto series = Count({}, {Counter("new", {100, 200, kNone, kNone, kNone}), kOld}, 5);
  EXPECT_EQ(Of(series, "canary", 5), "0/100 - - -");
  EXPECT_EQ(Flaws(series), "GAP:canary:3");
}

TEST(CohortCounts, OneHostOfTwoMayGo) {
  const auto series = Count(
      {}, {Counter("new", {0, 10, kNone, kNone, kNone}), Counter("new", {0, 10, 20, 30, 40}), kOld},
      5);
  EXPECT_EQ(Of(series, "canary", 5), "0/20 0/10 0/10 0/10");
  EXPECT_EQ(Flaws(series), "");
}

TEST(CohortCounts, ADeadTargetThatLooksFlatHasNoExposure) {
  const auto series = Count({}, {Counter("new", {0, 10, 10, 10, 10}), kOld}, 5);
  EXPECT_EQ(Of(series, "canary", 5), "0/10 0/0 0/0 0/0");
}

TEST(CohortCounts, WhatIsNoCountIsFlagged) {
  for (const double bad : {std::nan(""), HUGE_VAL, -HUGE_VAL, -3.0, 2.5, 1e17}) {
    const auto series =
        Count({Counter("new", {0, 1, bad, 4, 5})}, {Counter("new", {0, 10, 20, 30, 40}), kOld}, 5);
    EXPECT_EQ(Of(series, "canary", 5), "1/10 - - 1/10") << bad;
    EXPECT_EQ(Flaws(series), "NOT_A_NUMBER:canary:2") << bad;
  }
}

TEST(CohortCounts, MoreEventsThanExposure) {
  const auto series =
      Count({Counter("new", {0, 11, 12, 12, 12})}, {Counter("new", {0, 10, 20, 30, 40}), kOld}, 5);
  EXPECT_EQ(Of(series, "canary", 5), "- 1/10 0/10 0/10");
  EXPECT_EQ(Flaws(series), "IMPOSSIBLE:canary:1");
}

TEST(CohortCounts, ACohortThatIsNotThere) {
  EXPECT_EQ(Flaws(Count({}, {kOld}, 5)), "SILENT_COHORT:canary:4");
  EXPECT_EQ(Flaws(Count({}, {Counter("new", {0, 1, 2, 3, 4})}, 5)), "SILENT_COHORT:baseline:4");
}

TEST(CohortCounts, OtherTimesThanAskedForAreRefused) {
  PrometheusSeries series = kOld;
  series.samples[2].milliseconds += 1;
  EXPECT_FALSE(CountCohorts({{{}, {series}}, {}}, Query(), Grid(5)).ok());
  EXPECT_FALSE(CountCohorts({{{}, {kOld}}, {}}, Query(), Grid(4)).ok());
}

// A series with labels.
PrometheusSeries With(PrometheusSeries series,
                      const std::vector<std::pair<std::string, std::string>>& labels) {
  for (const auto& [name, value] : labels) series.labels.Set(name, value);
  return series;
}

v1::MetricSeries Count(const CohortSamples& samples, const v1::CohortMetricQuery& query,
                       const IntervalGrid& grid) {
  auto series = CountCohorts(samples, query, grid);
  EXPECT_TRUE(series.ok()) << series.status();
  return series.value_or(v1::MetricSeries());
}

TEST(CohortCounts, AnyOldCohortIsEnough) {
  v1::CohortMetricQuery query = Query();
  (*query.mutable_cohorts())["stable"] = "";  // Series without the label.
  const PrometheusSeries canary = Counter("new", {0, 10, 20, 30, 40});
  PrometheusSeries stable = Counter("", {0, 100, 200, 300, 400});
  const auto only_stable = Count({{{}, {canary, stable}}, {}}, query, Grid(5));
  EXPECT_EQ(Of(only_stable, "stable", 5), "0/100 0/100 0/100 0/100");
  EXPECT_EQ(Flaws(only_stable), "");
  EXPECT_EQ(Flaws(Count({{{}, {canary, kOld}}, {}}, query, Grid(5))), "");
  EXPECT_EQ(Flaws(Count({{{}, {kOld, stable}}, {}}, query, Grid(5))), "SILENT_COHORT:canary:4");
  EXPECT_EQ(Flaws(Count({{{}, {canary}}, {}}, query, Grid(5))),
            "SILENT_COHORT:baseline:4 SILENT_COHORT:stable:4");
  EXPECT_EQ(only_stable.baseline_kind(), v1::BASELINE_KIND_UNSPECIFIED);
}

TEST(CohortCounts, StrataAreToldApart) {
  v1::CohortMetricQuery query = Query();
  query.set_stratum_label("zone");
  const auto series =
      Count({{{With(Counter("new", {0, 1, 2}), {{"zone", "a"}})},
              {With(Counter("new", {0, 10, 20}), {{"zone", "a"}}), Counter("new", {0, 5, 10}),
               With(Counter("old", {0, 100, 200}), {{"zone", "a"}})}},
             {}},
            query, Grid(3));
  ASSERT_EQ(series.points_size(), 2);
  for (const v1::MetricPoint& point : series.points()) {
    const v1::CohortPoint& canary = point.cohorts().at("canary");
    EXPECT_EQ(canary.exposure(), 0);  // Either strata or sums.
    ASSERT_EQ(canary.strata().size(), 2u);
    EXPECT_EQ(canary.strata().at("a").events(), 1);
    EXPECT_EQ(canary.strata().at("a").exposure(), 10);
    EXPECT_EQ(canary.strata().at("").exposure(), 5);
    EXPECT_EQ(point.cohorts().at("baseline").strata().at("a").exposure(), 100);
  }
}

// Errors whose requests are counted under another value of the label would have no exposure.
TEST(CohortCounts, EventsOfAStratumWithoutExposureAreImpossible) {
  v1::CohortMetricQuery query = Query();
  query.set_stratum_label("zone");
  const auto series =
      Count({{{Counter("new", {0, 1, 2})},
              {With(Counter("new", {0, 10, 20}), {{"zone", "a"}}), Counter("old", {0, 100, 200})}},
             {}},
            query, Grid(3));
  EXPECT_EQ(Flaws(series), "IMPOSSIBLE:canary:2");
}

TEST(CohortCounts, TooManyStrataAreRefused) {
  v1::CohortMetricQuery query = Query();
  query.set_stratum_label("user");
  CohortSamples samples;
  for (int i = 0; i < 5000; ++i) {
    samples.cohorts.exposure.push_back(
        With(Counter("new", {0, 10}), {{"user", std::to_string(i)}}));
  }
  const auto series = CountCohorts(samples, query, Grid(200));
  EXPECT_EQ(series.status().code(), absl::StatusCode::kResourceExhausted);
  EXPECT_NE(series.status().message().find("5001 values of user"), std::string::npos);
}

std::string Types(const v1::MetricSeries& series) {
  std::string text;
  for (const v1::EventType& type : series.types()) {
    text += (text.empty() ? "" : " ") + type.name() + ":";
    const std::map<std::string, double> events(type.events().begin(), type.events().end());
    for (const auto& [cohort, count] : events) {
      text += cohort.substr(0, 1) + std::to_string(static_cast<int>(count));
    }
    text += "p" + std::to_string(static_cast<int>(type.past_events()));
    if (type.has_first_seen()) {
      text += "@" + std::to_string((FromProto(type.first_seen()) - kFirst) / absl::Minutes(1));
    }
  }
  return text;
}

TEST(CohortCounts, KindsOfEventAreToldApart) {
  v1::CohortMetricQuery query = Query();
  query.set_type_label("code");
  const auto event = [](const std::string& cohort, const std::string& code,
                        const std::vector<double>& values) {
    return With(Counter(cohort, values, cohort + ":80"), {{"code", code}});
  };
  const PrometheusSeries old = Counter("old", {500, 600, 700, 800, 900}, "old:80");
  const PrometheusSeries canary = Counter("new", {kNone, 0, 10, 20, 30}, "new:80");
  const auto series = Count(
      {{{event("new", "500", {kNone, 0, 0, 1, 3}), event("new", "new", {kNone, kNone, kNone, 1, 1}),
         event("old", "500", {0, 5, 6, 6, 8}), event("old", "gone", {0, 2, 2, 2, 2}),
         event("old", "never", {7, 7, 7, 7, 7})},
        {canary, old}},
       {}},
      query, Grid(5));
  // The canary's first traffic is in interval 2.
  EXPECT_EQ(Types(series), "500:b3c3p5@2 gone:p2 new:c1p0@3");
  EXPECT_EQ(Flaws(series), "");
}

TEST(CohortCounts, AThousandKindsAreKeptThoseOfTheCanaryAloneFirst) {
  v1::CohortMetricQuery query = Query();
  query.set_type_label("code");
  CohortSamples samples;
  samples.cohorts.exposure = {Counter("new", {0, 9000, 18000}), Counter("old", {0, 9000, 18000})};
  for (int i = 0; i < 1200; ++i) {
    for (const char* cohort : {"new", "old"}) {
      samples.cohorts.events.push_back(
          With(Counter(cohort, {0, 1, 2}), {{"code", "common" + std::to_string(i)}}));
    }
  }
  samples.cohorts.events.push_back(With(Counter("new", {0, 0, 1}), {{"code", "zz_new"}}));
  const auto series = Count(samples, query, Grid(3));
  ASSERT_EQ(series.types_size(), 1000);
  EXPECT_EQ(series.types(999).name(), "zz_new");
  ASSERT_EQ(series.flaws_size(), 1);
  EXPECT_EQ(series.flaws(0).detail(), "of 1201 values of code 201 are left out");
}

// Two hours of the past: old cohorts only, and without a word of what cannot be known of it.
TEST(CohortCounts, ThePastIsTheOldCohortsAlone) {
  v1::CohortMetricQuery query = Query();
  query.set_type_label("code");
  // Boundaries 0..1 show what was there, 1..4 is the past, from 4 on it counts.
  const IntervalGrid grid = {kFirst, absl::Minutes(1), 7, /*judged_from=*/4, /*past=*/3};
  const CohortSamples samples = {
      {{With(Counter("old", {0, 0, 3, 3, 4, 4, 5}), {{"code", "500"}}),
        With(Counter("new", {0, 9, kNone, kNone, 0, 0, 1}), {{"code", "500"}})},
       {Counter("old", {0, 100, 200, 50, 150, 250, 350}),
        Counter("new", {0, 10, kNone, kNone, 0, 10, 20})}},
      {}};
  const auto series = Count(samples, query, grid);
  EXPECT_EQ(Of(series, "baseline", 7), "- 3/100 - 1/100 0/100 1/100");
  EXPECT_EQ(Of(series, "canary", 7), "- - - - 0/10 1/10");
  EXPECT_EQ(Flaws(series), "");
  EXPECT_EQ(Types(series), "500:b1c1p4@6");
  // What counts is the same without it.
  const auto judged =
      Count({{{With(Counter("old", {kNone, kNone, kNone, 3, 4, 4, 5}), {{"code", "500"}}),
               With(Counter("new", {kNone, kNone, kNone, kNone, 0, 0, 1}), {{"code", "500"}})},
              {Counter("old", {kNone, kNone, kNone, 50, 150, 250, 350}),
               Counter("new", {kNone, kNone, kNone, kNone, 0, 10, 20})}},
             {}},
            query, grid.Judged());
  EXPECT_EQ(Of(judged, "canary", 7), "- - - - 0/10 1/10");
  EXPECT_EQ(Of(judged, "baseline", 7), "- - - - 0/100 1/100");
  EXPECT_EQ(Types(judged), "500:b1c1p0@6");
}

// "bound:count" per bucket of a point.
std::string Buckets(const v1::CohortPoint& point) {
  std::string text;
  for (const v1::HistogramBucket& bucket : point.buckets()) {
    text += absl::StrCat(text.empty() ? "" : " ", bucket.le(), ":", bucket.count());
  }
  return text;
}

PrometheusSeries Bucket(const std::string& cohort, const std::string& le,
                        const std::vector<double>& values, const std::string& instance) {
  return With(Counter(cohort, values, instance), {{"le", le}});
}

TEST(CohortHistograms, TargetsAreAddedUpAtTheBoundsOfAll) {
  v1::CohortMetricQuery query = Query();
  query.set_kind(v1::METRIC_KIND_HISTOGRAM);
  const auto series =
      Count({{{Bucket("new", "0.5", {0, 1, 2}, "a"), Bucket("new", "1", {0, 2, 5}, "a"),
               Bucket("new", "+Inf", {0, 3, 9}, "a"),
               // Another version of the library prints bounds otherwise.
               Bucket("new", "1.0", {7, 8, 9}, "b"), Bucket("new", "+Inf", {9, 10, 12}, "b"),
               Bucket("old", "1", {0, 4, 8}, "c"), Bucket("old", "2", {0, 5, 9}, "c"),
               Bucket("old", "+Inf", {0, 5, 10}, "c"), Bucket("old", "0", {0, 0, 0}, "c")},
              {}},
             {}},
            query, Grid(3));
  ASSERT_EQ(series.points_size(), 2) << series.ShortDebugString();
  EXPECT_EQ(Buckets(series.points(0).cohorts().at("canary")), "1:3 inf:4");
  EXPECT_EQ(Buckets(series.points(1).cohorts().at("canary")), "1:4 inf:8");
  EXPECT_EQ(Buckets(series.points(1).cohorts().at("baseline")), "1:4 inf:5");
  EXPECT_EQ(Flaws(series), "");
}

// Before the restart that brought the bucket, it would seem empty, and the process slow.
TEST(CohortHistograms, ABoundThatCameLaterIsLeftOut) {
  v1::CohortMetricQuery query = Query();
  query.set_kind(v1::METRIC_KIND_HISTOGRAM);
  const auto old = [](const std::string& le) { return Bucket("old", le, {0, 10, 20, 30}, "b"); };
  const auto series = Count(
      {{{Bucket("new", "0.1", {kNone, kNone, 5, 14}, "a"), Bucket("new", "1", {0, 9, 5, 14}, "a"),
         Bucket("new", "+Inf", {0, 10, 5, 15}, "a"), old("0.1"), old("1"), old("+Inf")},
        {}},
       {}},
      query, Grid(4));
  ASSERT_EQ(series.points_size(), 3);
  EXPECT_EQ(Buckets(series.points(0).cohorts().at("canary")), "1:9 inf:10");
  EXPECT_EQ(Flaws(series), "COUNTER_RESET:canary:1");
}

TEST(CohortHistograms, WhatCannotBeIsLeftOut) {
  v1::CohortMetricQuery query = Query();
  query.set_kind(v1::METRIC_KIND_HISTOGRAM);
  const auto old = [](const std::string& le) { return Bucket("old", le, {0, 10, 20}, "b"); };
  const auto series = Count({{{Bucket("new", "1", {0, 12, 20}, "a"),
                               Bucket("new", "+Inf", {0, 10, 20}, "a"), old("1"), old("+Inf")},
                              {}},
                             {}},
                            query, Grid(3));
  EXPECT_EQ(Flaws(series), "IMPOSSIBLE:canary:1");
  EXPECT_EQ(series.flaws(0).detail().substr(0, 37), "a bucket holds more than a larger one");
  EXPECT_FALSE(CountCohorts({{{kOld}, {}}, {}}, query, Grid(5)).ok());  // No bucket at all.
}

TEST(CohortCosts, ACostWithoutExposureCountsWithTheNextInterval) {
  v1::CohortMetricQuery query = Query();
  query.set_kind(v1::METRIC_KIND_VALUES);
  const auto series =
      Count({{{Counter("new", {0, 1.5, 3.25, 3.5, 4}), Counter("old", {0, 1, 2, 3, 4})},
              {Counter("new", {0, 10, 10, 10, 20}), kOld}},
             {}},
            query, Grid(5));
  ASSERT_EQ(series.points_size(), 4);
  const auto canary = [&](int i) { return series.points(i).cohorts().at("canary"); };
  EXPECT_EQ(canary(0).values(0), 0.15);
  EXPECT_EQ(canary(1).values_size(), 0);
  EXPECT_EQ(canary(3).values(0), 0.25);  // 1.75 + 0.25 + 0.5 for ten.
  EXPECT_EQ(canary(3).weights(0), 10);
  EXPECT_EQ(Flaws(series), "");
}

TEST(CohortCosts, AResetOfTheCostLeavesTheIntervalOut) {
  v1::CohortMetricQuery query = Query();
  query.set_kind(v1::METRIC_KIND_VALUES);
  const auto series = Count({{{Counter("new", {5, 8.5, 0.5, 1})},
                              {Counter("new", {0, 10, 20, 30}), Counter("old", {0, 1, 2, 3})}},
                             {}},
                            query, Grid(4));
  EXPECT_EQ(Flaws(series), "COUNTER_RESET:canary:1");
  EXPECT_FALSE(series.points(1).cohorts().contains("canary"));
}

TEST(CohortGauges, WhatIsNoNumberIsFlagged) {
  v1::CohortMetricQuery query = Query();
  query.set_kind(v1::METRIC_KIND_VALUES);
  query.clear_exposure();
  const auto series =
      Count({{{Counter("new", {1, -2.5, std::nan(""), 4}), Counter("new", {1, 7, 7, kNone}, "b"),
               Counter("old", {1, 2, 3, kNone})},
              {}},
             {}},
            query, Grid(4));
  EXPECT_EQ(Flaws(series), "NOT_A_NUMBER:canary:1 GAP:baseline:1");
  const v1::CohortPoint& canary = series.points(0).cohorts().at("canary");
  ASSERT_EQ(canary.values_size(), 2);
  EXPECT_EQ(canary.values(0), -2.5);
  EXPECT_EQ(canary.values(1), 7);
  EXPECT_EQ(canary.weights_size(), 0);
}

TEST(IntervalGrid, KeepsThePastWithinOneQuery) {
  const absl::Time now = kFirst + absl::Hours(3) + absl::Seconds(30);
  const IntervalGrid grid = GridFor(now - absl::Hours(1), absl::Minutes(1), now, absl::Hours(4));
  const IntervalGrid without = GridFor(now - absl::Hours(1), absl::Minutes(1), now);
  EXPECT_EQ(grid.past, 240);
  EXPECT_EQ(grid.Judged().first, without.first);
  EXPECT_EQ(grid.Judged().boundaries, without.boundaries);
  EXPECT_EQ(grid.Judged().judged_from, without.judged_from);
  EXPECT_EQ(grid.Past().end(), without.At(without.judged_from));
  const IntervalGrid long_past =
      GridFor(now - absl::Hours(24), absl::Seconds(10), now, absl::Hours(24 * 7));
  EXPECT_EQ(long_past.boundaries, 11000);
  // What counts comes first.
  EXPECT_EQ(long_past.Judged().boundaries,
            GridFor(now - absl::Hours(24), absl::Seconds(10), now).boundaries);
}

TEST(IntervalGrid, IsTheSameAMinuteLater) {
  const absl::Time now = kFirst + absl::Hours(3) + absl::Seconds(30);
  const absl::Time start = now - absl::Minutes(20);
  const IntervalGrid grid = GridFor(start, absl::Minutes(1), now);
  const IntervalGrid later = GridFor(start, absl::Minutes(1), now + absl::Minutes(1));
  EXPECT_EQ(grid.At(grid.judged_from), later.At(later.judged_from));
  EXPECT_EQ(later.boundaries, grid.boundaries + 1);
  EXPECT_GE(grid.At(grid.judged_from), start);
  EXPECT_LE(grid.end(), now - absl::Seconds(5));
  EXPECT_EQ(grid.judged_from, 5);
  // The last scrape of an interval that ends now may be on its way.
  EXPECT_EQ(GridFor(start, absl::Minutes(1), kFirst + absl::Hours(3)).end(),
            kFirst + absl::Hours(3) - absl::Minutes(1));
  EXPECT_EQ(GridFor(now - absl::Seconds(20), absl::Minutes(1), now).boundaries, 0);
  EXPECT_EQ(GridFor(now - absl::Hours(24), absl::Seconds(5), now).boundaries, 11000);
}

}  // namespace
}  // namespace gate
