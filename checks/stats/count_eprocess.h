// An e-process for the ratio R of two event rates, with a margin: evidence that may be looked at as
// often as one likes (Ville's inequality: under the null it exceeds 1/alpha ever with probability
// at most alpha).
//
// Given that an event happens in block n, in which the canary has the share rho_n of the exposure,
// it happens on the canary with probability theta_n(R) = rho_n R / (rho_n R + 1 - rho_n), whatever
// the common rate does over time. For a null rate ratio r and alternatives R_j on one side of it,
//
//   E(r) = sum_j w_j prod_n (theta_n(R_j)/theta_n(r))^Sc_n ((1-theta_n(R_j))/(1-theta_n(r)))^Sb_n
//
// is an e-process for the null "R <= r" (alternatives above) or "R >= r" (alternatives below): the
// likelihood ratio is monotone in R, so the edge of the null is its worst case.
// Lindon & Malek, Anytime-Valid Inference for Multinomial Count Data, NeurIPS 2022,
// arXiv:2011.03567, section 3: there with a Dirichlet mixture, here with a fixed discrete one, so
// that shares may differ from block to block.
//
// Exact where events come one by one. Where they come in bursts (retries, one bad host) it is NOT
// an e-process: see OfBursts, share_betting.h, and count_test.h, which puts them together.
#ifndef CHECKS_STATS_COUNT_EPROCESS_H_
#define CHECKS_STATS_COUNT_EPROCESS_H_

#include <array>
#include <span>
#include <vector>

#include "checks/stats/count_block.h"

namespace gate::stats {

// Alternatives lie at R_j = r e^d or r e^-d: 24 distances d, log-spaced from 2 % to a factor of 55,
// with weights proportional to sqrt(d). What is not known before costs about 2 in log E at any
// effect; the weights favour large effects, which are the ones that have to be found in minutes.
inline constexpr int kAlternatives = 24;
struct Alternatives {
  std::array<double, kAlternatives> distance;
  std::array<double, kAlternatives> log_weight;
};
const Alternatives& TheAlternatives();

// The burst that RatioLikelihood::OfBursts allows for in any block.
inline constexpr double kLargestBurst = 10;

// The likelihood of the rate ratio; holds what the blocks say and nothing else. Invariant under the
// order of blocks and the unit of exposure.
class RatioLikelihood {
 public:
  // Each event counts for itself. Also invariant under splitting of blocks with equal shares.
  static RatioLikelihood OfEvents(std::span<const CountBlock> blocks);

  // Each burst of events counts once: a block of N events counts as min(N / 10, 3) of them, with
  // its share unchanged. The mixture of such likelihoods is an e-process where events come in
  // independent bursts of at most max(10, N / 3) that hit one side each: a burst of s events
  // contributes (likelihood ratio)^(s / size), a concave power of a variable of mean one.
  static RatioLikelihood OfBursts(std::span<const CountBlock> blocks);

  // log(likelihood at `ratio` / likelihood at `null`), both > 0, without the cancellation of
  // subtracting. Concave in log(ratio). Exact to about 1e-7 at 10^9 events.
  double LogRatio(double ratio, double null) const;
  // The ratio that maximises it: 0 or infinity where one side has no event, NaN where none has.
  double Estimate() const;

 private:
  struct Term {
    double share;   // of the exposure, canary's
    double events;  // of both
  };
  RatioLikelihood(std::span<const CountBlock> blocks, bool in_bursts);

  std::vector<Term> terms_;
  double canary_events_ = 0;
  double baseline_events_ = 0;
};

// The mixture above for one null edge `r` and one side, with everything that does not depend on
// where it is evaluated computed once.
class RatioEProcess {
 public:
  // `likelihood` outlives it. `r` > 0.
  RatioEProcess(const RatioLikelihood& likelihood, double r, Side side);

  // log E(r).
  double LogE() const { return log_e_; }

  // log of an e-process for the null edge `ratio` instead of r: alternatives that are not beyond it
  // are left out (weights then sum to less than one, which keeps it valid). Monotone up to the
  // estimate, so that {ratio : LogEAt(ratio) < log(1/alpha)} is a confidence sequence.
  double LogEAt(double ratio) const;

 private:
  const RatioLikelihood& likelihood_;
  const double r_;
  const Side side_;
  std::array<double, kAlternatives> weighted_;  // log(weight * likelihood ratio to r).
  double log_e_;
};

}  // namespace gate::stats

#endif  // CHECKS_STATS_COUNT_EPROCESS_H_
