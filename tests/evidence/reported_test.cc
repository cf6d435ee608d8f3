// Metrics that services report: what no report may be, and what is answered from those that were
// taken.
#include <functional>
#include <limits>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "checks/proto_time.h"
#include "gate/api/report_request.h"
#include "gate/base/field_error.h"
#include "gate/evidence/reported_series.h"
#include "gate/evidence/reported_source.h"
#include "gmock/gmock.h"
#include "google/rpc/error_details.pb.h"
#include "gtest/gtest.h"
#include "tests/fakes/faulty_store.h"

namespace gate {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// 2026-11-20T12:00:00Z and so many minutes.
absl::Time Minute(int minute) { return absl::FromUnixSeconds(1795176000) + absl::Minutes(minute); }

// An evaluation some seconds after the hour's 30th minute.
absl::Time Now() { return Minute(30) + absl::Seconds(20); }

ReportBounds Bounds() {
  return {Now(), Now() - absl::Hours(24 * 14), SettledAt(Now()), 1000, 100'000};
}

v1::CohortPoint& AddPoint(int minute, const std::string& cohort, v1::MetricSeries& series) {
  v1::MetricPoint& point = *series.add_points();
  *point.mutable_time() = ToProto(Minute(minute));
  return (*point.mutable_cohorts())[cohort];
}

v1::ReportMetricsRequest Request() {
  v1::ReportMetricsRequest request;
  request.set_service("orders");
  request.set_environment("production");
  v1::MetricSeries& series = *request.add_series();
  series.set_name("http_5xx");
  series.set_kind(v1::METRIC_KIND_COUNTS);
  v1::CohortPoint& point = AddPoint(1, "canary", series);
  point.set_events(3);
  point.set_exposure(1000);
  return request;
}

std::vector<std::string> Violations(const absl::Status& status) {
  google::rpc::BadRequest details;
  const auto payload = status.GetPayload(kBadRequestUrl);
  if (payload) details.ParseFromString(std::string(*payload));
  std::vector<std::string> violations;
  for (const auto& one : details.field_violations()) {
    violations.push_back(one.field() + ": " + one.description());
  }
  return violations;
}

struct WrongReport {
  std::function<void(v1::ReportMetricsRequest&)> spoil;
  std::string violation;  // its beginning
};

TEST(ReportRequest, EveryWrongFieldIsNamed) {
  const auto series = [](auto change) {
    return [change](v1::ReportMetricsRequest& request) { change(*request.mutable_series(0)); };
  };
  const auto point = [](auto change) {
    return [change](v1::ReportMetricsRequest& request) {
      change(*request.mutable_series(0)->mutable_points(0));
    };
  };
  const auto counts = [](auto change) {
    return [change](v1::ReportMetricsRequest& request) {
      change((*request.mutable_series(0)->mutable_points(0)->mutable_cohorts())["canary"]);
    };
  };
  const auto values = [](auto change) {
    return [change](v1::ReportMetricsRequest& request) {
      request.mutable_series(0)->set_kind(v1::METRIC_KIND_VALUES);
      v1::CohortPoint& canary =
          (*request.mutable_series(0)->mutable_points(0)->mutable_cohorts())["canary"];
      canary.Clear();
      change(canary);
    };
  };
  const auto buckets = [](std::vector<std::pair<double, double>> list) {
    return [list](v1::ReportMetricsRequest& request) {
      request.mutable_series(0)->set_kind(v1::METRIC_KIND_HISTOGRAM);
      v1::CohortPoint& canary =
          (*request.mutable_series(0)->mutable_points(0)->mutable_cohorts())["canary"];
      canary.Clear();
      for (const auto& [le, count] : list) {
        v1::HistogramBucket& bucket = *canary.add_buckets();
        bucket.set_le(le);
        bucket.set_count(count);
      }
    };
  };
  constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  const std::string cohort = "series[0].points[0].cohorts.canary";
  const std::vector<WrongReport> cases = {
      {[](auto& r) { r.clear_service(); }, "service: must be 1 to 128 characters"},
      {[](auto& r) { r.set_environment("pro duction"); }, "environment: must be"},
      {[](auto& r) { r.set_request_id(std::string(129, 'x')); }, "request_id: must be at most"},
      {[](auto& r) { r.clear_series(); }, "series: must hold 1 to 1000, not 0"},
      {[](auto& r) { *r.add_series() = v1::MetricSeries(r.series(0)); },
       "series[1]: http_5xx is in this message already"},
      {series([](auto& s) { s.set_name("Http-5xx"); }), "series[0].name: must be 1 to 64"},
      {series([](auto& s) { s.clear_kind(); }), "series[0].kind: must be COUNTS"},
      {series([](auto& s) { s.mutable_step()->set_seconds(1); }), "series[0].step: must be whole"},
      {series([](auto& s) { s.mutable_step()->set_nanos(1); }), "series[0].step: must be whole"},
      {series([](auto& s) { s.add_flaws(); }), "series[0].flaws: cannot be reported"},
      {series([](auto& s) { s.mutable_state(); }), "series[0].state: cannot be reported"},
      {series([](auto& s) { s.mutable_settled_until(); }), "series[0].settled_until: cannot"},
      {series([](auto& s) { s.clear_points(); }), "series[0].points: must not be empty"},
      {series([](auto& s) { *s.add_points() = v1::MetricPoint(s.points(0)); }),
       "series[0].points[1].time: must be later than that of the point before"},
      {point([](auto& p) { p.clear_time(); }), "series[0].points[0].time: must be set"},
      {point([](auto& p) { p.mutable_time()->set_nanos(-1); }), "series[0].points[0].time: is not"},
      {point([](auto& p) { *p.mutable_time() = ToProto(Minute(1) + absl::Seconds(7)); }),
       "series[0].points[0].time: must be the end of an interval of 1m, for example "
       "2026-11-20T12:01:00Z"},
      {point([](auto& p) { *p.mutable_time() = ToProto(Minute(32)); }),
       "series[0].points[0].time: 2026-11-20T12:32:00Z has not come yet"},
      {point([](auto& p) { *p.mutable_time() = ToProto(Minute(-14 * 24 * 60)); }),
       "series[0].points[0].time: 2026-11-06T12:00:00Z is too long ago"},
      {point([](auto& p) { p.clear_cohorts(); }), "series[0].points[0].cohorts: must not be"},
      {point([](auto& p) { (*p.mutable_cohorts())["blue"]; }),
       "series[0].points[0].cohorts.blue: cohorts are canary, baseline and stable"},
      {counts([](auto& c) { c.set_events(1001); }), cohort + ".events: must not be more than the"},
      {counts([](auto& c) { c.set_events(0.5); }), cohort + ".events: must be a whole number"},
      {counts([](auto& c) { c.set_events(-1); }), cohort + ".events: must be a whole number"},
      {counts([](auto& c) { c.set_exposure(kNan); }), cohort + ".exposure: must be a number"},
      {counts([](auto& c) { c.set_exposure(kInfinity); }), cohort + ".exposure: must be a number"},
      {counts([](auto& c) { c.add_values(1); }), cohort + ": a metric of kind COUNTS has `events`"},
      {counts([](auto& c) { (*c.mutable_strata())["nyc"].set_exposure(1); }),
       cohort + ": has either `strata` or values of its own"},
      {counts([](auto& c) {
         c.Clear();
         (*(*c.mutable_strata())["nyc"].mutable_strata())["rack"].set_exposure(1);
       }),
       cohort + ".strata.nyc: strata have no strata"},
      {counts([](auto& c) {
         c.Clear();
         (*c.mutable_strata())["nyc"].set_events(1);
       }),
       cohort + ".strata.nyc.events: must not be more than the exposure"},
      {counts([](auto& c) {
         c.Clear();
         for (int i = 0; i < 101; ++i) (*c.mutable_strata())[absl::StrCat(i)].set_exposure(1);
       }),
       cohort + ".strata: are 101; at most 100"},
      {values([](auto& c) { c.add_values(kNan); }), cohort + ".values[0]: must be a number"},
      {values([](auto& c) { c.set_events(1); }), cohort + ": a metric of kind VALUES has `values`"},
      {values([](auto& c) { c.add_weights(1); }), cohort + ".weights: must be one for each"},
      {values([](auto& c) {
         c.add_values(1);
         c.add_weights(-1);
       }),
       cohort + ".weights[0]: must be a number and not negative"},
      {values([](auto& c) {
         for (int i = 0; i < 5001; ++i) c.add_values(i);
       }),
       cohort + ".values: are 5001; at most 5000"},
      {buckets({{0.1, 3}}), cohort + ".buckets: must be 2 to 500"},
      {buckets({{0.1, 3}, {0.5, 4}}), cohort + ".buckets[1].le: the last bucket is that of all"},
      {buckets({{0.5, 3}, {0.1, 3}, {0, 4}}), cohort + ".buckets[1].le: bounds must"},
      {buckets({{0.1, 3}, {kInfinity, 2}}), cohort + ".buckets[1].count: must be a number, and"},
      {buckets({{0.1, kNan}, {kInfinity, 2}}), cohort + ".buckets[0].count: must be a number"},
  };
  for (const WrongReport& wrong : cases) {
    v1::ReportMetricsRequest request = Request();
    wrong.spoil(request);
    const auto report = ParseReport(request, Bounds());
    EXPECT_TRUE(absl::IsInvalidArgument(report.status())) << wrong.violation;
    EXPECT_THAT(Violations(report.status()), ElementsAre(testing::StartsWith(wrong.violation)));
  }
}

TEST(ReportRequest, AMistakeInEachOfManyPointsIsToldTenTimes) {
  v1::ReportMetricsRequest request = Request();
  for (int minute = 2; minute < 30; ++minute) {
    AddPoint(minute, "canary", *request.mutable_series(0)).set_events(1);
  }
  EXPECT_EQ(Violations(ParseReport(request, Bounds()).status()).size(), 10u);
}

TEST(ReportRequest, AMessageHasABound) {
  v1::ReportMetricsRequest request = Request();
  request.mutable_series(0)->clear_points();
  request.mutable_series(0)->mutable_step()->set_seconds(5);
  for (int i = 10'001; i > 0; --i) {
    v1::MetricPoint& point = *request.mutable_series(0)->add_points();
    *point.mutable_time() = ToProto(Minute(30) - i * absl::Seconds(5));
    (*point.mutable_cohorts())["canary"].set_exposure(1);
  }
  EXPECT_THAT(Violations(ParseReport(request, Bounds()).status()),
              ElementsAre(HasSubstr("have 10001 points; at most 10000")));
}

TEST(ReportRequest, WhatMeansTheSameIsTheSame) {
  const auto content = [](const std::function<void(v1::CohortPoint&)>& write, v1::MetricKind kind) {
    v1::ReportMetricsRequest request = Request();
    v1::MetricSeries& series = *request.mutable_series(0);
    series.set_kind(kind);
    v1::CohortPoint& point = (*series.mutable_points(0)->mutable_cohorts())["canary"];
    point.Clear();
    write(point);
    const auto report = ParseReport(request, Bounds());
    EXPECT_TRUE(report.ok()) << report.status();
    return report.ok() ? report->series[0].points[0].content : "";
  };
  const auto buckets = [](double last) {
    return [last](v1::CohortPoint& point) {
      point.add_buckets()->set_le(0.1);
      point.add_buckets()->set_le(last);
    };
  };
  EXPECT_EQ(content(buckets(0), v1::METRIC_KIND_HISTOGRAM),
            content(buckets(std::numeric_limits<double>::infinity()), v1::METRIC_KIND_HISTOGRAM));
  EXPECT_EQ(content([](auto& point) { point.set_events(-0.0); }, v1::METRIC_KIND_COUNTS),
            content([](auto&) {}, v1::METRIC_KIND_COUNTS));
}

TEST(ReportRequest, WhatThePolicySaysMayStandThereAndMeansNothing) {
  v1::ReportMetricsRequest request = Request();
  v1::MetricSeries& series = *request.mutable_series(0);
  series.set_margin(0.5);
  series.set_critical(true);
  series.set_direction(v1::DIRECTION_LOWER_IS_WORSE);
  series.set_unit("requests");
  const auto report = ParseReport(request, Bounds());
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->series[0].points[0].content,
            ParseReport(Request(), Bounds())->series[0].points[0].content);
}

// ---- the source

class ReportedTest : public testing::Test {
 protected:
  ReportedTest() : kept_(*OpenStore("sqlite::memory:", {})), store_(*kept_), source_(store_) {
    change_.set_service("orders");
    change_.set_environment("production");
    query_.set_id("canary.http_5xx");
    v1::CohortMetricQuery& asked = *query_.mutable_cohort_metric();
    asked.set_source("reported");
    asked.set_metric("http_5xx");
    asked.set_kind(v1::METRIC_KIND_COUNTS);
    *asked.mutable_start() = ToProto(Minute(20));
    *asked.mutable_window() = ToProto(absl::Hours(1));
    *asked.mutable_step() = ToProto(absl::Minutes(1));
    *asked.mutable_past() = ToProto(absl::Minutes(10));
  }

