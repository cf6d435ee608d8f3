// All kinds of question, against real servers.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "absl/strings/str_cat.h"
#include "checks/proto_time.h"
#include "gate/evidence/prometheus.h"
#include "tests/evidence/native_write.h"
#include "tests/fakes/certificates.h"
#include "tests/fakes/prometheus_server.h"

namespace gate {
namespace {

using ::testing::HasSubstr;

// Some time ago, on a minute.
const absl::Time kStart =
    absl::UnixEpoch() +
    absl::Floor(absl::Now() - absl::UnixEpoch() - absl::Hours(2), absl::Minutes(1));
constexpr absl::Duration kScrape = absl::Seconds(15);
constexpr absl::Duration kPast = absl::Minutes(20);
constexpr int kPastScrapes = 80;

config::v1::MetricsServer Server(const std::string& url) {
  config::v1::MetricsServer server;
  server.set_name("main");
  server.set_url(url);
  return server;
}

v1::Query CohortQuery(v1::MetricKind kind) {
  v1::Query query;
  query.set_id("canary.metric");
  v1::CohortMetricQuery& asked = *query.mutable_cohort_metric();
  asked.set_source("main");
  asked.set_metric("metric");
  asked.set_kind(kind);
  asked.set_cohort_label("track");
  for (const char* cohort : {"canary", "baseline", "stable"}) {
    (*asked.mutable_cohorts())[cohort] = cohort;
  }
  *asked.mutable_start() = ToProto(kStart);
  *asked.mutable_window() = ToProto(absl::Hours(1));
  *asked.mutable_step() = ToProto(absl::Minutes(1));
  return query;
}

v1::Observation Ask(const std::string& url, const v1::Query& query,
                    absl::Time now = kStart + absl::Minutes(10) + absl::Seconds(6)) {
  PrometheusSource source(Server(url));
  const v1::Change change;
  EXPECT_TRUE(source.Answers(query));
  return source.Fetch(query,
                      {change, now, std::chrono::steady_clock::now() + std::chrono::seconds(20)});
}

std::string Labels(const std::string& track, const std::string& more = "") {
  return absl::StrCat("{track=\"", track, "\",instance=\"", track, ":80\"", more, "}");
}

// A counter that rises evenly, per scrape.
std::vector<double> Rising(int scrapes, double rate, double from = 0) {
  std::vector<double> values;
  for (int i = 0; i <= scrapes; ++i) values.push_back(from + rate * i);
  return values;
}

MetricsHistory AllKinds() {
  MetricsHistory history;
  const auto old = [&](const std::string& name, const std::string& track, const std::string& more,
                       double rate) {
    history.Add(name, Labels(track, more), kStart - kPast - absl::Minutes(6), kScrape,
                Rising(kPastScrapes + 24 + 44, rate, 7e6));
  };
  const auto canary = [&](const std::string& name, const std::string& more, double rate) {
    history.Add(name, Labels("canary", more), kStart, kScrape, Rising(44, rate));
  };
  for (const char* zone : {"a", "b"}) {
    const std::string in_zone = absl::StrCat(",zone=\"", zone, "\"");
    old("requests_total", "stable", in_zone, 50);
    canary("requests_total", in_zone, *zone == 'a' ? 5 : 10);
    old("errors_total", "stable", in_zone + ",code=\"500\"", 1);
    canary("errors_total", in_zone + ",code=\"500\"", 0);
  }
  // An error that only the canary knows, from minute 3 on.
  history.Add("errors_total", Labels("canary", ",zone=\"b\",code=\"TypeError\""),
              kStart + absl::Minutes(3), kScrape, Rising(32, 1, 1));
  old("commands_total", "stable", "", 75.5);
  canary("commands_total", "", 45.25);
  for (const char* host : {"1", "2"}) {
    for (const char* track : {"canary", "stable"}) {
      history.Add("depth", Labels(track, absl::StrCat(",host=\"", host, "\"")), kStart, kScrape,
                  Rising(44, *track == 'c' ? 0.5 : -0.25));
    }
  }
  for (const char* bound : {"0.1", "0.5", "+Inf"}) {
    const std::string le = absl::StrCat(",le=\"", bound, "\"");
    const double rate = *bound == '+' ? 10 : bound[2] == '1' ? 6 : 9;
    old("seconds_bucket", "stable", le, rate);
    canary("seconds_bucket", le, rate / 2);
  }
  // The week before, without a cohort; one process restarted.
  for (const char* name : {"requests_total", "commands_total"}) {
    history.Add(name, "{instance=\"last:80\"}", kStart - absl::Hours(24 * 7) - absl::Minutes(6),
                kScrape, Rising(68, 30, 500));
  }
  std::vector<double> restarted = Rising(68, 1, 100);
  for (size_t i = 42; i < restarted.size(); ++i) restarted[i] -= 140;
  history.Add("errors_total", "{instance=\"last:80\",code=\"500\"}",
              kStart - absl::Hours(24 * 7) - absl::Minutes(6), kScrape, restarted);
  canary("seconds_bucket", ",le=\"0.25\"", 4);  // The new version has a bucket more.
  for (const char* track : {"canary", "stable"}) {
    const std::string le = *track == 'c' ? ",le=\"1\"" : ",le=\"2\"";
    history.Add("other_bucket", Labels(track, le), kStart, kScrape, Rising(44, 1));
    history.Add("other_bucket", Labels(track, ",le=\"+Inf\""), kStart, kScrape, Rising(44, 1));
  }
  return history;
}

class RealKinds : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    auto started = MetricsServerFake::StartPrometheus(AllKinds());
    ASSERT_TRUE(started.ok()) << started.status();
    server_ = started->release();
  }
  static void TearDownTestSuite() { delete server_; }
  static MetricsServerFake* server_;
};
MetricsServerFake* RealKinds::server_ = nullptr;

