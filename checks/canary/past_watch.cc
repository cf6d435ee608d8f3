#include "checks/canary/past_watch.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace gate {
namespace {

constexpr double kLeastMargin = 0.5;  // What a service differs from its own past anyhow.
constexpr absl::Duration kWatch = absl::Hours(24);

constexpr std::array kFollowed = {kCanary, kBaseline, kStable};

Amount Sum(Amounts strata) {
  Amount sum;
  for (const Amount& amount : strata) sum.Add(amount);
  return sum;
}

// The bound at which the wanted part of the past's requests was slower, or the next higher one.
size_t SlowBound(const std::vector<Amount>& past, size_t bounds, double quantile) {
  Amount all;
  for (const Amount& amount : past) all.Add(amount);
  if (all.counts.empty()) return 0;
  const auto end = all.counts.begin() + static_cast<std::ptrdiff_t>(bounds);
  const auto found = std::lower_bound(all.counts.begin(), end, quantile * all.counts.back());
  return std::min(static_cast<size_t>(found - all.counts.begin()), bounds - 1);
}

// Requests as exposure; those over the bound as events, where it is about time.
stats::RateInterval RateOf(const Amount& amount, size_t bound) {
  if (amount.counts.empty()) return {amount.exposure, amount.cost};
  return {amount.counts.back(), amount.counts.back() - amount.counts[bound]};
}

// Whether the canary has had a lower rate than the old version: the likelihood ratio of Poisson
// counts in units of bursts of ten, averaged over alternatives, against the old version's rate less
// two of its standard errors. A bet on shares would not do: of a small canary it gains too little
// in an interval, and here every minute counts.
bool IsBetter(const stats::RateInterval& canary, const stats::RateInterval& old, double alpha) {
  constexpr double kBurst = 10;
  constexpr std::array kTimes = {0.02, 0.1, 0.3, 0.6};
  if (!(old.exposure > 0) || !(old.events > 0)) return false;
  const double rate = old.events / old.exposure * (1 - 2 * std::sqrt(kBurst / old.events));
  const double expected = canary.exposure * rate / kBurst;
  double evidence = 0;
  for (const double times : kTimes) {
    evidence +=
        std::exp(canary.events / kBurst * std::log(times) + (1 - times) * expected) / kTimes.size();
  }
  return rate > 0 && evidence >= 1 / alpha;
}

}  // namespace

// ---- before the canary
void PastWatch::AddPast(const BlockReader& reader) {
  for (const size_t cohort : {kBaseline, kStable}) {
    if (!reader.at(cohort).empty()) before_[cohort].push_back(Sum(reader.at(cohort)));
  }
}

void PastWatch::Begin(const BlockReader& reader) {
  const bool histogram = metric_.kind() == v1::METRIC_KIND_HISTOGRAM;
  if (histogram && reader.bounds().empty()) return;
  old_ = before_[kStable].size() >= before_[kBaseline].size() ? kStable : kBaseline;
  const std::vector<Amount>& before = before_[old_];
  if (histogram) {
    bound_ = SlowBound(before, reader.bounds().size(), QuantileOf(metric_));
    bound_value_ = reader.bounds()[bound_];
  }
  if (metric_.kind() == v1::METRIC_KIND_VALUES) {
    std::vector<double> past;
    for (const Amount& amount : before) {
      if (amount.exposure > 0) past.push_back(amount.cost / amount.exposure);
    }
    means_ = stats::NoiseOfMeans(past);
    before_ = {};
    return;
  }
  std::vector<stats::RateInterval> past;
  past.reserve(before.size());
  for (const Amount& amount : before) past.push_back(RateOf(amount, bound_));
  past_ = stats::MeasureReference(past);
  if (past_.rate > 0.5) {
    for (stats::RateInterval& interval : past) {
      interval.events = std::max(interval.exposure - interval.events, 0.0);
    }
    events_ = stats::NoiseOf(stats::MeasureReference(past));
  } else {
    events_ = stats::NoiseOf(past_);
  }
  before_ = {};
  MakeFollowers(reader.length());
}

void PastWatch::MakeFollowers(absl::Duration length) {
  const bool more_is_worse = metric_.direction() != v1::DIRECTION_LOWER_IS_WORSE &&
                             metric_.direction() != v1::DIRECTION_EITHER;
  if (!past_.Known() || !more_is_worse) return;
  limit_ =
      std::max(1 + std::max(metric_.margin(), kLeastMargin), metric_.tolerated_rate() / past_.rate);
  const double watch = static_cast<double>(std::max(kWatch / length, int64_t{1}));
  const stats::ChangeDetector detector(limit_, stats::ThresholdOfWatch(watch, alpha_worse_));
  followers_.assign(kFollowed.size(), {.detector = detector});
}

