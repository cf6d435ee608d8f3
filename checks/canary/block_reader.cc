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

}  // namespace

std::string UtcClock(absl::Time time) {
  return absl::FormatTime("%H:%M:%S", time, absl::UTCTimeZone()) + " UTC";
}

bool Any(Amounts strata) { return std::ranges::any_of(strata, &Amount::Any); }

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

BlockReader::BlockReader(const v1::MetricSeries& series) : series_(series) {
  points_.reserve(static_cast<size_t>(series.points_size()));
  for (const v1::MetricPoint& point : series.points()) {
    points_.push_back({FromProto(point.time()), &point});
  }
  if (!std::ranges::is_sorted(points_, {}, &TimedPoint::time)) {
    std::ranges::stable_sort(points_, {}, &TimedPoint::time);
  }
  FindLength();
  if (!series.has_state()) return;
  const absl::Time known = FromProto(series.state().until());
  while (next_ < points_.size() && BlockEnd(points_[next_].time) <= known) ++next_;
}

void BlockReader::Each(StateArchive& archive) {
  archive(end_), archive(bounds_), archive(strata_), archive(problems_);
  for (bool& seen : seen_) archive(seen);
  if (!archive.reading()) return;
  for (size_t i = 0; i < strata_.size(); ++i) NotePlace(i);
  for (size_t cohort = 0; cohort < kCohorts; ++cohort) {
    if (seen_[cohort]) See(cohort);
  }
}

void BlockReader::Problem::Each(StateArchive& archive) {
  archive(what), archive(kind), archive(cohort), archive(points), archive(first);
}

bool BlockReader::Next(absl::Time until) {
  if (next_ == points_.size() || BlockEnd(points_[next_].time) > until) return false;
  end_ = BlockEnd(points_[next_].time);
  unread_.fill(false);
  for (size_t cohort = 0; cohort < kCohorts; ++cohort) {
    if (presence_[cohort] == Presence::kAbsent) continue;
    for (Amount& amount : amounts_[cohort]) amount.Clear();
    presence_[cohort] = Presence::kAbsent;
  }
  absl::Time last;
  bool first = true;
  while (next_ < points_.size() && BlockEnd(points_[next_].time) == end_) {
    const auto [time, point] = points_[next_++];
    if (!first && time == last) {
      Refuse(v1::FLAW_KIND_DUPLICATE, "the time of another one", time, kCohorts);
      continue;
    }
    TakePoint(*point, time, first);
    last = time;
    first = false;
  }
  return next_ < points_.size() || last == end_ || step_ >= kBlock;
}

