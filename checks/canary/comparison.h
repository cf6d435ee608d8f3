// One metric of the canary and of one cohort of old code, block by block: what the statistics make
// of both, and what is wrong with the series.
#ifndef CHECKS_CANARY_COMPARISON_H_
#define CHECKS_CANARY_COMPARISON_H_

#include <string>
#include <vector>

#include "absl/time/time.h"
#include "checks/canary/block_reader.h"
#include "checks/canary/cohorts.h"
#include "checks/canary/series_test.h"
#include "checks/canary/series_window.h"
#include "checks/canary/state_archive.h"
#include "checks/stats/share_betting.h"
#include "gate/v1/evidence.pb.h"

namespace gate {

// Takes blocks from the first one that counts, and keeps what does not grow with them. `metric` and
// `window` outlive it.
class Comparison {
 public:
  // `length`: of a block. `noise`: of the old version, before the canary.
  // `alpha_harm`: at which harm that was proven stays proven.
  Comparison(const v1::MetricSeries& metric, size_t old_cohort, absl::Duration length,
             const SeriesWindow& window, const OldNoise& noise, double alpha_harm)
      : metric_(metric),
        old_(old_cohort),
        length_(length),
        window_(window),
        noise_(noise),
        test_(metric, noise, alpha_harm) {}

  // The reader's present block.
  void Add(const BlockReader& reader);

  // When harm was proven first; the infinite past where it never was.
  absl::Time proven() const { return test_.proven(); }

  SeriesAnswer Answer(double alpha_harm, double alpha_safe) const {
    return test_.Answer(alpha_harm, alpha_safe);
  }

  // Each stratum, compared with itself alone, by name. Of earlier weeks only the last one is told
  // apart.
  struct Stratum {
    std::string name;
    SeriesTest test;
    size_t blocks;
  };
  std::vector<const Stratum*> Strata() const;

  // What is wrong: any of it forbids a PASS, none of it a FAIL. `reader`: the one of all blocks.
  // `future`: a block of a time that has not come yet; the infinite past where there was none.
  std::vector<v1::SeriesFlaw> Defects(const BlockReader& reader, absl::Time future) const;

  size_t old_cohort() const { return old_; }
  std::string old_name() const { return std::string(kCohortNames[old_]); }
  // Blocks with both cohorts, and how long one is.
  size_t size() const { return static_cast<size_t>(blocks_); }
  absl::Duration length() const { return length_; }
  // HISTOGRAM: of the buckets.
  const std::vector<double>& bounds() const { return bounds_; }

  void Each(StateArchive& archive, const BlockReader& reader);

 private:
  // The part of the traffic that the canary gets, held against the one that the change tells. Bets,
  // an interval each: users bring many requests at once.
  struct ShareWatch {
    double told = 0;
    stats::ShareBetting above{stats::Side::kAbove}, below{stats::Side::kBelow};
    double canary = 0, all = 0;

    void Each(StateArchive& archive);
  };

  void FillGaps(absl::Time end);
  void AddStrata(Amounts canary, Amounts old, const BlockReader& reader);
  void AddShare(const BlockReader& reader);
  void AddGaps(std::vector<v1::SeriesFlaw>& defects) const;
  void FindStaleness(absl::Time future, std::vector<v1::SeriesFlaw>& defects) const;
  void FindSilence(const std::string& cohort, absl::Time seen, absl::Time oldest,
                   std::vector<v1::SeriesFlaw>& defects) const;
  void FindShare(std::vector<v1::SeriesFlaw>& defects) const;

  const v1::MetricSeries& metric_;
  const size_t old_;
  const absl::Duration length_;
  const SeriesWindow& window_;
  const OldNoise noise_;
  SeriesTest test_;
  std::vector<Stratum> strata_;  // as in the reader
  ShareWatch share_;
  std::vector<double> bounds_;
  size_t blocks_ = 0;
  absl::Time first_ = absl::InfinitePast(), last_ = absl::InfinitePast();  // with both cohorts
  absl::Time previous_ = absl::InfinitePast();                             // block
  absl::Time canary_seen_ = absl::InfinitePast(), old_seen_ = absl::InfinitePast();
  // Blocks without both: those before `last_`, of which the first is kept, and those behind it.
  size_t gaps_ = 0;
  absl::Time first_gap_ = absl::InfinitePast();
  std::vector<absl::Time> open_gaps_;
};

}  // namespace gate

#endif  // CHECKS_CANARY_COMPARISON_H_
