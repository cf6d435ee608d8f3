#include "checks/stats/mean_process.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numbers>
#include <utility>

#include "checks/stats/log_sum.h"

namespace gate::stats {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kRight = std::numbers::pi / 2;  // The right angle.

// Autocorrelations and their weights. The weight of the middle ones is what a false alarm at 0.6
// is bought with, and what a true one pays for in time. The last two have one only where the past
// shows them: such means hardly move for an hour, and two hosts differ for as long.
struct Correlation {
  double phi;
  double weight;
};
constexpr std::array<Correlation, MeanNoise::kCorrelations> kGrid = {{{0, .22},
                                                                      {.15, .175},
                                                                      {.3, .155},
                                                                      {.45, .155},
                                                                      {.6, .155},
                                                                      {.75, .09},
                                                                      {.9, .05},
                                                                      {.97, 0},
                                                                      {.99, 0}}};
constexpr size_t kSlow = 7;          // The first of those two...
constexpr double kSlowWeight = 0.5;  // ...and what both have where nothing else is likely.
using OverGrid = std::array<double, kGrid.size()>;

// 1 / tau^2: effects of about 1.2 standard deviations of an interval are expected. To bet on ten
// times that as well finds what is clear some minutes sooner, and takes whatever moves in steps for
// it.
constexpr double kPriorPrecision = 0.7;

// Part of the evidence that is not bet, so that it is never zero.
constexpr double kHeldBack = 0.01;

// Relative to the cost, what may be rounding.
constexpr double kRounding = 1e-6;

constexpr double kLargest = 1e100;

constexpr double kFewestOfPast = 180;

// Part of the old version's noise in the past that is believed of it now, though nothing moves:
// what moves in steps stands still between them.
constexpr double kLeastNoise = 0.25;

// Parts of the correction for skewness: where time is short what is skewed deceives more.
constexpr double kCorrected = 0.5, kCorrectedWithPast = 1;

}  // namespace

bool MeanBlock::Informative() const {
  return canary_exposure > 0 && baseline_exposure > 0 &&
         std::abs(canary_cost / canary_exposure) < kLargest &&
         std::abs(baseline_cost / baseline_exposure) < kLargest;
}

void MeanProcess::Add(const MeanBlock& block) {
  if (!block.Informative()) return;
  double canary = block.canary_cost / block.canary_exposure;
  double baseline = block.baseline_cost / block.baseline_exposure;
  if (intervals_ == 0) {
    canary_.first = canary;
    baseline_.first = baseline;
  }
  canary -= canary_.first;
  baseline -= baseline_.first;
  lagged_products_ += canary * baseline_.last + baseline * canary_.last;
  products_ += canary * baseline;
  const auto add = [](Cohort& cohort, double cost) {
    cohort.sum += cost;
    cohort.squares += cost * cost;
    cohort.lagged += cost * cohort.last;
    cohort.last = cost;
  };
  add(canary_, canary);
  add(baseline_, baseline);
  ++intervals_;
}

// What the grid makes of one state, for any weights of the cohorts: D = x C - y B.
class MeanEvidence {
 public:
  // `process` outlives it and has at least one interval; `noise`: as the past tells it.
  explicit MeanEvidence(const MeanProcess& process, const MeanNoise& noise = {})
      : process_(process), noise_(noise), n_(process.intervals_) {
    for (size_t k = 0; k < kGrid.size(); ++k) {
      const double phi = kGrid[k].phi;
      information_[k] = (1 - phi) * ((1 + phi) + (n_ - 1) * (1 - phi));
      prior_[k] = kPriorPrecision * (1 - phi * phi);
      shrinkage_[k] = std::sqrt(prior_[k] / (prior_[k] + information_[k]));
      log_weight_[k] = std::log(noise.weights[k]) + std::log1p(-phi * phi) / 2;
    }
  }

  double intervals() const { return n_; }
  double CanaryMean() const { return Mean(process_.canary_); }
  double BaselineMean() const { return Mean(process_.baseline_); }

