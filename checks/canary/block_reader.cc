#include "checks/canary/block_reader.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"
#include "checks/proto_time.h"

namespace gate {
namespace {

constexpr absl::Duration kBlock = absl::Minutes(1);
constexpr size_t kMaxStrata = 100;
constexpr std::string_view kOthers = "(others)";

bool IsAmount(double value) { return std::isfinite(value) && value >= 0; }

// How busy a stratum is, as far as that can be compared within one metric.
double Busyness(const v1::CohortPoint& point) {
  if (!point.buckets().empty()) return point.buckets(point.buckets_size() - 1).count();
  return point.values().empty() ? point.exposure() : point.values_size();
}

// Sums must not depend on the order in which a map is walked.
std::map<std::string_view, const v1::CohortPoint*> InOrder(const v1::CohortPoint& cohort) {
  std::map<std::string_view, const v1::CohortPoint*> strata;
  for (const auto& [name, point] : cohort.strata()) strata[name] = &point;
  return strata;
}

}  // namespace

std::string UtcClock(absl::Time time) {
  return absl::FormatTime("%H:%M:%S", time, absl::UTCTimeZone()) + " UTC";
}

void Amount::Clear() {
  cost = exposure = 0;
  std::ranges::fill(counts, 0.0);
}

void Amount::Add(const Amount& other) {
  cost += other.cost;
  exposure += other.exposure;
  counts.resize(std::max(counts.size(), other.counts.size()));
  for (size_t i = 0; i < other.counts.size(); ++i) counts[i] += other.counts[i];
}

BlockReader::BlockReader(const v1::MetricSeries& series, std::vector<std::string> cohorts)
    : series_(series), cohorts_(std::move(cohorts)), states_(cohorts_.size()) {
  points_.reserve(static_cast<size_t>(series.points_size()));
  for (const v1::MetricPoint& point : series.points()) {
    points_.push_back({FromProto(point.time()), &point});
  }
  std::ranges::stable_sort(points_, {}, &TimedPoint::time);
  FindStrata();
  FindBounds();
  FindLength();
  Amount empty;
  if (series.kind() == v1::METRIC_KIND_HISTOGRAM) empty.counts.resize(bounds_.size() + 1);
  amounts_.assign(cohorts_.size(), std::vector<Amount>(strata_.size(), empty));
}

bool BlockReader::Next() {
  if (next_ == points_.size()) return false;
  end_ = BlockEnd(points_[next_].time);
  std::ranges::fill(states_, State::kAbsent);
  unread_ = false;
  for (std::vector<Amount>& cohort : amounts_) {
    for (Amount& amount : cohort) amount.Clear();
  }
  absl::Time last;
  bool first = true;
  while (next_ < points_.size() && BlockEnd(points_[next_].time) == end_) {
    const auto [time, point] = points_[next_++];
    if (!first && time == last) {
      Refuse(v1::FLAW_KIND_DUPLICATE, "the time of another one", time);
      continue;
    }
    for (size_t cohort = 0; cohort < cohorts_.size(); ++cohort) {
      // What is missing in a part of the block is missing in the block.
      if (!first && states_[cohort] == State::kAbsent) states_[cohort] = State::kPart;
      Take(*point, time, cohort);
    }
    last = time;
    first = false;
  }
  return next_ < points_.size() || last == end_ || step_ >= kBlock;
}

std::vector<v1::SeriesFlaw> BlockReader::Problems() const {
  std::vector<v1::SeriesFlaw> flaws;
  for (const auto& [what, problem] : problems_) {
    v1::SeriesFlaw& flaw = flaws.emplace_back();
    flaw.set_kind(problem.kind);
    *flaw.mutable_time() = ToProto(problem.first);
    flaw.set_intervals(problem.points);
    flaw.set_detail(absl::StrCat(problem.points,
                                 problem.points == 1 ? " point with " : " points with ", what,
                                 ", first at ", UtcClock(problem.first)));
  }
  return flaws;
}

void BlockReader::FindStrata() {
  std::map<std::string, double> busyness;
  bool plain = false;
  for (const TimedPoint& timed : points_) {
    for (const std::string& name : cohorts_) {
      const auto cohort = timed.point->cohorts().find(name);
      if (cohort == timed.point->cohorts().end()) continue;
      plain = plain || cohort->second.strata().empty();
      for (const auto& [stratum, point] : cohort->second.strata()) {
        busyness[stratum] += Busyness(point);
      }
    }
  }
  if (plain || busyness.empty()) busyness.try_emplace("");
  std::vector<std::pair<double, std::string>> ranked;
  for (const auto& [name, amount] : busyness) ranked.emplace_back(-amount, name);
  std::ranges::sort(ranked);
  if (ranked.size() > kMaxStrata) {
    ranked.resize(kMaxStrata - 1);
    ranked.emplace_back(0, std::string(kOthers));
  }
  for (const auto& [amount, name] : ranked) strata_.push_back(name);
  std::ranges::sort(strata_);
}

size_t BlockReader::StratumOf(const std::string& name) const {
  auto found = std::ranges::lower_bound(strata_, name);
  if (found == strata_.end() || *found != name) found = std::ranges::lower_bound(strata_, kOthers);
  return static_cast<size_t>(found - strata_.begin());
}

void BlockReader::FindBounds() {
  if (series_.kind() != v1::METRIC_KIND_HISTOGRAM) return;
  const auto read = [&](const v1::CohortPoint& point) {
    for (const v1::HistogramBucket& bucket : point.buckets()) {
      if (std::isfinite(bucket.le()) && bucket.le() > 0) bounds_.push_back(bucket.le());
    }
    return !point.buckets().empty();
  };
  for (const TimedPoint& timed : points_) {
    for (const std::string& name : cohorts_) {
      const auto cohort = timed.point->cohorts().find(name);
      if (cohort == timed.point->cohorts().end()) continue;
      if (read(cohort->second)) return;
      for (const auto& [stratum, point] : InOrder(cohort->second)) {
        if (read(*point)) return;
      }
    }
  }
}

void BlockReader::FindLength() {
  step_ = FromProto(series_.step());
  if (step_ <= absl::ZeroDuration()) {
    step_ = absl::InfiniteDuration();
    for (size_t i = 1; i < points_.size(); ++i) {
      const absl::Duration apart = points_[i].time - points_[i - 1].time;
      if (apart > absl::ZeroDuration()) step_ = std::min(step_, apart);
    }
    if (step_ == absl::InfiniteDuration()) step_ = kBlock;
  }
  length_ = std::max(step_, kBlock);
}

// The end of the block in which an interval that ends at `time` lies.
absl::Time BlockReader::BlockEnd(absl::Time time) const {
  if (step_ >= kBlock) return time;
  return absl::UnixEpoch() + absl::Ceil(time - absl::UnixEpoch(), kBlock);
}

void BlockReader::Take(const v1::MetricPoint& point, absl::Time time, size_t cohort) {
  const auto found = point.cohorts().find(cohorts_[cohort]);
  if (found == point.cohorts().end()) {
    if (states_[cohort] == State::kWhole) states_[cohort] = State::kPart;
    return;
  }
  bool read = true;
  if (found->second.strata().empty()) {
    read = TakeAmount(found->second, amounts_[cohort][StratumOf("")], time);
  } else {
    for (const auto& [name, stratum] : InOrder(found->second)) {
      read = TakeAmount(*stratum, amounts_[cohort][StratumOf(std::string(name))], time) && read;
    }
  }
  if (states_[cohort] == State::kAbsent) states_[cohort] = State::kWhole;
  if (!read) states_[cohort] = State::kPart;
}

bool BlockReader::TakeAmount(const v1::CohortPoint& point, Amount& amount, absl::Time time) {
  switch (series_.kind()) {
    case v1::METRIC_KIND_VALUES:
      return TakeValues(point, amount, time);
    case v1::METRIC_KIND_HISTOGRAM:
      return TakeBuckets(point, amount, time);
    default:
      return TakeCounts(point, amount, time);
  }
}

bool BlockReader::Refuse(v1::FlawKind kind, std::string_view what, absl::Time time) {
  unread_ = unread_ || kind != v1::FLAW_KIND_DUPLICATE;
  const auto [problem, added] = problems_.try_emplace(std::string(what), Problem{kind, 0, time});
  ++problem->second.points;
  return false;
}

bool BlockReader::TakeCounts(const v1::CohortPoint& point, Amount& amount, absl::Time time) {
  if (!IsAmount(point.events()) || std::floor(point.events()) != point.events() ||
      !IsAmount(point.exposure())) {
    return Refuse(v1::FLAW_KIND_NOT_A_NUMBER, "what is not a whole, positive number of events",
                  time);
  }
  if (point.events() > point.exposure()) {
    return Refuse(v1::FLAW_KIND_IMPOSSIBLE, "more events than exposure", time);
  }
  amount.cost += point.events();
  amount.exposure += point.exposure();
  return true;
}

bool BlockReader::TakeValues(const v1::CohortPoint& point, Amount& amount, absl::Time time) {
  const bool weighted = !point.weights().empty();
  if (weighted && point.weights_size() != point.values_size()) {
    return Refuse(v1::FLAW_KIND_IMPOSSIBLE, "another number of weights than of values", time);
  }
  for (int i = 0; i < point.values_size(); ++i) {
    const double weight = weighted ? point.weights(i) : 1;
    if (!std::isfinite(point.values(i)) || !IsAmount(weight)) {
      return Refuse(v1::FLAW_KIND_NOT_A_NUMBER, "a value that is not a number", time);
    }
    amount.cost += point.values(i) * weight;
    amount.exposure += weight;
  }
  return true;
}

bool BlockReader::TakeBuckets(const v1::CohortPoint& point, Amount& amount, absl::Time time) {
  if (point.buckets().empty()) return true;
  bool fits = static_cast<size_t>(point.buckets_size()) == bounds_.size() + 1;
  for (int i = 0; fits && i < point.buckets_size(); ++i) {
    const double bound = point.buckets(i).le();
    const bool last = i + 1 == point.buckets_size();
    fits = last ? std::isinf(bound) || bound == 0 : bound == bounds_[static_cast<size_t>(i)];
  }
  if (!fits) {
    return Refuse(v1::FLAW_KIND_IMPOSSIBLE, "other bucket bounds than the first", time);
  }
  double before = 0;
  for (const v1::HistogramBucket& bucket : point.buckets()) {
    if (!IsAmount(bucket.count()) || bucket.count() < before) {
      return Refuse(v1::FLAW_KIND_NOT_A_NUMBER,
                    "a bucket that holds less than a smaller one, or no number", time);
    }
    before = bucket.count();
  }
  for (int i = 0; i < point.buckets_size(); ++i) {
    amount.counts[static_cast<size_t>(i)] += point.buckets(i).count();
  }
  return true;
}

}  // namespace gate
