#include "checks/stats/count_test.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <optional>

#include "checks/stats/count_eprocess.h"
#include "checks/stats/log_sum.h"
#include "checks/stats/rate_eprocess.h"
#include "checks/stats/share_betting.h"

namespace gate::stats {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
const double kLogHalf = std::log(0.5);
const double kLogQuarter = std::log(0.25);

// Both likelihoods, the bets and the dispersion of one set of blocks.
struct Material {
  explicit Material(std::span<const CountBlock> blocks)
      : events(RatioLikelihood::OfEvents(blocks)),
        bursts(RatioLikelihood::OfBursts(blocks)),
        shares(blocks),
        estimate(events.Estimate()),
        bursts_estimate(bursts.Estimate()) {
    constexpr double kLargest = 1e9;
    if (!std::isnan(estimate)) {
      dispersion = MeasureDispersion(blocks, std::min(estimate, kLargest));
      surely_single = dispersion.Single() && SurelySingle(blocks, std::min(estimate, kLargest));
    }
  }

  RatioLikelihood events;
  RatioLikelihood bursts;
  ShareBetting shares;
  double estimate;
  double bursts_estimate;
  Dispersion dispersion;
  bool surely_single = false;
};

bool Beyond(double ratio, double limit, Side side) {
  return side == Side::kAbove ? ratio > limit : ratio < limit;
}

// The weighted sum of the header, for one side of the limit.
class Evidence {
 public:
  // `material` outlives it. A likelihood that is highest on the other side of the limit is left
  // out: there it is below one at every alternative, and its logarithms would be computed in vain.
  Evidence(const Material& material, double limit, Side side)
      : material_(material), limit_(limit), side_(side) {
    const bool single =
        side == Side::kAbove ? material.dispersion.Single() : material.surely_single;
    if (single && Beyond(material.estimate, limit, side)) {
      events_.emplace(material.events, limit, side);
    }
    if (!material.dispersion.Over(kLargestBurst) && Beyond(material.bursts_estimate, limit, side)) {
      bursts_.emplace(material.bursts, limit, side);
    }
  }

  double LogE() const { return LogEAt(limit_); }

  // For the null edge `ratio`.
  double LogEAt(double ratio) const {
    const std::array<double, 3> parts = {
        events_ ? kLogHalf + events_->LogEAt(ratio) : -kInfinity,
        bursts_ ? kLogQuarter + bursts_->LogEAt(ratio) : -kInfinity,
        kLogQuarter + material_.shares.LogE(ratio, side_)};
    return LogSumExp(parts);
  }

  // The edge of the confidence sequence: the last ratio, coming from the far side, that is still
  // rejected at `threshold`. Errs outwards by less than half a per cent.
  double Bound(double threshold) const {
    const double outwards = side_ == Side::kAbove ? -1 : 1;
    double inside = std::log(limit_), step = 0.25;
    const auto rejected = [&](double log_ratio) {
      return LogEAt(std::exp(log_ratio)) >= threshold;
    };
    double outside = inside;
    // Out from the limit until it is rejected; where the limit is, in from there until it is not.
    const bool at_limit = rejected(inside);
    const double direction = at_limit ? -outwards : outwards;
    for (double at = inside;; step *= 2) {
      const double next = at + direction * step;
      if (std::abs(next) > kFar) return side_ == Side::kAbove ? 0 : kInfinity;
      if (rejected(next) != at_limit) {
        inside = at_limit ? next : at;
        outside = at_limit ? at : next;
        break;
      }
      at = next;
    }
    while (std::abs(inside - outside) > 0.005) {
      const double middle = (inside + outside) / 2;
      (rejected(middle) ? outside : inside) = middle;
    }
    return std::exp(outside);
  }

 private:
  static constexpr double kFar = 12;  // e^12: no ratio of rates that anyone wants to read.

  const Material& material_;
  const double limit_;
  const Side side_;
  std::optional<RatioEProcess> events_;
  std::optional<RatioEProcess> bursts_;
};

// Kullback-Leibler divergence of two Bernoulli distributions.
double Divergence(double p, double q) {
  const auto term = [](double x, double y) { return x > 0 ? x * std::log(x / y) : 0; };
  return term(p, q) + term(1 - p, 1 - q);
}

// Growth of the evidence per block if the ratio were `ratio`. What holds for single events, divided
// by the dispersion; where that is not known to be one, a block pays no more than one event.
double Growth(std::span<const CountBlock> blocks, const Dispersion& dispersion, double ratio,
              double limit) {
  double growth = 0;
  for (const CountBlock& block : blocks) {
    if (!block.Informative()) continue;
    const double share = block.CanaryShare();
    const double per_event = Divergence(EventShare(share, ratio), EventShare(share, limit));
    const double counted = block.events() / std::max(1.0, dispersion.ratio);
    growth += per_event * (dispersion.Single() ? block.events() : std::min(counted, 1.0));
  }
  return growth / static_cast<double>(blocks.size());
}

// By the ratio: towards harm where it points there, else towards safety.
double BlocksByRatio(std::span<const CountBlock> blocks, const CountQuestion& question,
                     const CountAnswer& answer, double log_e_safe) {
  const bool towards_harm = answer.estimate > question.limit;
  constexpr double kLargest = 1e3;
  const double ratio =
      towards_harm ? std::min(answer.estimate, kLargest) : std::min(1.0, question.limit * 0.99);
  const double missing = towards_harm ? -std::log(question.alpha_harm) - answer.log_e_harm
                                      : -std::log(question.alpha_safe) - log_e_safe;
  const double growth = Growth(blocks, answer.dispersion, ratio, question.limit);
  return growth > 0 ? std::max(missing, 0.0) / growth : kInfinity;
}

}  // namespace

CountAnswer TestCounts(std::span<const CountBlock> blocks, const CountQuestion& question) {
  const Material material(blocks);
  const Evidence harm(material, question.limit, Side::kAbove);
  const Evidence safe(material, question.limit, Side::kBelow);
  const double proof_of_harm = -std::log(question.alpha_harm);
  const double proof_of_safety = -std::log(question.alpha_safe);
  CountAnswer answer;
  answer.estimate = material.estimate;
  answer.dispersion = material.dispersion;
  answer.log_e_harm = harm.LogE();
  answer.lower = harm.Bound(proof_of_harm);
  answer.upper = safe.Bound(proof_of_safety);
  double by_ratio = safe.LogE();
  std::optional<RateEProcess> rate;
  double by_rate = -kInfinity;
  if (question.tolerated_rate > 0) {
    by_ratio += kLogHalf;
    if (!answer.dispersion.Over(kLargestQuietBurst)) {
      rate.emplace(blocks, question.tolerated_rate);
      by_rate = kLogHalf + rate->LogE();
    }
  }
  answer.log_e_safe = LogSumExp(std::array{by_ratio, by_rate});
  answer.harm = answer.log_e_harm >= proof_of_harm;
  answer.safe = !answer.harm && answer.log_e_safe >= proof_of_safety;
  answer.by_rate = answer.safe && by_rate > by_ratio;
  if (!answer.harm && !answer.safe) {
    answer.blocks_to_answer = BlocksByRatio(blocks, question, answer, by_ratio);
    const double times = rate ? rate->TimesUntil(proof_of_safety - kLogHalf) : kInfinity;
    const double by_rate_alone = (times - 1) * static_cast<double>(blocks.size());
    answer.by_rate = by_rate_alone < answer.blocks_to_answer;
    if (answer.by_rate) answer.blocks_to_answer = by_rate_alone;
  }
  return answer;
}

}  // namespace gate::stats