std::vector<v1::SeriesFlaw> BlockReader::Problems(std::initializer_list<size_t> cohorts) const {
  std::map<std::string_view, Problem> merged;
  for (const Problem& problem : problems_) {
    if (problem.cohort != kCohorts && std::ranges::find(cohorts, problem.cohort) == cohorts.end()) {
      continue;
    }
    const auto [place, added] = merged.try_emplace(problem.what, problem);
    if (added) continue;
    place->second.points += problem.points;
    place->second.first = std::min(place->second.first, problem.first);
  }
  std::vector<v1::SeriesFlaw> flaws;
  for (const auto& [what, problem] : merged) {
    v1::SeriesFlaw& flaw = flaws.emplace_back();
    flaw.set_kind(static_cast<v1::FlawKind>(problem.kind));
    *flaw.mutable_time() = ToProto(problem.first);
    flaw.set_intervals(static_cast<int>(std::min<size_t>(problem.points, 1'000'000)));
    flaw.set_detail(absl::StrCat(problem.points, problem.points == 1 ? " point" : " points",
                                 " with ", problem.what, ", first at ", UtcClock(problem.first)));
  }
  return flaws;
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

// ---- strata
void BlockReader::NotePlace(size_t stratum) {
  places_[strata_[stratum]] = stratum;
  if (strata_[stratum].empty()) plain_ = stratum;
}

void BlockReader::AddStratum(const std::string& name) {
  strata_.push_back(name);
  NotePlace(strata_.size() - 1);
  Amount empty;
  if (!bounds_.empty()) empty.counts.resize(bounds_.size() + 1);
  for (size_t cohort = 0; cohort < kCohorts; ++cohort) {
    if (seen_[cohort]) amounts_[cohort].push_back(empty);
  }
}

void BlockReader::AdmitStrata(const CohortPoints& points) {
  const auto known = [&](std::string_view name) { return places_.contains(name); };
  const auto told_apart = [](const v1::CohortPoint* point) {
    return point != nullptr && !point->strata().empty();
  };
  const auto plain = [](const v1::CohortPoint* point) {
    return point != nullptr && point->strata().empty();
  };
  if (!plain_ && std::ranges::any_of(points, plain)) AddStratum("");
  if (std::ranges::none_of(points, told_apart)) return;
  std::map<std::string_view, double> unknown;
  for (const v1::CohortPoint* point : points) {
    if (!told_apart(point)) continue;
    for (const auto& [name, stratum] : point->strata()) {
      if (!known(name)) unknown[name] += Busyness(stratum);
    }
  }
  std::vector<std::pair<double, std::string_view>> ranked;
  for (const auto& [name, amount] : unknown) ranked.emplace_back(-amount, name);
  std::ranges::sort(ranked);
  for (const auto& [amount, name] : ranked) {
    if (strata_.size() + 1 < kMaxStrata) {
      AddStratum(std::string(name));
    } else if (!known(kOthers)) {
      AddStratum(std::string(kOthers));
    }
  }
}

size_t BlockReader::StratumOf(std::string_view name) const {
  const auto found = places_.find(name);
  return found == places_.end() ? places_.find(kOthers)->second : found->second;
}

// ---- points
void BlockReader::See(size_t cohort) {
  seen_[cohort] = true;
  Amount empty;
  if (!bounds_.empty()) empty.counts.resize(bounds_.size() + 1);
  amounts_[cohort].assign(strata_.size(), empty);
}

void BlockReader::TakePoint(const v1::MetricPoint& point, absl::Time time, bool first) {
  CohortPoints cohorts{};
  for (const auto& [name, cohort] : point.cohorts()) {
    if (const size_t place = CohortOf(name); place < kCohorts) cohorts[place] = &cohort;
  }
  for (size_t cohort = 0; cohort < kCohorts; ++cohort) {
    if (cohorts[cohort] != nullptr && !seen_[cohort]) See(cohort);
  }
  AdmitStrata(cohorts);
  for (size_t cohort = 0; cohort < kCohorts; ++cohort) {
    Presence& presence = presence_[cohort];
    // What is missing in a part of the block is missing in the block.
    if (cohorts[cohort] == nullptr) {
      if (presence == Presence::kWhole) presence = Presence::kPart;
      continue;
    }
    const bool read = Take(*cohorts[cohort], time, cohort);
    if (presence == Presence::kAbsent) presence = first ? Presence::kWhole : Presence::kPart;
    if (!read) presence = Presence::kPart;
  }
}

bool BlockReader::Take(const v1::CohortPoint& point, absl::Time time, size_t cohort) {
  if (point.strata().empty()) {
    return TakeAmount(point, time, cohort, amounts_[cohort][*plain_]);
  }
  // Sums must not depend on the order in which a map is walked.
  std::vector<std::pair<std::string_view, const v1::CohortPoint*>> strata;
  strata.reserve(point.strata().size());
  for (const auto& [name, stratum] : point.strata()) strata.emplace_back(name, &stratum);
  std::ranges::sort(strata);
  bool read = true;
  for (const auto& [name, stratum] : strata) {
    read = TakeAmount(*stratum, time, cohort, amounts_[cohort][StratumOf(name)]) && read;
  }
  return read;
}

bool BlockReader::TakeAmount(const v1::CohortPoint& point, absl::Time time, size_t cohort,
                             Amount& amount) {
  switch (series_.kind()) {
    case v1::METRIC_KIND_VALUES:
      return TakeValues(point, time, cohort, amount);
    case v1::METRIC_KIND_HISTOGRAM:
      return TakeBuckets(point, time, cohort, amount);
    default:
      return TakeCounts(point, time, cohort, amount);
  }
}

bool BlockReader::Refuse(v1::FlawKind kind, std::string_view what, absl::Time time, size_t cohort) {
  if (cohort < kCohorts) unread_[cohort] = true;
  auto problem = std::ranges::find_if(problems_, [&](const Problem& known) {
    return known.what == what && known.cohort == cohort;
  });
  if (problem == problems_.end()) {
    problem =
        problems_.insert(problem, {std::string(what), static_cast<size_t>(kind), cohort, 0, time});
  }
  ++problem->points;
  return false;
}

bool BlockReader::TakeCounts(const v1::CohortPoint& point, absl::Time time, size_t cohort,
                             Amount& amount) {
  if (!IsAmount(point.events()) || std::floor(point.events()) != point.events() ||
      !IsAmount(point.exposure())) {
    return Refuse(v1::FLAW_KIND_NOT_A_NUMBER, "what is not a whole, positive number of events",
                  time, cohort);
  }
  if (point.events() > point.exposure()) {
    return Refuse(v1::FLAW_KIND_IMPOSSIBLE, "more events than exposure", time, cohort);
  }
  amount.cost += point.events();
  amount.exposure += point.exposure();
  return true;
}

bool BlockReader::TakeValues(const v1::CohortPoint& point, absl::Time time, size_t cohort,
                             Amount& amount) {
  const bool weighted = !point.weights().empty();
  if (weighted && point.weights_size() != point.values_size()) {
    return Refuse(v1::FLAW_KIND_IMPOSSIBLE, "another number of weights than of values", time,
                  cohort);
  }
  for (int i = 0; i < point.values_size(); ++i) {
    const double weight = weighted ? point.weights(i) : 1;
    if (!std::isfinite(point.values(i)) || !IsAmount(weight)) {
      return Refuse(v1::FLAW_KIND_NOT_A_NUMBER, "a value that is not a number", time, cohort);
    }
    amount.cost += point.values(i) * weight;
    amount.exposure += weight;
  }
  return true;
}

void BlockReader::FindBounds(const v1::CohortPoint& point) {
  for (const v1::HistogramBucket& bucket : point.buckets()) {
    if (std::isfinite(bucket.le()) && bucket.le() > 0) bounds_.push_back(bucket.le());
  }
  for (std::vector<Amount>& cohort : amounts_) {
    for (Amount& amount : cohort) amount.counts.resize(bounds_.size() + 1);
  }
}

bool BlockReader::TakeBuckets(const v1::CohortPoint& point, absl::Time time, size_t cohort,
                              Amount& amount) {
  if (point.buckets().empty()) return true;
  if (bounds_.empty()) FindBounds(point);
  bool fits = static_cast<size_t>(point.buckets_size()) == bounds_.size() + 1;
  for (int i = 0; fits && i < point.buckets_size(); ++i) {
    const double bound = point.buckets(i).le();
    const bool last = i + 1 == point.buckets_size();
    fits = last ? std::isinf(bound) || bound == 0 : bound == bounds_[static_cast<size_t>(i)];
  }
  if (!fits) {
    return Refuse(v1::FLAW_KIND_IMPOSSIBLE, "other bucket bounds than the first", time, cohort);
  }
  double before = 0;
  for (const v1::HistogramBucket& bucket : point.buckets()) {
    if (!IsAmount(bucket.count()) || bucket.count() < before) {
      return Refuse(v1::FLAW_KIND_NOT_A_NUMBER,
                    "a bucket that holds less than a smaller one, or no number", time, cohort);
    }
    before = bucket.count();
  }
  for (int i = 0; i < point.buckets_size(); ++i) {
    amount.counts[static_cast<size_t>(i)] += point.buckets(i).count();
  }
  return true;
}

}  // namespace gate
