// The source against real servers, and against ones that misbehave.
#include "gate/evidence/prometheus.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "absl/strings/str_cat.h"
#include "checks/proto_time.h"
#include "tests/fakes/prometheus_server.h"
#include "tests/fakes/raw_http_server.h"

namespace gate {
namespace {

using ::testing::HasSubstr;

// Some time ago, on a minute.
const absl::Time kStart =
    absl::UnixEpoch() +
    absl::Floor(absl::Now() - absl::UnixEpoch() - absl::Hours(2), absl::Minutes(1));

config::v1::MetricsServer Server(const std::string& url) {
  config::v1::MetricsServer server;
  server.set_name("main");
  server.set_url(url);
  return server;
}

v1::Query Query() {
  v1::Query query;
  query.set_id("canary.http_5xx");
  v1::CohortMetricQuery& counts = *query.mutable_cohort_metric();
  counts.set_source("main");
  counts.set_events(R"(http_requests_total{job="payments",code=~"5.."})");
  counts.set_exposure(R"(http_requests_total{job="payments"})");
  counts.set_cohort_label("track");
  (*counts.mutable_cohorts())["canary"] = "canary";
  (*counts.mutable_cohorts())["baseline"] = "base.line";
  *counts.mutable_start() = ToProto(kStart);
  *counts.mutable_window() = ToProto(absl::Hours(1));
  *counts.mutable_step() = ToProto(absl::Minutes(1));
  counts.set_metric("http_5xx");
  counts.set_kind(v1::METRIC_KIND_COUNTS);
  return query;
}

v1::Observation Ask(PrometheusSource& source, const v1::Query& query, absl::Time now,
                    std::chrono::milliseconds patience = std::chrono::seconds(20)) {
  const v1::Change change;
  return source.Fetch(query, {change, now, std::chrono::steady_clock::now() + patience});
}

std::string Labels(const std::string& track, const std::string& code) {
  return absl::StrCat("{job=\"payments\",track=\"", track, "\",code=\"", code, "\"}");
}

// Scraped every 15 s. The canary's first error series is born in minute 6; an interval of step 15 s
// that rate() would turn into fractions.
MetricsHistory TwoCohorts() {
  MetricsHistory history;
  std::vector<double> ok, errors, base, base_errors;
  for (int i = 0; i <= 80; ++i) {  // From 10 minutes before the start.
    base.push_back(1e6 + 25 * i);
    base_errors.push_back(40 + i / 20);
  }
  for (int i = 0; i <= 40; ++i) ok.push_back(10 * i);
  for (int i = 0; i <= 16; ++i) errors.push_back(1 + i);
  const absl::Duration scrape = absl::Seconds(15);
  history.Add("http_requests_total", Labels("base.line", "200"), kStart - absl::Minutes(10), scrape,
              base);
  history.Add("http_requests_total", Labels("base.line", "503"), kStart - absl::Minutes(10), scrape,
              base_errors);
  history.Add("http_requests_total", Labels("baseXline", "503"), kStart - absl::Minutes(10), scrape,
              base);
  history.Add("http_requests_total", Labels("canary", "200"), kStart, scrape, ok);
  history.Add("http_requests_total", Labels("canary", "500"), kStart + absl::Minutes(6), scrape,
              errors);
  return history;
}

void ExpectTwoCohorts(PrometheusSource& source) {
  const v1::Observation observation =
      Ask(source, Query(), kStart + absl::Minutes(10) + absl::Seconds(6));
  ASSERT_TRUE(observation.has_metric()) << observation.ShortDebugString();
  EXPECT_EQ(observation.id(), "canary.http_5xx");
  EXPECT_EQ(observation.source(), "prometheus:main");
  const v1::MetricSeries& series = observation.metric();
  EXPECT_EQ(series.flaws_size(), 0) << series.flaws(0).ShortDebugString();
  EXPECT_EQ(series.name(), "http_5xx");
  EXPECT_EQ(FromProto(series.step()), absl::Minutes(1));
  ASSERT_EQ(series.points_size(), 10);
  EXPECT_EQ(FromProto(observation.observed_at()), kStart + absl::Minutes(10));
  double canary_events = 0, canary = 0, baseline_events = 0, baseline = 0;
  for (const v1::MetricPoint& point : series.points()) {
    ASSERT_EQ(point.cohorts().size(), 2u);
    const v1::CohortPoint& c = point.cohorts().at("canary");
    canary_events += c.events();
    canary += c.exposure();
    baseline_events += point.cohorts().at("baseline").events();
    baseline += point.cohorts().at("baseline").exposure();
    EXPECT_EQ(c.events(), std::floor(c.events()));
  }
  EXPECT_EQ(canary_events, 17);   // Born with one error.
  EXPECT_EQ(canary, 400 + 17);    // Both codes.
  EXPECT_EQ(baseline_events, 2);  // 40 + 80/20 - (40 + 40/20)
  EXPECT_EQ(baseline, 40 * 25 + 2);
  EXPECT_EQ(series.queries(0),
            R"(http_requests_total{job="payments",code=~"5..",track=~"canary|base\\.line"})");
}

class RealPrometheus : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    MetricsHistory history = TwoCohorts();
    std::vector<double> falls(41), stops;
    for (size_t i = 0; i < falls.size(); ++i)
      falls[i] = static_cast<double>(i < 20 ? 500 + i : i - 20);
    for (int i = 0; i <= 8; ++i) stops.push_back(i);
    history.Add("restarts_total", "{track=\"canary\"}", kStart, absl::Seconds(15), falls);
    history.Add("restarts_total", "{track=\"base.line\"}", kStart, absl::Seconds(15),
                std::vector<double>(41, 3));
    history.Add("stops_total", "{track=\"canary\"}", kStart, absl::Seconds(15), stops);
    history.Add("stops_total", "{track=\"base.line\"}", kStart, absl::Seconds(15),
                std::vector<double>(81, 3));
    std::vector<double> old;
    for (int i = 0; i <= 40; ++i) old.push_back(9e6 + 10 * i);
    for (const char* pod : {"a", "b"}) {
      for (const char* track : {"canary", "base.line"}) {
        const bool late = *pod == 'b' && *track == 'c';
        history.Add("pods_total",
                    absl::StrCat("{track=\"", track, "\",instance=\"", pod, track, "\"}"),
                    late ? kStart + absl::Minutes(5) : kStart, absl::Seconds(15), old);
      }
    }
    auto started = MetricsServerFake::StartPrometheus(history);
    ASSERT_TRUE(started.ok()) << started.status();
    server_ = started->release();
  }
  static void TearDownTestSuite() { delete server_; }
  static MetricsServerFake* server_;
};
MetricsServerFake* RealPrometheus::server_ = nullptr;

