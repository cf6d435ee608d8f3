// An e-process for the ratio of two proportions, with a margin: is what part of the canary's
// requests succeeds (hits a cache, is paid) more than `limit` times the baseline's part, or less?
// Exact for any proportion, where requests are independent; RatioEProcess holds there too, but
// takes the events of so many requests for as many as they might have been, and finds nothing where
// most succeed.
//
// Before each block two proportions (p, q) of canary and baseline are bet on: those of the blocks
// before it, half a request of either outcome added. With n, m requests of the block and the null
// {(a, b) : a <= r b}, let (rt, t) be the point of the null that is nearest to (p, q),
//
//   t = argmin n KL(p | rt) + m KL(q | t),
//
// the smaller root of r(n+m) t^2 - ((1+r)(np+mq) + rn(1-p) + m(1-q)) t + np+mq = 0. Then
//
//   e = 1/10 + 9/10 (p/rt)^y ((1-p)/(1-rt))^(n-y) (q/t)^z ((1-q)/(1-t))^(m-z)
//
// of y and z successes has a mean of at most one everywhere in the null: the logarithm of the mean
// of the likelihood ratio is a concave function of (a, b), zero at (rt, t), where its slope is that
// of the divergence, which at the nearest point of a convex set points out of the set. So the
// product over blocks is an e-process. Turner, Ly & Grunwald, Generic E-variables for exact
// sequential k-sample tests, J. Stat. Plan. Inference 230 (2024), arXiv:2106.02693 (a ratio of
// one); Turner & Grunwald, Exact anytime-valid confidence intervals for contingency tables and
// beyond, Stat. Prob. Letters 198 (2023), arXiv:2203.09785 (convex nulls). The tenth that is not
// bet is what is left when the proportion of both moves by itself.
//
// NOT an e-process where outcomes come in bursts: count_test.h asks for single ones.
#ifndef CHECKS_STATS_PROPORTION_EPROCESS_H_
#define CHECKS_STATS_PROPORTION_EPROCESS_H_

#include <initializer_list>

#include "checks/stats/count_block.h"

namespace gate::stats {

class ProportionEProcess {
 public:
  // limit > 0.
  explicit ProportionEProcess(double limit) : limit_(limit) {}

  // Of a block with more events than exposure nothing is made: these are no proportions.
  void Add(const CountBlock& block);

  // log of the evidence that the ratio is over the limit, or under it.
  double LogE(Side side) const { return side == Side::kAbove ? above_ : below_; }

  // All blocks.
  const CountBlock& before() const { return before_; }

  // Growth of LogE per block of such exposures where the proportions are these; 0 where they are on
  // the other side of the limit.
  double Growth(const CountBlock& exposures, double canary, double baseline, Side side) const;

  template <typename Visit>
  void EachNumber(Visit visit) {
    for (double* number : {&before_.canary_exposure, &before_.baseline_exposure,
                           &before_.canary_events, &before_.baseline_events, &above_, &below_}) {
      visit(*number);
    }
  }

 private:
  double limit_;
  CountBlock before_;
  double above_ = 0, below_ = 0;
};

}  // namespace gate::stats

#endif  // CHECKS_STATS_PROPORTION_EPROCESS_H_
