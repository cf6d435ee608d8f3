// OpenMetrics files: what is read of them, what is refused, and what a policy's selectors get.
#include "gate/evidence/open_metrics.h"

#include <cmath>
#include <filesystem>
#include <limits>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "checks/proto_time.h"
#include "gate/evidence/metrics_files.h"
#include "gate/evidence/sample_select.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/fakes/child_process.h"

namespace gate {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// "a_total{track=canary} 1000:5 2000:6", the labels that are asked for.
std::vector<std::string> Texts(const std::vector<PrometheusSeries>& list,
                               const std::vector<std::string>& labels) {
  std::vector<std::string> texts;
  for (const PrometheusSeries& series : list) {
    std::string text(series.labels.Get("__name__"));
    for (const std::string& label : labels) {
      const std::string_view value = series.labels.Get(label);
      if (!value.empty()) absl::StrAppend(&text, "{", label, "=", std::string(value), "}");
    }
    for (const PrometheusSample& sample : series.samples) {
      absl::StrAppend(&text, " ", sample.milliseconds, ":", sample.value);
    }
    texts.push_back(text);
  }
  return texts;
}

TEST(OpenMetrics, CountersGaugesAndHistogramsAreKeptAndTheRestIsRead) {
  const auto series = ParseOpenMetrics(
      "# TYPE http_requests counter\n"
      "# HELP http_requests All requests, \\\"also\\\" those that failed.\n"
      "http_requests_total{track=\"canary\",code=\"200\"} 5 1\n"
      "http_requests_total{track=\"canary\",code=\"200\"} 6 2.5 # {trace_id=\"ab c\"} 1 2.4\n"
      "http_requests_created{track=\"canary\",code=\"200\"} 0.5 1\n"
      "# TYPE depth gauge\n"
      "# UNIT depth messages\n"
      "depth{host=\"a\\\\b\\\"c\\nd\"} -1.5e3 1.0\n"
      "depth NaN 2\n"
      "depth +Inf 3\n"
      "# TYPE latency histogram\n"
      "latency_bucket{le=\"0.1\"} 3 1\n"
      "latency_bucket{le=\"+Inf\"} 4 1 # {} 0.2\n"
      "latency_sum 1.25 1\n"
      "latency_count 4 1\n"
      "# TYPE rpc summary\n"
      "rpc{quantile=\"0.5\"} 1\n"
      "rpc_sum 4\n"
      "# TYPE build info\n"
      "build_info{version=\"1\"} 1\n"
      "untyped 7 1\n"
      "# EOF\n");
  ASSERT_TRUE(series.ok()) << series.status();
  EXPECT_THAT(Texts(*series, {"track", "code", "host", "le"}),
              testing::UnorderedElementsAre(
                  "http_requests_total{track=canary}{code=200} 1000:5 2500:6",
                  "depth{host=a\\b\"c\nd} 1000:-1500", "depth 2000:nan 3000:inf",
                  "latency_bucket{le=0.1} 1000:3", "latency_bucket{le=+Inf} 1000:4",
                  "latency_count 1000:4", "untyped 1000:7"));
}

TEST(OpenMetrics, AnEmptySetHasItsEnd) {
  EXPECT_THAT(ParseOpenMetrics("# EOF").value(), IsEmpty());
  EXPECT_THAT(ParseOpenMetrics("# EOF\n").value(), IsEmpty());
}

TEST(OpenMetrics, TheOrderOfLabelsAndEmptyOnesMakeNoOtherSeries) {
  const auto series = ParseOpenMetrics(
      "a{x=\"1\",y=\"2\"} 1 1\n"
      "a{y=\"2\",x=\"1\",z=\"\"} 2 2\n"
      "# EOF\n");
  ASSERT_TRUE(series.ok()) << series.status();
  EXPECT_THAT(Texts(*series, {"x", "y"}), ElementsAre("a{x=1}{y=2} 1000:1 2000:2"));
}

struct Refused {
  const char* text;
  const char* where;
};

TEST(OpenMetrics, WhatIsNotOfTheFormIsRefusedWithItsPlace) {
  const Refused cases[] = {
      {"", "line 1, column 1: expected \"# EOF\""},
      {"a 1 1\n", "line 2, column 1: expected \"# EOF\""},
      {"a 1 1", "line 1, column 6: expected the end of the line"},
      {"# EOF\na 1 1\n", "line 1, column 7: expected nothing behind"},
      {"# EOF\n\n", "expected nothing behind"},
      {"#EOF\n", "line 1, column 2: expected a blank"},
      {"# a comment\n# EOF\n", "line 1, column 3: expected TYPE, HELP, UNIT or EOF"},
      {"\n# EOF\n", "line 1, column 1: expected the name of a metric"},
      {"a 1\n# EOF\n", "line 1, column 4: expected a timestamp"},
      {"a  1 1\n# EOF\n", "line 1, column 3: expected a number"},
      {"a\t1 1\n# EOF\n", "line 1, column 2: expected a blank and a value"},
      {"a 1 1 \n# EOF\n", "line 1, column 7: expected an exemplar"},
      {"a 1 1\r\n# EOF\n", "line 1, column 5: expected a number"},
      {"a 0x10 1\n# EOF\n", "line 1, column 3: expected a number"},
      {"a 1e999 1\n# EOF\n", "line 1, column 3: expected a number"},
      {"a ++1 1\n# EOF\n", "line 1, column 3: expected a number"},
      {"a -NaN 1\n# EOF\n", "line 1, column 3: expected a number"},
      {"a nano 1\n# EOF\n", "line 1, column 3: expected a number"},
      {"a 1 1e15\n# EOF\n", "beyond the year 9999"},
      {"a 1 NaN\n# EOF\n", "a timestamp is in seconds"},
      {"a 1 1700000000000\n# EOF\n", "a timestamp is in seconds since 1970"},
      {"a 1 2\na 1 2\n# EOF\n", "line 2, column 1: the timestamps of a series have to rise"},
      {"a 1 2\na 1 1\n# EOF\n", "line 2, column 1: the timestamps of a series have to rise"},
      {"1a 1 1\n# EOF\n", "line 1, column 1: expected the name of a metric"},
      {"a{x} 1 1\n# EOF\n", "line 1, column 4: expected ="},
      {"a{x=1} 1 1\n# EOF\n", "line 1, column 5: expected a value in double quotes"},
      {"a{x=\"1} 1 1\n# EOF\n", "line 1, column 12: expected a closing quote"},
      {"a{x=\"\\t\"} 1 1\n# EOF\n", "line 1, column 7: expected n, \" or \\ behind a backslash"},
      {"a{x=\"1\" y=\"2\"} 1 1\n# EOF\n", "line 1, column 8: expected , or }"},
      {"a{x=\"1\",} 1 1\n# EOF\n", "line 1, column 9: expected the name of a label"},
      {"a{x=\"1\",x=\"2\"} 1 1\n# EOF\n", "line 1, column 9: x stands here twice"},
      {"a{x=\"\",x=\"\"} 1 1\n# EOF\n", "line 1, column 8: x stands here twice"},
      {"a{__name__=\"b\"} 1 1\n# EOF\n", "line 1, column 3: __name__ stands here twice"},
      {"a{x=\"\xff\"} 1 1\n# EOF\n", "line 1, column 6: is not UTF-8"},
      {"# EOF\n\xff", "line 2, column 1: is not UTF-8"},
      {"a 1 1 # x\n# EOF\n", "line 1, column 9: expected labels of an exemplar"},
      {"a 1 1 # {} x\n# EOF\n", "line 1, column 12: expected a number"},
      {"# TYPE a gouge\n# EOF\n", "line 1, column 10: is no type of OpenMetrics"},
      {"# TYPE a gauge\n# TYPE a gauge\n# EOF\n", "line 2, column 10: a has a type already"},
      {"a 1 1\n# TYPE a gauge\n# EOF\n", "line 2, column 10: a stands above, or is of another"},
      {"# TYPE a counter\n# TYPE a_total gauge\n# EOF\n", "line 2, column 16: a_total stands"},
      {"# TYPE a counter\na 1 1\n# EOF\n", "line 2, column 1: a is a counter, whose samples"},
      {"# TYPE a histogram\na 1 1\n# EOF\n", "line 2, column 1: a is a histogram"},
      {"# TYPE a histogram\na_bucket 1 1\n# EOF\n", "line 2, column 1: a bucket needs the label"},
  };
  for (const Refused& refused : cases) {
    const auto series = ParseOpenMetrics(refused.text);
    EXPECT_TRUE(absl::IsInvalidArgument(series.status())) << refused.text;
    EXPECT_THAT(std::string(series.status().message()), HasSubstr(refused.where)) << refused.text;
  }
}

// ---- what a question gets

// Boundaries at 600, 660, ... 900 seconds.
IntervalGrid Grid() { return {absl::FromUnixSeconds(600), absl::Minutes(1), 6, 0, 0}; }

std::vector<std::string> Selected(const std::string& selector,
                                  const std::vector<std::string>& files,
                                  absl::Duration within = absl::ZeroDuration(), int weeks = 0) {
  std::vector<std::vector<PrometheusSeries>> parsed;
  for (const std::string& file : files) {
    parsed.push_back(ParseOpenMetrics(file + "# EOF\n").value());
  }
  std::vector<const std::vector<PrometheusSeries>*> lists;
  for (const auto& one : parsed) lists.push_back(&one);
  SampleQuestion question;
  std::string error;
  question.selector = ParseSelector(selector, error).value();
  question.within = within;
  question.weeks_before = weeks;
  const auto series = SelectSamples(question, lists, Grid());
  if (!series.ok()) return {std::string(series.status().message())};
  return Texts(*series, {"x"});
}

TEST(SelectSamples, TheNewestUpToABoundaryIsTaken) {
  EXPECT_THAT(Selected("a", {"a 1 599.9\na 2 600\na 3 600.1\na 4 715\na 5 721\n"}),
              ElementsAre("a 600000:2 660000:3 720000:4 780000:5 840000:5 900000:5"));
}

TEST(SelectSamples, WhatIsTooOldIsNotThere) {
  EXPECT_THAT(Selected("a", {"a 1 420\n"}), ElementsAre("a 600000:1 660000:1"));
  EXPECT_THAT(Selected("a", {"a 1 640\n"}, absl::Minutes(1)), ElementsAre("a 660000:1"));
  EXPECT_THAT(Selected("a", {"a 1 300\n"}), IsEmpty());
}

TEST(SelectSamples, EarlierWeeksAreMoved) {
  constexpr int kWeek = 7 * 24 * 3600;
  const std::string file = absl::StrCat("a 1 ", 650, "\na 2 ", 650 + kWeek, "\n");
  std::vector<std::vector<PrometheusSeries>> parsed = {ParseOpenMetrics(file + "# EOF\n").value()};
  SampleQuestion question;
  question.selector.name = "a";
  question.weeks_before = 1;
  IntervalGrid grid = Grid();
  grid.first += absl::Seconds(kWeek);
  grid.boundaries = 2;
  const auto series = SelectSamples(question, {&parsed[0]}, grid);
  ASSERT_TRUE(series.ok());
  ASSERT_EQ(series->size(), 1u);
  ASSERT_EQ((*series)[0].samples.size(), 1u);
  EXPECT_EQ((*series)[0].samples[0].milliseconds, (660 + kWeek) * int64_t{1000});
  EXPECT_EQ((*series)[0].samples[0].value, 1);
}

TEST(SelectSamples, MatchersAreThoseOfPrometheus) {
  const std::string file = "a{x=\"one\"} 1 899\na{x=\"two\"} 2 899\na 3 899\nb{x=\"one\"} 4 899\n";
  EXPECT_THAT(Selected("a{x=\"one\"}", {file}), ElementsAre("a{x=one} 900000:1"));
  EXPECT_THAT(Selected("a{x!=\"one\"}", {file}), ElementsAre("a 900000:3", "a{x=two} 900000:2"));
  EXPECT_THAT(Selected("a{x=~\"o.*|t\"}", {file}), ElementsAre("a{x=one} 900000:1"))
      << "a regular expression has to match the whole value";
  EXPECT_THAT(Selected("a{x!~\".+\"}", {file}), ElementsAre("a 900000:3"));
  EXPECT_THAT(Selected("{x=\"one\"}", {file}).size(), 2u);
  EXPECT_THAT(Selected("a{x=~\"(\"}", {file}), ElementsAre(HasSubstr("is no regular expression")));
}

TEST(SelectSamples, FilesOfOneSeriesArePutTogetherAndMustNotContradict) {
  EXPECT_THAT(Selected("a", {"a 3 720\n", "a 1 600\na 2 660\n", "a 2 660\n"}),
              ElementsAre("a 600000:1 660000:2 720000:3 780000:3 840000:3 900000:3"));
  EXPECT_THAT(Selected("a", {"a 3 720\n", "a 4 720\n"}),
              ElementsAre(HasSubstr("two files hold different values of one series of a at "
                                    "1970-01-01T00:12:00Z")));
}

// ---- the source

class MetricsFilesTest : public testing::Test {
 protected:
  MetricsFilesTest() : source_(Files()) {
    query_.set_id("canary.http_5xx");
    v1::CohortMetricQuery& asked = *query_.mutable_cohort_metric();
    asked.set_source("recorded");
    asked.set_metric("http_5xx");
    asked.set_kind(v1::METRIC_KIND_COUNTS);
    asked.set_events("errors_total{service=\"orders\"}");
    asked.set_exposure("requests_total{service=\"orders\"}");
    asked.set_cohort_label("track");
    for (const char* cohort : {"canary", "baseline", "stable"}) {
      (*asked.mutable_cohorts())[cohort] = cohort;
    }
    *asked.mutable_window() = ToProto(absl::Minutes(10));
    *asked.mutable_step() = ToProto(absl::Minutes(1));
  }