TEST_F(RealPrometheus, CountsWholeEvents) {
  PrometheusSource source(Server(server_->url() + "/"));
  EXPECT_TRUE(source.Answers(Query()));
  ExpectTwoCohorts(source);
  ExpectTwoCohorts(source);  // From what was kept.
}

TEST_F(RealPrometheus, WithoutAStartTheWindowSlides) {
  PrometheusSource source(Server(server_->url()));
  v1::Query query = Query();
  query.mutable_cohort_metric()->clear_start();
  *query.mutable_cohort_metric()->mutable_window() = ToProto(absl::Minutes(14));
  const v1::Observation observation =
      Ask(source, query, kStart + absl::Minutes(10) + absl::Seconds(6));
  ASSERT_TRUE(observation.has_metric()) << observation.ShortDebugString();
  // Before its birth the canary is not in the points.
  EXPECT_EQ(observation.metric().points(0).cohorts().count("canary"), 0u);
  EXPECT_EQ(observation.metric().flaws_size(), 0);
}

TEST_F(RealPrometheus, ARestartIsSeen) {
  PrometheusSource source(Server(server_->url()));
  v1::Query query = Query();
  query.mutable_cohort_metric()->set_events("restarts_total");
  query.mutable_cohort_metric()->set_exposure("restarts_total");
  const v1::Observation observation =
      Ask(source, query, kStart + absl::Minutes(10) + absl::Seconds(6));
  ASSERT_EQ(observation.metric().flaws_size(), 1) << observation.ShortDebugString();
  EXPECT_EQ(observation.metric().flaws(0).kind(), v1::FLAW_KIND_COUNTER_RESET);
  EXPECT_EQ(FromProto(observation.metric().flaws(0).time()), kStart + absl::Minutes(5));
}

TEST_F(RealPrometheus, ACohortThatStopsIsFlatAndThenGone) {
  PrometheusSource source(Server(server_->url()));
  v1::Query query = Query();
  query.mutable_cohort_metric()->set_events("stops_total{never=\"1\"}");
  query.mutable_cohort_metric()->set_exposure("stops_total");
  const v1::Observation observation =
      Ask(source, query, kStart + absl::Minutes(15) + absl::Seconds(6));
  ASSERT_EQ(observation.metric().flaws_size(), 1) << observation.ShortDebugString();
  EXPECT_EQ(observation.metric().flaws(0).kind(), v1::FLAW_KIND_GAP);
  double exposure = 0;
  for (const v1::MetricPoint& point : observation.metric().points()) {
    const auto canary = point.cohorts().find("canary");
    if (canary != point.cohorts().end()) exposure += canary->second.exposure();
  }
  EXPECT_EQ(exposure, 8);
}