// ---- since
void PastWatch::Add(const BlockReader& reader) {
  if (followers_.empty()) return;
  std::array<std::optional<stats::RateInterval>, kFollowed.size()> did;
  for (const size_t cohort : kFollowed) {
    const Amounts strata = reader.at(cohort);
    if (!strata.empty()) did[cohort] = RateOf(Sum(strata), bound_);
  }
  const stats::RateInterval canary = did[kCanary].value_or(stats::RateInterval());
  for (const size_t cohort : kFollowed) {
    if (cohort != kCanary && cohort != old_ && followers_[old_].seen) continue;  // Not asked about.
    followers_[cohort].Add(reader.end(), past_, did[cohort], canary);
  }
}

void PastWatch::Stretch::Add(absl::Time end, const stats::RateInterval& cohort_did,
                             const stats::RateInterval& canary_did) {
  if (since == absl::InfinitePast()) since = end;
  cohort.exposure += cohort_did.exposure;
  cohort.events += cohort_did.events;
  canary.exposure += canary_did.exposure;
  canary.events += canary_did.events;
}

void PastWatch::Follower::Add(absl::Time end, const stats::RateReference& past,
                              const std::optional<stats::RateInterval>& cohort,
                              const stats::RateInterval& canary) {
  seen = seen || cohort;
  const stats::RateInterval did = cohort.value_or(stats::RateInterval());
  if (worse) return since_worse.Add(end, did, canary);
  if (did.exposure > 0) {
    detector.Add(did, past);
    for (size_t bet = 0; bet < bets.size(); ++bet) {
      if (detector.BegunAnew(bet)) bets[bet] = {};
    }
  }
  all.Add(end, did, canary);
  for (Stretch& stretch : bets) stretch.Add(end, did, canary);
  worse = detector.Worse();
  if (worse) since_worse = bets[detector.BestBet()];
}

Course PastWatch::Follower::Told() const {
  const Stretch& stretch = worse ? since_worse : all;
  Course course;
  course.worse = worse;
  if (worse) course.since = stretch.since;
  const stats::RateInterval& did = stretch.cohort;
  course.seen = did.exposure > 0;
  course.rate = did.exposure > 0 ? did.events / did.exposure : 0;
  return course;
}

std::optional<PastAnswer> PastWatch::Answer(double alpha_better) const {
  if (followers_.empty()) return std::nullopt;
  PastAnswer answer;
  answer.cohort = kCohortNames[old_];
  answer.past = past_;
  answer.limit = limit_;
  answer.bound = bound_value_;
  // The old version is followed in the cohort that is compared as well.
  const size_t other = old_ == kStable ? kBaseline : kStable;
  const Follower& followed = followers_[followers_[old_].seen ? old_ : other];
  answer.old_version = followed.Told();
  answer.canary = followers_[kCanary].Told();
  if (answer.old_version.worse) {
    answer.canary_better =
        IsBetter(followed.since_worse.canary, followed.since_worse.cohort, alpha_better);
  }
  return answer;
}

// ---- state
void PastWatch::Stretch::Each(StateArchive& archive) {
  archive(since);
  for (stats::RateInterval* did : {&cohort, &canary}) archive(did->exposure), archive(did->events);
}

void PastWatch::Follower::Each(StateArchive& archive) {
  archive(detector), archive(seen), archive(worse), archive(all), archive(since_worse);
  for (Stretch& stretch : bets) archive(stretch);
}

void PastWatch::Each(StateArchive& archive, const BlockReader& reader) {
  auto intervals = static_cast<size_t>(past_.intervals);
  bool stable = old_ == kStable;
  archive(intervals), archive(stable), archive(bound_), archive(bound_value_);
  for (double* number :
       {&past_.exposure, &past_.rate, &past_.rate_error, &past_.dispersion, &past_.inflation}) {
    archive(*number);
  }
  auto kind = static_cast<size_t>(events_.kind);
  archive(kind), archive(events_.inflation), archive(means_.known), archive(means_.innovation);
  for (double& weight : means_.weights) archive(weight);
  if (archive.reading()) {
    past_.intervals = static_cast<int>(std::min<size_t>(intervals, 1'000'000));
    events_.kind = static_cast<stats::PastNoise::Kind>(std::min<size_t>(kind, 2));
    old_ = stable ? kStable : kBaseline;
    bound_ = std::min(bound_, reader.bounds().size());
    MakeFollowers(reader.length());
  }
  for (Follower& follower : followers_) archive(follower);
}

}  // namespace gate
