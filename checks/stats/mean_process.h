// Is what a request costs on the new code more than `limit` times what it costs on the old? Or the
// mean of anything else, where no exposure is known. Sequential: interval after interval is added,
// the state is thirteen numbers whatever the number of intervals, and one may look at any time.
//
// With C_n, B_n the cost per exposure of canary and baseline in interval n, and r the edge of the
// null, D_n = C_n - r B_n has a mean of at most zero where there is no harm. No ratio is formed, so
// that a cost near zero is no trouble (Fieller, Some Problems in Interval Estimation, JRSSB 16
// (1954)), and a load that moves both cohorts moves D only by what it moves the harm.
//
// Minutes of one machine resemble their neighbours. So D is taken as a mean plus noise of which
// nothing is known but that it is autoregressive: correlation phi from one interval to the next.
// With R(phi) its correlation matrix, 1 a vector of ones, phi_k a grid with the weights w_k, and
// m(K) = |K|^-1/2 (D' K^-1 D)^(-n/2), which is the normal density with covariance K after any scale
// has been integrated out,
//
//   E(r) = sum_k w_k [S_k > 0] (2 m(R_k + tau^2 1 1') - a_k m(R_k)) / sum_k w_k m(R_k),
//
// with R_k = R(phi_k), a_k = |R_k|^1/2 |R_k + tau^2 1 1'|^-1/2, and S_k = 1' R_k^-1 D the sum that
// phi_k makes the most of. For one phi this is the t-test of Wang & Ramdas, Anytime-valid t-tests
// and confidence sequences for Gaussian means with unknown variance, arXiv:2310.03722, section 4,
// with effects that are normal of size tau, in standard deviations (two sizes, with fixed weights:
// one to be expected, one for what nobody has to wait for), of which only those on the side of harm
// are kept: twice the mixture over both sides, times the probability of that side. This is
// Student's distribution at t, and its complement at most 1/2 (1 + t^2/n)^(-n/2), since a normal
// tail Q(x) is at most 1/2 exp(-x^2/2) whatever the scale: that gives the term that is subtracted.
//
// Costs are skewed: they are at their lowest, and their noise at its smallest, as long as the dear
// requests have not come yet. Where the cohort that looks cheaper is the noisier one (one host
// against ten), t is too large for that reason. With v_c, v_b, v_D the squared coefficients of
// variation of C and r B, and the variance of D over the larger mean squared, and the third
// cumulant of a lognormal variable, 3 v^2, the first correction of t (Johnson, Modified t Tests and
// Confidence Intervals for Asymmetrical Populations, JASA 73 (1978)) is to multiply it by
// 1 - (v_low - v_high) / v_D times the relative distance of the means. Half of that correction is
// taken (the whole where the past is known and answers come sooner), on t of the numerator, and
// only where it takes away, so that E stays what it is below.
//
// What is promised. At the edge of the null, for normal noise whose phi is drawn from the grid with
// these weights, E is at most a likelihood ratio, and P(E >= 1/alpha ever) <= alpha: a theorem. For
// each single phi up to 0.6, other noise, and means inside of the null it is measured:
// tests/stats/mean_promise_test.cc. The same evidence for any r gives bounds for the ratio.
//
// Weak where it has to be: with few intervals a slow swing of the noise looks like a difference
// that lasts, and nothing in the numbers tells them apart (README.md says what that costs). What
// can is the old version's past: correlations that it does not show lose their weight w_k.
#ifndef CHECKS_STATS_MEAN_PROCESS_H_
#define CHECKS_STATS_MEAN_PROCESS_H_

#include <array>
#include <cstddef>
#include <initializer_list>
#include <limits>
#include <span>

namespace gate::stats {

// One interval: what requests cost in sum, and how many there were (or: the sum of values, and how
// many values).
struct MeanBlock {
  double canary_cost = 0;
  double canary_exposure = 0;
  double baseline_cost = 0;
  double baseline_exposure = 0;

  // Whether both sides have a cost per exposure, of less than 1e100, whose square is a number too.
  // Else it does not count.
  bool Informative() const;
};

// How long the noise of a mean lasts, as far as the past tells: the weight of each correlation of
// the grid.
struct MeanNoise {
  static constexpr size_t kCorrelations = 9;

  MeanNoise();  // As long as nothing is known.

