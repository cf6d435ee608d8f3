#include "gate/evidence/range_cache.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace gate {
namespace {

constexpr absl::Duration kSettling = absl::Minutes(2);
constexpr int kSettlingSteps = 2;
constexpr int kLifetimeSteps = 30;
constexpr int kMaxBoundaries = 11000;  // A Prometheus answers no more in one query.

// The newest boundary that no late sample changes any more.
absl::Time LastSettled(absl::Duration step, absl::Time now) {
  const absl::Duration settling = std::max(kSettling, kSettlingSteps * step);
  return absl::UnixEpoch() + absl::Floor(now - settling - absl::UnixEpoch(), step);
}

template <typename Sample>
std::vector<Sample> Within(const std::vector<Sample>& samples, absl::Time first, absl::Time last) {
  const auto begin =
      std::ranges::lower_bound(samples, absl::ToUnixMillis(first), {}, &Sample::milliseconds);
  const auto end =
      std::ranges::upper_bound(samples, absl::ToUnixMillis(last), {}, &Sample::milliseconds);
  return begin < end ? std::vector<Sample>(begin, end) : std::vector<Sample>();
}

// The series that have samples from `first` to `last`.
std::vector<PrometheusSeries> Slice(const std::vector<PrometheusSeries>& series, absl::Time first,
                                    absl::Time last) {
  std::vector<PrometheusSeries> slice;
  for (const PrometheusSeries& one : series) {
    PrometheusSeries part = {one.labels, Within(one.samples, first, last),
                             Within(one.histograms, first, last)};
    if (!part.samples.empty() || !part.histograms.empty()) slice.push_back(std::move(part));
  }
  return slice;
}

size_t BytesOf(const std::vector<PrometheusSeries>& series) {
  constexpr size_t kLabels = 256;  // About.
  size_t bytes = 0;
  for (const PrometheusSeries& one : series) {
    bytes += sizeof one + kLabels + one.samples.size() * sizeof(PrometheusSample);
    for (const PrometheusHistogram& histogram : one.histograms) {
      bytes += sizeof histogram + histogram.buckets.size() * sizeof(NativeBucket);
    }
  }
  return bytes;
}

struct Boundaries {
  absl::Time first, last;
  absl::Duration step;
};

// Adds what is fetched, in parts that a server answers; `next` is the boundary after it, also where
// a part failed.
bool FetchAll(const Boundaries& range, const RangeCache::FetchRange& fetch,
              std::vector<PrometheusSeries>& series, absl::Time& next) {
  for (next = range.first; next <= range.last;) {
    const absl::Time last = std::min(range.last, next + (kMaxBoundaries - 1) * range.step);
    std::vector<PrometheusSeries> part;
    if (!fetch(next, last, part)) return false;
    Append(std::move(part), series);
    next = last + range.step;
  }
  return true;
}

}  // namespace

void Append(std::vector<PrometheusSeries> later, std::vector<PrometheusSeries>& series) {
  std::vector<PrometheusSeries> all;
  auto old = series.begin();
  for (PrometheusSeries& one : later) {
    while (old != series.end() && old->labels < one.labels) all.push_back(std::move(*old++));
    if (old == series.end() || old->labels != one.labels) {
      all.push_back(std::move(one));
      continue;
    }
    PrometheusSeries& both = all.emplace_back(std::move(*old++));
    std::ranges::move(one.samples, std::back_inserter(both.samples));
    std::ranges::move(one.histograms, std::back_inserter(both.histograms));
  }
  std::move(old, series.end(), std::back_inserter(all));
  series = std::move(all);
}

bool RangeCache::Read(const std::string& key, const IntervalGrid& grid, absl::Time now,
                      const FetchRange& fetch, std::vector<PrometheusSeries>& series) {
  const std::shared_ptr<const Known> known = Find(key, grid, now);
  std::vector<PrometheusSeries> all;
  absl::Time first = grid.first, last = grid.end();
  absl::Time next = first;  // The boundary that is not fetched yet.
  if (known != nullptr) {
    if (first < known->first &&
        !FetchAll({first, known->first - grid.step, grid.step}, fetch, all, next)) {
      return false;
    }
    Append(known->series, all);
    first = std::min(first, known->first);
    last = std::max(last, known->last);
    next = known->last + grid.step;
  }
  const bool complete = FetchAll({next, last, grid.step}, fetch, all, next);
  if (complete) series = Slice(all, grid.first, grid.end());

  // What slid out of the window is kept for as long again, for questions with a longer one. Parts
  // of a long answer are kept although it failed: the next question begins where this one ended.
  first = std::max(first, grid.first - (grid.end() - grid.first));
  last = std::min(next - grid.step, LastSettled(grid.step, now));
  if (first > last) return complete;
  auto kept = std::make_shared<Known>();
  *kept = {first, last, known == nullptr ? now : known->since, 0, Slice(all, first, last)};
  kept->bytes = BytesOf(kept->series);
  Keep(key, std::move(kept));
  return complete;
}

std::shared_ptr<const RangeCache::Known> RangeCache::Find(const std::string& key,
                                                          const IntervalGrid& grid,
                                                          absl::Time now) {
  MutexLock lock(mu_);
  const auto found = entries_.find(key);
  if (found == entries_.end()) return nullptr;
  const Known& known = *found->second.known;
  const bool adjacent =
      known.first <= grid.end() + grid.step && known.last >= grid.first - grid.step;
  const bool fresh = now >= known.since && now - known.since <= kLifetimeSteps * grid.step;
  if (!adjacent || !fresh) return nullptr;
  uses_.splice(uses_.end(), uses_, found->second.use);
  return found->second.known;
}

void RangeCache::Keep(const std::string& key, std::shared_ptr<const Known> known) {
  MutexLock lock(mu_);
  Forget(key);
  bytes_ += known->bytes;
  entries_[key] = {std::move(known), uses_.insert(uses_.end(), key)};
  while (bytes_ > max_bytes_) Forget(std::string(uses_.front()));
}

void RangeCache::Forget(const std::string& key) {
  const auto found = entries_.find(key);
  if (found == entries_.end()) return;
  bytes_ -= found->second.known->bytes;
  uses_.erase(found->second.use);
  entries_.erase(found);
}

}  // namespace gate
