// Recorded cohorts -> outcomes and sentences, for every kind of metric. Goldens:
// tests/golden/judge/*.txt.
#include "checks/canary/judge.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "checks/canary/judge_request.h"
#include "checks/proto_time.h"
#include "google/protobuf/util/message_differencer.h"
#include "tests/support/golden.h"

namespace gate {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const absl::Time kStart = absl::FromUnixSeconds(1795179600);  // 2026-11-20 13:00 UTC
constexpr double kInfinity = std::numeric_limits<double>::infinity();

// What a cohort does in an interval, by the random numbers of a seed.
using Draw = std::function<void(std::mt19937_64&, v1::CohortPoint&)>;

Draw Errors(double rate, int requests) {
  return [=](std::mt19937_64& random, v1::CohortPoint& point) {
    const int seen = std::poisson_distribution<int>(requests)(random);
    point.set_exposure(seen);
    point.set_events(std::binomial_distribution<int>(seen, rate)(random));
  };
}

Draw Cost(double mean, int hosts) {
  return [=](std::mt19937_64& random, v1::CohortPoint& point) {
    for (int i = 0; i < hosts; ++i) {
      point.add_values(mean * std::lognormal_distribution<double>(0, 0.2)(random));
    }
  };
}

Draw Latency(double median, int requests) {
  return [=](std::mt19937_64& random, v1::CohortPoint& point) {
    std::vector<double> bounds = {0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, kInfinity};
    std::vector<double> counts(bounds.size());
    for (int i = 0; i < requests; ++i) {
      const double seconds = median * std::lognormal_distribution<double>(0, 0.5)(random);
      for (size_t b = 0; b < bounds.size(); ++b) counts[b] += seconds <= bounds[b];
    }
    for (size_t b = 0; b < bounds.size(); ++b) {
      v1::HistogramBucket& bucket = *point.add_buckets();
      bucket.set_le(bounds[b]);
      bucket.set_count(counts[b]);
    }
  };
}

v1::MetricSeries Metric(const std::string& name, v1::MetricKind kind, const Draw& canary,
                        const Draw& old, int intervals, const std::string& cohort = "baseline") {
  std::mt19937_64 random(20261121);
  v1::MetricSeries series;
  series.set_name(name);
  series.set_kind(kind);
  series.set_margin(0.2);
  for (int i = 1; i <= intervals; ++i) {
    v1::MetricPoint& point = *series.add_points();
    *point.mutable_time() = ToProto(kStart + i * absl::Minutes(1));
    canary(random, (*point.mutable_cohorts())["canary"]);
    old(random, (*point.mutable_cohorts())[cohort]);
  }
  return series;
}

v1::MetricSeries Healthy(int intervals = 60) {
  return Metric("http_5xx", v1::METRIC_KIND_COUNTS, Errors(0.01, 5000), Errors(0.01, 5000),
                intervals);
}

v1::JudgeRequest Of(const std::vector<v1::MetricSeries>& metrics) {
  v1::JudgeRequest request;
  for (const v1::MetricSeries& metric : metrics) *request.add_metrics() = metric;
  return request;
}

std::string Text(const v1::JudgeResponse& response) {
  std::string text =
      absl::StrCat(v1::Decision_Name(response.decision()), " ", v1::Advice_Name(response.advice()),
                   "\n", response.reason(), "\n");
  for (const v1::MetricJudgement& metric : response.metrics()) {
    absl::StrAppend(&text, "\n", v1::Outcome_Name(metric.outcome()), " ", metric.reason(), "\n");
    for (const v1::SeriesFlaw& defect : metric.defects()) {
      absl::StrAppend(&text, "! ", defect.detail(), "\n");
    }
  }
  return text;
}

struct Case {
  std::string name;
  std::vector<v1::MetricSeries> metrics;
};

std::vector<Case> Cases() {
  using v1::METRIC_KIND_COUNTS, v1::METRIC_KIND_HISTOGRAM, v1::METRIC_KIND_VALUES;
  std::vector<Case> cases = {
      {"healthy", {Healthy()}},
      {"too_early", {Healthy(5)}},
      {"errors",
       {Metric("http_5xx", METRIC_KIND_COUNTS, Errors(0.02, 500), Errors(0.002, 500), 20)}},
      {"errors_of_a_small_canary_against_stable",
       {Metric("http_5xx", METRIC_KIND_COUNTS, Errors(0.01, 100), Errors(0.001, 1900), 30,
               "stable")}},
      {"dearer", {Metric("redis_commands", METRIC_KIND_VALUES, Cost(14, 3), Cost(6, 3), 30)}},
      {"no_dearer", {Metric("redis_commands", METRIC_KIND_VALUES, Cost(6, 3), Cost(6, 3), 60)}},
      {"slower",
       {Metric("latency", METRIC_KIND_HISTOGRAM, Latency(0.12, 200), Latency(0.08, 200), 20)}},
      {"no_slower",
       {Metric("latency", METRIC_KIND_HISTOGRAM, Latency(0.08, 2000), Latency(0.08, 2000), 60)}},
      {"one_of_three_is_harmful",
       {Healthy(), Metric("redis_commands", METRIC_KIND_VALUES, Cost(14, 3), Cost(6, 3), 30),
        Metric("latency", METRIC_KIND_HISTOGRAM, Latency(0.08, 500), Latency(0.08, 500), 30)}},
  };
  for (Case& one : cases) {
    for (v1::MetricSeries& metric : one.metrics) {
      if (metric.kind() == METRIC_KIND_HISTOGRAM) metric.set_unit("s");
      if (metric.kind() == METRIC_KIND_VALUES) metric.set_unit("commands/request");
    }
  }
  Case fewer{"fewer_log_ins",
             {Metric("log_ins", METRIC_KIND_COUNTS, Errors(0.5, 400), Errors(0.9, 400), 20)}};
  fewer.metrics[0].set_direction(v1::DIRECTION_LOWER_IS_WORSE);
  cases.push_back(fewer);
  Case either{"either_way",
              {Metric("queue_depth", METRIC_KIND_VALUES, Cost(3, 3), Cost(9, 3), 30)}};
  either.metrics[0].set_direction(v1::DIRECTION_EITHER);
  cases.push_back(either);
  Case quiet{"so_quiet_that_it_is_tolerated",
             {Metric("http_5xx", METRIC_KIND_COUNTS, Errors(0, 10000), Errors(0, 10000), 60)}};
  quiet.metrics[0].set_tolerated_rate(1e-4);
  cases.push_back(quiet);
  Case earlier{"against_an_earlier_time", {Healthy()}};
  earlier.metrics[0].set_baseline_kind(v1::BASELINE_KIND_EARLIER);
  cases.push_back(earlier);
  return cases;
}

TEST(Judge, OutcomesAndSentences) {
  std::set<std::string> goldens;
  for (const Case& one : Cases()) {
    SCOPED_TRACE(one.name);
    ASSERT_THAT(ValidateJudgeRequest(Of(one.metrics)), IsEmpty());
    const std::string golden = "golden/judge/" + one.name + ".txt";
    goldens.insert(golden);
    EXPECT_TRUE(testing::MatchesGolden(golden, Text(JudgeMetrics(Of(one.metrics)))));
  }
  EXPECT_TRUE(testing::NoStrayGoldens("golden/judge", goldens));
}

// ---- what may not matter
TEST(Judge, TheOrderOfPointsDoesNotMatter) {
  std::mt19937_64 random(3);
  for (const Case& one : Cases()) {
    v1::JudgeRequest request = Of(one.metrics), other = request;
    for (v1::MetricSeries& metric : *other.mutable_metrics()) {
      for (int i = metric.points_size() - 1; i > 0; --i) {
        metric.mutable_points()->SwapElements(i, static_cast<int>(random() % (i + 1)));
      }
    }
    EXPECT_EQ(JudgeMetrics(request).SerializeAsString(), JudgeMetrics(other).SerializeAsString())
        << one.name;
  }
}

TEST(Judge, TheUnitDoesNotMatter) {
  for (const char* kind : {"values", "buckets"}) {
    v1::MetricSeries metric =
        kind == std::string("values")
            ? Metric("m", v1::METRIC_KIND_VALUES, Cost(14, 3), Cost(6, 3), 20)
            : Metric("m", v1::METRIC_KIND_HISTOGRAM, Latency(0.12, 200), Latency(0.08, 200), 20);
    v1::MetricSeries other = metric;
    for (v1::MetricPoint& point : *other.mutable_points()) {
      for (auto& [name, cohort] : *point.mutable_cohorts()) {
        for (double& value : *cohort.mutable_values()) value *= 1024;
        for (v1::HistogramBucket& bucket : *cohort.mutable_buckets())
          bucket.set_le(bucket.le() * 1024);
      }
    }
    const v1::MetricJudgement a = JudgeMetrics(Of({metric})).metrics(0);
    const v1::MetricJudgement b = JudgeMetrics(Of({other})).metrics(0);
    EXPECT_EQ(a.outcome(), b.outcome()) << kind;
    EXPECT_NEAR(a.log_e_harm(), b.log_e_harm(), 1e-9 * std::abs(a.log_e_harm())) << kind;
    EXPECT_NEAR(a.lower(), b.lower(), 1e-9) << kind;
  }
}

// A minute as one point or as six.
TEST(Judge, SplittingOfIntervalsDoesNotMatter) {
  const v1::MetricSeries whole = Healthy();
  v1::MetricSeries split = whole;
  split.clear_points();
  for (const v1::MetricPoint& point : whole.points()) {
    for (int part = 0; part < 6; ++part) {
      v1::MetricPoint& piece = *split.add_points();
      *piece.mutable_time() = ToProto(FromProto(point.time()) - (5 - part) * absl::Seconds(10));
      for (const auto& [name, cohort] : point.cohorts()) {
        v1::CohortPoint& some = (*piece.mutable_cohorts())[name];
        const auto share = [&](double all) {
          return std::floor(all * (part + 1) / 6) - std::floor(all * part / 6);
        };
        some.set_events(share(cohort.events()));
        some.set_exposure(std::max(share(cohort.exposure()), some.events()));
      }
    }
  }
  EXPECT_EQ(JudgeMetrics(Of({whole})).metrics(0).log_e_safe(),
            JudgeMetrics(Of({split})).metrics(0).log_e_safe());
}

// ---- what is not known is never safe
struct Trap {
  std::string name;
  std::function<void(v1::MetricSeries&)> spring;
  std::string says;
};

class JudgeTrap : public ::testing::TestWithParam<Trap> {};

TEST_P(JudgeTrap, IsNoPass) {
  v1::MetricSeries metric = Healthy();
  ASSERT_EQ(JudgeMetrics(Of({metric})).decision(), v1::DECISION_ALLOW);
  GetParam().spring(metric);
  const v1::JudgeResponse response = JudgeMetrics(Of({metric}));
  EXPECT_EQ(response.decision(), v1::DECISION_HOLD) << Text(response);
  EXPECT_THAT(Text(response), HasSubstr(GetParam().says));
}

v1::CohortPoint& CanaryAt(v1::MetricSeries& metric, int i) {
  return (*metric.mutable_points(i)->mutable_cohorts())["canary"];
}

INSTANTIATE_TEST_SUITE_P(
    Table, JudgeTrap,
    ::testing::Values(
        Trap{"nothing", [](v1::MetricSeries& m) { m.clear_points(); }, "have not been seen"},
        Trap{"not_a_number", [](v1::MetricSeries& m) { CanaryAt(m, 30).set_events(std::nan("")); },
             "1 point with what is not a whole, positive number of events"},
        Trap{"infinite", [](v1::MetricSeries& m) { CanaryAt(m, 30).set_exposure(kInfinity); },
             "not a whole"},
        Trap{"half_an_error", [](v1::MetricSeries& m) { CanaryAt(m, 30).set_events(0.5); },
             "not a whole"},
        Trap{"more_events_than_exposure",
             [](v1::MetricSeries& m) { CanaryAt(m, 30).set_events(1e6); },
             "more events than exposure"},
        Trap{"gap", [](v1::MetricSeries& m) { m.mutable_points()->DeleteSubrange(20, 3); },
             "3 intervals have no values of both cohorts, first at 13:21:00 UTC"},
        Trap{
            "a_cohort_missing",
            [](v1::MetricSeries& m) { m.mutable_points(12)->mutable_cohorts()->erase("baseline"); },
            "1 interval has no values of both cohorts"},
        Trap{"no_old_cohort_at_all",
             [](v1::MetricSeries& m) {
               for (auto& point : *m.mutable_points()) point.mutable_cohorts()->erase("baseline");
             },
             "have not been seen at the same time"},
        Trap{"canary_went_silent",
             [](v1::MetricSeries& m) {
               for (int i = 40; i < 60; ++i) CanaryAt(m, i) = v1::CohortPoint();
             },
             "the canary has had no traffic since 13:40:00 UTC"},
        Trap{"twice", [](v1::MetricSeries& m) { *m.add_points() = m.points(3); },
             "1 point with the time of another one"},
        Trap{"a_flaw_that_is_told",
             [](v1::MetricSeries& m) {
               v1::SeriesFlaw& flaw = *m.add_flaws();
               flaw.set_kind(v1::FLAW_KIND_COUNTER_RESET);
               flaw.set_detail("a counter fell");
             },
             "a counter fell"}),
    [](const auto& info) { return info.param.name; });

// ---- like is compared with like
// Two hosters, one of which has ten times the errors of the other; the canary runs mostly there.
v1::MetricSeries TwoHosters(double canary_at_b, double harm_at_b) {
  std::mt19937_64 random(20261122);
  v1::MetricSeries series = Healthy(0);
  const auto draw = [&](v1::CohortPoint& point, int at_a, int at_b, double times) {
    Errors(0.002, at_a)(random, (*point.mutable_strata())["hoster-a"]);
    Errors(0.02 * times, at_b)(random, (*point.mutable_strata())["hoster-b"]);
  };
  for (int i = 1; i <= 60; ++i) {
    v1::MetricPoint& point = *series.add_points();
    *point.mutable_time() = ToProto(kStart + i * absl::Minutes(1));
    const int at_b = static_cast<int>(40000 * canary_at_b);
    draw((*point.mutable_cohorts())["canary"], 40000 - at_b, at_b, harm_at_b);
    draw((*point.mutable_cohorts())["baseline"], 36000, 4000, 1);
  }
  return series;
}

// The same without a word about hosters.
v1::MetricSeries Summed(v1::MetricSeries series) {
  for (v1::MetricPoint& point : *series.mutable_points()) {
    for (auto& [name, cohort] : *point.mutable_cohorts()) {
      v1::CohortPoint sum;
      for (const auto& [stratum, part] : cohort.strata()) {
        sum.set_events(sum.events() + part.events());
        sum.set_exposure(sum.exposure() + part.exposure());
      }
      cohort = sum;
    }
  }
  return series;
}

TEST(JudgeStrata, AnotherMixOfTrafficIsNoHarm) {
  const v1::MetricSeries series = TwoHosters(/*canary_at_b=*/0.8, /*harm_at_b=*/1);
  EXPECT_EQ(JudgeMetrics(Of({Summed(series)})).decision(), v1::DECISION_BLOCK);
  const v1::JudgeResponse response = JudgeMetrics(Of({series}));
  EXPECT_EQ(response.decision(), v1::DECISION_ALLOW) << Text(response);
  ASSERT_EQ(response.metrics(0).strata_size(), 2);
  EXPECT_FALSE(response.metrics(0).strata(0).stands_out());
}

TEST(JudgeStrata, HarmInOneOfThemStandsOut) {
  // Hardly a part of the canary's traffic.
  const v1::MetricSeries series = TwoHosters(/*canary_at_b=*/0.005, /*harm_at_b=*/3);
  const v1::JudgeResponse response = JudgeMetrics(Of({series}));
  ASSERT_EQ(response.metrics(0).strata_size(), 2);
  EXPECT_EQ(response.metrics(0).strata(0).stratum(), "hoster-b");
  EXPECT_TRUE(response.metrics(0).strata(0).stands_out());
  EXPECT_EQ(response.decision(), v1::DECISION_BLOCK) << Text(response);
  EXPECT_THAT(response.reason(), HasSubstr("hoster-b"));
}

TEST(JudgeStrata, CostsAreWeightedAlike) {
  std::mt19937_64 random(5);
  v1::MetricSeries series = Metric("cost", v1::METRIC_KIND_VALUES, Cost(1, 1), Cost(1, 1), 0);
  const auto draw = [&](v1::CohortPoint& point, double cheap, double dear) {
    for (const auto& [stratum, mean, weight] :
         {std::tuple("read", 2.0, cheap), {"write", 20.0, dear}}) {
      v1::CohortPoint& part = (*point.mutable_strata())[stratum];
      part.add_values(mean * std::lognormal_distribution<double>(0, 0.05)(random));
      part.add_weights(weight);
    }
  };
  for (int i = 1; i <= 60; ++i) {
    v1::MetricPoint& point = *series.add_points();
    *point.mutable_time() = ToProto(kStart + i * absl::Minutes(1));
    draw((*point.mutable_cohorts())["canary"], 100, 100);
    draw((*point.mutable_cohorts())["baseline"], 900, 100);
  }
  const v1::JudgeResponse response = JudgeMetrics(Of({series}));
  EXPECT_EQ(response.decision(), v1::DECISION_ALLOW) << Text(response);
  EXPECT_NEAR(response.metrics(0).estimate(), 1, 0.03);
}

// ---- the old version is judged as well
// Four hours of the old version's past, then `old` and `canary` for so many minutes.
v1::MetricSeries WithPast(double past, double old, double canary, int minutes, int traffic = 1) {
  std::mt19937_64 random(20261123);
  v1::MetricSeries series = Healthy(0);
  series.clear_tolerated_rate();
  for (int i = -240; i < minutes; ++i) {
    v1::MetricPoint& point = *series.add_points();
    *point.mutable_time() = ToProto(kStart + (i + 1) * absl::Minutes(1));
    Errors(i < 0 ? past : old, 1900 * traffic)(random, (*point.mutable_cohorts())["stable"]);
    if (i >= 0) Errors(canary, 100 * traffic)(random, (*point.mutable_cohorts())["canary"]);
  }
  return series;
}

TEST(JudgeOldVersion, SuffersAlone) {
  // Of 2,000 requests a minute, and of ten times as many.
  for (const auto& [traffic, minutes] : {std::pair(1, 4), {10, 2}}) {
    SCOPED_TRACE(traffic);
    const v1::JudgeResponse response =
        JudgeMetrics(Of({WithPast(0.003, 0.2, 0.003, minutes, traffic)}));
    EXPECT_EQ(response.advice(), v1::ADVICE_ACCELERATE) << Text(response);
    EXPECT_EQ(response.decision(), v1::DECISION_HOLD);
    EXPECT_THAT(response.reason(), HasSubstr("the way out is forward"));
    const absl::Time since = FromProto(response.metrics(0).old_cohort().since());
    EXPECT_LE(since - kStart, absl::Minutes(2));
  }
}

TEST(JudgeOldVersion, SuffersWithTheCanary) {
  const v1::JudgeResponse response = JudgeMetrics(Of({WithPast(0.003, 0.05, 0.05, 15)}));
  EXPECT_EQ(response.advice(), v1::ADVICE_ROLL_BACK) << Text(response);
  EXPECT_EQ(response.decision(), v1::DECISION_BLOCK);
  EXPECT_THAT(response.reason(), HasSubstr("both versions got worse"));
}

// A baseline that falls makes a sick canary look well.
TEST(JudgeOldVersion, DoesNotFlatterTheCanary) {
  for (int minutes = 1; minutes <= 30; ++minutes) {
    const v1::JudgeResponse response = JudgeMetrics(Of({WithPast(0.003, 0.03, 0.02, minutes)}));
    EXPECT_NE(response.advice(), v1::ADVICE_PROCEED) << minutes << "\n" << Text(response);
  }
}

v1::MetricSeries WithoutPast(v1::MetricSeries series);

// How long the noise of a cost lasts is seen in the old version's past.
TEST(JudgePast, ACostThatRoseIsFoundInHalfTheTime) {
  std::mt19937_64 random(20261122);
  v1::MetricSeries series = Healthy(0);
  series.set_name("redis_commands");
  series.set_kind(v1::METRIC_KIND_VALUES);
  series.clear_tolerated_rate();
  for (int i = -240; i < 15; ++i) {
    v1::MetricPoint& point = *series.add_points();
    *point.mutable_time() = ToProto(kStart + (i + 1) * absl::Minutes(1));
    Cost(6, 3)(random, (*point.mutable_cohorts())["stable"]);
    if (i >= 0) Cost(10, 3)(random, (*point.mutable_cohorts())["canary"]);
  }
  EXPECT_EQ(JudgeMetrics(Of({series})).decision(), v1::DECISION_BLOCK);
  EXPECT_EQ(JudgeMetrics(Of({WithoutPast(series)})).decision(), v1::DECISION_HOLD);
}

v1::MetricSeries WithoutPast(v1::MetricSeries series) {
  series.mutable_points()->DeleteSubrange(0, 240);
  return series;
}

// Proven to be no worse than an old version that has twice its usual errors: that is no PASS.
TEST(JudgeOldVersion, IsNoYardstickOnceItFell) {
  const v1::MetricSeries series = WithPast(0.003, 0.006, 0.0044, 30, 50);
  EXPECT_EQ(JudgeMetrics(Of({WithoutPast(series)})).decision(), v1::DECISION_ALLOW);
  const v1::JudgeResponse response = JudgeMetrics(Of({series}));
  EXPECT_EQ(response.decision(), v1::DECISION_HOLD) << Text(response);
  EXPECT_EQ(response.advice(), v1::ADVICE_WAIT);
  EXPECT_TRUE(response.metrics(0).old_cohort().worse());
}

// Whose errors have come one by one is believed from the first interval on.
TEST(JudgeOldVersion, TellsHowErrorsCome) {
  const v1::MetricSeries series = WithPast(0.003, 0.003, 0.1, 2);
  EXPECT_EQ(JudgeMetrics(Of({WithoutPast(series)})).decision(), v1::DECISION_HOLD);
  const v1::JudgeResponse response = JudgeMetrics(Of({series}));
  EXPECT_EQ(response.decision(), v1::DECISION_BLOCK) << Text(response);
}

TEST(JudgeOldVersion, IsLeftAloneWhereItIsWell) {
  const v1::JudgeResponse response = JudgeMetrics(Of({WithPast(0.003, 0.003, 0.003, 60)}));
  EXPECT_EQ(response.advice(), v1::ADVICE_WAIT) << Text(response);
  EXPECT_FALSE(response.metrics(0).old_cohort().worse());
  EXPECT_EQ(response.metrics(0).old_cohort().past_intervals(), 240);
}

// ---- the clock of somebody who asks
v1::JudgeRequest AskedAt(const v1::MetricSeries& metric, absl::Time now) {
  v1::JudgeRequest request = Of({metric});
  *request.mutable_as_of() = ToProto(now);
  return request;
}

TEST(JudgeClock, WhatIsOldIsStaleAndWhatIsNewMayBeOnItsWay) {
  v1::MetricSeries metric = Healthy();
  const absl::Time end = kStart + absl::Minutes(60);
  EXPECT_EQ(JudgeMetrics(AskedAt(metric, end)).decision(), v1::DECISION_ALLOW);
  const v1::JudgeResponse stale = JudgeMetrics(AskedAt(metric, end + absl::Minutes(4)));
  EXPECT_EQ(stale.decision(), v1::DECISION_HOLD);
  EXPECT_THAT(Text(stale), HasSubstr("4m ago; at most 3m is accepted"));
  const v1::JudgeResponse early = JudgeMetrics(AskedAt(metric, end - absl::Minutes(10)));
  EXPECT_EQ(early.decision(), v1::DECISION_HOLD);
  EXPECT_THAT(Text(early), HasSubstr("which has not come yet: two clocks disagree"));
  metric.mutable_points(59)->mutable_cohorts()->erase("baseline");
  EXPECT_EQ(JudgeMetrics(AskedAt(metric, end)).decision(), v1::DECISION_ALLOW);
  EXPECT_EQ(JudgeMetrics(Of({metric})).decision(), v1::DECISION_HOLD);
}

TEST(JudgeClock, TheWarmUpDoesNotCount) {
  v1::MetricSeries metric = Healthy();
  for (int i = 0; i < 3; ++i) CanaryAt(metric, i).set_events(2000);
  v1::JudgeRequest request = Of({metric});
  EXPECT_NE(JudgeMetrics(request).decision(), v1::DECISION_ALLOW);
  *request.mutable_warm_up() = ToProto(absl::Minutes(3));
  EXPECT_EQ(JudgeMetrics(request).decision(), v1::DECISION_ALLOW);
  EXPECT_EQ(JudgeMetrics(request).metrics(0).samples(0).intervals(), 57);
}

TEST(JudgeTraffic, IsSplitAsTheChangeSays) {
  v1::JudgeRequest request = Of({Healthy()});
  request.set_canary_share(0.5);
  EXPECT_EQ(JudgeMetrics(request).decision(), v1::DECISION_ALLOW);
  request.set_canary_share(0.05);
  const v1::JudgeResponse response = JudgeMetrics(request);
  EXPECT_EQ(response.decision(), v1::DECISION_HOLD);
  EXPECT_THAT(Text(response), HasSubstr("the canary gets 50 % of the traffic, not 5.0 %"));
}

// Steps of a rollout: what the canary got before says nothing about what it gets now.
TEST(JudgeTraffic, OfTheShareThatItHasNow) {
  v1::MetricSeries metric = Healthy();
  for (int i = 0; i < 40; ++i) {
    CanaryAt(metric, i).set_exposure(CanaryAt(metric, i).exposure() / 20);
    CanaryAt(metric, i).set_events(std::round(CanaryAt(metric, i).events() / 20));
  }
  v1::JudgeRequest request = Of({metric});
  request.set_canary_share(0.5);
  EXPECT_THAT(Text(JudgeMetrics(request)), HasSubstr("% of the traffic, not 50 %"));
  *request.mutable_canary_share_since() = metric.points(39).time();
  EXPECT_EQ(JudgeMetrics(request).decision(), v1::DECISION_ALLOW) << Text(JudgeMetrics(request));
  request.set_canary_share(0.1);
  EXPECT_THAT(Text(JudgeMetrics(request)), HasSubstr("gets 50 % of the traffic, not 10 %"));
}

TEST(JudgeEarlierWeeks, EachOfThemHasToAgree) {
  v1::MetricSeries metric = Healthy();
  for (v1::MetricPoint& point : *metric.mutable_points()) {
    auto& cohorts = *point.mutable_cohorts();
    const v1::CohortPoint old = cohorts["baseline"];
    cohorts.erase("baseline");
    cohorts["earlier-1w"] = cohorts["earlier-2w"] = old;
  }
  const v1::JudgeResponse response = JudgeMetrics(Of({metric}));
  EXPECT_EQ(response.decision(), v1::DECISION_ALLOW) << Text(response);
  EXPECT_THAT(response.reason(), HasSubstr("a week earlier"));
  EXPECT_THAT(response.reason(), HasSubstr("which proves less"));
  for (v1::MetricPoint& point : *metric.mutable_points()) {
    v1::CohortPoint& good = (*point.mutable_cohorts())["earlier-2w"];
    good.set_events(std::floor(good.events() / 3));
  }
  EXPECT_EQ(JudgeMetrics(Of({metric})).decision(), v1::DECISION_HOLD);
}

// ---- what is refused
std::vector<std::string> IssuesOf(const std::function<void(v1::JudgeRequest&)>& spoil) {
  v1::JudgeRequest request = Of({Healthy(2)});
  spoil(request);
  std::vector<std::string> issues;
  for (const ParameterIssue& issue : ValidateJudgeRequest(request)) {
    issues.push_back(absl::StrCat(issue.field, ": ", issue.message));
  }
  return issues;
}

TEST(JudgeRequest, IsHeldToItsForm) {
  const auto metric = [](v1::JudgeRequest& request) -> v1::MetricSeries& {
    return *request.mutable_metrics(0);
  };
  EXPECT_THAT(IssuesOf([](auto&) {}), IsEmpty());
  EXPECT_THAT(IssuesOf([](auto& r) { r.clear_metrics(); }),
              ElementsAre("metrics: must hold 1 to 1000 metrics, not 0"));
  EXPECT_THAT(IssuesOf([](auto& r) { r.set_alpha(0.7); }),
              ElementsAre("alpha: must be over 0 and under 0.5, not 0.7"));
  EXPECT_THAT(IssuesOf([](auto& r) { *r.add_metrics() = r.metrics(0); }),
              ElementsAre("metrics[1].name: is used twice: http_5xx"));
  EXPECT_THAT(IssuesOf([&](auto& r) { metric(r).clear_kind(); }),
              ElementsAre("metrics[0].kind: must be COUNTS, VALUES or HISTOGRAM"));
  EXPECT_THAT(IssuesOf([&](auto& r) { metric(r).set_margin(-1); }),
              ElementsAre("metrics[0].margin: must be 0 to 100, not -1"));
  EXPECT_THAT(IssuesOf([&](auto& r) { metric(r).mutable_points(1)->clear_time(); }),
              ElementsAre("metrics[0].points[1].time: must be set"));
  EXPECT_THAT(
      IssuesOf([&](auto& r) { (*metric(r).mutable_points(0)->mutable_cohorts())["green"]; }),
      ElementsAre("metrics[0].points[0].cohorts.green: cohorts are canary, baseline, stable, and "
                  "earlier-1w to earlier-8w"));
  EXPECT_THAT(IssuesOf([&](auto& r) { CanaryAt(metric(r), 0).add_values(1); }),
              ElementsAre("metrics[0].points[0].cohorts.canary: a metric of COUNTS has `events` "
                          "and `exposure`, nothing else"));
  EXPECT_THAT(IssuesOf([&](auto& r) {
                metric(r) = Metric("l", v1::METRIC_KIND_HISTOGRAM, Latency(1, 5), Latency(1, 5), 1);
                CanaryAt(metric(r), 0).mutable_buckets()->RemoveLast();
              }),
              ElementsAre(HasSubstr("must end with the bucket of all")));
}

// Once proven, harm stays proven: an answer that comes and goes helps nobody at three in the
// morning.
TEST(JudgeTest, HarmThatWasProvenStaysProven) {
  for (const v1::MetricKind kind :
       {v1::METRIC_KIND_COUNTS, v1::METRIC_KIND_VALUES, v1::METRIC_KIND_HISTOGRAM}) {
    const auto draw = [&](double times) {
      return kind == v1::METRIC_KIND_COUNTS   ? Errors(0.01 * times, 2000)
             : kind == v1::METRIC_KIND_VALUES ? Cost(10 * times, 3)
                                              : Latency(0.1 * times, 500);
    };
    int minute = 0;
    const Draw bad_hour = [&, bad = draw(3), good = draw(1)](auto& random, auto& point) {
      (++minute <= 60 ? bad : good)(random, point);
    };
    const v1::MetricSeries series = Metric("metric", kind, bad_hour, draw(1), 1500);
    bool failed = false;
    std::string reason;
    for (int seen = 10; seen <= 1500; seen += seen < 60 ? 10 : 180) {
      v1::MetricSeries part = series;
      part.mutable_points()->DeleteSubrange(seen, 1500 - seen);
      const v1::MetricJudgement judgement = JudgeMetrics(Of({part})).metrics(0);
      const bool fails = judgement.outcome() == v1::OUTCOME_FAIL;
      EXPECT_FALSE(failed && !fails) << seen << " " << judgement.reason();
      failed = failed || fails;
      reason = judgement.reason();
    }
    EXPECT_TRUE(failed);
    EXPECT_THAT(reason, HasSubstr("harm was proven at 13:"));
  }
}

}  // namespace
}  // namespace gate