  bool known = false;
  std::array<double, kCorrelations> weights;
  double innovation = 0;  // Variance of what is new in each interval, of one cohort.
};

// From the costs per exposure of one cohort, in the order of time. Of its weight a correlation
// keeps the chance, given these, that the noise is correlated so much or one place of the grid
// less; those over 0.9 get one. Not known from under 180 of them.
MeanNoise NoiseOfMeans(std::span<const double> past);

// What to test.
struct MeanQuestion {
  // The ratio of the means up to which there is no harm, > 0. Where it is less that is worse, ask
  // with the lower limit: `safe` is then the harm.
  double limit = 1;
  double alpha_harm = 0.01;  // Chance of ever calling harm where the ratio is at most the limit.
  double alpha_safe = 0.01;  // Chance of ever calling safe where it is at least the limit.
};

// What the intervals say. Ratios are canary to baseline.
struct MeanAnswer {
  bool harm = false;      // Proven: the ratio is over the limit.
  bool safe = false;      // Proven: it is under the limit. Never together with `harm`.
  double log_e_harm = 0;  // Log of the evidence for each; at least log(1/alpha) is proof.
  double log_e_safe = 0;
  double estimate = std::numeric_limits<double>::quiet_NaN();  // Best single value; infinity or NaN
                                                               // where the baseline costs nothing.
  double lower = 0;  // The ratio is at least this, at level alpha_harm, at all times.
  double upper = std::numeric_limits<double>::infinity();  // The ratio is at most this, at level
                                                           // alpha_safe, at all times.
  // Correlation of an interval with the next, as it is best guessed, 0 to 0.9, and the number of
  // uncorrelated intervals that would say as much about the mean: n (1 - phi) / (1 + phi).
  double autocorrelation = 0;
  double effective_intervals = 0;
  // Intervals after which an answer may be expected, as a rough estimate: the missing evidence over
  // the growth per interval if the ratio stays at the estimate (where that is over the limit) or
  // is 1. 0 where there is an answer; infinity where it cannot be told.
  double intervals_to_answer = std::numeric_limits<double>::infinity();
};

class MeanProcess {
 public:
  // That the past hardly swings makes only harm proven sooner: a swing that has not come yet makes
  // a canary look safe.
  explicit MeanProcess(const MeanNoise& noise = {}) : noise_(noise) {}

  // In the order of time. A block that is not Informative is left out, and its neighbours count as
  // neighbours: they are less correlated than assumed, which errs on the careful side.
  void Add(const MeanBlock& block);

  // Invariant under the units of cost and of exposure. Where the mean cost of a cohort is negative
  // there is no ratio: neither harm nor safety. A difference of less than a millionth of the
  // cost is taken for rounding, so that equal constants prove nothing.
  MeanAnswer Answer(const MeanQuestion& question) const;

  // MeanAnswer.log_e_harm and log_e_safe alone; and whether the ratio is over the limit as it
  // looks.
  double LogEOfHarm(double limit) const;
  double LogEOfSafety(double limit) const;
  bool LooksHarmful(double limit) const;

  double intervals() const { return intervals_; }

  // Calls visit(double&) for every number of the state, always in the same order: to keep it, and
  // to go on from there as if there had been no break.
  template <typename Visit>
  void EachNumber(Visit visit) {
    for (double* number :
         {&intervals_, &canary_.first, &canary_.last, &canary_.sum, &canary_.squares,
          &canary_.lagged, &baseline_.first, &baseline_.last, &baseline_.sum, &baseline_.squares,
          &baseline_.lagged, &products_, &lagged_products_}) {
      visit(*number);
    }
  }

 private:
  // Costs per exposure of one cohort, all but `first` less the first one: a difference of one per
  // cent is not lost in the squares of the whole.
  struct Cohort {
    double first = 0;
    double last = 0;
    double sum = 0;
    double squares = 0;
    double lagged = 0;  // Sum of each times the one before.
  };
  friend class MeanEvidence;

  MeanNoise noise_;
  double intervals_ = 0;
  Cohort canary_;
  Cohort baseline_;
  double products_ = 0;         // Of both cohorts in the same interval...
  double lagged_products_ = 0;  // ...and of each with the other's before.
};

}  // namespace gate::stats

#endif  // CHECKS_STATS_MEAN_PROCESS_H_
