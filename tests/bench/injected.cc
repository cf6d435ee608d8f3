#include "tests/bench/injected.h"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <map>
#include <optional>
#include <random>
#include <stdexcept>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "checks/canary/judge.h"
#include "checks/proto_time.h"
#include "tests/bench/mann_whitney.h"

namespace gate::bench {
namespace {

using Random = std::mt19937_64;

constexpr int kPast = 240;  // points
constexpr double kMargin = 0.2;
constexpr int kKayentasFirst = 10, kKayentasEvery = 5;

bool Coin(Random& random) { return std::bernoulli_distribution(0.5)(random); }

// Old version and canary, point by point; the first ones are the past, of the old version alone.
struct Cohorts {
  std::vector<double> old, canary;
  size_t past = 0;
};

// At a random place; nothing where there is none.
std::optional<Cohorts> CutOut(const RecordedSeries& series, Split split, size_t points, bool past,
                              Random& random) {
  const size_t width = split == Split::kNeighbours ? 2 : 1;
  const size_t size = series.values.size() / width;
  const auto begin = [&](size_t first) {
    return std::uniform_int_distribution<size_t>(first, size - points)(random);
  };
  Cohorts cohorts;
  if (split == Split::kWeekEarlier) {
    std::map<absl::Time, double> at;
    for (size_t i = 0; i < series.values.size(); ++i) at[series.times[i]] = series.values[i];
    const auto first = static_cast<size_t>(
        std::ranges::lower_bound(series.times, series.times[0] + absl::Hours(7 * 24)) -
        series.times.begin());
    if (first + points > size) return std::nullopt;
    const size_t start = begin(first);
    for (size_t i = start; i < start + points; ++i) {
      const auto before = at.find(series.times[i] - absl::Hours(7 * 24));
      if (before == at.end()) return std::nullopt;
      cohorts.canary.push_back(series.values[i]);
      cohorts.old.push_back(before->second);
    }
    return cohorts;
  }
  if (size < points) return std::nullopt;
  const size_t start = begin(0);
  cohorts.past = past ? std::min<size_t>(start, kPast) : 0;
  for (size_t i = start - cohorts.past; i < start + points; ++i) {
    double ours, theirs;
    if (split == Split::kNeighbours) {
      ours = series.values[2 * i], theirs = series.values[2 * i + 1];
      if (Coin(random)) std::swap(ours, theirs);
    } else {
      const auto all = static_cast<int64_t>(series.values[i]);
      ours = static_cast<double>(std::binomial_distribution<int64_t>(all, 0.5)(random));
      theirs = static_cast<double>(all) - ours;
    }
    cohorts.canary.push_back(ours);
    cohorts.old.push_back(theirs);
  }
  return cohorts;
}

// What becomes of the canary's values from `onset` on.
void Spoil(const Injection& injection, bool counts, Split split, size_t onset, Cohorts& cohorts,
           Random& random) {
  constexpr double kSpike = 10;
  constexpr size_t kBurst = 6;
  double mean = 0;
  for (const double value : cohorts.canary) {
    mean += value / static_cast<double>(cohorts.canary.size());
  }
  for (size_t i = onset; i < cohorts.canary.size(); ++i) {
    double times = 1;
    if (injection.fault == Fault::kLevel) times = injection.size;
    if (injection.fault == Fault::kSpikes) {
      times = std::bernoulli_distribution(injection.size)(random) ? kSpike : 1;
    }
    if (injection.fault == Fault::kDrift) times = 1 + 0.02 * static_cast<double>(i - onset);
    if (injection.fault == Fault::kBurst && i < onset + kBurst) times = kSpike;
    double& value = cohorts.canary[i];
    if (injection.fault == Fault::kSpread) {
      value = std::max(0.0, mean + 2 * (value - mean));
    } else if (split == Split::kThinned) {
      // Events that came in addition come by a coin as well.
      const auto more = std::llround((times - 1) * (value + cohorts.old[i]));
      value += static_cast<double>(std::binomial_distribution<int64_t>(more, 0.5)(random));
    } else {
      value *= times;
    }
    if (counts) value = std::round(value);
  }
}

v1::MetricSeries Metric(bool counts) {
  v1::MetricSeries metric;
  metric.set_name("metric");
  metric.set_kind(counts ? v1::METRIC_KIND_COUNTS : v1::METRIC_KIND_VALUES);
  metric.set_margin(kMargin);
  *metric.mutable_step() = ToProto(absl::Minutes(5));
  return metric;
}

}  // namespace

std::vector<RecordedSeries> ReadSeries(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> paths;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (entry.path().extension() == ".csv") paths.push_back(entry.path());
  }
  std::ranges::sort(paths);
  std::vector<RecordedSeries> all;
  for (const std::filesystem::path& path : paths) {
    RecordedSeries& series = all.emplace_back();
    series.name = path.stem().string();
    series.folder = path.parent_path().filename().string();
    std::ifstream file(path);
    std::string line;
    std::getline(file, line);
    while (std::getline(file, line)) {
      const std::vector<std::string> fields = absl::StrSplit(line, ',');
      absl::Time time;
      double value;
      std::string error;
      if (fields.size() != 2 || !absl::ParseTime("%Y-%m-%d %H:%M:%E*S", fields[0], &time, &error) ||
          !absl::SimpleAtod(fields[1], &value)) {
        throw std::runtime_error(absl::StrCat(path.string(), ": not a time and a value: ", line));
      }
      series.times.push_back(time);
      series.values.push_back(value);
    }
  }
  return all;
}