TEST_F(RealPrometheus, AnOldProcessThatIsScrapedForTheFirstTimeIsNoBurst) {
  PrometheusSource source(Server(server_->url()));
  v1::Query query = Query();
  query.mutable_cohort_metric()->set_events("pods_total{never=\"1\"}");
  query.mutable_cohort_metric()->set_exposure("pods_total");
  const v1::Observation observation =
      Ask(source, query, kStart + absl::Minutes(10) + absl::Seconds(6));
  ASSERT_EQ(observation.metric().points_size(), 10) << observation.ShortDebugString();
  EXPECT_EQ(observation.metric().flaws_size(), 0);
  for (int i = 0; i < 10; ++i) {
    const auto& cohorts = observation.metric().points(i).cohorts();
    EXPECT_EQ(cohorts.at("baseline").exposure(), 80);
    // The other pod is first seen at minute 5 and counts from then on.
    EXPECT_EQ(cohorts.at("canary").exposure(), i < 5 ? 40 : 80) << i;
  }
}

TEST_F(RealPrometheus, RefusalsAndSilenceHaveReasons) {
  PrometheusSource source(Server(server_->url()));
  v1::Query query = Query();
  query.mutable_cohort_metric()->set_exposure("http_requests_total{job=~\"(\"}");
  v1::Observation observation = Ask(source, query, kStart + absl::Minutes(10) + absl::Seconds(6));
  EXPECT_EQ(observation.absence().reason(), v1::ABSENCE_REASON_REJECTED);
  EXPECT_THAT(observation.absence().detail(), HasSubstr("missing closing )"));
  query.mutable_cohort_metric()->set_exposure("rate(x[5m])");
  observation = Ask(source, query, kStart + absl::Minutes(10) + absl::Seconds(6));
  EXPECT_EQ(observation.absence().reason(), v1::ABSENCE_REASON_REJECTED);
  query.mutable_cohort_metric()->set_exposure("nobody_knows_total");
  observation = Ask(source, query, kStart + absl::Minutes(10) + absl::Seconds(6));
  EXPECT_EQ(observation.absence().reason(), v1::ABSENCE_REASON_EMPTY);
  EXPECT_THAT(observation.absence().detail(), HasSubstr("nobody_knows_total{track="));
  observation = Ask(source, Query(), kStart + absl::Seconds(30));
  EXPECT_EQ(observation.absence().reason(), v1::ABSENCE_REASON_EMPTY);
}

TEST(RealVictoriaMetrics, CountsTheSame) {
  auto server = MetricsServerFake::StartVictoriaMetrics(TwoCohorts());
  ASSERT_TRUE(server.ok()) << server.status();
  PrometheusSource source(Server((*server)->url()));
  ExpectTwoCohorts(source);
}

// What a server may say, and what we make of it.
std::string Matrix(const std::string& result) {
  return R"({"status":"success","data":{"resultType":"matrix","result":[)" + result + "]}}";
}
std::string Sample(const std::string& value, absl::Time time = kStart) {
  return absl::StrCat(R"({"metric":{"track":"canary"},"values":[[)", absl::ToUnixSeconds(time), ",",
                      value, "]]}");
}

struct Garbage {
  std::string name;
  std::string response;
  v1::AbsenceReason reason;
  std::string detail;
};

class Garbled : public ::testing::TestWithParam<Garbage> {};

TEST_P(Garbled, IsAnAbsenceWithItsReason) {
  const Garbage& garbage = GetParam();
  RawHttpServer server([&](const std::string&, int connection) {
    RawHttpServer::Send(connection, garbage.response);
  });
  PrometheusSource source(Server(server.url()));
  const v1::Observation observation = Ask(source, Query(), kStart + absl::Minutes(10));
  EXPECT_EQ(v1::AbsenceReason_Name(observation.absence().reason()),
            v1::AbsenceReason_Name(garbage.reason))
      << observation.ShortDebugString();
  EXPECT_THAT(observation.absence().detail(), HasSubstr(garbage.detail));
}

