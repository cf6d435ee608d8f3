#include "checks/stats/count_test.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <optional>

#include "checks/stats/log_sum.h"

namespace gate::stats {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
const double kLogHalf = std::log(0.5);
const double kEventsWeight = std::log(3.0 / 4), kOtherWeight = std::log(1.0 / 8);
// Standard deviations at which what is measured outweighs a past of single events.
constexpr double kSurprise = 2.5;
// Farther from the limit than the farthest alternative nothing is known.
constexpr double kFar = 4;

// The weighted sum of the header, for one side of the limit.
class Evidence {
 public:
  // Whether single events and whether bursts count, and what an interval is worth.
  Evidence(Side side, const RatioEProcess& ratios, bool events, bool bursts,
           const ShareBetting& shares, double inflation, const CommonEvents& common)
      : side_(side),
        inflation_(inflation),
        events_weight_(common.Common() ? kOtherWeight : kEventsWeight),
        log_e_of_shares_(shares.LogE() / inflation),
        log_e_of_proportions_(common.LogE(side)) {
    if (events) events_.emplace(ratios, Unit::kEvents, side);
    if (bursts) bursts_.emplace(ratios, Unit::kBursts, side);
  }

  double LogE() const {
    return LogSumExp(
        std::array{LogEOfRatios(0), kOtherWeight + log_e_of_shares_, log_e_of_proportions_});
  }

  // Without what is only known at the limit.
  double LogEOfRatios(double distance) const {
    return LogSumExp(
        std::array{events_ ? events_weight_ + events_->LogEAt(distance) : -kInfinity,
                   bursts_ ? kOtherWeight + bursts_->LogEAt(distance) / inflation_ : -kInfinity});
  }

  // The edge of the confidence sequence: the last distance from the limit, coming from the far
  // side, that is still rejected at `threshold`. Errs outwards by less than half a per cent.
  double Bound(double threshold) const {
    const double inwards = side_ == Side::kAbove ? 1 : -1;
    const auto rejected = [&](double steps) {
      return LogEOfRatios(inwards * (steps - kFar)) >= threshold;
    };
    if (!rejected(0)) return -inwards * kInfinity;
    double outside = 0, inside = 2 * kFar;
    while (inside - outside > 0.005) {
      const double middle = (inside + outside) / 2;
      (rejected(middle) ? outside : inside) = middle;
    }
    return inwards * (outside - kFar);
  }

 private:
  Side side_;
  double inflation_;
  double events_weight_;
  double log_e_of_shares_;
  double log_e_of_proportions_;
  std::optional<RatioEvidence> events_, bursts_;
};

// Kullback-Leibler divergence of two Bernoulli distributions.
double Divergence(double p, double q) {
  const auto term = [](double x, double y) { return x > 0 ? x * std::log(x / y) : 0; };
  return term(p, q) + term(1 - p, 1 - q);
}

}  // namespace

CountTest::CountTest(double limit, double tolerated_rate, PastNoise past, bool requests)
    : limit_(limit),
      tolerated_rate_(tolerated_rate),
      past_(past),
      rate_(tolerated_rate),
      common_(limit, past, requests) {}

bool CountTest::Single() const {
  const Dispersion measured = paired_blocks_ > 0 ? meter_.Measured() : Dispersion{};
  switch (past_.kind) {
    case PastNoise::kSingle:
      return measured.blocks < kBlocksForDispersion || measured.UnderDeviations(kSurprise);
    case PastNoise::kSwings:
      return meter_.SurelySingle();
    case PastNoise::kTides:
      return meter_.SharesSurelySingle();
    default:
      return measured.Single();
  }
}

void CountTest::Add(const CountBlock& block) {
  total_ += block;
  ++blocks_;
  if (tolerated_rate_ > 0) rate_.Add(block);
  if (!(block.canary_exposure > 0 && block.baseline_exposure > 0)) return;
  common_.Add({&block, 1});
  meter_.Add(block);
  if (!block.Informative()) return;
  ++paired_blocks_;
  const double expected = AddRatio(block);
  above_.Add(block, expected);
  below_.Add(block, expected);
}

void CountTest::Add(std::span<const CountBlock> strata) {
  if (strata.size() == 1) return Add(strata[0]);
  CountBlock whole, paired;
  double share = 0, expected = 0;  // of all events that say something, as sums
  for (const CountBlock& stratum : strata) {
    whole += stratum;
    if (!(stratum.canary_exposure > 0 && stratum.baseline_exposure > 0)) continue;
    paired += stratum;
    if (!stratum.Informative()) continue;
    share += stratum.CanaryShare() * stratum.events();
    expected += AddRatio(stratum) * stratum.events();
  }
  total_ += whole;
  ++blocks_;
  if (tolerated_rate_ > 0) rate_.Add(whole);
  if (!(paired.canary_exposure > 0)) return;
  common_.Add(strata);
  if (paired.events() > 0) {
    // One block with the share of its events that a ratio of one lets expect.
    const double exposure = paired.canary_exposure + paired.baseline_exposure;
    paired.canary_exposure = exposure * share / paired.events();
    paired.baseline_exposure = exposure - paired.canary_exposure;
  }
  meter_.Add(paired);
  if (!paired.Informative()) return;
  ++paired_blocks_;
  above_.Add(paired, expected / paired.events());
  below_.Add(paired, expected / paired.events());
}