  // log of the evidence that the mean of x C - y B is over zero.
  double LogE(double x, double y) const {
    const Fit fit = FitTo(x, y);
    if (!(fit.rounding > 0)) return 0;
    const double caution = Caution(x, y, fit);
    OverGrid none, gain;
    double most = -kInfinity, most_over = -kInfinity;
    for (size_t k = 0; k < kGrid.size(); ++k) {
      none[k] = log_weight_[k] - n_ / 2 * std::log(fit.squares[k]);
      most = std::max(most, none[k]);
      gain[k] = -kInfinity;
      if (!(fit.sum[k] > 0)) continue;
      const double precision = prior_[k] + information_[k];
      const double explained = caution * caution * fit.sum[k] * fit.sum[k] / precision;
      gain[k] = n_ / 2 * std::log(1 + explained / Rest(fit, k, precision));
      most_over = std::max(most_over, none[k] + gain[k]);
    }
    if (most_over == -kInfinity) return std::log(kHeldBack);
    // 2 exp(gain) - 1, in units of exp(most_over - most), which a double may not hold.
    const double unit = std::exp(most - most_over);
    double over = 0, all = 0;
    for (size_t k = 0; k < kGrid.size(); ++k) {
      const double now = std::exp(none[k] - most);
      all += now;
      if (fit.sum[k] > 0) {
        over += shrinkage_[k] * (2 * std::exp(none[k] + gain[k] - most_over) - now * unit);
      }
    }
    const double bet = std::log1p(-kHeldBack) + most_over - most + std::log(over / all);
    return LogSumExp(std::array{std::log(kHeldBack), bet});
  }

  // Of x C - y B around any mean: the average over the grid, weighted by what fits.
  double Autocorrelation(double x, double y) const {
    const Fit fit = FitTo(x, y);
    if (!(fit.rounding > 0)) return 0;
    const OverGrid parts = Likelihoods(fit);
    double sum = 0;
    for (size_t k = 0; k < kGrid.size(); ++k) sum += kGrid[k].phi * parts[k];
    return sum;
  }

  // By more than may be rounding.
  bool Moves(double x, double y) const {
    const Fit fit = FitTo(x, y);
    return n_ * fit.variance > fit.rounding;
  }

  // How likely each correlation is, whatever the mean.
  OverGrid Likelihoods(double x, double y) const { return Likelihoods(FitTo(x, y)); }

  // The variance of what is new in an interval, averaged over correlations that are so likely.
  double Innovation(double x, double y, const OverGrid& parts) const {
    const Fit fit = FitTo(x, y);
    double sum = 0;
    for (size_t k = 0; k < kGrid.size(); ++k) sum += parts[k] * Rest(fit, k, information_[k]) / n_;
    return sum;
  }

  // Growth of LogE per interval if the noise stays what it is and the mean of x C - y B is `mean`:
  // what the best autocorrelation without a mean explains worse than the best with one.
  double Growth(double x, double y, double mean) const {
    const Fit fit = FitTo(x, y);
    double with = kInfinity, without = kInfinity;
    for (size_t k = 0; k < kGrid.size(); ++k) {
      const double residual = Rest(fit, k, information_[k]);
      with = std::min(with, residual);
      without = std::min(without, residual + information_[k] * mean * mean);
    }
    return with > 0 ? std::log(without / with) / 2 : 0;
  }

 private:
  // For every phi, D' K^-1 D and 1' K^-1 D with K = R(phi) / (1 - phi^2): noise whose innovations
  // have a variance of one.
  struct Fit {
    OverGrid squares;
    OverGrid sum;
    double least;     // That is believed of `squares`, whatever was seen.
    double rounding;  // Is part of `squares`.
    double variance;  // Of D, around its mean.
  };

  Fit FitTo(double x, double y) const {
    const auto& c = process_.canary_;
    const auto& b = process_.baseline_;
    const double first = x * c.first - y * b.first;
    const double last = x * c.last - y * b.last;  // This and all below less `first`.
    const double sum = x * c.sum - y * b.sum;
    const double squares = x * x * c.squares - 2 * x * y * process_.products_ + y * y * b.squares;
    const double lagged = x * x * c.lagged - x * y * process_.lagged_products_ + y * y * b.lagged;
    const double all_squares = squares + first * (2 * sum + n_ * first);
    const double all_lagged = lagged + first * (2 * sum - last + (n_ - 1) * first);
    const double ends = first + first + last;
    const double squared_ends = first * first + (first + last) * (first + last);
    Fit fit;
    fit.variance = std::max(squares - sum * sum / n_, 0.0) / n_;
    fit.least = kLeastNoise * n_ * y * y * noise_.innovation;
    fit.rounding = kRounding * kRounding * (x * x * Squares(c) + y * y * Squares(b));
    for (size_t k = 0; k < kGrid.size(); ++k) {
      const double phi = kGrid[k].phi;
      const double whitened =
          all_squares + phi * phi * (all_squares - squared_ends) - 2 * phi * all_lagged;
      fit.squares[k] = std::max(whitened, fit.least) + fit.rounding;
      fit.sum[k] = (1 - phi) * ((1 - phi) * (sum + n_ * first) + phi * ends);
    }
    return fit;
  }

