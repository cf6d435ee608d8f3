// The demo's metrics: every kind of question has an answer of the form that a real server gives.
#include <gtest/gtest.h>

#include <cmath>

#include "checks/proto_time.h"
#include "gate/demo/metrics_source.h"

namespace gate {
namespace {

const absl::Time kNow = absl::FromUnixSeconds(1795180000);

v1::Observation Ask(const v1::Query& query, const std::string& version = "v2") {
  DemoMetrics demo;
  EXPECT_TRUE(demo.Answers(query));
  v1::Change change;
  change.set_version(version);
  return demo.Fetch(query, {change, kNow, {}});
}

v1::Query CohortQuery(v1::MetricKind kind) {
  v1::Query query;
  query.set_id("canary.metric");
  v1::CohortMetricQuery& asked = *query.mutable_cohort_metric();
  asked.set_source("demo");
  asked.set_kind(kind);
  asked.set_events("errors_total");
  asked.set_exposure("requests_total");
  if (kind == v1::METRIC_KIND_HISTOGRAM) asked.set_histogram("seconds");
  asked.set_cohort_label("track");
  (*asked.mutable_cohorts())["canary"] = "canary";
  (*asked.mutable_cohorts())["stable"] = "stable";
  asked.set_earlier_weeks(1);
  *asked.mutable_window() = ToProto(absl::Minutes(30));
  *asked.mutable_past() = ToProto(absl::Minutes(10));
  *asked.mutable_step() = ToProto(absl::Minutes(1));
  return query;
}

TEST(DemoMetrics, CountsTellTheBadVersionApart) {
  v1::Query query = CohortQuery(v1::METRIC_KIND_COUNTS);
  query.mutable_cohort_metric()->set_stratum_label("zone");
  query.mutable_cohort_metric()->set_type_label("code");
  const auto canary_events = [](const v1::Observation& observation) {
    double events = 0;
    for (const v1::MetricPoint& point : observation.metric().points()) {
      const auto canary = point.cohorts().find("canary");
      if (canary == point.cohorts().end()) continue;
      EXPECT_EQ(canary->second.strata().size(), 2u);
      for (const auto& [zone, counts] : canary->second.strata()) {
        EXPECT_LE(counts.events(), counts.exposure());
        events += counts.events();
      }
    }
    return events;
  };
  const v1::Observation good = Ask(query), bad = Ask(query, "v2-bad");
  EXPECT_EQ(good.metric().points_size(), 40);
  EXPECT_EQ(good.metric().points(9).cohorts().size(), 1u);  // The past has no canary.
  EXPECT_EQ(good.metric().points(10).cohorts().size(), 3u);
  EXPECT_GT(canary_events(bad), 3 * canary_events(good));
  EXPECT_EQ(good.metric().types_size(), 2);
  ASSERT_EQ(bad.metric().types_size(), 3);
  EXPECT_EQ(bad.metric().types(2).events().size(), 1u);
  EXPECT_EQ(Ask(query).ShortDebugString(), good.ShortDebugString());
}

TEST(DemoMetrics, CostsHaveTheirExposure) {
  const v1::Observation costs = Ask(CohortQuery(v1::METRIC_KIND_VALUES));
  const v1::CohortPoint& canary = costs.metric().points(39).cohorts().at("canary");
  ASSERT_EQ(canary.values_size(), 1);
  EXPECT_NEAR(canary.values(0), 3, 0.2);
  EXPECT_NEAR(canary.weights(0), 1200, 130);
}

TEST(DemoMetrics, BucketsAreCumulative) {
  const v1::Observation latency = Ask(CohortQuery(v1::METRIC_KIND_HISTOGRAM));
  for (const v1::MetricPoint& point : latency.metric().points()) {
    for (const auto& [cohort, counts] : point.cohorts()) {
      ASSERT_EQ(counts.buckets_size(), 6);
      double before = 0;
      for (const v1::HistogramBucket& bucket : counts.buckets()) {
        EXPECT_GE(bucket.count(), before);
        before = bucket.count();
      }
      EXPECT_TRUE(std::isinf(counts.buckets(5).le()));
    }
  }
}

TEST(DemoMetrics, TrafficOfADay) {
  v1::Query query;
  v1::SeriesQuery& asked = *query.mutable_series();
  asked.set_source("demo");
  asked.set_selector("requests_total");
  asked.set_aggregation(v1::SeriesQuery::AGGREGATION_SUM);
  *asked.mutable_window() = ToProto(absl::Hours(24));
  *asked.mutable_step() = ToProto(absl::Minutes(15));
  const v1::Observation observation = Ask(query);
  ASSERT_EQ(observation.series().points_size(), 96);
  double least = 1e9, most = 0;
  for (const v1::ValuePoint& point : observation.series().points()) {
    least = std::min(least, point.value());
    most = std::max(most, point.value());
  }
  EXPECT_NEAR(most / least, 3, 0.3);
  asked.clear_step();
  EXPECT_EQ(Ask(query).absence().reason(), v1::ABSENCE_REASON_REJECTED);
}

}  // namespace
}  // namespace gate