  config::v1::MetricsFiles Files() const {
    config::v1::MetricsFiles files;
    files.set_name("recorded");
    files.set_folder(folder_.path());
    return files;
  }

  static absl::Time Now() { return absl::FromUnixSeconds(1795176000) + absl::Seconds(20); }

  // A sample every 15 s over the last quarter of an hour: `rate` a sample. It may begin anew.
  static std::string Counter(const std::string& name, const std::string& track, double rate,
                             absl::Time anew = absl::InfiniteFuture()) {
    std::string text = absl::StrCat("# TYPE ", name, " counter\n");
    double value = 1000;
    for (absl::Time time = Now() - absl::Minutes(15); time <= Now(); time += absl::Seconds(15)) {
      absl::StrAppend(&text, name, "_total{service=\"orders\",instance=\"", track, "-1\",track=\"",
                      track, "\"} ", value, " ", absl::ToUnixSeconds(time), "\n");
      value += rate;
      if (time >= anew && time < anew + absl::Seconds(15)) value = 0;
    }
    return text;
  }

  v1::Observation Fetch() {
    return source_.Fetch(
        query_, {change_, Now(), std::chrono::steady_clock::now() + std::chrono::seconds(20)});
  }

  TempFolder folder_;
  MetricsFilesSource source_;
  v1::Change change_;
  v1::Query query_;
};

TEST_F(MetricsFilesTest, AnswersAsAServerWould) {
  folder_.Write("canary.om",
                Counter("requests", "canary", 25) + Counter("errors", "canary", 2) + "# EOF\n");
  folder_.Write("stable.om",
                Counter("requests", "stable", 100) + Counter("errors", "stable", 1) + "# EOF\n");
  folder_.Write("readme.txt", "no metrics");
  const v1::Observation observation = Fetch();
  ASSERT_TRUE(observation.has_metric()) << observation.DebugString();
  EXPECT_EQ(observation.source(), "files:recorded");
  EXPECT_EQ(observation.metric().flaws_size(), 0) << observation.DebugString();
  ASSERT_EQ(observation.metric().points_size(), 9);
  for (const v1::MetricPoint& point : observation.metric().points()) {
    EXPECT_EQ(point.cohorts().at("canary").exposure(), 100);
    EXPECT_EQ(point.cohorts().at("canary").events(), 8);
    EXPECT_EQ(point.cohorts().at("stable").exposure(), 400);
    EXPECT_EQ(point.cohorts().at("stable").events(), 4);
  }
  EXPECT_THAT(observation.metric().queries(0), HasSubstr("errors_total{service=\"orders\""));
}

TEST_F(MetricsFilesTest, ACounterThatFellIsAFlaw) {
  const std::string requests = Counter("requests", "canary", 25, Now() - absl::Minutes(5));
  folder_.Write("all.om", requests + Counter("errors", "canary", 2) + "# EOF\n");
  const v1::Observation observation = Fetch();
  ASSERT_TRUE(observation.has_metric()) << observation.DebugString();
  bool reset = false;
  for (const v1::SeriesFlaw& flaw : observation.metric().flaws()) {
    reset = reset || flaw.kind() == v1::FLAW_KIND_COUNTER_RESET;
  }
  EXPECT_TRUE(reset) << observation.DebugString();
}

TEST_F(MetricsFilesTest, AFileThatIsWrongLeavesNoAnswerUntilItIsMended) {
  folder_.Write("good.om", Counter("requests", "canary", 25) + "# EOF\n");
  EXPECT_TRUE(Fetch().has_metric());
  folder_.Write("half.om", Counter("requests", "stable", 25));
  v1::Absence absence = Fetch().absence();
  EXPECT_EQ(absence.reason(), v1::ABSENCE_REASON_MALFORMED);
  EXPECT_THAT(absence.detail(), AllOf(HasSubstr("half.om: line 63, column 1: expected \"# EOF\"")));
  folder_.Write("half.om", Counter("requests", "stable", 25) + "# EOF\n");
  EXPECT_TRUE(Fetch().has_metric());
  std::filesystem::remove(folder_.File("good.om"));
  const v1::Observation observation = Fetch();
  EXPECT_FALSE(observation.metric().points(0).cohorts().contains("canary"));
}

TEST_F(MetricsFilesTest, NothingAndNowhereHaveReasons) {
  EXPECT_EQ(Fetch().absence().reason(), v1::ABSENCE_REASON_EMPTY);
  query_.mutable_cohort_metric()->set_exposure("requests_total{");
  EXPECT_EQ(Fetch().absence().reason(), v1::ABSENCE_REASON_REJECTED);
  query_.mutable_cohort_metric()->set_exposure("requests_total");
  std::filesystem::remove_all(folder_.path());
  const v1::Absence absence = Fetch().absence();
  EXPECT_EQ(absence.reason(), v1::ABSENCE_REASON_UNREACHABLE);
  EXPECT_THAT(absence.detail(), HasSubstr("cannot be read"));
}

TEST_F(MetricsFilesTest, OnlyItsOwnQuestionsAreAnswered) {
  EXPECT_TRUE(source_.Answers(query_));
  query_.mutable_cohort_metric()->set_source("main");
  EXPECT_FALSE(source_.Answers(query_));
  v1::Query series;
  series.mutable_series()->set_source("recorded");
  EXPECT_TRUE(source_.Answers(series));
  EXPECT_EQ(source_.Fetch(series, {change_, Now(), std::chrono::steady_clock::time_point::max()})
                .absence()
                .reason(),
            v1::ABSENCE_REASON_REJECTED);
}

}  // namespace
}  // namespace gate