double CountTest::AddRatio(const CountBlock& block) {
  const double share = block.CanaryShare();
  paired_exposure_share_ += share * block.events();
  paired_events_ += block.events();
  ratios_.Add(block, RowsFor(block, limit_));
  return EventShare(share, limit_);
}

double CountTest::LogEOfHarm() const {
  const Dispersion dispersion = paired_blocks_ > 0 ? meter_.Measured() : Dispersion{};
  return Evidence(Side::kAbove, ratios_, Single(), !dispersion.Over(kLargestBurst), above_,
                  past_.inflation, common_)
      .LogE();
}

CountAnswer CountTest::Answer(double alpha_harm, double alpha_safe) const {
  CountAnswer answer;
  answer.estimate = meter_.Ratio();
  if (paired_blocks_ > 0) {
    answer.dispersion = common_.Common() ? common_.Measured() : meter_.Measured();
  }
  const Dispersion dispersion = paired_blocks_ > 0 ? meter_.Measured() : Dispersion{};
  const bool single = Single(), no_large_bursts = !dispersion.Over(kLargestBurst);
  const Evidence harm(Side::kAbove, ratios_, single, no_large_bursts, above_, past_.inflation,
                      common_);
  const Evidence safe(Side::kBelow, ratios_, single && meter_.SurelySingle(), no_large_bursts,
                      below_, past_.inflation, common_);
  const double proof_of_harm = -std::log(alpha_harm), proof_of_safety = -std::log(alpha_safe);
  answer.log_e_harm = harm.LogE();
  double by_ratio = safe.LogE(), by_rate = -kInfinity;
  double times = kInfinity;
  if (tolerated_rate_ > 0) {
    by_ratio += kLogHalf;
    if (!dispersion.Over(kLargestQuietBurst)) {
      by_rate = kLogHalf + rate_.LogE();
      times = rate_.TimesUntil(proof_of_safety - kLogHalf);
    }
  }
  answer.log_e_safe = LogSumExp(std::array{by_ratio, by_rate});
  answer.harm = answer.log_e_harm >= proof_of_harm;
  answer.safe = !answer.harm && answer.log_e_safe >= proof_of_safety;
  answer.by_rate = answer.safe && by_rate > by_ratio;
  answer.lower = limit_ * std::exp(harm.Bound(proof_of_harm));
  answer.upper = limit_ * std::exp(safe.Bound(proof_of_safety));
  if (answer.harm) answer.lower = std::max(answer.lower, limit_);
  if (by_ratio >= proof_of_safety) answer.upper = std::min(answer.upper, limit_);
  if (answer.harm || answer.safe) return answer;

  // Towards harm where the ratio points there, else towards safety. Evidence grows by what holds
  // for single events, divided by the dispersion; where that is not known to be one, a block pays
  // no more than one event.
  constexpr double kLargest = 1e3;
  const bool towards_harm = answer.estimate > limit_;
  const double ratio =
      towards_harm ? std::min(answer.estimate, kLargest) : std::min(1.0, limit_ * 0.99);
  const double missing =
      towards_harm ? proof_of_harm - answer.log_e_harm : proof_of_safety - by_ratio;
  answer.blocks_to_answer = kInfinity;
  if (paired_events_ > 0) {
    const double share = paired_exposure_share_ / paired_events_;
    const double per_event = Divergence(EventShare(share, ratio), EventShare(share, limit_));
    const double counted = paired_events_ / paired_blocks_ / std::max(1.0, dispersion.ratio);
    const double growth = std::max(
        per_event * (single ? paired_events_ / paired_blocks_ : std::min(counted, 1.0)),
        common_.Growth(total_, paired_blocks_, ratio, towards_harm ? Side::kAbove : Side::kBelow));
    answer.blocks_to_answer = std::max(missing, 0.0) / growth * (blocks_ / paired_blocks_);
  }
  const double by_rate_alone = (times - 1) * blocks_;
  answer.by_rate = by_rate_alone < answer.blocks_to_answer;
  if (answer.by_rate) answer.blocks_to_answer = by_rate_alone;
  return answer;
}

CountAnswer TestCounts(std::span<const CountBlock> blocks, const CountQuestion& question) {
  CountTest test(question.limit, question.tolerated_rate, question.past);
  for (const CountBlock& block : blocks) test.Add(block);
  return test.Answer(question.alpha_harm, question.alpha_safe);
}

}  // namespace gate::stats
