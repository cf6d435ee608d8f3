// The measurement on recorded series works, shown on series that are made here.
#include "tests/bench/injected.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <functional>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

namespace gate::bench {
namespace {

using ::testing::Each;
using ::testing::Le;

class InjectedTest : public ::testing::Test {
 protected:
  InjectedTest() : folder_(std::filesystem::path(::testing::TempDir()) / "injected") {
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_ / "made");
    std::mt19937_64 random(1);
    const double day = 288;
    Write("cost.csv", [&](int i) {
      return (10 + 2 * std::sin(i / day)) * std::lognormal_distribution<double>(0, 0.05)(random);
    });
    Write("volume.csv", [&](int) { return std::poisson_distribution<int>(400)(random); });
    series_ = ReadSeries(folder_);
  }
  ~InjectedTest() override { std::filesystem::remove_all(folder_); }

  // Eight days, a point for every five minutes.
  void Write(const std::string& name, const std::function<double(int)>& value) {
    std::ofstream file(folder_ / "made" / name);
    file << "timestamp,value\n";
    for (int i = 0; i < 8 * 288; ++i) {
      const absl::Time time = absl::UnixEpoch() + i * absl::Minutes(5);
      file << absl::FormatTime("%Y-%m-%d %H:%M:%S", time, absl::UTCTimeZone()) << "," << value(i)
           << "\n";
    }
  }

  Injected Of(size_t series, Split split, Fault fault, bool late = false) const {
    Trial trial;
    trial.runs = 6;
    trial.points = 60;
    trial.late = late;
    return Inject(series_[series], /*counts=*/series == 1, split, {"", fault, 3}, trial);
  }

  std::filesystem::path folder_;
  std::vector<RecordedSeries> series_;
};

TEST_F(InjectedTest, ReadsFolders) {
  ASSERT_EQ(series_.size(), 2u);
  EXPECT_EQ(series_[0].name, "cost");
  EXPECT_EQ(series_[1].folder, "made");
  EXPECT_EQ(series_[1].values.size(), 8u * 288);
  EXPECT_EQ(series_[1].times[12] - series_[1].times[0], absl::Hours(1));
  std::ofstream(folder_ / "broken.csv") << "timestamp,value\nyesterday,12\n";
  EXPECT_THROW(ReadSeries(folder_), std::runtime_error);
}

TEST_F(InjectedTest, HealthyCanariesDoNotFail) {
  for (const auto& [series, split] :
       {std::pair(0, Split::kNeighbours), {0, Split::kWeekEarlier}, {1, Split::kThinned}}) {
    const Injected healthy = Of(static_cast<size_t>(series), split, Fault::kNone);
    EXPECT_EQ(healthy.runs, 6);
    EXPECT_EQ(healthy.failed, 0);
    EXPECT_GE(healthy.passed, 3);
  }
}

TEST_F(InjectedTest, WhatIsPutInIsFound) {
  for (const auto& [series, split] :
       {std::pair(0, Split::kNeighbours), {0, Split::kWeekEarlier}, {1, Split::kThinned}}) {
    const Injected worse = Of(static_cast<size_t>(series), split, Fault::kLevel);
    EXPECT_EQ(worse.failed, 6);
    EXPECT_EQ(worse.passed, 0);
    EXPECT_EQ(worse.kayenta, 6);
    EXPECT_THAT(worse.until, Each(Le(40)));
  }
  const Injected late = Of(0, Split::kNeighbours, Fault::kLevel, /*late=*/true);
  EXPECT_EQ(late.early, 0);
  EXPECT_GE(late.failed, 1);
}

TEST_F(InjectedTest, ASeriesThatIsTooShortIsLeftOut) {
  series_[0].values.resize(100);
  series_[0].times.resize(100);
  EXPECT_EQ(Of(0, Split::kNeighbours, Fault::kNone).runs, 0);
  EXPECT_EQ(Of(0, Split::kWeekEarlier, Fault::kNone).runs, 0);
}

}  // namespace
}  // namespace gate::bench
