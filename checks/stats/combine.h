// Many metrics, one alpha: which of them are harmed, and is any?
//
// Each metric brings an e-value. A weighted arithmetic mean of e-values is an e-value however they
// depend on each other (Vovk & Wang, E-values: calibration, combination and applications, Annals of
// Statistics 49 (2021), section 3; a product would need independence, which metrics of the same
// requests do not have). So every set S of metrics has its own test of "no metric in S is harmed":
//
//   sum_{j in S} w_j e_j / sum_{j in S} w_j >= 1/alpha
//
// and a metric is called harmed where all sets that hold it are rejected (closed testing: Marcus,
// Peritz & Gabriel, Biometrika 63 (1976)). Then the chance of ever calling one that is not harmed
// is at most alpha, over all metrics together. The set that is hardest to reject holds, beside i,
// just those j whose e_j is under 1/alpha, so that i is harmed iff e_i >= 1/alpha and
//
//   w_i (e_i - 1/alpha) >= sum_{j} w_j (1/alpha - e_j)^+
//
// which is never harder than weighted Bonferroni, w_i e_i >= 1/alpha for weights that sum to one.
//
// Values of e-processes are to be those of now, not the largest ones so far: a maximum is no
// e-value. What has once been called harmed stays so. For PASS nothing has to be combined: all
// metrics must be safe, and then a false PASS of all is rarer than that of one.
#ifndef CHECKS_STATS_COMBINE_H_
#define CHECKS_STATS_COMBINE_H_

#include <span>
#include <vector>

namespace gate::stats {

// What one metric says.
struct WeightedEvidence {
  double log_e = 0;   // Minus and plus infinity are numbers as well; NaN is not.
  double weight = 1;  // >= 0, finite, in any unit. 0: is shown and never called harmed.
};

struct CombinedAnswer {
  // Some metric is harmed. May be known before it is known which.
  bool some = false;
  double log_e = 0;  // Log of the weighted mean of all; 0 where no metric has a weight.

  struct Metric {
    bool harmed = false;
    // What its log e would have to be if the others stayed as they are; infinity without weight.
    double log_e_needed = 0;
  };
  std::vector<Metric> metrics;  // In the order of the question.
};

// O(K). 0 < alpha < 1.
CombinedAnswer CombineMetrics(std::span<const WeightedEvidence> metrics, double alpha);

// For long lists (endpoints, hosts) in which some errors are no harm: those that stand out, of
// which at most the part `rate` is expected to be false, however they depend on each other. The
// k largest, for the largest k whose k-th e-value is at least K / (k rate): Wang & Ramdas, False
// discovery rate control with e-values, JRSS B 84 (2022), section 4 (e-BH). One flag per value, in
// their order. 0 < rate < 1.
std::vector<bool> StandingOut(std::span<const double> log_e, double rate);

}  // namespace gate::stats

#endif  // CHECKS_STATS_COMBINE_H_