  // One point of each minute, [first, last], for the cohort.
  void Report(const std::string& cohort, int first, int last) {
    v1::ReportMetricsRequest request = Request();
    request.mutable_series(0)->clear_points();
    for (int minute = first; minute <= last; ++minute) {
      AddPoint(minute, cohort, *request.mutable_series(0)).set_exposure(1000 + minute);
    }
    const auto report = ParseReport(request, Bounds());
    ASSERT_TRUE(report.ok()) << report.status();
    const auto reported = store_.ReportMetrics(*report, Bounds());
    ASSERT_TRUE(reported.ok()) << reported.status();
  }

  v1::Observation Fetch() {
    return source_.Fetch(query_, {change_, Now(), std::chrono::steady_clock::time_point::max()});
  }

  // "20 baseline stable", by point.
  static std::vector<std::string> Points(const v1::Observation& observation) {
    std::vector<std::string> points;
    for (const v1::MetricPoint& point : observation.metric().points()) {
      std::set<std::string> cohorts;
      for (const auto& [cohort, content] : point.cohorts()) cohorts.insert(cohort);
      std::string text = absl::StrCat((FromProto(point.time()) - Minute(0)) / absl::Minutes(1));
      for (const std::string& cohort : cohorts) absl::StrAppend(&text, " ", cohort);
      points.push_back(text);
    }
    return points;
  }

