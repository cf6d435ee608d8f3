// What every store promises of metrics that are reported (gate/store/store.h), held to both.
#include <gmock/gmock.h>

#include <thread>

#include "absl/strings/str_cat.h"
#include "gate/base/digest.h"
#include "tests/store/store_fixture.h"

namespace gate {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class ReportsTest : public StoreTest {};
INSTANTIATE_TEST_SUITE_P(, ReportsTest, ::testing::Values(Engine::kSqlite, Engine::kPostgres),
                         EngineName);

absl::Time Minute(int minute) { return Noon() + absl::Minutes(minute); }

SeriesKey Key(std::string metric = "http_5xx") {
  return {"orders", "production", std::move(metric), v1::METRIC_KIND_COUNTS, absl::Minutes(1)};
}

ReportedPoint Point(int minute, std::string cohort = "canary", std::string content = "one") {
  return {Minute(minute), std::move(cohort), std::move(content)};
}

MetricsReport Report(std::vector<ReportedPoint> points, SeriesKey key = Key()) {
  MetricsReport report;
  report.series.push_back({std::move(key), std::move(points)});
  return report;
}

// At a minute after noon: an hour to catch up, a day until points are forgotten.
ReportBounds At(int minute) {
  const absl::Time now = Minute(minute);
  return {now, now - absl::Hours(24), now - absl::Hours(1), 100, 1000};
}

std::vector<std::string> Read(Store& store, const SeriesKey& key = Key()) {
  const auto series = store.ReadSeries({key, Noon() - absl::Hours(1000), Minute(100'000)});
  if (!series.ok()) return {series.status().ToString()};
  std::vector<std::string> texts;
  for (const ReportedPoint& point : series->points) {
    texts.push_back(absl::StrCat((point.time - Noon()) / absl::Minutes(1), " ", point.cohort, " ",
                                 point.content));
  }
  return texts;
}

TEST_P(ReportsTest, WhatWasReportedIsThereAlsoAfterOpeningAgain) {
  const std::string bytes("\0\xff'", 3);
  {
    const auto store = Open();
    const auto reported = store->ReportMetrics(
        Report({Point(2, "baseline", bytes), Point(2, "canary", ""), Point(1)}), At(3));
    ASSERT_TRUE(reported.ok()) << reported.status();
    EXPECT_EQ(reported->points, 3);
    EXPECT_EQ(reported->known, 0);
  }
  const auto store = Open();
  const auto series = store->ReadSeries({Key(), Minute(0), Minute(2)});
  ASSERT_TRUE(series.ok()) << series.status();
  EXPECT_TRUE(series->found);
  EXPECT_EQ(series->newest, Minute(2));
  EXPECT_THAT(Read(*store), ElementsAre("1 canary one", "2 baseline " + bytes, "2 canary "));
  const auto part = store->ReadSeries({Key(), Minute(1), Minute(2)});
  ASSERT_TRUE(part.ok());
  EXPECT_EQ(part->points.size(), 2u) << "the first moment is excluded, the last one is not";
}

TEST_P(ReportsTest, TheSameAgainIsKnownAndAnotherContentIsRefusedAndNothingOfItTaken) {
  const auto store = Open();
  ASSERT_TRUE(store->ReportMetrics(Report({Point(1), Point(2)}), At(3)).ok());
  const auto again = store->ReportMetrics(Report({Point(2), Point(3)}), At(3));
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->points, 2);
  EXPECT_EQ(again->known, 1);

  MetricsReport other = Report({Point(4), Point(2, "canary", "two")});
  other.series.push_back({Key("another"), {Point(4)}});
  const auto refused = store->ReportMetrics(other, At(4));
  EXPECT_TRUE(absl::IsFailedPrecondition(refused.status())) << refused.status();
  EXPECT_EQ(ReasonOf(refused.status()), "REPORTED_OTHERWISE");
  EXPECT_THAT(std::string(refused.status().message()),
              AllOf(HasSubstr("http_5xx of orders in production: canary at 2026-11-20T12:02:00Z"),
                    HasSubstr("another content")));
  EXPECT_THAT(Read(*store), ElementsAre("1 canary one", "2 canary one", "3 canary one"));
  EXPECT_THAT(Read(*store, Key("another")), IsEmpty());
}

TEST_P(ReportsTest, ARequestIdIsForOneReport) {
  const auto store = Open();
  MetricsReport report = Report({Point(1)});
  report.request_id = "one";
  report.request_digest = Sha256Hex("one");
  EXPECT_EQ(store->ReportMetrics(report, At(2))->known, 0);
  EXPECT_EQ(store->ReportMetrics(report, At(2))->known, 1);
  MetricsReport other = Report({Point(2)});
  other.request_id = "one";
  other.request_digest = Sha256Hex("two");
  const auto refused = store->ReportMetrics(other, At(2));
  EXPECT_TRUE(absl::IsAlreadyExists(refused.status())) << refused.status();
  EXPECT_EQ(ReasonOf(refused.status()), "REQUEST_ID_REUSED");
  EXPECT_THAT(Read(*store), ElementsAre("1 canary one"));
  // A report that was refused has used up nothing.
  MetricsReport wrong = Report({Point(1, "canary", "two")});
  wrong.request_id = other.request_id = "two";
  wrong.request_digest = Sha256Hex("three");
  EXPECT_FALSE(store->ReportMetrics(wrong, At(2)).ok());
  EXPECT_TRUE(store->ReportMetrics(other, At(2)).ok());
}

TEST_P(ReportsTest, KindsStepsServicesAndEnvironmentsAreApart) {
  const auto store = Open();
  SeriesKey values = Key(), longer = Key(), staging = Key(), payments = Key();
  values.kind = v1::METRIC_KIND_VALUES;
  longer.step = absl::Minutes(5);
  staging.environment = "staging";
  payments.service = "payments";
  ASSERT_TRUE(store->ReportMetrics(Report({Point(5)}, values), At(6)).ok());
  ASSERT_TRUE(store->ReportMetrics(Report({Point(5)}, longer), At(6)).ok());
  const auto none = store->ReadSeries({Key(), Minute(0), Minute(9)});
  ASSERT_TRUE(none.ok());
  EXPECT_FALSE(none->found);
  ASSERT_EQ(none->others.size(), 2u);
  EXPECT_EQ(none->others[0].kind, v1::METRIC_KIND_COUNTS);
  EXPECT_EQ(none->others[0].step, absl::Minutes(5));
  EXPECT_EQ(none->others[1].kind, v1::METRIC_KIND_VALUES);
  for (const SeriesKey& key : {staging, payments}) {
    ASSERT_TRUE(store->ReportMetrics(Report({Point(5, "canary", "other")}, key), At(6)).ok());
  }
  ASSERT_TRUE(store->ReportMetrics(Report({Point(5)}), At(6)).ok());
  EXPECT_THAT(Read(*store), ElementsAre("5 canary one"));
  EXPECT_THAT(Read(*store, staging), ElementsAre("5 canary other"));
}

TEST_P(ReportsTest, WhatIsOldIsTakenOldestFirstAndNeverBetween) {
  const auto store = Open();
  ASSERT_TRUE(store->ReportMetrics(Report({Point(1), Point(3)}), At(600)).ok());
  ASSERT_TRUE(store->ReportMetrics(Report({Point(5), Point(5, "stable")}), At(600)).ok());
  for (const ReportedPoint& late : {Point(4), Point(3, "baseline"), Point(5, "baseline")}) {
    const auto refused = store->ReportMetrics(Report({late}), At(600));
    EXPECT_TRUE(absl::IsFailedPrecondition(refused.status())) << refused.status();
    EXPECT_EQ(ReasonOf(refused.status()), "REPORTED_TOO_LATE");
  }
  EXPECT_EQ(store->ReportMetrics(Report({Point(3)}), At(600))->known, 1);
  // Within the hour the order does not matter.
  ASSERT_TRUE(store->ReportMetrics(Report({Point(590)}), At(600)).ok());
  EXPECT_TRUE(store->ReportMetrics(Report({Point(580, "stable")}), At(600)).ok());
}

TEST_P(ReportsTest, PointsAreForgottenAndSeriesAndRequestsWithThem) {
  const auto store = Open();
  constexpr int kDay = 24 * 60;
  MetricsReport first = Report({Point(0), Point(1)});
  first.request_id = "first";
  ASSERT_TRUE(store->ReportMetrics(first, At(1)).ok());
  ASSERT_TRUE(store->ReportMetrics(Report({Point(1)}, Key("gone")), At(1)).ok());
  ASSERT_TRUE(store->ReportMetrics(Report({Point(kDay + 1)}), At(kDay + 1)).ok());
  EXPECT_THAT(Read(*store), ElementsAre("1 canary one", absl::StrCat(kDay + 1, " canary one")));
  ASSERT_TRUE(store->ReportMetrics(Report({Point(kDay + 5)}), At(kDay + 5)).ok());
  EXPECT_THAT(Read(*store, Key("gone")), IsEmpty());
  EXPECT_EQ(Sql("SELECT metric, points FROM " + Table("reported_series")), "http_5xx|2\n");
  EXPECT_EQ(Sql("SELECT count(*) FROM " + Table("reported_points")), "2\n");
  EXPECT_EQ(Sql("SELECT count(*) FROM " + Table("reported_requests")), "0\n");
}

TEST_P(ReportsTest, NoMoreThanTheBoundsIsKept) {
  const auto store = Open();
  ReportBounds bounds = At(10);
  bounds.max_series = 2;
  bounds.max_points_per_series = 3;
  ASSERT_TRUE(store->ReportMetrics(Report({Point(1), Point(2)}), bounds).ok());
  const auto many = store->ReportMetrics(Report({Point(3), Point(4)}), bounds);
  EXPECT_TRUE(absl::IsResourceExhausted(many.status())) << many.status();
  EXPECT_EQ(ReasonOf(many.status()), "TOO_MANY_POINTS");
  EXPECT_TRUE(store->ReportMetrics(Report({Point(2), Point(3)}), bounds).ok());
  EXPECT_TRUE(store->ReportMetrics(Report({Point(1)}, Key("b")), bounds).ok());
  const auto another = store->ReportMetrics(Report({Point(1)}, Key("c")), bounds);
  EXPECT_TRUE(absl::IsResourceExhausted(another.status())) << another.status();
  EXPECT_EQ(ReasonOf(another.status()), "TOO_MANY_SERIES");
  EXPECT_EQ(Sql("SELECT metric, points FROM " + Table("reported_series") + " ORDER BY metric"),
            "b|1\nhttp_5xx|3\n");
}

TEST_P(ReportsTest, NoMoreThanFitsIsRead) {
  const auto store = Open();
  for (int minute = 1; minute <= 5; ++minute) {
    const auto reported =
        store->ReportMetrics(Report({Point(minute, "canary", std::string(16 << 20, 'x'))}), At(6));
    ASSERT_TRUE(reported.ok()) << reported.status();
  }
  EXPECT_EQ(store->ReadSeries({Key(), Minute(0), Minute(4)})->points.size(), 4u);
  const absl::Status status = store->ReadSeries({Key(), Minute(0), Minute(5)}).status();
  EXPECT_TRUE(absl::IsResourceExhausted(status)) << status;
}

TEST_P(ReportsTest, ReportersThatRaceAgreeOnWhatWasSaid) {
  const auto store = Open();
  constexpr int kReporters = 6;
  std::vector<absl::StatusOr<Reported>> answers(kReporters, absl::UnknownError(""));
  std::vector<std::thread> threads;
  for (int i = 0; i < kReporters; ++i) {
    threads.emplace_back([&, i] {
      // Two of each: the same content is known, another one is refused.
      MetricsReport report = Report({Point(1, "canary", absl::StrCat(i / 2))});
      report.series.push_back({Key("another"), {Point(1, absl::StrCat("cohort-", i))}});
      if (i % 2 == 1) std::swap(report.series[0], report.series[1]);
      answers[static_cast<size_t>(i)] = store->ReportMetrics(report, At(2));
    });
  }
  for (std::thread& thread : threads) thread.join();
  const std::vector<std::string> stands = Read(*store);
  ASSERT_EQ(stands.size(), 1u);
  for (int i = 0; i < kReporters; ++i) {
    const auto& answer = answers[static_cast<size_t>(i)];
    if (stands[0] == absl::StrCat("1 canary ", i / 2)) {
      EXPECT_TRUE(answer.ok()) << answer.status();
    } else {
      EXPECT_EQ(ReasonOf(answer.status()), "REPORTED_OTHERWISE") << answer.status();
    }
  }
  EXPECT_EQ(Read(*store, Key("another")).size(), 2u);
}

TEST_P(ReportsTest, TheDatabaseItselfRefusesToChangeAPoint) {
  const auto store = Open();
  ASSERT_TRUE(store->ReportMetrics(Report({Point(1)}), At(2)).ok());
  EXPECT_ANY_THROW(Sql("UPDATE " + Table("reported_points") + " SET cohort = 'stable'"));
  EXPECT_THAT(Read(*store), ElementsAre("1 canary one"));
}

TEST(SqliteInMemory, TakesReportsToo) {
  const auto store = OpenStore("sqlite::memory:", {});
  ASSERT_TRUE(store.ok());
  ASSERT_TRUE((*store)->ReportMetrics(Report({Point(1)}), At(2)).ok());
  ASSERT_TRUE(AppendNow(**store, Record(1)).ok());
  EXPECT_THAT(Read(**store), ElementsAre("1 canary one"));
}

TEST_P(ReportsTest, VerdictsGoOnWhileReportsAreTaken) {
  const auto store = Open();
  std::thread reporter([&] {
    for (int i = 0; i < 30; ++i) {
      std::vector<ReportedPoint> points;
      for (int minute = 0; minute < 30; ++minute) points.push_back(Point(30 * i + minute));
      const auto reported = store->ReportMetrics(Report(points), At(900));
      EXPECT_TRUE(reported.ok()) << i << " " << reported.status();
    }
  });
  for (int i = 0; i < 30; ++i) {
    const auto appended = AppendNow(*store, Record(i));
    EXPECT_TRUE(appended.ok()) << appended.status();
  }
  reporter.join();
  EXPECT_EQ(Read(*store).size(), 900u);
}

}  // namespace
}  // namespace gate
