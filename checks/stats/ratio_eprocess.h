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
// that shares may differ from block to block. Shares are rounded (share_table.h).
//
// Exact where events come one by one. Where they come in bursts (retries, one bad host) it is NOT
// an e-process: see kBursts, share_betting.h, and count_test.h, which puts them together.
#ifndef CHECKS_STATS_RATIO_EPROCESS_H_
#define CHECKS_STATS_RATIO_EPROCESS_H_

#include <array>

#include "checks/stats/count_block.h"
#include "checks/stats/share_table.h"

namespace gate::stats {

// The burst that is allowed for in any block.
inline constexpr double kLargestBurst = 10;

inline constexpr int kNodes = 2 * kAlternatives + 1;

// What counts as one event.
enum class Unit {
  kEvents,  // Each one. Invariant under splitting of blocks with equal shares.
  // Each burst: a block of N events counts as min(N / 10, 3) of them, with its share unchanged. The
  // mixture of such likelihoods is an e-process where events come in independent bursts of at most
  // max(10, N / 3) that hit one side each: a burst of s events contributes
  // (likelihood ratio)^(s / size), a concave power of a variable of mean one.
  kBursts,
};

// For one null edge r and both sides of it. Invariant under the unit of exposure, and but for the
// last bits under the order of blocks.
class RatioEProcess {
 public:
  // An informative block and its rows for r.
  void Add(const CountBlock& block, const ShareRows& rows);

  // log(likelihood / likelihood at r) of the alternatives below, from the farthest one, of r, and
  // of those above.
  std::array<double, kNodes> LogLikelihoods(Unit unit) const;

  template <typename Visit>
  void EachNumber(Visit visit) {
    for (Sums* sums : {&small_, &large_, &capped_}) {
      visit(sums->canary_events);
      for (double& log : sums->above) visit(log);
      for (double& log : sums->below) visit(log);
    }
  }

 private:
  // Of events times the rows of their blocks.
  struct Sums {
    double canary_events = 0;
    PerAlternative above{}, below{};

    void Add(double events, double canary_share, const ShareRows& rows);
  };

  Sums small_;   // blocks of so few events that as bursts they count for a tenth
  Sums large_;   // the others, each event for itself,
  Sums capped_;  // and as bursts
};

// What it says of one side, for other null edges than r as well.
class RatioEvidence {
 public:
  RatioEvidence(const RatioEProcess& process, Unit unit, Side side);

  // log of an e-process for the null edge r e^distance: alternatives that are not beyond it are
  // left out (weights then sum to less than one, which keeps it valid), and the likelihood at the
  // edge, which is known at the alternatives only, is taken for as large as its concavity allows.
  // Monotone up to the best fit, so that {distance : LogEAt < log(1/alpha)} is a confidence
  // sequence.
  double LogEAt(double distance) const;

 private:
  double LargestLogLikelihood(double distance) const;

  Side side_;
  std::array<double, kNodes> log_likelihoods_;
  // log of the weighted sum over an alternative and those farther from r; nothing at the end.
  std::array<double, kAlternatives + 1> log_sums_;
};

}  // namespace gate::stats

#endif  // CHECKS_STATS_RATIO_EPROCESS_H_