  OverGrid Likelihoods(const Fit& fit) const {
    OverGrid parts;
    for (size_t k = 0; k < kGrid.size(); ++k) {
      parts[k] = log_weight_[k] - std::log(information_[k]) / 2 -
                 (n_ - 1) / 2 * std::log(Rest(fit, k, information_[k]));
    }
    const double all = LogSumExp(parts);
    for (double& part : parts) part = std::exp(part - all);
    return parts;
  }

  // What is left of the squares where a mean is taken out, with so much information about it.
  static double Rest(const Fit& fit, size_t k, double information) {
    const double explained = fit.sum[k] * fit.sum[k] / information;
    return std::max(fit.squares[k] - fit.rounding - explained, fit.least) + fit.rounding;
  }

  // By what part the difference is believed: see the header.
  double Caution(double x, double y, const Fit& fit) const {
    double low = std::abs(x * CanaryMean()), low_variance = x * x * Variance(process_.canary_);
    double high = std::abs(y * BaselineMean()),
           high_variance = y * y * Variance(process_.baseline_);
    if (low > high) {
      std::swap(low, high);
      std::swap(low_variance, high_variance);
    }
    if (!(high > 0 && fit.variance > 0)) return 1;
    const double distance = std::min(1 - low / high, 0.5);
    low = std::max(low, high / 2);
    const double excess = low_variance / (low * low) - high_variance / (high * high);
    const double part = noise_.known ? kCorrectedWithPast : kCorrected;
    return 1 - part * distance * std::clamp(excess * high * high / fit.variance, 0.0, 1.0);
  }

  double Mean(const MeanProcess::Cohort& cohort) const { return cohort.first + cohort.sum / n_; }
  double Squares(const MeanProcess::Cohort& cohort) const {
    return cohort.squares + cohort.first * (2 * cohort.sum + n_ * cohort.first);
  }
  double Variance(const MeanProcess::Cohort& cohort) const {
    return std::max(cohort.squares - cohort.sum * cohort.sum / n_, 0.0) / n_;
  }

  const MeanProcess& process_;
  const MeanNoise noise_;
  const double n_;
  OverGrid information_;  // About the mean, if the innovations have a variance of one...
  OverGrid prior_;        // ...and what the mixture over effects adds to it.
  OverGrid log_weight_;
  OverGrid shrinkage_;  // a_k.
};

namespace {

// A ratio of means as an angle, so that 0 and infinity are as near as any other.
double Angle(double ratio) { return std::atan(ratio); }
double Ratio(double angle) { return angle < kRight ? std::tan(angle) : kInfinity; }

// The edge of the confidence sequence between two angles, of which `kept` is not rejected. Errs
// outwards by less than half a per cent at ratios near one. About n / 2 log(1 + u^2) is the
// evidence for an effect of u standard deviations, and u is about linear in the angle, so it is
// interpolated; where that does not halve what is left, the next step does.
template <typename LogE>
double Bound(double rejected, double kept, double threshold, double n, LogE log_e) {
  constexpr double kNear = 0.002;
  const auto effect = [&](double evidence) {
    return std::sqrt(std::exp(2 * std::max(evidence, 0.0) / n) - 1);
  };
  const double evidence_at_end = log_e(rejected);
  if (evidence_at_end < threshold) return Ratio(rejected);
  const double edge = effect(threshold);
  double above = effect(evidence_at_end), below = 0;
  bool halve = false;
  while (std::abs(kept - rejected) > kNear) {
    const double left = std::abs(kept - rejected);
    const double part = above > below ? (edge - below) / (above - below) : 0.5;
    // A little to the far side of the edge: what is left is then as short as it has to be.
    const double margin = (part < 0.5 ? 0.4 : -0.4) * kNear / left;
    const double at = kept + (halve ? 0.5 : part + margin) * (rejected - kept);
    const double evidence = log_e(at);
    (evidence >= threshold ? rejected : kept) = at;
    (evidence >= threshold ? above : below) = effect(evidence);
    halve = !halve && std::abs(kept - rejected) > left / 2;
  }
  return Ratio(rejected);
}

void SetBounds(const MeanEvidence& of_harm, const MeanEvidence& of_safety,
               const MeanQuestion& question, MeanAnswer& answer) {
  const double limit = Angle(question.limit);
  const double estimate = std::isnan(answer.estimate) ? limit : Angle(answer.estimate);
  const auto harm = [&](double at) { return of_harm.LogE(std::cos(at), std::sin(at)); };
  const auto safe = [&](double at) { return of_safety.LogE(-std::cos(at), -std::sin(at)); };
  const double n = of_harm.intervals();
  const double below = std::min(estimate, limit), above = std::max(estimate, limit);
  answer.lower = answer.harm ? Bound(limit, above, -std::log(question.alpha_harm), n, harm)
                             : Bound(0, below, -std::log(question.alpha_harm), n, harm);
  answer.upper = answer.safe ? Bound(limit, below, -std::log(question.alpha_safe), n, safe)
                             : Bound(kRight, above, -std::log(question.alpha_safe), n, safe);
}

// Towards harm where the estimate is over the limit, else towards safety.
double IntervalsToAnswer(const MeanEvidence& evidence, const MeanQuestion& question,
                         const MeanAnswer& answer) {
  if (answer.harm || answer.safe) return 0;
  const bool towards_harm = answer.estimate > question.limit;
  const double ratio = towards_harm ? answer.estimate : std::min(1.0, question.limit * 0.99);
  const double mean = std::isfinite(ratio) ? (ratio - question.limit) * evidence.BaselineMean()
                                           : evidence.CanaryMean();
  const double growth = evidence.Growth(1, question.limit, mean);
  const double missing = towards_harm ? -std::log(question.alpha_harm) - answer.log_e_harm
                                      : -std::log(question.alpha_safe) - answer.log_e_safe;
  return growth > 0 ? std::max(missing, 0.0) / growth : kInfinity;
}

}  // namespace

