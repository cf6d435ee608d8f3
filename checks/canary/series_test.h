// The statistics of one metric, whatever it counts: is harm beyond the margin proven, is safety?
//
// Ratios are canary to baseline. Where less is worse the cohorts change places, so that the margin
// m means a limit of 1 / (1 - m) on baseline to canary. EITHER asks both ways: the evidence for
// harm is the mean of the two, and safety takes both.
#ifndef CHECKS_CANARY_SERIES_TEST_H_
#define CHECKS_CANARY_SERIES_TEST_H_

#include <variant>
#include <vector>

#include "absl/time/time.h"
#include "checks/canary/block_reader.h"
#include "checks/canary/state_archive.h"
#include "checks/stats/count_test.h"
#include "checks/stats/mean_process.h"
#include "checks/stats/quantile_test.h"
#include "checks/stats/rate_reference.h"
#include "gate/v1/evidence.pb.h"

namespace gate {

struct SeriesAnswer {
  double log_e_harm = 0;  // Natural logarithm of the e-value: alone, log(1/alpha) is proof.
  double log_e_safe = 0;
  bool safe = false;    // At alpha_safe. Never where harm is proven at alpha_harm.
  double estimate = 0;  // Infinity or NaN where one side has nothing.
  double lower = 0, upper = 0;
  double limit = 1;             // Where less is worse, the ratio below which there is harm.
  double blocks_to_answer = 0;  // 0: there is one; infinity: nobody can tell.
  bool by_rate = false;         // COUNTS: safe since events are rarer than what is tolerated.
  double dispersion = 0;        // COUNTS and HISTOGRAM: of bursts; 0 where not measured.
  double autocorrelation = 0;   // VALUES
  // Harm that began late, and is seen best from here on: the numbers are those since. The infinite
  // past where they are of all intervals.
  absl::Time since = absl::InfinitePast();
  // What each cohort came to: the rate, mean or quantile, out of how much.
  struct Cohort {
    double value = 0, events = 0, exposure = 0;
  } canary, baseline;
  // HISTOGRAM: where requests are called slow on each side, and how coarse that is.
  double canary_bound = 0, baseline_bound = 0, resolution = 0;
};

// How what is measured came in the old version's past, before the canary.
struct OldNoise {
  stats::PastNoise events;  // COUNTS, and slow requests of a HISTOGRAM
  stats::MeanNoise means;   // VALUES
};

// The quantile of a HISTOGRAM, with its default.
double QuantileOf(const v1::MetricSeries& series);

// Takes interval after interval; what it holds does not grow with them.
class SeriesTest {
 public:
  // `parameters` gives kind, direction, margin and what else is asked, and outlives it; its points
  // are not read.
  // `alpha_harm`: at which harm that was proven stays proven; 0: never.
  SeriesTest(const v1::MetricSeries& parameters, const OldNoise& past, double alpha_harm);

  // By strata, as many of the one as of the other, none of which goes away later. `bounds`: of
  // buckets, empty while nobody knows them, then always the same.
  void Add(Amounts canary, Amounts old, const std::vector<double>& bounds, absl::Time end);

  // The interval with which harm was proven first, although what came later may look better: the
  // chance of ever proving it in vain is what alpha is. The infinite past where it never was.
  absl::Time proven() const { return proven_; }

  SeriesAnswer Answer(double alpha_harm, double alpha_safe) const;

  // The same, of which nothing is said to be proven: for a part of the traffic.
  SeriesTest AsPart() const;

  // All that has been seen.
  void Each(StateArchive& archive, const std::vector<double>& bounds);

 private:
  // A comparison of means, and what each cohort came to.
  struct MeanTest {
    stats::MeanProcess process;
    SeriesAnswer::Cohort canary = {}, baseline = {};

    void Add(const stats::MeanBlock& block);
    SeriesAnswer Answer(double limit, double alpha_harm, double alpha_safe) const;
    void Each(StateArchive& archive);
  };
  // One question of the kind of the metric.
  using Test = std::variant<stats::CountTest, MeanTest, stats::QuantileTest>;
  // Harm that begins after good hours drowns in them. So every kRestart intervals a test begins
  // anew, and goes on for two such times. Evidence for harm is a mean of all, with weights that are
  // fixed before: 4/5 for the test of everything, 1/5 / (j (j + 1)) for the j-th; one that has
  // ended counts for nothing.
  struct LateTest {
    double number;  // j
    absl::Time began;
    Test test;
  };
  struct Way {
    bool reversed;  // baseline to canary
    double limit;
    Test test;
    std::vector<LateTest> late;

    // log of the mean.
    double LogEOfHarm() const;
    bool LooksHarmful() const;
  };
  static double LogEOfHarm(const Test& test, double limit);
  static bool LooksHarmful(const Test& test, double limit);
  static double LateWeight(const LateTest& late);

  bool Proven() const;
  void Restart(Way& way, const std::vector<double>& bounds, absl::Time end);
  SeriesAnswer Ask(const Way& way, double alpha_harm, double alpha_safe) const;
  // A histogram is not asked about before its bounds are known.
  void Begin(const std::vector<double>& bounds);
  Test MakeTest(double limit, const std::vector<double>& bounds) const;
  void AddTo(Test& test, Amounts canary, Amounts old);

  const v1::MetricSeries& parameters_;
  const OldNoise past_;
  double alpha_harm_;
  absl::Time proven_ = absl::InfinitePast();
  std::vector<Way> ways_;  // Two where either way is harm.
  size_t blocks_ = 0;
  // Of the interval that is being added.
  std::vector<stats::CountBlock> counts_;
  std::vector<stats::HistogramBlock> histograms_;
};

}  // namespace gate

#endif  // CHECKS_CANARY_SERIES_TEST_H_
