// Counters -> whole numbers per interval: births, resets, gaps, garbage.
#include "gate/evidence/cohort_counts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "checks/proto_time.h"

namespace gate {
namespace {

constexpr double kNone = -1;  // No sample there.
const absl::Time kFirst = absl::FromUnixSeconds(1795180000 / 60 * 60);

IntervalGrid Grid(int boundaries) {
  return {kFirst, absl::Minutes(1), boundaries, /*judged_from=*/0};
}

PrometheusSeries Counter(const std::string& cohort, const std::vector<double>& values,
                         const std::string& instance = "") {
  PrometheusSeries series;
  series.label = cohort;
  series.instance = instance;
  for (size_t i = 0; i < values.size(); ++i) {
    if (values[i] == kNone) continue;
    series.samples.push_back(
        {absl::ToUnixMillis(kFirst + static_cast<int64_t>(i) * absl::Minutes(1)), values[i]});
  }
  return series;
}

v1::MetricSeries Count(const std::vector<PrometheusSeries>& events,
                       const std::vector<PrometheusSeries>& exposure, int boundaries) {
  auto series = CountCohorts(events, exposure, "new", "old", Grid(boundaries));
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
  EXPECT_FALSE(CountCohorts({}, {series}, "new", "old", Grid(5)).ok());
  EXPECT_FALSE(CountCohorts({}, {kOld}, "new", "old", Grid(4)).ok());
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