  static std::vector<std::string> Flaws(const v1::Observation& observation) {
    std::vector<std::string> flaws;
    for (const v1::SeriesFlaw& flaw : observation.metric().flaws()) {
      flaws.push_back(absl::StrCat(v1::FlawKind_Name(flaw.kind()), " ", flaw.cohort(), " ",
                                   (FromProto(flaw.time()) - Minute(0)) / absl::Minutes(1), " ",
                                   flaw.intervals(), ": ", flaw.detail()));
    }
    return flaws;
  }

  std::unique_ptr<Store> kept_;
  FaultyStore store_;
  ReportedSource source_;
  v1::Change change_;
  v1::Query query_;
};

TEST_F(ReportedTest, PointsOfTheWindowAndThePastOfTheOldVersionAreTold) {
  Report("stable", 0, 30);
  Report("canary", 18, 30);  // Before it began it is no part of the past.
  const v1::Observation observation = Fetch();
  ASSERT_TRUE(observation.has_metric()) << observation.DebugString();
  EXPECT_EQ(observation.id(), "canary.http_5xx");
  EXPECT_EQ(observation.source(), "reported");
  EXPECT_EQ(FromProto(observation.observed_at()), Minute(30));
  std::vector<std::string> expected;
  for (int minute = 11; minute <= 30; ++minute) {
    expected.push_back(absl::StrCat(minute, minute > 20 ? " canary stable" : " stable"));
  }
  EXPECT_THAT(Points(observation), testing::ElementsAreArray(expected));
  EXPECT_THAT(Flaws(observation), IsEmpty());
  const v1::MetricSeries& series = observation.metric();
  EXPECT_EQ(series.name(), "http_5xx");
  EXPECT_EQ(series.kind(), v1::METRIC_KIND_COUNTS);
  EXPECT_EQ(FromProto(series.step()), absl::Minutes(1));
  EXPECT_EQ(series.points(19).cohorts().at("canary").exposure(), 1030);
  EXPECT_EQ(FromProto(series.settled_until()), Now() - absl::Minutes(65));
}

TEST_F(ReportedTest, WhatIsSettledNeverChanges) {
  Report("stable", -200, -100);
  query_.mutable_cohort_metric()->clear_start();
  *query_.mutable_cohort_metric()->mutable_window() = ToProto(absl::Hours(5));
  const v1::Observation before = Fetch();
  EXPECT_EQ(FromProto(before.metric().settled_until()), Minute(-100))
      << "what comes behind the newest is still taken, however late";
  Report("stable", -99, -90);
  v1::ReportMetricsRequest request = Request();
  request.mutable_series(0)->clear_points();
  AddPoint(-95, "canary", *request.mutable_series(0)).set_exposure(1);
  const auto late = store_.ReportMetrics(*ParseReport(request, Bounds()), Bounds());
  EXPECT_TRUE(absl::IsFailedPrecondition(late.status())) << late.status();
  EXPECT_EQ(FromProto(Fetch().metric().settled_until()), Minute(-90));
}

TEST_F(ReportedTest, AGapIsToldOnceItIsNoLongerLate) {
  Report("stable", 0, 30);
  Report("canary", 21, 23);
  Report("canary", 26, 26);
  EXPECT_THAT(Flaws(Fetch()),
              ElementsAre("FLAW_KIND_GAP canary 24 3: there are no samples of canary in 3 "
                          "intervals, first at 12:24:00 UTC"))
      << "24, 25 and 27; the last three may still be on their way";
}

TEST_F(ReportedTest, AGapIsToldAtOnceWhereALaterIntervalIsThere) {
  Report("stable", 0, 30);
  Report("canary", 21, 28);
  Report("canary", 30, 30);
  EXPECT_THAT(Flaws(Fetch()), ElementsAre(HasSubstr("FLAW_KIND_GAP canary 29 1")));
}

TEST_F(ReportedTest, BeforeItIsBornACohortHasNoGap) {
  Report("stable", 0, 30);
  Report("canary", 25, 29);
  EXPECT_THAT(Flaws(Fetch()), IsEmpty());
}

TEST_F(ReportedTest, SilentCohortsAreTold) {
  Report("stable", 0, 30);
  EXPECT_THAT(Flaws(Fetch()), ElementsAre("FLAW_KIND_SILENT_COHORT canary 20 10: there is no "
                                          "exposure of canary at all"));
}

TEST_F(ReportedTest, WithoutAnyOldVersionBothAreSilent) {
  Report("canary", 21, 30);
  EXPECT_THAT(Flaws(Fetch()),
              ElementsAre(HasSubstr("SILENT_COHORT baseline"), HasSubstr("SILENT_COHORT stable")));
}

TEST_F(ReportedTest, NothingReportedSaysWhatToDo) {
  const v1::Absence absence = Fetch().absence();
  EXPECT_EQ(absence.reason(), v1::ABSENCE_REASON_EMPTY);
  EXPECT_EQ(absence.detail(),
            "nothing is reported of http_5xx of orders in production as COUNTS in intervals of 1m; "
            "report it with: gatectl metrics report FILE --service orders --env production");
}

TEST_F(ReportedTest, WhatIsOnlyOldSaysHowOld) {
  Report("canary", -300, -200);
  const v1::Absence absence = Fetch().absence();
  EXPECT_EQ(absence.reason(), v1::ABSENCE_REASON_EMPTY);
  EXPECT_THAT(absence.detail(), HasSubstr("the newest report of http_5xx of orders in production "
                                          "is of 2026-11-20T08:40:00Z"));
}

TEST_F(ReportedTest, AnotherKindOrStepIsNotTheSameMetric) {
  Report("canary", 21, 30);
  query_.mutable_cohort_metric()->set_kind(v1::METRIC_KIND_VALUES);
  v1::Absence absence = Fetch().absence();
  EXPECT_EQ(absence.reason(), v1::ABSENCE_REASON_REJECTED);
  EXPECT_THAT(absence.detail(), AllOf(HasSubstr("is reported as COUNTS in intervals of 1m"),
                                      HasSubstr("and the policy wants VALUES in intervals of 1m")));
  query_.mutable_cohort_metric()->set_kind(v1::METRIC_KIND_COUNTS);
  query_.mutable_cohort_metric()->mutable_step()->set_seconds(300);
  absence = Fetch().absence();
  EXPECT_EQ(absence.reason(), v1::ABSENCE_REASON_REJECTED);
  EXPECT_THAT(absence.detail(), HasSubstr("and the policy wants COUNTS in intervals of 5m"));
}

TEST_F(ReportedTest, OtherServicesAndEnvironmentsAreNotSeen) {
  Report("canary", 21, 30);
  change_.set_environment("staging");
  EXPECT_EQ(Fetch().absence().reason(), v1::ABSENCE_REASON_EMPTY);
  change_.set_environment("production");
  change_.set_service("payments");
  EXPECT_EQ(Fetch().absence().reason(), v1::ABSENCE_REASON_EMPTY);
}

TEST_F(ReportedTest, AStoreThatFailsIsAnAbsence) {
  Report("canary", 21, 30);
  store_.FailFrom(0, absl::UnavailableError("the store is locked"), 1);
  const v1::Absence absence = Fetch().absence();
  EXPECT_EQ(absence.reason(), v1::ABSENCE_REASON_UNREACHABLE);
  EXPECT_THAT(absence.detail(), HasSubstr("locked"));
  EXPECT_TRUE(Fetch().has_metric());
}

TEST_F(ReportedTest, BeforeTheFirstIntervalIsOverThereIsNothing) {
  Report("canary", 21, 30);
  *query_.mutable_cohort_metric()->mutable_start() = ToProto(Now());
  const v1::Absence absence = Fetch().absence();
  EXPECT_EQ(absence.reason(), v1::ABSENCE_REASON_EMPTY);
  EXPECT_THAT(absence.detail(), HasSubstr("no interval of 1m has been completed"));
}

TEST_F(ReportedTest, AValueWithoutCohortsIsNotItsAffair) {
  v1::Query query;
  query.mutable_series()->set_source("reported");
  EXPECT_TRUE(source_.Answers(query));
  EXPECT_EQ(source_.Fetch(query, {change_, Now(), std::chrono::steady_clock::time_point::max()})
                .absence()
                .reason(),
            v1::ABSENCE_REASON_REJECTED);
  query_.mutable_cohort_metric()->set_source("main");
  EXPECT_FALSE(source_.Answers(query_));
}

}  // namespace
}  // namespace gate
