#include "checks/canary/old_cohort.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "checks/canary/block_reader.h"
#include "checks/canary/series_test.h"
#include "checks/stats/change_detector.h"

namespace gate {
namespace {

constexpr double kLeastMargin = 0.5;  // What a service differs from its own past anyhow.
constexpr absl::Duration kWatch = absl::Hours(24);

constexpr size_t kCanary = 0, kBaseline = 1, kStable = 2;  // in the BlockReader
const std::array<std::string, 3> kNames = {"canary", "baseline", "stable"};

// One block of one cohort: requests, and which of them failed or how long they took.
struct Moment {
  absl::Time end;
  Amount amount;
};

// What each cohort did, before the canary and since.
struct Record {
  std::array<std::vector<Moment>, 3> before, since;
  std::vector<double> bounds;
  absl::Duration length;
};

Record ReadRecord(const v1::MetricSeries& series, const SeriesWindow& window) {
  Record record;
  BlockReader reader(series, {kNames.begin(), kNames.end()});
  record.bounds = reader.bounds();
  record.length = reader.length();
  bool began = false;
  while (reader.Next()) {
    if (!window.Recorded() && reader.end() > window.as_of + record.length) break;
    const auto any = [](const auto* strata) {
      return strata != nullptr && std::ranges::any_of(*strata, &Amount::Any);
    };
    began = began || (any(reader.at(kCanary)) && reader.end() > window.start);
    for (size_t cohort = 0; cohort < kNames.size(); ++cohort) {
      if (reader.at(cohort) == nullptr) continue;
      Moment moment{reader.end(), {}};
      for (const Amount& amount : *reader.at(cohort)) moment.amount.Add(amount);
      (began ? record.since : record.before)[cohort].push_back(std::move(moment));
    }
  }
  return record;
}

// Requests as exposure; those over the bound as events, where it is about time.
stats::RateInterval RateOf(const Amount& amount, size_t bound) {
  if (amount.counts.empty()) return {amount.exposure, amount.cost};
  return {amount.counts.back(), amount.counts.back() - amount.counts[bound]};
}

// The bound at which the wanted part of the past's requests was slower, or the next higher one.
size_t SlowBound(const std::vector<Moment>& past, size_t bounds, double quantile) {
  Amount all;
  for (const Moment& moment : past) all.Add(moment.amount);
  if (all.counts.empty()) return 0;
  const auto found = std::lower_bound(all.counts.begin(), all.counts.begin() + bounds,
                                      quantile * all.counts.back());
  return std::min(static_cast<size_t>(found - all.counts.begin()), bounds - 1);
}

Course Follow(const std::vector<Moment>& moments, size_t bound, const stats::RateReference& past,
              double limit, double threshold) {
  stats::ChangeDetector detector(limit, threshold);
  Course course;
  double at_alarm = 0;  // blocks since it began, as it looked when that was proven
  size_t alarm = 0;
  for (size_t i = 0; i < moments.size(); ++i) {
    detector.Add(RateOf(moments[i].amount, bound), past);
    const stats::ChangeAnswer answer = detector.Answer();
    if (!answer.worse || course.worse) continue;
    course.worse = true;
    at_alarm = answer.since;
    alarm = i;
  }
  size_t first = 0;
  if (course.worse) {
    first = alarm + 1 - std::min<size_t>(static_cast<size_t>(std::max(at_alarm, 1.0)), alarm + 1);
    course.since = moments[first].end;
  }
  stats::RateInterval sum;
  for (size_t i = first; i < moments.size(); ++i) {
    const stats::RateInterval interval = RateOf(moments[i].amount, bound);
    sum.exposure += interval.exposure;
    sum.events += interval.events;
  }
  course.rate = sum.exposure > 0 ? sum.events / sum.exposure : 0;
  return course;
}

stats::RateInterval SumSince(const std::vector<Moment>& moments, size_t bound, absl::Time since) {
  stats::RateInterval sum;
  for (const Moment& moment : moments) {
    if (moment.end < since) continue;
    const stats::RateInterval interval = RateOf(moment.amount, bound);
    sum.exposure += interval.exposure;
    sum.events += interval.events;
  }
  return sum;
}

// Whether the canary has had a lower rate than the old version from `since` on: the likelihood
// ratio of Poisson counts in units of bursts of ten, averaged over alternatives, against the old
// version's rate less two of its standard errors. A bet on shares would not do: of a small canary
// it gains too little in an interval, and here every minute counts.
bool IsBetter(const std::vector<Moment>& canary, const std::vector<Moment>& old, size_t bound,
              absl::Time since, double alpha) {
  constexpr double kBurst = 10;
  constexpr std::array kTimes = {0.02, 0.1, 0.3, 0.6};
  const stats::RateInterval theirs = SumSince(old, bound, since);
  const stats::RateInterval ours = SumSince(canary, bound, since);
  if (!(theirs.exposure > 0) || !(theirs.events > 0)) return false;
  const double rate = theirs.events / theirs.exposure * (1 - 2 * std::sqrt(kBurst / theirs.events));
  const double expected = ours.exposure * rate / kBurst;
  double evidence = 0;
  for (const double times : kTimes) {
    evidence +=
        std::exp(ours.events / kBurst * std::log(times) + (1 - times) * expected) / kTimes.size();
  }
  return rate > 0 && evidence >= 1 / alpha;
}

}  // namespace

std::optional<PastAnswer> CompareWithPast(const v1::MetricSeries& series,
                                          const SeriesWindow& window, double alpha_worse,
                                          double alpha_better) {
  const bool more_is_worse = series.direction() != v1::DIRECTION_LOWER_IS_WORSE &&
                             series.direction() != v1::DIRECTION_EITHER;
  if (series.kind() == v1::METRIC_KIND_VALUES) return std::nullopt;
  const Record record = ReadRecord(series, window);
  if (series.kind() == v1::METRIC_KIND_HISTOGRAM && record.bounds.empty()) return std::nullopt;
  // Whoever has been there for longer.
  const size_t old =
      record.before[kStable].size() >= record.before[kBaseline].size() ? kStable : kBaseline;
  const std::vector<Moment>& before = record.before[old];

  PastAnswer answer;
  answer.cohort = kNames[old];
  answer.limit = 1 + std::max(series.margin(), kLeastMargin);
  const size_t bound = SlowBound(before, record.bounds.size(), QuantileOf(series));
  if (!record.bounds.empty()) answer.bound = record.bounds[bound];
  std::vector<stats::RateInterval> past;
  for (const Moment& moment : before) past.push_back(RateOf(moment.amount, bound));
  answer.past = stats::MeasureReference(past);
  if (!answer.past.Known()) return std::nullopt;
  if (!more_is_worse) return answer;
  answer.followed = true;
  answer.limit = std::max(answer.limit, series.tolerated_rate() / answer.past.rate);
  const double threshold =
      stats::ThresholdOfWatch(std::max(kWatch / record.length, int64_t{1}), alpha_worse);
  // The old version is followed in the cohort that is compared as well.
  const size_t followed = record.since[old].empty() ? (old == kStable ? kBaseline : kStable) : old;
  answer.old_version = Follow(record.since[followed], bound, answer.past, answer.limit, threshold);
  answer.canary = Follow(record.since[kCanary], bound, answer.past, answer.limit, threshold);
  if (answer.old_version.worse) {
    answer.canary_better = IsBetter(record.since[kCanary], record.since[followed], bound,
                                    answer.old_version.since, alpha_better);
  }
  return answer;
}

}  // namespace gate