MeanNoise::MeanNoise() {
  for (size_t k = 0; k < kGrid.size(); ++k) weights[k] = kGrid[k].weight;
}

MeanNoise NoiseOfMeans(std::span<const double> past) {
  MeanProcess process;
  for (const double cost : past) process.Add({cost, 1, 0, 1});
  MeanNoise noise;
  if (process.intervals() < kFewestOfPast) return noise;
  MeanNoise even;
  even.weights.fill(1);
  const MeanEvidence evidence(process, even);
  if (!evidence.Moves(1, 0)) return noise;
  const OverGrid parts = evidence.Likelihoods(1, 0);
  noise.known = true;
  double less = 0;  // The chance that it is correlated less than one place before.
  for (size_t k = 2; k < kSlow; ++k) {
    less += parts[k - 2];
    noise.weights[k] *= std::max(1 - less, 0.0);
  }
  noise.innovation = evidence.Innovation(1, 0, parts);
  for (size_t k = kSlow; k < kGrid.size(); ++k) noise.weights[k] = kSlowWeight * parts[k];
  return noise;
}

// Of what the past tells only that which makes an answer later.
MeanNoise OfSafety(MeanNoise noise) {
  const MeanNoise unknown;
  for (size_t k = 0; k < kGrid.size(); ++k) {
    noise.weights[k] = std::max(noise.weights[k], unknown.weights[k]);
  }
  noise.known = false;
  return noise;
}

bool MeanProcess::LooksHarmful(double limit) const {
  const double canary = canary_.first * intervals_ + canary_.sum;
  const double baseline = baseline_.first * intervals_ + baseline_.sum;
  return canary > 0 && baseline >= 0 && canary > limit * baseline;
}

double MeanProcess::LogEOfHarm(double limit) const {
  return intervals_ == 0 ? 0 : MeanEvidence(*this, noise_).LogE(1, limit);
}

double MeanProcess::LogEOfSafety(double limit) const {
  return intervals_ == 0 ? 0 : MeanEvidence(*this, OfSafety(noise_)).LogE(-1, -limit);
}

MeanAnswer MeanProcess::Answer(const MeanQuestion& question) const {
  MeanAnswer answer;
  if (intervals_ == 0) return answer;
  const MeanEvidence evidence(*this, OfSafety(noise_)), with_past(*this, noise_);
  if (evidence.CanaryMean() < 0 || evidence.BaselineMean() < 0) return answer;
  answer.estimate = evidence.CanaryMean() / evidence.BaselineMean();
  answer.log_e_harm = with_past.LogE(1, question.limit);
  answer.log_e_safe = evidence.LogE(-1, -question.limit);
  answer.harm = answer.log_e_harm >= -std::log(question.alpha_harm);
  answer.safe = !answer.harm && answer.log_e_safe >= -std::log(question.alpha_safe);
  SetBounds(with_past, evidence, question, answer);
  answer.autocorrelation = evidence.Autocorrelation(1, question.limit);
  answer.effective_intervals =
      intervals_ * (1 - answer.autocorrelation) / (1 + answer.autocorrelation);
  answer.intervals_to_answer = IntervalsToAnswer(evidence, question, answer);
  return answer;
}

}  // namespace gate::stats