TEST_F(RealKinds, CountsByCohortStratumAndKindWithThePast) {
  v1::Query query = CohortQuery(v1::METRIC_KIND_COUNTS);
  v1::CohortMetricQuery& asked = *query.mutable_cohort_metric();
  asked.set_events("errors_total");
  asked.set_exposure("requests_total");
  asked.set_stratum_label("zone");
  asked.set_type_label("code");
  *asked.mutable_past() = ToProto(kPast);
  const v1::Observation observation = Ask(server_->url(), query);
  ASSERT_TRUE(observation.has_metric()) << observation.ShortDebugString();
  const v1::MetricSeries& series = observation.metric();
  EXPECT_EQ(series.flaws_size(), 0) << series.ShortDebugString();
  ASSERT_EQ(series.points_size(), 30);
  ASSERT_EQ(series.queries_size(), 2);
  EXPECT_EQ(series.queries(1), R"(requests_total{track=~"canary|baseline|stable"})");
  for (int i = 0; i < 30; ++i) {
    const auto& cohorts = series.points(i).cohorts();
    EXPECT_EQ(FromProto(series.points(i).time()), kStart - kPast + (i + 1) * absl::Minutes(1));
    EXPECT_EQ(cohorts.at("stable").strata().at("a").exposure(), 200) << i;
    EXPECT_EQ(cohorts.at("stable").strata().at("b").events(), 4) << i;
    EXPECT_EQ(cohorts.contains("canary"), i >= 20) << i;
    if (i < 20) continue;
    EXPECT_EQ(cohorts.at("canary").strata().at("a").exposure(), 20);
    EXPECT_EQ(cohorts.at("canary").strata().at("b").exposure(), 40);
  }
  ASSERT_EQ(series.types_size(), 2);
  EXPECT_EQ(series.types(0).name(), "500");
  EXPECT_EQ(series.types(0).past_events(), 20 * 8);
  EXPECT_EQ(series.types(0).events().at("stable"), 10 * 8);
  EXPECT_EQ(series.types(1).name(), "TypeError");
  EXPECT_EQ(series.types(1).past_events(), 0);
  EXPECT_EQ(series.types(1).events().size(), 1u);
  EXPECT_EQ(series.types(1).events().at("canary"), 29);
  EXPECT_EQ(FromProto(series.types(1).first_seen()), kStart + absl::Minutes(3));
}

