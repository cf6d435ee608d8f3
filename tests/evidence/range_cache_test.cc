// What is put together of ranges is what one query would have answered.
#include "gate/evidence/range_cache.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "gate/evidence/cohort_counts.h"

namespace gate {
namespace {

const absl::Time kEpoch = absl::FromUnixSeconds(1795180020 / 60 * 60);

// Series of scrapes as a Prometheus sees them at a moment: the newest sample of the last five
// minutes, unless the series was marked as gone; samples arrive up to 100 s late.
class World {
 public:
  explicit World(uint32_t seed) : random_(seed) {
    for (int target = 0; target < 6; ++target) {
      const char* track = target % 3 == 0 ? "new" : target % 3 == 1 ? "old" : "rest";
      for (const char* code : {"200", "500", "new"}) {
        Labels labels;
        labels.Set("track", track);
        labels.Set("instance", std::to_string(target));
        labels.Set("code", code);
        labels.Set("zone", target < 3 ? "a" : "b");
        AddSeries(labels);
      }
    }
  }

  std::vector<PrometheusSeries> At(absl::Time first, absl::Time last, absl::Duration step,
                                   absl::Time now) const {
    std::vector<PrometheusSeries> found;
    for (const auto& [labels, samples] : series_) {
      PrometheusSeries series = {labels, {}, {}};
      for (absl::Time time = first; time <= last; time += step) {
        auto newest = std::ranges::upper_bound(samples, time, {}, &Sample::time);
        while (newest != samples.begin() && std::prev(newest)->arrives > now) --newest;
        if (newest == samples.begin()) continue;
        --newest;
        if (newest->gone || time - newest->time >= absl::Minutes(5)) continue;
        series.samples.push_back({absl::ToUnixMillis(time), newest->value});
      }
      if (!series.samples.empty()) found.push_back(std::move(series));
    }
    return found;
  }

  int Below(int limit) { return static_cast<int>(random_() % static_cast<uint32_t>(limit)); }

 private:
  struct Sample {
    absl::Time time, arrives;
    double value;
    bool gone;
  };

  void AddSeries(const Labels& labels) {
    std::vector<Sample>& samples = series_[labels];
    double value = Below(2) * Below(100000);
    bool there = Below(3) > 0;
    for (int i = -240; i < 240; ++i) {  // Every 30 s, for four hours.
      const absl::Time time = kEpoch + i * absl::Seconds(30) + absl::Milliseconds(Below(900));
      const bool was_there = there;
      if (Below(60) == 0) there = !there;
      if (!there) {
        if (was_there && Below(2) == 0) samples.push_back({time, time, 0, true});
        continue;
      }
      if (Below(80) == 0) value = 0;  // It restarted.
      value += Below(2) * Below(30);
      const double shown = Below(400) == 0 ? std::nan("") : value;
      const absl::Duration late = Below(5) == 0 ? absl::Seconds(Below(100)) : absl::Seconds(1);
      samples.push_back({time, time + late, shown, false});
    }
  }

