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

constexpr size_t kRestart = 30;  // intervals
constexpr double kWhole = 0.8;   // Weight of the test of everything.

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

// Of what nothing has been seen.
SeriesAnswer Nothing(const v1::MetricSeries& parameters) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
  SeriesAnswer answer;
  answer.estimate = answer.canary.value = answer.baseline.value = kNaN;
  answer.upper = answer.blocks_to_answer = kInfinity;
  const double margin = parameters.margin();
  answer.limit = parameters.direction() == v1::DIRECTION_LOWER_IS_WORSE ? 1 - margin : 1 + margin;
  return answer;
}

SeriesAnswer AnswerOf(const stats::CountTest& test, double alpha_harm, double alpha_safe) {
  const stats::CountAnswer answer = test.Answer(alpha_harm, alpha_safe);
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

SeriesAnswer AnswerOf(const stats::QuantileTest& test, double alpha_harm, double alpha_safe) {
  const stats::QuantileAnswer answer = test.Answer(alpha_harm, alpha_safe);
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

// The means of strata that both have, weighted by how much both have of each: the same mix on both
// sides (direct standardisation).
stats::MeanBlock Standardised(Amounts canary, Amounts old) {
  if (canary.size() == 1) {
    return {canary[0].cost, canary[0].exposure, old[0].cost, old[0].exposure};
  }
  stats::MeanBlock block;
  double canary_mean = 0, old_mean = 0;
  for (size_t i = 0; i < canary.size(); ++i) {
    if (!(canary[i].exposure > 0 && old[i].exposure > 0)) continue;
    const double weight = canary[i].exposure + old[i].exposure;
    canary_mean += weight * canary[i].cost / canary[i].exposure;
    old_mean += weight * old[i].cost / old[i].exposure;
    block.canary_exposure += canary[i].exposure;
    block.baseline_exposure += old[i].exposure;
  }
  const double weights = block.canary_exposure + block.baseline_exposure;
  if (weights > 0) {
    block.canary_cost = canary_mean / weights * block.canary_exposure;
    block.baseline_cost = old_mean / weights * block.baseline_exposure;
  }
  return block;
}

// Back to canary to baseline.
SeriesAnswer Turned(SeriesAnswer answer) {
  answer.estimate = 1 / answer.estimate;
  answer.lower = 1 / std::exchange(answer.upper, 1 / answer.lower);
  std::swap(answer.canary, answer.baseline);
  std::swap(answer.canary_bound, answer.baseline_bound);
  answer.limit = 1 / answer.limit;
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

void SeriesTest::MeanTest::Add(const stats::MeanBlock& block) {
  process.Add(block);
  if (!block.Informative()) return;
  canary.events += block.canary_cost;
  canary.exposure += block.canary_exposure;
  baseline.events += block.baseline_cost;
  baseline.exposure += block.baseline_exposure;
}

SeriesAnswer SeriesTest::MeanTest::Answer(double limit, double alpha_harm,
                                          double alpha_safe) const {
  const stats::MeanAnswer answer = process.Answer({limit, alpha_harm, alpha_safe});
  SeriesAnswer result = Common(answer);
  constexpr double kFewest = 3;  // intervals from which anything can be told of the rest
  result.blocks_to_answer = process.intervals() < kFewest && !answer.harm && !answer.safe
                                ? std::numeric_limits<double>::infinity()
                                : answer.intervals_to_answer;
  result.autocorrelation = answer.autocorrelation;
  result.canary = {canary.events / canary.exposure, canary.events, canary.exposure};
  result.baseline = {baseline.events / baseline.exposure, baseline.events, baseline.exposure};
  return result;
}

void SeriesTest::MeanTest::Each(StateArchive& archive) {
  archive(process);
  for (SeriesAnswer::Cohort* cohort : {&canary, &baseline}) {
    archive(cohort->events), archive(cohort->exposure);
  }
}

SeriesTest::SeriesTest(const v1::MetricSeries& parameters, const OldNoise& past, double alpha_harm)
    : parameters_(parameters), past_(past), alpha_harm_(alpha_harm) {
  Begin({});
}

void SeriesTest::Begin(const std::vector<double>& bounds) {
  if (parameters_.kind() == v1::METRIC_KIND_HISTOGRAM && bounds.empty()) return;
  const double margin = parameters_.margin();
  const v1::Direction direction = parameters_.direction();
  const auto add = [&](bool reversed) {
    const double limit = reversed ? 1 / (1 - margin) : 1 + margin;
    ways_.push_back({reversed, limit, MakeTest(limit, bounds), {}});
  };
  if (direction != v1::DIRECTION_LOWER_IS_WORSE) add(false);
  if (direction == v1::DIRECTION_LOWER_IS_WORSE || direction == v1::DIRECTION_EITHER) add(true);
}

SeriesTest::Test SeriesTest::MakeTest(double limit, const std::vector<double>& bounds) const {
  const bool rarity = parameters_.direction() != v1::DIRECTION_LOWER_IS_WORSE &&
                      parameters_.direction() != v1::DIRECTION_EITHER;
  switch (parameters_.kind()) {
    case v1::METRIC_KIND_VALUES:
      return MeanTest{.process = stats::MeanProcess(past_.means)};
    case v1::METRIC_KIND_HISTOGRAM:
      return stats::QuantileTest(bounds, QuantileOf(parameters_), limit, past_.events);
    default:
      return stats::CountTest(limit, rarity ? parameters_.tolerated_rate() : 0, past_.events);
  }
}

void SeriesTest::Add(Amounts canary, Amounts old, const std::vector<double>& bounds,
                     absl::Time end) {
  if (ways_.empty()) Begin(bounds);
  ++blocks_;
  for (Way& way : ways_) {
    const Amounts ours = way.reversed ? old : canary, theirs = way.reversed ? canary : old;
    AddTo(way.test, ours, theirs);
    for (LateTest& late : way.late) AddTo(late.test, ours, theirs);
    if (alpha_harm_ > 0 && blocks_ % kRestart == 0) Restart(way, bounds, end);
  }
  if (proven_ == absl::InfinitePast() && alpha_harm_ > 0 && Proven()) proven_ = end;
}

SeriesTest SeriesTest::AsPart() const {
  SeriesTest part = *this;
  part.alpha_harm_ = 0;
  part.proven_ = absl::InfinitePast();
  for (Way& way : part.ways_) way.late.clear();
  return part;
}

// The test that has gone on for long enough ends; the next one begins with the next interval.
void SeriesTest::Restart(Way& way, const std::vector<double>& bounds, absl::Time end) {
  if (way.late.size() == 2) way.late.erase(way.late.begin());
  way.late.push_back({static_cast<double>(blocks_ / kRestart), end, MakeTest(way.limit, bounds)});
}

double SeriesTest::LateWeight(const LateTest& late) {
  return std::log((1 - kWhole) / (late.number * (late.number + 1)));
}

double SeriesTest::LogEOfHarm(const Test& test, double limit) {
  if (const auto* means = std::get_if<MeanTest>(&test)) return means->process.LogEOfHarm(limit);
  const auto* counts = std::get_if<stats::CountTest>(&test);
  return counts != nullptr ? counts->LogEOfHarm()
                           : std::get<stats::QuantileTest>(test).LogEOfHarm();
}

bool SeriesTest::LooksHarmful(const Test& test, double limit) {
  if (const auto* means = std::get_if<MeanTest>(&test)) return means->process.LooksHarmful(limit);
  const auto* counts = std::get_if<stats::CountTest>(&test);
  return counts != nullptr ? counts->LooksHarmful()
                           : std::get<stats::QuantileTest>(test).LooksHarmful();
}

double SeriesTest::Way::LogEOfHarm() const {
  std::vector<double> logs = {std::log(kWhole) + SeriesTest::LogEOfHarm(test, limit)};
  for (const LateTest& one : late) {
    logs.push_back(LateWeight(one) + SeriesTest::LogEOfHarm(one.test, limit));
  }
  return stats::LogSumExp(logs);
}

bool SeriesTest::Way::LooksHarmful() const {
  return SeriesTest::LooksHarmful(test, limit) ||
         std::ranges::any_of(
             late, [&](const LateTest& one) { return SeriesTest::LooksHarmful(one.test, limit); });
}

bool SeriesTest::Proven() const {
  if (std::ranges::none_of(ways_, &Way::LooksHarmful)) return false;
  std::vector<double> logs;
  for (const Way& way : ways_) logs.push_back(way.LogEOfHarm());
  return stats::LogSumExp(logs) - std::log(static_cast<double>(logs.size())) >=
         -std::log(alpha_harm_);
}

void SeriesTest::AddTo(Test& test, Amounts canary, Amounts old) {
  if (auto* means = std::get_if<MeanTest>(&test)) return means->Add(Standardised(canary, old));
  if (auto* counts = std::get_if<stats::CountTest>(&test)) {
    counts_.resize(canary.size());
    for (size_t i = 0; i < canary.size(); ++i) {
      counts_[i] = {canary[i].exposure, old[i].exposure, canary[i].cost, old[i].cost};
    }
    return counts->Add(counts_);
  }
  histograms_.resize(canary.size());
  for (size_t i = 0; i < canary.size(); ++i) {
    histograms_[i].canary = canary[i].counts;
    histograms_[i].baseline = old[i].counts;
  }
  std::get<stats::QuantileTest>(test).Add(histograms_);
}

SeriesAnswer SeriesTest::Ask(const Way& way, double alpha_harm, double alpha_safe) const {
  const auto answer_of = [&](const Test& test) {
    SeriesAnswer answer;
    if (const auto* means = std::get_if<MeanTest>(&test)) {
      answer = means->Answer(way.limit, alpha_harm, alpha_safe);
    } else if (const auto* counts = std::get_if<stats::CountTest>(&test)) {
      answer = AnswerOf(*counts, alpha_harm, alpha_safe);
    } else {
      answer = AnswerOf(std::get<stats::QuantileTest>(test), alpha_harm, alpha_safe);
    }
    return answer;
  };
  SeriesAnswer answer = answer_of(way.test);
  const double whole = answer.log_e_harm, log_e_safe = answer.log_e_safe;
  const double log_e_harm = way.LogEOfHarm();
  // Harm that the whole does not show is shown by where it shows.
  if (log_e_harm >= -std::log(alpha_harm) && whole < -std::log(alpha_harm)) {
    const auto best = std::ranges::max_element(way.late, {}, [&](const LateTest& late) {
      return LateWeight(late) + LogEOfHarm(late.test, way.limit);
    });
    if (best != way.late.end() && LooksHarmful(best->test, way.limit)) {
      answer = answer_of(best->test);
      answer.since = best->began;
    }
  }
  answer.log_e_harm = log_e_harm;
  answer.log_e_safe = log_e_safe;
  if (log_e_harm >= -std::log(alpha_harm)) {
    answer.safe = false;
    answer.blocks_to_answer = 0;
  }
  answer.limit = way.limit;
  return way.reversed ? Turned(answer) : answer;
}

SeriesAnswer SeriesTest::Answer(double alpha_harm, double alpha_safe) const {
  if (ways_.empty()) return Nothing(parameters_);
  if (ways_.size() == 1) return Ask(ways_[0], alpha_harm, alpha_safe);
  return Together(Ask(ways_[0], alpha_harm / 2, alpha_safe),
                  Ask(ways_[1], alpha_harm / 2, alpha_safe));
}

void SeriesTest::Each(StateArchive& archive, const std::vector<double>& bounds) {
  bool begun = !ways_.empty();
  archive(begun), archive(proven_), archive(blocks_);
  if (begun && ways_.empty()) Begin(bounds);
  for (Way& way : ways_) {
    const auto keep = [&](Test& test) { std::visit([&](auto& one) { archive(one); }, test); };
    keep(way.test);
    archive.ResizeTo(way.late.size(), [&](size_t size) {
      while (way.late.size() < std::min<size_t>(size, 2)) {
        way.late.push_back({1, absl::InfinitePast(), MakeTest(way.limit, bounds)});
      }
    });
    for (LateTest& late : way.late) {
      archive(late.number), archive(late.began);
      keep(late.test);
    }
  }
}

}  // namespace gate