TEST_F(RealKinds, CostsAreDividedByExposure) {
  v1::Query query = CohortQuery(v1::METRIC_KIND_VALUES);
  query.mutable_cohort_metric()->set_events("commands_total");
  query.mutable_cohort_metric()->set_exposure("requests_total");
  const v1::Observation observation = Ask(server_->url(), query);
  ASSERT_EQ(observation.metric().points_size(), 10) << observation.ShortDebugString();
  EXPECT_EQ(observation.metric().flaws_size(), 0);
  for (const v1::MetricPoint& point : observation.metric().points()) {
    const v1::CohortPoint& canary = point.cohorts().at("canary");
    ASSERT_EQ(canary.values_size(), 1);
    EXPECT_EQ(canary.values(0), 4 * 45.25 / 60);
    EXPECT_EQ(canary.weights(0), 60);
    EXPECT_EQ(point.cohorts().at("stable").values(0), 4 * 75.5 / 400);
  }
}

// Commands know no zone; requests do.
TEST_F(RealKinds, CostsWithoutTheLabelOfTheStrataAreSpreadOverThem) {
  v1::Query query = CohortQuery(v1::METRIC_KIND_VALUES);
  query.mutable_cohort_metric()->set_events("commands_total");
  query.mutable_cohort_metric()->set_exposure("requests_total");
  query.mutable_cohort_metric()->set_stratum_label("zone");
  const v1::Observation observation = Ask(server_->url(), query);
  ASSERT_EQ(observation.metric().points_size(), 10) << observation.ShortDebugString();
  EXPECT_EQ(observation.metric().flaws_size(), 0) << observation.ShortDebugString();
  for (const v1::MetricPoint& point : observation.metric().points()) {
    const auto& strata = point.cohorts().at("canary").strata();
    ASSERT_EQ(strata.size(), 2u) << point.ShortDebugString();
    EXPECT_NEAR(strata.at("a").values(0), 4 * 45.25 / 60, 1e-9);
    EXPECT_NEAR(strata.at("b").values(0), 4 * 45.25 / 60, 1e-9);
    EXPECT_EQ(strata.at("a").weights(0), 20);
    EXPECT_EQ(strata.at("b").weights(0), 40);
  }
}

TEST_F(RealKinds, OfAGaugeTheLastSampleOfEachSeriesAndIntervalCounts) {
  v1::Query query = CohortQuery(v1::METRIC_KIND_VALUES);
  query.mutable_cohort_metric()->set_events("depth");
  v1::Observation observation = Ask(server_->url(), query);
  ASSERT_EQ(observation.metric().points_size(), 10) << observation.ShortDebugString();
  EXPECT_EQ(observation.metric().flaws_size(), 0);
  for (int i = 0; i < 10; ++i) {
    const v1::CohortPoint& canary = observation.metric().points(i).cohorts().at("canary");
    EXPECT_EQ(canary.weights_size(), 0);
    ASSERT_EQ(canary.values_size(), 2);
    EXPECT_EQ(canary.values(0), 0.5 * 4 * (i + 1));
    EXPECT_EQ(observation.metric().points(i).cohorts().at("stable").values(0), -(i + 1));
  }
  // Where scrapes end there is no value, although a Prometheus would repeat the last one.
  observation = Ask(server_->url(), query, kStart + absl::Minutes(14) + absl::Seconds(6));
  EXPECT_EQ(observation.metric().points_size(), 12);  // The last scrape is on a boundary.
  ASSERT_EQ(observation.metric().flaws_size(), 2) << observation.ShortDebugString();
  EXPECT_EQ(observation.metric().flaws(0).kind(), v1::FLAW_KIND_GAP);
  EXPECT_EQ(observation.metric().flaws(0).intervals(), 2);
}

