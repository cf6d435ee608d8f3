// A metric's points, put together to blocks of time: what each cohort did in each.
//
// Points that are closer together than a minute make blocks of one minute (UTC), or of the series'
// step where that is longer: so the answer does not depend on how an interval was split. What
// cannot be read is left out and told.
#ifndef CHECKS_CANARY_BLOCK_READER_H_
#define CHECKS_CANARY_BLOCK_READER_H_

#include <array>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "checks/canary/cohorts.h"
#include "checks/canary/state_archive.h"
#include "checks/stats/quantile_test.h"
#include "gate/v1/evidence.pb.h"

namespace gate {

// What a cohort did in a block, or in a stratum of it.
struct Amount {
  double cost = 0;           // events, or the sum of values
  double exposure = 0;       // requests, or how many values
  stats::Cumulative counts;  // HISTOGRAM: by bound, then all

  void Clear();
  void Add(const Amount& other);
  bool Any() const { return exposure > 0 || (!counts.empty() && counts.back() > 0); }
  // How many requests, where the kind of the metric tells them.
  double Requests() const { return counts.empty() ? exposure : counts.back(); }
};

// By stratum, in the order of BlockReader::strata.
using Amounts = std::span<const Amount>;

bool Any(Amounts strata);

// How a clock is said.
std::string UtcClock(absl::Time time);

// Reads blocks one after the other. Not thread-safe. The series outlives it.
class BlockReader {
 public:
  // Of all points behind those of the series' state, which Each takes up.
  explicit BlockReader(const v1::MetricSeries& series);

  // Goes to the next block that ends by `until`; false: there is none. A block that has not ended
  // yet is left for later.
  bool Next(absl::Time until = absl::InfiniteFuture());

  // The end of the present block.
  absl::Time end() const { return end_; }
  // What the cohort did in it; nothing where it was not there, or not all of it was, or it could
  // not be read.
  Amounts at(size_t cohort) const {
    return presence_[cohort] == Presence::kWhole ? Amounts(amounts_[cohort]) : Amounts();
  }
  // Whether a point of the cohort in this block could not be read: Problems tells.
  bool unread(size_t cohort) const { return unread_[cohort]; }
  // Whether there has been a point of the cohort, up to this block.
  bool seen(size_t cohort) const { return seen_[cohort]; }

  absl::Duration length() const { return length_; }
  // Of the buckets, without the last, which has none. Those of the first point that has some.
  const std::vector<double>& bounds() const { return bounds_; }
  // As they come up, of one point the busiest first; the hundredth and those behind it are
  // "(others)". One without a name where nothing is told apart.
  const std::vector<std::string>& strata() const { return strata_; }

  // What could not be read so far of these cohorts, one of each sort.
  std::vector<v1::SeriesFlaw> Problems(std::initializer_list<size_t> cohorts) const;

  // All that a later reader has to know of the blocks so far.
  void Each(StateArchive& archive);

 private:
  enum class Presence { kAbsent, kWhole, kPart };
  struct Problem {
    std::string what;
    size_t kind;
    size_t cohort;  // kCohorts: all of them
    size_t points;
    absl::Time first;

    void Each(StateArchive& archive);
  };
  struct TimedPoint {
    absl::Time time;
    const v1::MetricPoint* point;
  };
  using CohortPoints = std::array<const v1::CohortPoint*, kCohorts>;

  void FindLength();
  absl::Time BlockEnd(absl::Time time) const;
  void AdmitStrata(const CohortPoints& points);
  void AddStratum(const std::string& name);
  void NotePlace(size_t stratum);
  void See(size_t cohort);
  size_t StratumOf(std::string_view name) const;
  void FindBounds(const v1::CohortPoint& point);
  void TakePoint(const v1::MetricPoint& point, absl::Time time, bool first);
  bool Take(const v1::CohortPoint& point, absl::Time time, size_t cohort);
  bool TakeAmount(const v1::CohortPoint& point, absl::Time time, size_t cohort, Amount& amount);
  bool TakeCounts(const v1::CohortPoint& point, absl::Time time, size_t cohort, Amount& amount);
  bool TakeValues(const v1::CohortPoint& point, absl::Time time, size_t cohort, Amount& amount);
  bool TakeBuckets(const v1::CohortPoint& point, absl::Time time, size_t cohort, Amount& amount);
  bool Refuse(v1::FlawKind kind, std::string_view what, absl::Time time, size_t cohort);

  const v1::MetricSeries& series_;
  std::vector<TimedPoint> points_;  // by time
  absl::Duration step_, length_;
  std::vector<double> bounds_;
  std::vector<std::string> strata_;
  std::map<std::string, size_t, std::less<>> places_;  // of strata
  std::optional<size_t> plain_;                        // The place of what is not told apart.
  std::vector<Problem> problems_;

  size_t next_ = 0;  // point
  absl::Time end_ = absl::InfinitePast();
  std::array<Presence, kCohorts> presence_{};
  std::array<std::vector<Amount>, kCohorts> amounts_;  // of cohorts that were seen
  std::array<bool, kCohorts> unread_{}, seen_{};
};

}  // namespace gate

#endif  // CHECKS_CANARY_BLOCK_READER_H_