std::vector<Garbage> AllGarbage() {
  const auto json = [](const std::string& body, int status = 200) {
    return RawHttpServer::Response(status, "application/json", body);
  };
  return {
      {"html", RawHttpServer::Response(200, "text/html", "<html>Log in</html>"),
       v1::ABSENCE_REASON_MALFORMED, "HTML"},
      {"empty", json(""), v1::ABSENCE_REASON_MALFORMED, "not JSON"},
      {"no_content", "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n",
       v1::ABSENCE_REASON_MALFORMED, "HTTP 204"},
      {"redirect",
       "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\nConnection: "
       "close\r\n\r\n",
       v1::ABSENCE_REASON_MALFORMED, "redirects are not followed"},
      {"unauthorized", RawHttpServer::Response(401, "text/plain", "no"), v1::ABSENCE_REASON_DENIED,
       "HTTP 401"},
      {"forbidden", RawHttpServer::Response(403, "text/plain", "no"), v1::ABSENCE_REASON_DENIED,
       "HTTP 403"},
      {"not_found", RawHttpServer::Response(404, "text/plain", "no"), v1::ABSENCE_REASON_REJECTED,
       "no Prometheus API"},
      {"bad_data",
       json(R"({"status":"error","errorType":"bad_data","error":"parse error at 3"})", 400),
       v1::ABSENCE_REASON_REJECTED, "parse error at 3"},
      {"timeout_inside",
       json(R"({"status":"error","errorType":"timeout","error":"query timed out"})", 503),
       v1::ABSENCE_REASON_TIMEOUT, "query timed out"},
      {"unavailable", RawHttpServer::Response(503, "text/plain", "down"),
       v1::ABSENCE_REASON_UNREACHABLE, "HTTP 503"},
      {"too_many", RawHttpServer::Response(429, "text/plain", "slow"),
       v1::ABSENCE_REASON_UNREACHABLE, "HTTP 429"},
      {"error_with_200",
       json(R"({"status":"error","errorType":"execution","error":"too many samples"})"),
       v1::ABSENCE_REASON_REJECTED, "too many samples"},
      {"cut_off",
       "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: "
       "900\r\n\r\n{\"status\"",
       v1::ABSENCE_REASON_UNREACHABLE, ""},
      {"closed", "", v1::ABSENCE_REASON_UNREACHABLE, ""},
      {"not_http", "SSH-2.0-OpenSSH_9.2\r\n", v1::ABSENCE_REASON_MALFORMED, ""},
      {"array", json("[]"), v1::ABSENCE_REASON_MALFORMED, "array"},
      {"trailing", json(Matrix("") + "x"), v1::ABSENCE_REASON_MALFORMED, "not JSON"},
      {"vector", json(R"({"status":"success","data":{"resultType":"vector","result":[]}})"),
       v1::ABSENCE_REASON_MALFORMED, "matrix"},
      {"no_result", json(R"({"status":"success"})"), v1::ABSENCE_REASON_MALFORMED, "lacks"},
      {"status_number", json(R"({"status":1,"data":{}})"), v1::ABSENCE_REASON_MALFORMED, "number"},
      {"status_other", json(R"({"status":"fine"})"), v1::ABSENCE_REASON_MALFORMED, "neither"},
      {"value_as_number", json(Matrix(Sample("7"))), v1::ABSENCE_REASON_MALFORMED, "not a string"},
      {"value_as_word", json(Matrix(Sample("\"many\""))), v1::ABSENCE_REASON_MALFORMED,
       "not a number"},
      {"sample_of_one", json(Matrix(R"({"metric":{},"values":[[1]]})")),
       v1::ABSENCE_REASON_MALFORMED, "not [time, value]"},
      {"sample_of_three", json(Matrix(R"({"metric":{},"values":[[1,"2","3"]]})")),
       v1::ABSENCE_REASON_MALFORMED, "not [time, value]"},
      {"time_huge", json(Matrix(R"({"metric":{},"values":[[1e300,"2"]]})")),
       v1::ABSENCE_REASON_MALFORMED, "out of range"},
      {"times_backwards", json(Matrix(R"({"metric":{},"values":[[2,"2"],[1,"3"]]})")),
       v1::ABSENCE_REASON_MALFORMED, "not in order"},
      {"other_times", json(Matrix(Sample("\"5\"", kStart + absl::Seconds(1)))),
       v1::ABSENCE_REASON_MALFORMED, "another time"},
      {"no_values", json(Matrix(R"({"metric":{}})")), v1::ABSENCE_REASON_MALFORMED,
       "lacks metric or values"},
      {"histogram",
       json(Matrix(absl::StrCat(R"({"metric":{},"histograms":[[)", absl::ToUnixSeconds(kStart),
                                R"(,{"count":"1","sum":"1","buckets":[]}]]})"))),
       v1::ABSENCE_REASON_MALFORMED, "a histogram where a counter was asked for"},
      {"histogram_without_count", json(Matrix(R"({"metric":{},"histograms":[[1,{"sum":"1"}]]})")),
       v1::ABSENCE_REASON_MALFORMED, "lacks its count"},
      {"histogram_of_a_number", json(Matrix(R"({"metric":{},"histograms":[[1,"1"]]})")),
       v1::ABSENCE_REASON_MALFORMED, "where it does not belong"},
      {"bucket_of_three",
       json(Matrix(R"({"metric":{},"histograms":[[1,{"count":"1","buckets":[[0,"1","2"]]}]]})")),
       v1::ABSENCE_REASON_MALFORMED, "a bucket is not"},
      {"bucket_of_another_rule",
       json(
           Matrix(R"({"metric":{},"histograms":[[1,{"count":"1","buckets":[[7,"1","2","3"]]}]]})")),
       v1::ABSENCE_REASON_MALFORMED, "rule"},
      {"series_twice", json(Matrix(Sample("\"5\"") + "," + Sample("\"6\""))),
       v1::ABSENCE_REASON_MALFORMED, "a series is there twice"},
      {"deep", json(R"({"x":)" + std::string(100000, '[')), v1::ABSENCE_REASON_MALFORMED, "deep"},
      {"warned",
       json(
           R"({"status":"success","warnings":["store api down"],"data":{"resultType":"matrix","result":[]}})"),
       v1::ABSENCE_REASON_UNREACHABLE, "store api down"},
      {"partial",
       json(R"({"status":"success","isPartial":true,"data":{"resultType":"matrix","result":[]}})"),
       v1::ABSENCE_REASON_UNREACHABLE, "in part only"},
      {"nothing", json(Matrix("")), v1::ABSENCE_REASON_EMPTY, "no series matches"},
      {"oversize",
       "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n" + std::string(17 << 20, ' '),
       v1::ABSENCE_REASON_TOO_LARGE, "16 MiB"},
  };
}