TEST_F(RealKinds, ClassicHistogramsAreReadAtTheBoundsOfBoth) {
  v1::Query query = CohortQuery(v1::METRIC_KIND_HISTOGRAM);
  query.mutable_cohort_metric()->set_histogram("seconds");
  const v1::Observation observation = Ask(server_->url(), query);
  ASSERT_EQ(observation.metric().points_size(), 10) << observation.ShortDebugString();
  EXPECT_EQ(observation.metric().flaws_size(), 0);
  ASSERT_EQ(observation.metric().queries_size(), 1);
  EXPECT_THAT(observation.metric().queries(0), HasSubstr("seconds_bucket{track=~"));
  for (const v1::MetricPoint& point : observation.metric().points()) {
    for (const auto& [cohort, counts] : point.cohorts()) {
      const double factor = cohort == "canary" ? 2 : 4;
      ASSERT_EQ(counts.buckets_size(), 3);
      EXPECT_EQ(counts.buckets(0).le(), 0.1);
      EXPECT_EQ(counts.buckets(0).count(), 6 * factor);
      EXPECT_EQ(counts.buckets(1).le(), 0.5);
      EXPECT_EQ(counts.buckets(1).count(), 9 * factor);
      EXPECT_TRUE(std::isinf(counts.buckets(2).le()));
      EXPECT_EQ(counts.buckets(2).count(), 10 * factor);
    }
  }
}

TEST_F(RealKinds, HistogramsWithoutACommonBoundAreAFlaw) {
  v1::Query query = CohortQuery(v1::METRIC_KIND_HISTOGRAM);
  query.mutable_cohort_metric()->set_histogram("other");
  const v1::Observation observation = Ask(server_->url(), query);
  ASSERT_EQ(observation.metric().flaws_size(), 1) << observation.ShortDebugString();
  EXPECT_THAT(observation.metric().flaws(0).detail(), HasSubstr("no bucket bound in common"));
}

TEST_F(RealKinds, AHistogramThatIsACounterIsNone) {
  v1::Query query = CohortQuery(v1::METRIC_KIND_HISTOGRAM);
  query.mutable_cohort_metric()->set_histogram("requests_total");
  EXPECT_EQ(Ask(server_->url(), query).absence().reason(), v1::ABSENCE_REASON_EMPTY);
}

TEST_F(RealKinds, EarlierWeeksAreMovedToTheTimeOfTheCanary) {
  v1::Query query = CohortQuery(v1::METRIC_KIND_COUNTS);
  v1::CohortMetricQuery& asked = *query.mutable_cohort_metric();
  asked.set_events("errors_total");
  asked.set_exposure("requests_total");
  asked.mutable_cohorts()->erase("stable");
  asked.mutable_cohorts()->erase("baseline");
  asked.set_earlier_weeks(2);
  const v1::Observation observation = Ask(server_->url(), query);
  ASSERT_EQ(observation.metric().points_size(), 10) << observation.ShortDebugString();
  const v1::MetricSeries& series = observation.metric();
  // Nothing was there two weeks before; one of them is enough, and its restart is no flaw.
  EXPECT_EQ(series.flaws_size(), 0) << series.ShortDebugString();
  EXPECT_EQ(series.baseline_kind(), v1::BASELINE_KIND_EARLIER);
  ASSERT_EQ(series.queries_size(), 6);
  EXPECT_EQ(series.queries(3), "requests_total offset 1w");
  for (int i = 0; i < 10; ++i) {
    const auto& cohorts = series.points(i).cohorts();
    EXPECT_EQ(cohorts.at("canary").exposure(), 60);
    EXPECT_FALSE(cohorts.contains("earlier-2w"));
    EXPECT_EQ(cohorts.contains("earlier-1w"), i != 4) << i;
    if (i == 4) continue;
    EXPECT_EQ(cohorts.at("earlier-1w").exposure(), 120);
    EXPECT_EQ(cohorts.at("earlier-1w").events(), 4) << i;
  }
  // Without a week that has data the old cohort is silent.
  asked.set_earlier_weeks(0);
  ASSERT_EQ(Ask(server_->url(), query).metric().flaws_size(), 1);
  EXPECT_EQ(Ask(server_->url(), query).metric().flaws(0).kind(), v1::FLAW_KIND_SILENT_COHORT);
}