const std::vector<Injection>& Injections() {
  static const std::vector<Injection>& injections = *new std::vector<Injection>{
      {"healthy"},
      {"level x1.2, the limit", Fault::kLevel, 1.2},
      {"level x1.5", Fault::kLevel, 1.5},
      {"level x3", Fault::kLevel, 3},
      {"x10 in 30 % of the points", Fault::kSpikes, 0.3},
      {"x10 in 70 % of the points", Fault::kSpikes, 0.7},
      {"drift, 2 % a point", Fault::kDrift},
      {"x10 for six points", Fault::kBurst},
      {"variance x4", Fault::kSpread},
  };
  return injections;
}

Injected Inject(const RecordedSeries& series, bool counts, Split split, const Injection& injection,
                const Trial& trial) {
  Injected result;
  const double exposure =
      series.values.empty() ? 0 : 100 * (1 + std::ceil(*std::ranges::max_element(series.values)));
  for (int run = 0; run < trial.runs; ++run) {
    Random random(trial.seed + static_cast<uint64_t>(run));
    std::optional<Cohorts> cohorts =
        CutOut(series, split, static_cast<size_t>(trial.points), trial.past, random);
    if (!cohorts) continue;
    std::uniform_int_distribution<int> first_half(0, trial.points / 2);
    const auto onset = static_cast<size_t>(trial.late ? first_half(random) : 0);
    Spoil(injection, counts, split, cohorts->past + onset, *cohorts, random);
    v1::JudgeRequest request;
    v1::MetricSeries& metric = *request.add_metrics() = Metric(counts);
    const auto add = [&](double value, v1::CohortPoint& point) {
      if (!counts) return point.add_values(value);
      point.set_events(value);
      point.set_exposure(exposure);
    };
    std::vector<double> canary, old;
    std::optional<size_t> failed;
    bool passed = false, kayenta = false, kayenta_end = false;
    for (size_t i = 0; i < cohorts->old.size(); ++i) {
      v1::MetricPoint& point = *metric.add_points();
      *point.mutable_time() =
          ToProto(absl::FromUnixSeconds(1400000000) + static_cast<int>(i) * absl::Minutes(5));
      auto& both = *point.mutable_cohorts();
      add(cohorts->old[i], both[split == Split::kWeekEarlier ? "earlier-1w" : "baseline"]);
      if (i < cohorts->past) continue;
      add(cohorts->canary[i], both["canary"]);
      canary.push_back(cohorts->canary[i]);
      old.push_back(cohorts->old[i]);
      if (!failed) {
        const v1::Decision decision = JudgeMetrics(request).decision();
        if (decision == v1::DECISION_BLOCK) failed = i - cohorts->past;
        passed = passed || decision == v1::DECISION_ALLOW;
      }
      const size_t seen = canary.size();
      const bool last = i + 1 == cohorts->old.size();
      if (!last && (kayenta || seen < kKayentasFirst || seen % kKayentasEvery != 0)) continue;
      kayenta_end = CompareAsKayenta(canary, old) == Label::kHigh;
      kayenta = kayenta || kayenta_end;
    }
    ++result.runs;
    const bool early = failed && injection.fault != Fault::kNone && *failed < onset;
    result.early += early;
    if (failed && !early) {
      ++result.failed;
      result.until.push_back(static_cast<int>(*failed - onset * (injection.fault != Fault::kNone)) +
                             1);
    }
    result.passed += passed;
    result.kayenta += kayenta;
    result.kayenta_end += kayenta_end;
  }
  return result;
}

}  // namespace gate::bench
