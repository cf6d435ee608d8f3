// The old version against its own past: did it get worse since the canary took its first traffic,
// and did the canary with it?
//
// A comparison of canary and old version is blind to harm that both suffer: a canary that overloads
// what they share looks as good as the rest, and where a migration breaks the old version the
// canary looks better. Each cohort is watched by a ChangeDetector against what the old version was
// before.
#ifndef CHECKS_CANARY_PAST_WATCH_H_
#define CHECKS_CANARY_PAST_WATCH_H_

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "checks/canary/block_reader.h"
#include "checks/canary/series_test.h"
#include "checks/canary/state_archive.h"
#include "checks/stats/change_detector.h"
#include "checks/stats/rate_reference.h"
#include "gate/v1/evidence.pb.h"

namespace gate {

struct Course {
  bool seen = false;   // It has had traffic since.
  bool worse = false;  // Than the old version's past, by more than is tolerated.
  double rate = 0;     // Since it got worse; in all of the time where it did not.
  absl::Time since = absl::InfinitePast();  // When it got worse.
};

struct PastAnswer {
  std::string cohort;  // of which there is a past: "stable" or "baseline"
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

// Watches counts and histograms, with at least three hours of minutes of the past; of values it
// only knows how their noise lasted. What it holds does not grow with the blocks behind Begin.
// `metric` outlives it.
class PastWatch {
 public:
  // The chance of ever saying worse in vain is at most alpha_worse for each cohort, over a day of
  // intervals.
  PastWatch(const v1::MetricSeries& metric, double alpha_worse)
      : metric_(metric), alpha_worse_(alpha_worse) {}

  // A block before the canary took its first traffic.
  void AddPast(const BlockReader& reader);
  // There are no more of them.
  void Begin(const BlockReader& reader);
  // A block since.
  void Add(const BlockReader& reader);

  // How what is measured came in the old version before the canary.
  OldNoise noise() const { return {events_, means_}; }

  // Nothing where there is no past, or less is worse. The chance of saying canary_better in vain is
  // at most alpha_better.
  std::optional<PastAnswer> Answer(double alpha_better) const;

  // Behind Begin, which had the same reader, or one that goes on where that one ended.
  void Each(StateArchive& archive, const BlockReader& reader);

 private:
  // What a cohort and, at the same time, the canary did since a moment.
  struct Stretch {
    absl::Time since = absl::InfinitePast();
    stats::RateInterval cohort, canary;

    void Add(absl::Time end, const stats::RateInterval& cohort_did,
             const stats::RateInterval& canary_did);
    void Each(StateArchive& archive);
  };
  struct Follower {
    stats::ChangeDetector detector;
    bool seen = false, worse = false;
    Stretch all;
    std::array<Stretch, stats::ChangeDetector::kBets> bets;  // Since each bet was begun anew.
    Stretch since_worse;

    void Add(absl::Time end, const stats::RateReference& past,
             const std::optional<stats::RateInterval>& cohort, const stats::RateInterval& canary);
    Course Told() const;
    void Each(StateArchive& archive);
  };

  void MakeFollowers(absl::Duration length);

  const v1::MetricSeries& metric_;
  const double alpha_worse_;
  // By cohort, before the canary: whole blocks.
  std::array<std::vector<Amount>, 3> before_;
  size_t old_ = kStable;  // Whose past it is: who has been there for longer.
  size_t bound_ = 0;      // HISTOGRAM: over which requests are slow...
  double bound_value_ = 0;
  stats::RateReference past_;
  stats::PastNoise events_;  // of the rarer outcome, where most requests have an event
  stats::MeanNoise means_;   // VALUES
  double limit_ = 1;
  std::vector<Follower> followers_;  // By cohort; none where the past is not known.
};

}  // namespace gate

#endif  // CHECKS_CANARY_PAST_WATCH_H_