// Minute by minute from what is kept, and each time from nothing.
TEST_F(RealKinds, AnAnswerFromWhatIsKeptIsTheSameToTheByte) {
  PrometheusSource source(Server(server_->url()));
  const v1::Change change;
  for (const v1::MetricKind kind :
       {v1::METRIC_KIND_COUNTS, v1::METRIC_KIND_VALUES, v1::METRIC_KIND_HISTOGRAM}) {
    v1::Query query = CohortQuery(kind);
    v1::CohortMetricQuery& asked = *query.mutable_cohort_metric();
    asked.set_events(kind == v1::METRIC_KIND_COUNTS ? "errors_total" : "depth");
    if (kind == v1::METRIC_KIND_COUNTS) asked.set_exposure("requests_total");
    asked.set_histogram("seconds");
    asked.set_earlier_weeks(1);
    *asked.mutable_past() = ToProto(kPast);
    for (int minute = 1; minute <= 16; ++minute) {
      const absl::Time now = kStart + minute * absl::Minutes(1) + absl::Seconds(6);
      const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
      const v1::Observation kept = source.Fetch(query, {change, now, deadline});
      const v1::Observation anew = Ask(server_->url(), query, now);
      ASSERT_TRUE(kept.has_metric()) << kept.ShortDebugString();
      EXPECT_EQ(kept.ShortDebugString(), anew.ShortDebugString()) << minute;
    }
  }
}

TEST_F(RealKinds, QuestionsThatMakeNoSenseAreRefused) {
  v1::Query query = CohortQuery(v1::METRIC_KIND_COUNTS);
  query.mutable_cohort_metric()->set_events("errors_total");
  query.mutable_cohort_metric()->set_exposure("requests_total");
  const auto problem = [&](auto change) {
    v1::Query changed = query;
    change(*changed.mutable_cohort_metric());
    const v1::Observation observation = Ask(server_->url(), changed);
    EXPECT_EQ(observation.absence().reason(), v1::ABSENCE_REASON_REJECTED);
    return observation.absence().detail();
  };
  // A canary that is compared with itself would always pass.
  EXPECT_THAT(problem([](auto& asked) { (*asked.mutable_cohorts())["stable"] = "canary"; }),
              HasSubstr("canary and stable have the same label value"));
  EXPECT_THAT(problem([](auto& asked) { asked.mutable_cohorts()->erase("canary"); }),
              HasSubstr("\"canary\" is not asked for"));
  EXPECT_THAT(problem([](auto& asked) { asked.clear_cohort_label(); }), HasSubstr("no label"));
  EXPECT_THAT(problem([](auto& asked) { asked.clear_kind(); }), HasSubstr("kind"));
  EXPECT_THAT(problem([](auto& asked) { asked.clear_exposure(); }), HasSubstr("exposure"));
  EXPECT_THAT(problem([](auto& asked) { asked.set_earlier_weeks(9); }), HasSubstr("0 to 8"));
  EXPECT_THAT(problem([](auto& asked) {
                asked.set_kind(v1::METRIC_KIND_HISTOGRAM);
                asked.set_histogram("{job=\"x\"}");
              }),
              HasSubstr("does not name a histogram"));
}

v1::Query Series(const std::string& selector, v1::SeriesQuery::Aggregation aggregation) {
  v1::Query query;
  query.set_id("capacity.traffic");
  v1::SeriesQuery& asked = *query.mutable_series();
  asked.set_source("main");
  asked.set_selector(selector);
  asked.set_aggregation(aggregation);
  *asked.mutable_window() = ToProto(absl::Minutes(20));
  *asked.mutable_step() = ToProto(absl::Minutes(5));
  return query;
}

