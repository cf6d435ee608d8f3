#include "checks/canary/sentences.h"

#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "checks/canary/numbers.h"

namespace gate {
namespace {

std::string Percent(double events, double exposure) {
  return exposure > 0 ? TwoDigits(100 * events / exposure) + " %" : "no traffic";
}

// "under 0.01 %": the tolerated rate, as it was written.
std::string UnderTolerated(const v1::CanaryMetric& metric) {
  std::string percent = absl::StrFormat("%.10f", 100 * ToleratedRateOf(metric));
  while (percent.back() == '0') percent.pop_back();
  if (percent.back() == '.') percent.pop_back();
  return "under " + percent + " %";
}

// What is counted: errors where more of them is worse.
std::string_view Noun(const v1::CanaryMetric& metric) {
  return DirectionOf(metric) == v1::DIRECTION_HIGHER_IS_WORSE ? "error" : "event";
}

std::string Counted(const v1::CanaryMetric& metric, double events, double exposure) {
  return absl::StrCat(Count(events), " ", std::string(Noun(metric)), events == 1 ? "" : "s", " of ",
                      Count(exposure), " requests (", Percent(events, exposure), ")");
}

std::string Baseline(const v1::CanaryMetric& metric, const stats::CountBlock& total) {
  if (total.baseline_exposure == 0) return "no traffic on baseline";
  if (total.baseline_events == 0) {
    return absl::StrCat("no ", std::string(Noun(metric)), " in ", Count(total.baseline_exposure),
                        " requests on baseline");
  }
  return Percent(total.baseline_events, total.baseline_exposure) + " on baseline";
}

// Ratios as people read them: canary to baseline, also where the reverse was judged.
struct Reading {
  double estimate, lower, upper, limit;
  explicit Reading(const MetricJudgement& judgement) {
    const stats::CountAnswer& answer = judgement.answer;
    estimate = answer.estimate, lower = answer.lower, upper = answer.upper, limit = judgement.limit;
    if (!judgement.reversed) return;
    estimate = 1 / answer.estimate, lower = 1 / answer.upper, upper = 1 / answer.lower;
    limit = 1 / judgement.limit;
  }
};

std::string Bounds(const MetricJudgement& judgement, const Reading& ratio) {
  // The bound that decides lies on the side of the limit, which is reversed with the ratio.
  const bool at_least = judgement.harm != judgement.reversed;
  if (judgement.harm || judgement.safe) {
    return at_least ? "at least " + Times(ratio.lower) : "at most " + Times(ratio.upper);
  }
  if (ratio.upper > 1000 && ratio.lower == 0) return "anything is possible yet";
  if (ratio.upper > 1000)
    return absl::StrCat("at least ", Times(ratio.lower), " as far as is known");
  if (ratio.lower == 0) return absl::StrCat("at most ", Times(ratio.upper), " as far as is known");
  return absl::StrCat(Times(ratio.lower), " to ", Times(ratio.upper), " as far as is known");
}

std::string Limit(const v1::CanaryMetric& metric, const Reading& ratio) {
  if (DirectionOf(metric) != v1::DIRECTION_EITHER) return "limit " + Times(ratio.limit);
  const double margin = MarginOf(metric);
  return absl::StrCat("limits ", Times(1 - margin), " and ", Times(1 + margin));
}

// Where the sums alone would not explain the answer.
std::string Remark(const MetricJudgement& judgement) {
  const stats::CountAnswer& answer = judgement.answer;
  std::string remark;
  if (judgement.harm && !(answer.estimate > judgement.limit)) {
    remark = "; worse in most intervals, which a burst on the other side hides in the sums";
  }
  if (answer.dispersion.Over(1.5)) {
    absl::StrAppend(&remark, "; errors come in bursts (dispersion ",
                    TwoDigits(answer.dispersion.ratio),
                    "), so an interval counts for little more than one observation");
  }
  return remark;
}

}  // namespace

std::string MetricSentence(const v1::CanaryMetric& metric, const CountSeries& series,
                           const MetricJudgement& judgement) {
  const stats::CountBlock& total = series.total;
  const std::string counted = absl::StrCat(
      metric.name(), ": canary ", Counted(metric, total.canary_events, total.canary_exposure),
      " against ", Baseline(metric, total));
  if (judgement.safe && judgement.answer.by_rate) {
    const std::string rare =
        absl::StrCat(metric.name(), ": no errors in ", Count(total.canary_exposure), " requests");
    return absl::StrCat(total.canary_events == 0 ? rare : counted, ": ", UnderTolerated(metric),
                        " (tolerated)");
  }
  if (total.events() == 0) {
    return absl::StrCat(
        counted, "; nothing has happened yet that could be compared",
        ToleratedRateOf(metric) > 0
            ? ", and it is too early to say that errors are " + UnderTolerated(metric)
            : "");
  }
  const Reading ratio(judgement);
  std::string size = Bounds(judgement, ratio);
  if (std::isfinite(ratio.estimate) && total.baseline_events > 0) {
    size = absl::StrCat(Times(ratio.estimate), " (", size, ")");
  }
  return absl::StrCat(counted, ": ", size, "; ", Limit(metric, ratio), Remark(judgement));
}

std::string RemainingSentence(const v1::CanaryMetric& metric, const CountSeries& series,
                              const MetricJudgement& judgement,
                              const CanaryParameters& parameters) {
  const stats::CountAnswer& answer = judgement.answer;
  const double blocks = static_cast<double>(series.blocks.size());
  const double per_minute =
      series.total.canary_exposure / blocks / absl::ToDoubleMinutes(parameters.step);
  const std::string traffic = Count(per_minute) + " requests/min on the canary";
  constexpr double kForEver = 1e6;
  if (!(answer.blocks_to_answer < kForEver)) {
    return absl::StrCat("how much longer cannot be told: at ", traffic,
                        " nothing has been counted yet that could be compared; more traffic, or a "
                        "metric that counts more often, brings an answer");
  }
  const absl::Duration more = std::ceil(answer.blocks_to_answer) * parameters.step;
  const std::string assumed =
      answer.by_rate ? absl::StrCat("if errors stay ", UnderTolerated(metric), " as they are")
      : answer.estimate > judgement.limit ? "if it stays as it is"
                                          : "if it is as good as the baseline";
  const std::string estimate =
      absl::StrCat("about ", More(more), " at ", traffic, ", ", assumed, " (an estimate)");
  if (more + blocks * parameters.step <= parameters.window) return estimate;
  return absl::StrCat(estimate, "; that is beyond the window of ",
                      absl::FormatDuration(parameters.window),
                      ": send the canary more traffic, or set a longer `window` or a larger ",
                      answer.by_rate ? "`tolerated_rate`" : "`margin`");
}

}  // namespace gate
