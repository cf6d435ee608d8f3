#include "checks/canary/series_test.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <span>
#include <utility>

#include "checks/stats/count_test.h"
#include "checks/stats/log_sum.h"

namespace gate {
namespace {

struct Question {
  const v1::MetricSeries& parameters;
  const CohortSeries& series;
  double limit, alpha_harm, alpha_safe;
  bool reversed;  // baseline to canary
  stats::PastNoise past;
};

stats::CountBlock Reversed(const stats::CountBlock& block) {
  return {block.baseline_exposure, block.canary_exposure, block.baseline_events,
          block.canary_events};
}
stats::MeanBlock Reversed(const stats::MeanBlock& block) {
  return {block.baseline_cost, block.baseline_exposure, block.canary_cost, block.canary_exposure};
}
stats::HistogramBlock Reversed(const stats::HistogramBlock& block) {
  return {block.baseline, block.canary};
}

template <typename Answer>
SeriesAnswer Common(const Answer& answer) {
  SeriesAnswer result;
  result.log_e_harm = answer.log_e_harm;
  result.log_e_safe = answer.log_e_safe;
  result.safe = answer.safe;
  result.estimate = answer.estimate;
  result.lower = answer.lower;
  result.upper = answer.upper;
  return result;
}

// Of a histogram without any bucket.
SeriesAnswer Nothing() {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
  SeriesAnswer answer;
  answer.estimate = answer.canary.value = answer.baseline.value = kNaN;
  answer.upper = answer.blocks_to_answer = kInfinity;
  return answer;
}

// Interval by interval, each by strata.
template <typename Block, typename Test>
void AddAll(const std::vector<Block>& blocks, const Question& question, Test& test) {
  const size_t strata = question.series.strata;
  std::vector<Block> turned(strata);
  for (size_t first = 0; first < blocks.size(); first += strata) {
    std::span<const Block> interval(&blocks[first], strata);
    if (question.reversed) {
      std::ranges::transform(interval, turned.begin(), [](const Block& b) { return Reversed(b); });
      interval = turned;
    }
    test.Add(interval);
  }
}

SeriesAnswer Test(const std::vector<stats::CountBlock>& blocks, const Question& question) {
  const bool rarity = question.parameters.direction() != v1::DIRECTION_LOWER_IS_WORSE &&
                      question.parameters.direction() != v1::DIRECTION_EITHER;
  stats::CountTest test(question.limit, rarity ? question.parameters.tolerated_rate() : 0,
                        question.past);
  AddAll(blocks, question, test);
  const stats::CountAnswer answer = test.Answer(question.alpha_harm, question.alpha_safe);
  SeriesAnswer result = Common(answer);
  result.blocks_to_answer = answer.blocks_to_answer;
  result.by_rate = answer.by_rate;
  result.dispersion = answer.dispersion.ratio;
  const stats::CountBlock& total = test.total();
  result.canary = {total.canary_events / total.canary_exposure, total.canary_events,
                   total.canary_exposure};
  result.baseline = {total.baseline_events / total.baseline_exposure, total.baseline_events,
                     total.baseline_exposure};
  return result;
}

SeriesAnswer Test(const std::vector<stats::MeanBlock>& blocks, const Question& question) {
  stats::MeanProcess process;
  SeriesAnswer::Cohort canary, baseline;
  for (const stats::MeanBlock& block : blocks) {
    const stats::MeanBlock judged = question.reversed ? Reversed(block) : block;
    process.Add(judged);
    if (!judged.Informative()) continue;
    canary.events += judged.canary_cost;
    canary.exposure += judged.canary_exposure;
    baseline.events += judged.baseline_cost;
    baseline.exposure += judged.baseline_exposure;
  }
  const stats::MeanAnswer answer =
      process.Answer({question.limit, question.alpha_harm, question.alpha_safe});
  SeriesAnswer result = Common(answer);
  constexpr double kFewest = 3;  // intervals from which anything can be told of the rest
  result.blocks_to_answer = process.intervals() < kFewest && !answer.harm && !answer.safe
                                ? std::numeric_limits<double>::infinity()
                                : answer.intervals_to_answer;
  result.autocorrelation = answer.autocorrelation;
  canary.value = canary.events / canary.exposure;
  baseline.value = baseline.events / baseline.exposure;
  result.canary = canary;
  result.baseline = baseline;
  return result;
}

SeriesAnswer Test(const std::vector<stats::HistogramBlock>& blocks, const Question& question) {
  if (question.series.bounds.empty()) return Nothing();
  stats::QuantileTest test(question.series.bounds, QuantileOf(question.parameters), question.limit,
                           question.past);
  AddAll(blocks, question, test);
  const stats::QuantileAnswer answer = test.Answer(question.alpha_harm, question.alpha_safe);
  SeriesAnswer result = Common(answer.counts);
  result.estimate = answer.estimate;
  result.lower = answer.lower;
  result.upper = answer.upper;
  result.blocks_to_answer = answer.counts.blocks_to_answer;
  result.dispersion = answer.counts.dispersion.ratio;
  result.canary = {answer.canary, answer.canary_over * test.canary().back(), test.canary().back()};
  result.baseline = {answer.baseline, answer.baseline_over * test.baseline().back(),
                     test.baseline().back()};
  result.canary_bound = answer.canary_bound;
  result.baseline_bound = answer.baseline_bound;
  result.resolution = answer.resolution;
  return result;
}

// Back to canary to baseline.
SeriesAnswer Turned(SeriesAnswer answer) {
  answer.estimate = 1 / answer.estimate;
  answer.lower = 1 / std::exchange(answer.upper, 1 / answer.lower);
  std::swap(answer.canary, answer.baseline);
  std::swap(answer.canary_bound, answer.baseline_bound);
  return answer;
}

SeriesAnswer TestOneWay(const Question& question) {
  SeriesAnswer answer = std::visit([&](const auto& blocks) { return Test(blocks, question); },
                                   question.series.blocks);
  answer.limit = question.limit;
  if (!question.reversed) return answer;
  answer = Turned(answer);
  answer.limit = 1 / question.limit;
  return answer;
}

// Harm either way is harm; safety takes both.
SeriesAnswer Together(const SeriesAnswer& more, const SeriesAnswer& less) {
  SeriesAnswer both = less.log_e_harm > more.log_e_harm ? less : more;
  const double half = std::log(0.5);
  both.log_e_harm = stats::LogSumExp(std::array{half + more.log_e_harm, half + less.log_e_harm});
  both.log_e_safe = std::min(more.log_e_safe, less.log_e_safe);
  both.safe = more.safe && less.safe;
  both.lower = std::max(more.lower, less.lower);
  both.upper = std::min(more.upper, less.upper);
  both.blocks_to_answer = std::max(more.blocks_to_answer, less.blocks_to_answer);
  return both;
}

}  // namespace

double QuantileOf(const v1::MetricSeries& series) {
  constexpr double kDefault = 0.99;
  return series.quantile() == 0 ? kDefault : series.quantile();
}

SeriesAnswer TestSeries(const v1::MetricSeries& parameters, const CohortSeries& series,
                        double alpha_harm, double alpha_safe, const stats::PastNoise& past) {
  const double margin = parameters.margin();
  const auto ask = [&](bool reversed, double alpha) {
    return TestOneWay({parameters, series, reversed ? 1 / (1 - margin) : 1 + margin, alpha,
                       alpha_safe, reversed, past});
  };
  switch (parameters.direction()) {
    case v1::DIRECTION_LOWER_IS_WORSE:
      return ask(true, alpha_harm);
    case v1::DIRECTION_EITHER:
      return Together(ask(false, alpha_harm / 2), ask(true, alpha_harm / 2));
    default:
      return ask(false, alpha_harm);
  }
}

}  // namespace gate