TEST_F(RealKinds, ValuesOverTime) {
  v1::Query query = Series("requests_total", v1::SeriesQuery::AGGREGATION_SUM);
  query.mutable_series()->set_counter(true);
  v1::Observation observation = Ask(server_->url(), query, kStart + absl::Seconds(6));
  ASSERT_EQ(observation.series().points_size(), 4) << observation.ShortDebugString();
  EXPECT_EQ(observation.series().query(), "sum(rate(requests_total[300s]))");
  EXPECT_NEAR(observation.series().points(0).value(), 2 * 50 / 15.0, 1e-9);
  const absl::Time floor =
      absl::UnixEpoch() + absl::Floor(kStart - absl::UnixEpoch(), absl::Minutes(5));
  EXPECT_EQ(FromProto(observation.series().points(3).time()), floor);
  EXPECT_EQ(FromProto(observation.observed_at()), floor);

  query = Series("depth{track=\"canary\"}", v1::SeriesQuery::AGGREGATION_MAX);
  *query.mutable_series()->mutable_step() = ToProto(absl::Minutes(1));
  *query.mutable_series()->mutable_window() = ToProto(absl::Minutes(3));
  observation = Ask(server_->url(), query, kStart + absl::Minutes(3) + absl::Seconds(6));
  ASSERT_EQ(observation.series().points_size(), 3) << observation.ShortDebugString();
  EXPECT_EQ(observation.series().points(2).value(), 0.5 * 12);

  query = Series("nobody_knows", v1::SeriesQuery::AGGREGATION_MEAN);
  EXPECT_EQ(Ask(server_->url(), query).absence().reason(), v1::ABSENCE_REASON_EMPTY);
  query.mutable_series()->clear_aggregation();
  EXPECT_EQ(Ask(server_->url(), query).absence().reason(), v1::ABSENCE_REASON_REJECTED);
  query = Series("depth", v1::SeriesQuery::AGGREGATION_MIN);
  *query.mutable_series()->mutable_window() = ToProto(absl::Hours(24 * 372));
  EXPECT_THAT(Ask(server_->url(), query).absence().detail(), HasSubstr("53 weeks"));
}

// A year at 15 minutes is more than a Prometheus answers at once.
TEST_F(RealKinds, LongSeriesTakeSeveralQuestions) {
  v1::Query query = Series("depth", v1::SeriesQuery::AGGREGATION_SUM);
  *query.mutable_series()->mutable_step() = ToProto(absl::Minutes(15));
  *query.mutable_series()->mutable_window() = ToProto(absl::Hours(24 * 7 * 53));
  const v1::Observation observation = Ask(server_->url(), query, kStart + absl::Minutes(16));
  EXPECT_GE(observation.series().points_size(), 1) << observation.ShortDebugString();
}

TEST(RealVictoriaMetricsKinds, CountsTheSame) {
  auto server = MetricsServerFake::StartVictoriaMetrics(AllKinds());
  ASSERT_TRUE(server.ok()) << server.status();
  v1::Query query = CohortQuery(v1::METRIC_KIND_HISTOGRAM);
  query.mutable_cohort_metric()->set_histogram("seconds");
  const v1::Observation observation = Ask((*server)->url(), query);
  ASSERT_EQ(observation.metric().points_size(), 10) << observation.ShortDebugString();
  EXPECT_EQ(observation.metric().flaws_size(), 0);
  EXPECT_EQ(observation.metric().points(9).cohorts().at("stable").buckets(1).count(), 36);
}

// Resolutions differ, and the canary's falls while it runs: bounds of the coarsest count.
TEST(RealNativeHistograms, AreReadAtTheBoundsOfTheCoarsest) {
  MetricsHistory unused;
  unused.Add("unused_total", "{}", kStart - absl::Hours(24), kScrape, {1, 2});
  auto server = MetricsServerFake::StartPrometheus(
      unused, {"--enable-feature=native-histograms", "--web.enable-remote-write-receiver"});
  ASSERT_TRUE(server.ok()) << server.status();
  std::vector<NativeSample> canary, stable;
  for (int i = 0; i <= 44; ++i) {
    const absl::Time time = kStart + i * kScrape;
    // Buckets of schema 1 end at 2^(i/2): 2 at 1.41, 3 at 2.83, 4 at 4, 6 at 8.
    if (i < 20) {
      canary.push_back({time, 1, {{1, i}, {2, 2 * i}, {4, 3 * i}}, i});
    } else {
      canary.push_back({time, 0, {{1, 3 * i}, {2, 3 * i}}, i});
    }
    stable.push_back({time, 0, {{1, 30 * i}, {2, 20 * i}, {5, 10 * i}}, 0});
  }
  for (const auto& [track, samples] : {std::pair("canary", canary), std::pair("stable", stable)}) {
    const absl::Status written = (*server)->RemoteWrite(NativeWriteRequest(
        {{"__name__", "seconds"}, {"instance", track}, {"track", track}}, samples));
    ASSERT_TRUE(written.ok()) << written;
  }
  v1::Query query = CohortQuery(v1::METRIC_KIND_HISTOGRAM);
  query.mutable_cohort_metric()->set_histogram("seconds");
  const v1::Observation observation = Ask((*server)->url(), query);
  ASSERT_EQ(observation.metric().points_size(), 10) << observation.ShortDebugString();
  EXPECT_EQ(observation.metric().flaws_size(), 0) << observation.ShortDebugString();
  EXPECT_EQ(observation.metric().queries(0), R"(seconds{track=~"canary|baseline|stable"})");
  for (const v1::MetricPoint& point : observation.metric().points()) {
    std::map<double, double> held_canary, held_stable;
    for (const auto& bucket : point.cohorts().at("canary").buckets()) {
      held_canary[bucket.le()] = bucket.count();
    }
    for (const auto& bucket : point.cohorts().at("stable").buckets()) {
      held_stable[bucket.le()] = bucket.count();
    }
    const double all = std::numeric_limits<double>::infinity();
    // Neither 1.41 nor 2.83, which coarse buckets hold within.
    EXPECT_EQ(held_canary,
              (std::map<double, double>{
                  {0.001, 4}, {1, 4}, {2, 16}, {4, 28}, {16, 28}, {32, 28}, {all, 28}}));
    EXPECT_EQ(held_stable,
              (std::map<double, double>{
                  {0.001, 0}, {1, 0}, {2, 120}, {4, 200}, {16, 200}, {32, 240}, {all, 240}}));
  }
}

