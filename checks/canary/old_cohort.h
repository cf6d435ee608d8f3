// The old version against its own past: did it get worse since the canary took its first traffic,
// and did the canary with it?
//
// A comparison of canary and old version is blind to harm that both suffer: a canary that overloads
// what they share looks as good as the rest, and where a migration breaks the old version the
// canary looks better. Each cohort is watched by a ChangeDetector against what the old version was
// before.
#ifndef CHECKS_CANARY_OLD_COHORT_H_
#define CHECKS_CANARY_OLD_COHORT_H_

#include <optional>

#include "absl/time/time.h"
#include "checks/canary/cohort_series.h"
#include "checks/stats/rate_reference.h"
#include "gate/v1/evidence.pb.h"

namespace gate {

struct Course {
  bool worse = false;  // Than the old version's past, by more than is tolerated.
  double rate = 0;     // Since it got worse; in all of the time where it did not.
  absl::Time since = absl::InfinitePast();  // When it got worse.
};

struct PastAnswer {
  bool followed = false;  // Where less is worse there is only a past, and nothing that follows.
  std::string cohort;     // of which there is a past: "stable" or "baseline"
  stats::RateReference past;
  double limit = 1;  // Times the past's rate up to which nothing is said.
  double bound = 0;  // HISTOGRAM: over which requests are slow.
  Course old_version, canary;
  bool canary_better = false;  // Since the old version got worse.

  // What they share suffers, or both have the same new fault.
  bool BothWorse() const { return old_version.worse && canary.worse; }
  // Only the old version suffers, and the canary is proven to be no part of it.
  bool OnlyOldWorse() const { return old_version.worse && !canary.worse && canary_better; }
};

// Of counts and histograms, with at least three hours of minutes of the past.
// The chance of ever saying worse in vain is at most alpha_worse for each of the two, over a day of
// intervals; that of saying canary_better in vain at most alpha_better.
std::optional<PastAnswer> CompareWithPast(const v1::MetricSeries& series,
                                          const SeriesWindow& window, double alpha_worse,
                                          double alpha_better);

}  // namespace gate

#endif  // CHECKS_CANARY_OLD_COHORT_H_