INSTANTIATE_TEST_SUITE_P(Table, Garbled, ::testing::ValuesIn(AllGarbage()),
                         [](const auto& info) { return info.param.name; });

TEST(PrometheusSource, NaNIsAFlawAndNotAnAnswer) {
  RawHttpServer server([](const std::string&, int connection) {
    RawHttpServer::Send(
        connection, RawHttpServer::Response(200, "application/json", Matrix(Sample("\"NaN\""))));
  });
  PrometheusSource source(Server(server.url()));
  const v1::Observation observation = Ask(source, Query(), kStart + absl::Minutes(10));
  ASSERT_TRUE(observation.has_metric()) << observation.ShortDebugString();
  EXPECT_GE(observation.metric().flaws_size(), 1);
}

TEST(PrometheusSource, NobodyListens) {
  PrometheusSource source(Server(absl::StrCat("http://127.0.0.1:", FreePort())));
  EXPECT_EQ(Ask(source, Query(), kStart + absl::Minutes(10)).absence().reason(),
            v1::ABSENCE_REASON_UNREACHABLE);
}

TEST(PrometheusSource, ADripDoesNotOutliveTheDeadline) {
  std::atomic<bool> done = false;
  RawHttpServer server([&](const std::string&, int connection) {
    RawHttpServer::Send(connection, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n");
    while (!done && RawHttpServer::Send(connection, " ")) std::this_thread::yield();
  });
  config::v1::MetricsServer config = Server(server.url());
  config.mutable_timeout()->set_nanos(200'000'000);
  PrometheusSource source(config);
  const auto before = std::chrono::steady_clock::now();
  const v1::Observation observation = Ask(source, Query(), kStart + absl::Minutes(10));
  done = true;
  // A drip that is fast enough runs into the size first.
  EXPECT_TRUE(observation.absence().reason() == v1::ABSENCE_REASON_TIMEOUT ||
              observation.absence().reason() == v1::ABSENCE_REASON_TOO_LARGE)
      << observation.ShortDebugString();
  EXPECT_LT(std::chrono::steady_clock::now() - before, std::chrono::seconds(5));
}

TEST(PrometheusSource, SendsTheTokenAndReadsItAnew) {
  TempFolder folder;
  std::atomic<int> good = 0;
  RawHttpServer server([&](const std::string& request, int connection) {
    good += request.find("Authorization: Bearer s3cret\r\n") != std::string::npos;
    RawHttpServer::Send(connection, RawHttpServer::Response(200, "application/json", Matrix("")));
  });
  config::v1::MetricsServer config = Server(server.url());
  config.set_bearer_token_file(folder.File("token"));
  PrometheusSource source(config);
  const absl::Time now = kStart + absl::Minutes(10);
  EXPECT_EQ(Ask(source, Query(), now).absence().reason(), v1::ABSENCE_REASON_DENIED);
  EXPECT_EQ(server.requests(), 0);
  folder.Write("token", "s3cret\n");
  EXPECT_EQ(Ask(source, Query(), now).absence().reason(), v1::ABSENCE_REASON_EMPTY);
  EXPECT_EQ(good, 2);
  folder.Write("token", "two words");
  EXPECT_EQ(Ask(source, Query(), now).absence().reason(), v1::ABSENCE_REASON_DENIED);
}

TEST(PrometheusSource, EqualQuestionsShareOneFetchAndAnswersAreKept) {
  RawHttpServer server([&](const std::string&, int connection) {
    std::this_thread::yield();
    RawHttpServer::Send(connection,
                        RawHttpServer::Response(200, "application/json", Matrix(Sample("\"5\""))));
  });
  PrometheusSource source(Server(server.url()));
  std::vector<std::thread> askers;
  std::atomic<int> answered = 0;
  for (int i = 0; i < 16; ++i) {
    askers.emplace_back(
        [&] { answered += Ask(source, Query(), kStart + absl::Minutes(10)).has_metric(); });
  }
  for (std::thread& asker : askers) asker.join();
  EXPECT_EQ(answered, 16);
  EXPECT_EQ(server.requests(), 2);  // Events and exposure, once.
  Ask(source, Query(), kStart + absl::Minutes(10) + absl::Seconds(30));
  Ask(source, Query(), kStart + absl::Minutes(10) + absl::Seconds(30));
  EXPECT_EQ(server.requests(), 4);  // One interval more.
}

TEST(PrometheusSource, AKeptAnswerIsAtHandForTheSameQuestionOnly) {
  RawHttpServer server([&](const std::string&, int connection) {
    RawHttpServer::Send(connection,
                        RawHttpServer::Response(200, "application/json", Matrix(Sample("\"5\""))));
  });
  PrometheusSource source(Server(server.url()));
  const absl::Time now = kStart + absl::Minutes(10);
  const v1::Change change;
  const auto at_hand = [&](const v1::Query& query, absl::Time time) {
    return source.AtHand(query, {change, time, {}});
  };
  EXPECT_EQ(at_hand(Query(), now), nullptr);
  const v1::Observation fetched = Ask(source, Query(), now);
  ASSERT_TRUE(fetched.has_metric());
  const auto kept = at_hand(Query(), now);
  ASSERT_NE(kept, nullptr);
  EXPECT_EQ(kept->SerializeAsString(), fetched.SerializeAsString());
  EXPECT_EQ(at_hand(Query(), now), kept);
  EXPECT_EQ(at_hand(Query(), now + absl::Seconds(30)), nullptr);  // One interval more.
  v1::Query other = Query();
  other.set_id("another");
  EXPECT_EQ(at_hand(other, now), nullptr);
  v1::Query fraction = Query();
  fraction.mutable_cohort_metric()->mutable_step()->set_nanos(1);
  EXPECT_EQ(at_hand(fraction, now), nullptr);
}

// A day of many series is more than one answer may hold.
TEST(PrometheusSource, ARangeThatIsTooLargeIsHalved) {
  const auto field = [](const std::string& request, const std::string& name) {
    const size_t at = request.find("&" + name + "=");
    return at == std::string::npos ? 0 : std::stoll(request.substr(at + name.size() + 2));
  };
  std::atomic<int> too_large = 0;
  RawHttpServer server([&](const std::string& request, int connection) {
    const long long start = field(request, "start"), end = field(request, "end");
    if (end - start > 4 * 3600) {
      ++too_large;
      RawHttpServer::Send(
          connection, RawHttpServer::Response(200, "application/json", std::string(17 << 20, ' ')));
      return;
    }
    std::string values;
    for (long long time = start; time <= end; time += 60) {
      absl::StrAppend(&values, values.empty() ? "" : ",", "[", time, ",\"", time, "\"]");
    }
    RawHttpServer::Send(connection,
                        RawHttpServer::Response(
                            200, "application/json",
                            Matrix(R"({"metric":{"track":"canary"},"values":[)" + values + "]}")));
  });
  PrometheusSource source(Server(server.url()));
  v1::Query query = Query();
  query.mutable_cohort_metric()->clear_start();
  *query.mutable_cohort_metric()->mutable_window() = ToProto(absl::Hours(14));
  v1::Observation observation = Ask(source, query, kStart);
  ASSERT_TRUE(observation.has_metric()) << observation.ShortDebugString();
  EXPECT_EQ(too_large, 2 * 3);  // 14 hours, and 7 twice.
  ASSERT_EQ(observation.metric().points_size(), 14 * 60 - 1);
  for (const v1::MetricPoint& point : observation.metric().points()) {
    EXPECT_EQ(point.cohorts().at("canary").exposure(), 60);
  }
  *query.mutable_cohort_metric()->mutable_window() = ToProto(absl::Hours(24 * 7));
  observation = Ask(source, query, kStart);
  EXPECT_EQ(observation.absence().reason(), v1::ABSENCE_REASON_TOO_LARGE);
}

// Two addresses; each request is told to which one it went.
class TwoEndpoints : public ::testing::Test {
 protected:
  static RawHttpServer::Script Answering(std::atomic<bool>& broken, const char* value) {
    return [&broken, value](const std::string&, int connection) {
      RawHttpServer::Send(
          connection,
          broken ? RawHttpServer::Response(503, "text/plain", "down")
                 : RawHttpServer::Response(200, "application/json", Matrix(Sample(value, kStart))));
    };
  }

  std::atomic<bool> first_broken_ = false, second_broken_ = false;
  RawHttpServer first_{Answering(first_broken_, "\"5\"")};
  RawHttpServer second_{Answering(second_broken_, "\"NaN\"")};
  config::v1::MetricsServer Both() const {
    config::v1::MetricsServer config = Server("");
    config.add_urls(first_.url());
    config.add_urls(second_.url() + "/");
    return config;
  }
};

TEST_F(TwoEndpoints, TheNextOneIsAskedAndStaysWhileItAnswers) {
  PrometheusSource source(Both());
  int minute = 10;
  const auto ask = [&] { return Ask(source, Query(), kStart + absl::Minutes(++minute)); };
  EXPECT_TRUE(ask().has_metric());
  EXPECT_EQ(second_.requests(), 0);
  first_broken_ = true;
  const v1::Observation other = ask();
  ASSERT_TRUE(other.has_metric());
  EXPECT_EQ(other.metric().flaws(0).kind(), v1::FLAW_KIND_NOT_A_NUMBER);  // Nothing of the first.
  const int before = first_.requests();
  first_broken_ = false;
  EXPECT_TRUE(ask().has_metric());
  EXPECT_EQ(first_.requests(), before);  // Not back to the one that has healed.
  second_broken_ = true;
  EXPECT_TRUE(ask().has_metric());
  EXPECT_GT(first_.requests(), before);
}

TEST_F(TwoEndpoints, WhereNoneAnswersBothAreNamed) {
  first_broken_ = second_broken_ = true;
  PrometheusSource source(Both());
  const v1::Observation observation = Ask(source, Query(), kStart + absl::Minutes(10));
  EXPECT_EQ(observation.absence().reason(), v1::ABSENCE_REASON_UNREACHABLE);
  EXPECT_EQ(observation.absence().detail(),
            absl::StrCat(first_.url(), ": HTTP 503; ", second_.url(), "/: HTTP 503"));
}

TEST_F(TwoEndpoints, OneThatHangsLeavesTimeForTheOther) {
  std::atomic<bool> open = false;
  RawHttpServer hanging([&](const std::string&, int) { Eventually([&] { return open.load(); }); });
  config::v1::MetricsServer config = Server("");
  config.add_urls(hanging.url());
  config.add_urls(first_.url());
  PrometheusSource source(config);
  const v1::Observation observation =
      Ask(source, Query(), kStart + absl::Minutes(10), std::chrono::seconds(2));
  open = true;
  EXPECT_TRUE(observation.has_metric()) << observation.ShortDebugString();
}

TEST_F(TwoEndpoints, AQuestionThatIsRefusedIsNotAskedElsewhere) {
  RawHttpServer refusing([](const std::string&, int connection) {
    RawHttpServer::Send(connection,
                        RawHttpServer::Response(
                            400, "application/json",
                            R"({"status":"error","errorType":"bad_data","error":"parse error"})"));
  });
  config::v1::MetricsServer config = Server("");
  config.add_urls(refusing.url());
  config.add_urls(first_.url());
  PrometheusSource source(config);
  EXPECT_EQ(Ask(source, Query(), kStart + absl::Minutes(10)).absence().reason(),
            v1::ABSENCE_REASON_REJECTED);
  EXPECT_EQ(first_.requests(), 0);
}

TEST(PrometheusSource, OneThatKeepsFailingIsLeftAloneAndTheReasonSaysSo) {
  std::atomic<bool> broken = true;
  RawHttpServer server([&](const std::string&, int connection) {
    RawHttpServer::Send(connection, broken ? RawHttpServer::Response(503, "text/plain", "down")
                                           : RawHttpServer::Response(200, "application/json",
                                                                     Matrix(Sample("\"5\""))));
  });
  PrometheusSource source(Server(server.url()));
  const absl::Time now = kStart + absl::Minutes(10);
  for (int i = 0; i < 9; ++i) {
    const v1::Observation observation = Ask(source, Query(), now);
    EXPECT_EQ(observation.absence().reason(), v1::ABSENCE_REASON_UNREACHABLE);
    if (i < 5) continue;
    EXPECT_THAT(observation.absence().detail(),
                ::testing::AllOf(HasSubstr("not asked before"),
                                 HasSubstr("failed 5 times in a row"), HasSubstr("HTTP 503")));
  }
  EXPECT_EQ(server.requests(), 5);
  broken = false;
  EXPECT_TRUE(Ask(source, Query(), now).has_absence());
  EXPECT_TRUE(Ask(source, Query(), now + absl::Seconds(30)).has_metric());
}

TEST(PrometheusSource, SendsWhoItIs) {
  TempFolder folder;
  std::string seen;
  RawHttpServer server([&](const std::string& request, int connection) {
    seen = request;
    RawHttpServer::Send(connection, RawHttpServer::Response(200, "application/json", Matrix("")));
  });
  config::v1::MetricsServer config = Server(server.url());
  config.mutable_basic_auth()->set_user("gate");
  config.mutable_basic_auth()->set_password_file(folder.Write("password", "open sesame\n"));
  (*config.mutable_headers())["X-Scope-OrgID"] = "shop|site";
  PrometheusSource source(config);
  Ask(source, Query(), kStart + absl::Minutes(10));
  EXPECT_THAT(seen, HasSubstr("X-Scope-OrgID: shop|site\r\n"));
  EXPECT_THAT(seen, HasSubstr("Authorization: Basic Z2F0ZTpvcGVuIHNlc2FtZQ==\r\n"));
  // Read anew, and nothing is sent without it.
  folder.Write("password", "");
  const int before = server.requests();
  const v1::Observation observation = Ask(source, Query(), kStart + absl::Minutes(10));
  EXPECT_EQ(observation.absence().reason(), v1::ABSENCE_REASON_DENIED);
  EXPECT_THAT(observation.absence().detail(), HasSubstr("is empty"));
  EXPECT_EQ(server.requests(), before);
}

TEST(PrometheusSource, NoMoreThanTheLimitAreInFlight) {
  std::atomic<int> now_inside = 0, most = 0;
  std::atomic<bool> open = false;
  RawHttpServer server([&](const std::string&, int connection) {
    const int inside = ++now_inside;
    int before = most;
    while (inside > before && !most.compare_exchange_weak(before, inside)) {
    }
    Eventually([&] { return open.load(); });
    --now_inside;
    RawHttpServer::Send(connection, RawHttpServer::Response(200, "application/json", Matrix("")));
  });
  config::v1::MetricsServer config = Server(server.url());
  config.set_max_in_flight(2);
  config.mutable_timeout()->set_seconds(20);
  PrometheusSource source(config);
  std::vector<std::thread> askers;
  for (int i = 0; i < 6; ++i) {
    askers.emplace_back([&, i] {
      v1::Query query = Query();
      query.mutable_cohort_metric()->set_metric(absl::StrCat("m", i));
      Ask(source, query, kStart + absl::Minutes(10));
    });
  }
  EXPECT_TRUE(Eventually([&] { return now_inside == 2; }));
  // A third one that has no time to wait is told so.
  v1::Query query = Query();
  query.mutable_cohort_metric()->set_metric("late");
  const v1::Observation late =
      Ask(source, query, kStart + absl::Minutes(10), std::chrono::milliseconds(50));
  EXPECT_EQ(late.absence().reason(), v1::ABSENCE_REASON_TIMEOUT);
  EXPECT_THAT(late.absence().detail(), HasSubstr("2 other queries"));
  open = true;
  for (std::thread& asker : askers) asker.join();
  EXPECT_EQ(most, 2);
}

}  // namespace
}  // namespace gate