// A Prometheus that wants a certificate of ours and a password.
TEST(RealPrometheusWithTls, IsShownACertificateAndAPassword) {
  TestAuthority authority;
  authority.Issue("server", 1);
  authority.Issue("gate", 2);
  TempFolder folder;
  const int port = FreePort();
  const std::string web = folder.Write(
      "web.yml",
      absl::StrCat("tls_server_config:\n  cert_file: ", authority.File("server.pem"),
                   "\n  key_file: ", authority.File("server.key"),
                   "\n  client_auth_type: RequireAndVerifyClientCert\n  client_ca_file: ",
                   authority.ca_file(),
                   // bcrypt of "open sesame".
                   "\nbasic_auth_users:\n  gate: "
                   "'$2b$04$OLc0GMbwge7q3cmiFjF7n.O559YZpRYMRzqMLKYsVkb6Ngo5p16KC'\n"));
  ChildProcess::Options options;
  options.arguments = {"prometheus",
                       "--config.file=" + folder.Write("prometheus.yml", "global: {}\n"),
                       "--storage.tsdb.path=" + folder.File("data"), "--web.config.file=" + web,
                       absl::StrCat("--web.listen-address=127.0.0.1:", port)};
  options.output = folder.File("log");
  const auto process = ChildProcess::Start(options);
  ASSERT_TRUE(process.ok()) << process.status();

  config::v1::MetricsServer config = Server(absl::StrCat("https://127.0.0.1:", port));
  config.set_ca_file(authority.ca_file());
  config.mutable_basic_auth()->set_user("gate");
  config.mutable_basic_auth()->set_password_file(folder.Write("password", "open sesame\n"));
  config.set_client_certificate_file(authority.File("gate.pem"));
  config.set_client_private_key_file(authority.File("gate.key"));
  v1::Query query = CohortQuery(v1::METRIC_KIND_COUNTS);
  query.mutable_cohort_metric()->set_events("errors_total");
  query.mutable_cohort_metric()->set_exposure("requests_total");
  const auto ask = [&](const config::v1::MetricsServer& server) {
    PrometheusSource source(server);
    const v1::Change change;
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    return source.Fetch(query, {change, kStart + absl::Minutes(10), deadline}).absence().reason();
  };
  EXPECT_TRUE(Eventually([&] { return ask(config) == v1::ABSENCE_REASON_EMPTY; }))
      << ReadFile(options.output);
  config::v1::MetricsServer without = config;
  without.clear_client_certificate_file();
  EXPECT_EQ(ask(without), v1::ABSENCE_REASON_UNREACHABLE);
  without = config;
  without.clear_basic_auth();
  EXPECT_EQ(ask(without), v1::ABSENCE_REASON_DENIED);
  without = config;
  without.clear_ca_file();
  EXPECT_EQ(ask(without), v1::ABSENCE_REASON_UNREACHABLE);
}

}  // namespace
}  // namespace gate
