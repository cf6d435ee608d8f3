// A metric's points, put together to blocks of time: what each cohort did in each.
//
// Points that are closer together than a minute make blocks of one minute (UTC), or of the series'
// step where that is longer: so the answer does not depend on how an interval was split. What
// cannot be read is left out and told.
#ifndef CHECKS_CANARY_BLOCK_READER_H_
#define CHECKS_CANARY_BLOCK_READER_H_

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
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
};

// How a clock is said.
std::string UtcClock(absl::Time time);

// Reads blocks one after the other. Not thread-safe. The series outlives it.
class BlockReader {
 public:
  // Of these cohorts only, in this order.
  BlockReader(const v1::MetricSeries& series, std::vector<std::string> cohorts);

  // Goes to the next block; false: there is none. A block that has not ended yet is left for later.
  bool Next();

  // The end of the present block.
  absl::Time end() const { return end_; }
  // What the cohort did in it, by stratum; null where it was not there, or not all of it was, or it
  // could not be read.
  const std::vector<Amount>* at(size_t cohort) const {
    return states_[cohort] == State::kWhole ? &amounts_[cohort] : nullptr;
  }
  // Whether a point of the block could not be read: `problems` tells.
  bool unread() const { return unread_; }

  absl::Duration length() const { return length_; }
  // Of the buckets, without the last, which has none. Those of the first point that has some.
  const std::vector<double>& bounds() const { return bounds_; }
  // Sorted. One without a name where nothing was told apart; of many the busiest, then "(others)".
  const std::vector<std::string>& strata() const { return strata_; }

  // What could not be read so far, one of each sort.
  std::vector<v1::SeriesFlaw> Problems() const;

 private:
  enum class State { kAbsent, kWhole, kPart };
  struct Problem {
    v1::FlawKind kind;
    int points = 0;
    absl::Time first;
  };

  void FindStrata();
  void FindBounds();
  void FindLength();
  absl::Time BlockEnd(absl::Time time) const;
  size_t StratumOf(const std::string& name) const;
  void Take(const v1::MetricPoint& point, absl::Time time, size_t cohort);
  bool TakeAmount(const v1::CohortPoint& point, Amount& amount, absl::Time time);
  bool Refuse(v1::FlawKind kind, std::string_view what, absl::Time time);
  bool TakeCounts(const v1::CohortPoint& point, Amount& amount, absl::Time time);
  bool TakeValues(const v1::CohortPoint& point, Amount& amount, absl::Time time);
  bool TakeBuckets(const v1::CohortPoint& point, Amount& amount, absl::Time time);

  const v1::MetricSeries& series_;
  const std::vector<std::string> cohorts_;
  struct TimedPoint {
    absl::Time time;
    const v1::MetricPoint* point;
  };
  std::vector<TimedPoint> points_;  // by time
  absl::Duration step_, length_;
  std::vector<double> bounds_;
  std::vector<std::string> strata_;

  size_t next_ = 0;  // point
  absl::Time end_ = absl::InfinitePast();
  std::vector<State> states_;
  std::vector<std::vector<Amount>> amounts_;  // by cohort, then stratum
  bool unread_ = false;
  std::map<std::string, Problem, std::less<>> problems_;
};

}  // namespace gate

#endif  // CHECKS_CANARY_BLOCK_READER_H_