  std::mt19937 random_;
  std::map<Labels, std::vector<Sample>> series_;
};

std::string Bytes(const v1::MetricSeries& series) {
  std::string bytes;
  google::protobuf::io::StringOutputStream stream(&bytes);
  google::protobuf::io::CodedOutputStream coded(&stream);
  coded.SetSerializationDeterministic(true);
  series.SerializeToCodedStream(&coded);
  return bytes;
}

// Asked again and again, with windows that slide, begin at a moment, or reach further back.
TEST(RangeCache, PutsTogetherWhatOneQueryWouldAnswer) {
  v1::CohortMetricQuery query;
  query.set_kind(v1::METRIC_KIND_COUNTS);
  query.set_exposure("requests_total");
  query.set_cohort_label("track");
  query.set_stratum_label("zone");
  query.set_type_label("code");
  (*query.mutable_cohorts())["canary"] = "new";
  (*query.mutable_cohorts())["baseline"] = "old";
  (*query.mutable_cohorts())["stable"] = "rest";
  int64_t asked = 0, whole = 0, points = 0, flaws = 0;
  for (uint32_t seed = 1; seed <= 20; ++seed) {
    World world(seed);
    RangeCache cache;
    absl::Time now = kEpoch;
    for (int round = 0; round < 25; ++round) {
      now += absl::Seconds(world.Below(4) == 0 ? world.Below(600) : 60);
      absl::Time begin = kEpoch - absl::Minutes(20);
      absl::Duration past = absl::ZeroDuration();
      if (world.Below(3) == 0) begin = now - absl::Minutes(30);
      if (world.Below(4) == 0) past = absl::Minutes(40);
      const IntervalGrid grid = GridFor(begin, absl::Minutes(1), now, past);
      std::vector<PrometheusSeries> series;
      ASSERT_TRUE(cache.Read(
          "key", grid, now,
          [&](absl::Time first, absl::Time last, auto& found) {
            asked += (last - first) / grid.step + 1;
            found = world.At(first, last, grid.step, now);
            return true;
          },
          series));
      const std::vector<PrometheusSeries> at_once =
          world.At(grid.first, grid.end(), grid.step, now);
      whole += grid.boundaries;
      const auto together = CountCohorts({{series, series}, {}}, query, grid);
      const auto expected = CountCohorts({{at_once, at_once}, {}}, query, grid);
      ASSERT_TRUE(together.ok() && expected.ok());
      ASSERT_EQ(Bytes(*together), Bytes(*expected)) << "seed " << seed << " round " << round;
      points += expected->points_size();
      flaws += expected->flaws_size();
    }
  }
  EXPECT_GT(points, 5000);  // The worlds are worth asking about.
  EXPECT_GT(flaws, 500);
  EXPECT_LT(asked, whole / 4);
}

// One series with the value of each boundary, and what was asked of it.
struct Plain {
  RangeCache::FetchRange Fetch() {
    return [this](absl::Time first, absl::Time last, std::vector<PrometheusSeries>& found) {
      if (failing_from <= last) return false;
      asked.emplace_back(first, last);
      PrometheusSeries series;
      for (absl::Time time = first; time <= last; time += absl::Minutes(1)) {
        series.samples.push_back({absl::ToUnixMillis(time), 1});
      }
      found.push_back(series);
      return true;
    };
  }
  absl::Time failing_from = absl::InfiniteFuture();
  std::vector<std::pair<absl::Time, absl::Time>> asked;
};

IntervalGrid GridOf(absl::Time first, int boundaries) {
  return {first, absl::Minutes(1), boundaries, 0, 0};
}

TEST(RangeCache, LongRangesAreAskedInPartsAndGoOnWhereTheyFailed) {
  RangeCache cache;
  Plain plain;
  std::vector<PrometheusSeries> series;
  const absl::Time now = kEpoch + absl::Hours(24 * 60);
  const IntervalGrid grid = GridOf(kEpoch, 30000);
  plain.failing_from = grid.At(25000);
  EXPECT_FALSE(cache.Read("key", grid, now, plain.Fetch(), series));
  EXPECT_EQ(plain.asked.size(), 2u);
  EXPECT_EQ(plain.asked[0].second, grid.At(10999));
  plain.failing_from = absl::InfiniteFuture();
  EXPECT_TRUE(cache.Read("key", grid, now, plain.Fetch(), series));
  ASSERT_EQ(plain.asked.size(), 3u);
  EXPECT_EQ(plain.asked[2].first, grid.At(22000));
  ASSERT_EQ(series.size(), 1u);
  EXPECT_EQ(series[0].samples.size(), 30000u);
}

TEST(RangeCache, WhatMayChangeIsAskedAgain) {
  RangeCache cache;
  Plain plain;
  std::vector<PrometheusSeries> series;
  const auto ask = [&](absl::Time now, const std::string& key = "key") {
    plain.asked.clear();
    EXPECT_TRUE(
        cache.Read(key, GridFor(kEpoch, absl::Minutes(1), now), now, plain.Fetch(), series));
    return plain.asked.size() == 1
               ? (plain.asked[0].second - plain.asked[0].first) / absl::Minutes(1) + 1
               : -1;
  };
  const absl::Time now = kEpoch + absl::Minutes(20) + absl::Seconds(10);
  EXPECT_EQ(ask(now), 26);
  EXPECT_EQ(ask(now), 2);  // Two minutes have not settled.
  EXPECT_EQ(ask(now + absl::Minutes(1)), 3);
  EXPECT_EQ(ask(now, "another"), 26);
  EXPECT_EQ(ask(now + absl::Minutes(31)), 57);  // All of it, after half an hour.
  EXPECT_EQ(ask(now - absl::Minutes(1)), 25);   // The clock stepped back.
}

TEST(RangeCache, KeepsWithinItsBounds) {
  RangeCache cache(2000);
  Plain plain;
  std::vector<PrometheusSeries> series;
  const absl::Time now = kEpoch + absl::Hours(1);
  for (const char* key : {"a", "b", "c", "a"}) {
    EXPECT_TRUE(cache.Read(key, GridOf(kEpoch, 30), now, plain.Fetch(), series));
  }
  EXPECT_EQ(plain.asked.size(), 4u);  // Room for two: "a" was forgotten.
  EXPECT_TRUE(cache.Read("a", GridOf(kEpoch, 30), now, plain.Fetch(), series));
  EXPECT_TRUE(cache.Read("c", GridOf(kEpoch, 30), now, plain.Fetch(), series));
  EXPECT_EQ(plain.asked.size(), 4u);
  EXPECT_TRUE(cache.Read("d", GridOf(kEpoch, 300), now, plain.Fetch(), series));
  EXPECT_TRUE(cache.Read("d", GridOf(kEpoch, 300), now, plain.Fetch(), series));
  EXPECT_EQ(plain.asked.size(), 6u);  // Larger than all of it.
}

}  // namespace
}  // namespace gate
