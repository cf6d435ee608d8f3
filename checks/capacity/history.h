// A value over time as the forecast wants it: at equal distances, up to now.
#ifndef CHECKS_CAPACITY_HISTORY_H_
#define CHECKS_CAPACITY_HISTORY_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "checks/stats/weekly_peak.h"
#include "gate/v1/evidence.pb.h"

namespace gate::capacity {

struct History {
  absl::Time end;  // of the last cell
  absl::Duration step;
  std::vector<double> values;  // oldest first; NaN where nothing was seen

  size_t PerWeek() const;
  // The highest value of the cells that touch [from, to]; NaN where there is none.
  double Highest(absl::Time from, absl::Time to) const;
  std::vector<double> Seen() const;
  // The last value that was seen; NaN where there is none.
  double Last() const;

  // Since when, without a break, all that was seen is over a limit, and how many values those are.
  struct Stay {
    absl::Time since = absl::InfiniteFuture();
    int intervals = 0;
  };
  Stay Over(double limit) const;
};

// The cells of `span` before `now`. A cell with several points has the highest. Nothing where the
// observation has no values, or none since `max_age` ago: then `why` is a sentence.
std::optional<History> ReadHistory(const v1::Observation& observation, absl::Time now,
                                   absl::Duration span, absl::Duration step, absl::Duration max_age,
                                   std::string& why);

// The highest value of a week, as weeks go: the median, and of an even number of weeks the lower
// one, so that a flood in one of two weeks is not what is usual. Nothing with less than two weeks.
std::optional<double> UsualWeeklyPeak(const History& history);

// Whether a value was over the limit just before `start`; of what is not known so closely the weeks
// tell, which may be null.
bool WasOver(const History& recent, const History* weeks, absl::Time start, double limit);

// What is needed of a resource, moment by moment, if a part of the requests cost something else:
// what everybody spends of it, or what this service does where nobody else spends.
class Demand {
 public:
  // `total` may be null. Both outlive it. `complete`: when the new version got all of the traffic.
  Demand(const History& load, const History* total, absl::Time complete);

  // The coming weekly peak where `share` of the requests cost `cost` and the rest `old_cost`, as
  // all of them did before `complete`.
  stats::PeakForecast Peak(double old_cost, double cost, double share) const;

  bool IsShared() const { return total_ != nullptr; }

 private:
  const History& load_;
  const History* const total_;
  const absl::Time complete_;
  const stats::PeakForecast load_peak_;
};

// The coming weekly peak of a history.
stats::PeakForecast PeakOf(const History& history);

}  // namespace gate::capacity

#endif  // CHECKS_CAPACITY_HISTORY_H_
