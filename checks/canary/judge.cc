#include "checks/canary/judge.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "checks/canary/cohort_series.h"
#include "checks/canary/numbers.h"
#include "checks/canary/series_test.h"
#include "checks/proto_time.h"
#include "checks/stats/combine.h"

namespace gate {
namespace {

constexpr double kCriticalWeight = 3;
constexpr int kMaxMetrics = 1000;
constexpr double kForEver = 1e6;         // blocks
constexpr size_t kEnoughToBeAlike = 10;  // blocks; before, a correlation is only a guess

double AlphaOf(const v1::JudgeRequest& request) {
  constexpr double kDefault = 0.01;
  return request.alpha() == 0 ? kDefault : request.alpha();
}

double WeightOf(const v1::MetricSeries& metric) { return metric.critical() ? kCriticalWeight : 1; }

// ---- what no request may be
class Issues {
 public:
  void Add(std::string field, std::string message) {
    issues_.push_back({std::move(field), std::move(message)});
  }
  std::vector<ParameterIssue> Take() { return std::move(issues_); }

 private:
  std::vector<ParameterIssue> issues_;
};

// The values that a cohort has to have by the kind of its metric.
void ValidateCohort(const v1::MetricSeries& metric, const v1::CohortPoint& point,
                    const std::string& field, Issues& issues) {
  const bool counts = point.events() != 0 || point.exposure() != 0;
  const bool values = !point.values().empty(), buckets = !point.buckets().empty();
  switch (metric.kind()) {
    case v1::METRIC_KIND_COUNTS:
      if (values || buckets) {
        issues.Add(field, "a metric of COUNTS has `events` and `exposure`, nothing else");
      }
      break;
    case v1::METRIC_KIND_VALUES:
      if (counts || buckets) issues.Add(field, "a metric of VALUES has `values`, nothing else");
      break;
    default:
      if (counts || values) {
        issues.Add(field, "a metric of kind HISTOGRAM has `buckets`, nothing else");
      }
      if (!buckets) return;
      double before = 0;
      for (int i = 0; i + 1 < point.buckets_size(); ++i) {
        const double bound = point.buckets(i).le();
        if (!(bound > before) || std::isinf(bound)) {
          issues.Add(field + ".buckets", "must have bounds `le` over 0 that rise");
          return;
        }
        before = bound;
      }
      const double last = point.buckets(point.buckets_size() - 1).le();
      if ((last != 0 && !std::isinf(last)) || point.buckets_size() < 2) {
        issues.Add(
            field + ".buckets",
            "must end with the bucket of all, with `le` \"Infinity\" or none, behind another");
      }
  }
}

void ValidateMetric(const v1::MetricSeries& metric, const std::string& field,
                    std::set<std::string>& names, Issues& issues) {
  if (metric.name().empty()) {
    issues.Add(field + ".name", "must be set");
  } else if (!names.insert(metric.name()).second) {
    issues.Add(field + ".name", absl::StrCat("is used twice: ", metric.name()));
  }
  if (metric.kind() == v1::METRIC_KIND_UNSPECIFIED) {
    issues.Add(field + ".kind", "must be COUNTS, VALUES or HISTOGRAM");
    return;
  }
  const double margin = metric.margin();
  const bool less = metric.direction() == v1::DIRECTION_LOWER_IS_WORSE ||
                    metric.direction() == v1::DIRECTION_EITHER;
  if (!(margin >= 0 && margin <= 100)) {
    issues.Add(field + ".margin", absl::StrCat("must be 0 to 100, not ", margin));
  } else if (less && !(margin < 1)) {
    issues.Add(field + ".margin", "must be under 1 where less is worse");
  }
  if (!(metric.quantile() >= 0 && metric.quantile() < 1)) {
    issues.Add(field + ".quantile",
               absl::StrCat("must be over 0 and under 1, not ", metric.quantile()));
  }
  if (!(metric.tolerated_rate() >= 0 && metric.tolerated_rate() < 1)) {
    issues.Add(field + ".toleratedRate",
               absl::StrCat("must be 0 (off) to under 1, not ", metric.tolerated_rate()));
  }
  for (int i = 0; i < metric.points_size(); ++i) {
    const std::string point = absl::StrCat(field, ".points[", i, "]");
    if (!metric.points(i).has_time()) issues.Add(point + ".time", "must be set");
    std::set<std::string> cohorts;
    for (const auto& [cohort, unused] : metric.points(i).cohorts()) cohorts.insert(cohort);
    for (const std::string& cohort : cohorts) {
      const std::string name = absl::StrCat(point, ".cohorts.", cohort);
      if (cohort != "canary" && cohort != "baseline" && cohort != "stable") {
        issues.Add(name, "cohorts are canary, baseline and stable");
      } else {
        ValidateCohort(metric, metric.points(i).cohorts().at(cohort), name, issues);
      }
    }
  }
}

// ---- what is said
// "of 12,104 requests", "0.40 %", "310 ms".
class Words {
 public:
  Words(const v1::MetricSeries& metric, const CohortSeries& series, const SeriesAnswer& answer)
      : metric_(metric), series_(series), answer_(answer) {}

  std::string Sentence(v1::Outcome outcome) const {
    if (series_.size() == 0) {
      return absl::StrCat(metric_.name(), ": the canary and ", series_.old_cohort,
                          " have not been seen at the same time");
    }
    return absl::StrCat(metric_.name(), ": ", Seen(), Ratio(outcome), Remarks());
  }

  std::string Remaining() const {
    if (!(answer_.blocks_to_answer < kForEver)) {
      return "; how much longer it takes cannot be told from what has been seen";
    }
    return absl::StrCat("; about ", More(std::ceil(answer_.blocks_to_answer) * series_.length),
                        answer_.by_rate ? ", if events stay as rare as they are"
                        : Harmful()     ? ", if it stays as it is"
                                        : ", if it is as good as the old code");
  }

 private:
  bool Harmful() const {
    return metric_.direction() == v1::DIRECTION_LOWER_IS_WORSE ? answer_.estimate < answer_.limit
                                                               : answer_.estimate > answer_.limit;
  }

  std::string Value(double value) const {
    if (std::isnan(value)) return "nothing";
    if (metric_.kind() == v1::METRIC_KIND_COUNTS) return TwoDigits(100 * value) + " %";
    if (std::isinf(value)) {
      return absl::StrCat("over ", Value(series_.bounds.back()));
    }
    const std::string number = value < 0 ? absl::StrFormat("%.3g", value) : ThreeDigits(value);
    return metric_.unit().empty() ? number : absl::StrCat(number, " ", metric_.unit());
  }

  std::string Seen() const {
    const SeriesAnswer::Cohort& canary = answer_.canary;
    const SeriesAnswer::Cohort& old = answer_.baseline;
    switch (metric_.kind()) {
      case v1::METRIC_KIND_COUNTS:
        return absl::StrCat("canary ", Count(canary.events), " of ", Count(canary.exposure), " (",
                            Value(canary.value), ") against ", Value(old.value), " on ",
                            series_.old_cohort);
      case v1::METRIC_KIND_VALUES:
        return absl::StrCat("canary ", Value(canary.value), " against ", Value(old.value), " on ",
                            series_.old_cohort);
      default:
        return absl::StrCat("p", absl::StrFormat("%.6g", 100 * QuantileOf(metric_)), " of canary ",
                            Value(canary.value), " against ", Value(old.value), " on ",
                            series_.old_cohort, Slow());
    }
  }

  // "; 3.0 % of 2,104 took over 0.3 s, on baseline 1.1 % over 0.25 s".
  std::string Slow() const {
    if (answer_.canary_bound == 0) return "";
    const auto part = [](const SeriesAnswer::Cohort& cohort) {
      return TwoDigits(100 * cohort.events / cohort.exposure) + " %";
    };
    std::string text = absl::StrCat(
        " (", part(answer_.canary), " of ", Count(answer_.canary.exposure), " over ",
        Value(answer_.canary_bound), ", on ", series_.old_cohort, " ", part(answer_.baseline));
    if (answer_.baseline_bound != answer_.canary_bound) {
      absl::StrAppend(&text, " over ", Value(answer_.baseline_bound));
    }
    return text + ")";
  }

  std::string Ratio(v1::Outcome outcome) const {
    const std::string limit = absl::StrCat("; limit ", Times(answer_.limit));
    if (answer_.by_rate && outcome == v1::OUTCOME_PASS) {
      return absl::StrCat(": rarer than ", TwoDigits(100 * metric_.tolerated_rate()),
                          " %, which is tolerated");
    }
    if (!std::isfinite(answer_.estimate)) return limit;
    return absl::StrCat(": ", Times(answer_.estimate), " (", Bounds(), ")", limit);
  }

  std::string Bounds() const {
    if (answer_.lower == 0 && std::isinf(answer_.upper)) return "anything is possible yet";
    if (answer_.lower == 0) return "at most " + Times(answer_.upper);
    if (std::isinf(answer_.upper)) return "at least " + Times(answer_.lower);
    return absl::StrCat(Times(answer_.lower), " to ", Times(answer_.upper));
  }

  std::string Remarks() const {
    std::string remarks;
    if (metric_.baseline_kind() == v1::BASELINE_KIND_EARLIER) {
      absl::StrAppend(&remarks, "; against an earlier time, which proves less");
    }
    if (answer_.dispersion > 1.5) {
      absl::StrAppend(&remarks, "; they come in bursts (dispersion ", TwoDigits(answer_.dispersion),
                      ")");
    }
    if (answer_.autocorrelation >= 0.2 && series_.size() >= kEnoughToBeAlike) {
      absl::StrAppend(&remarks, "; neighbouring intervals are alike (correlation ",
                      TwoDigits(answer_.autocorrelation), ")");
    }
    if (answer_.resolution > answer_.limit && answer_.limit > 1) {
      absl::StrAppend(&remarks, "; the buckets are coarser than the limit (next lower bound ",
                      Value(answer_.canary_bound / answer_.resolution),
                      "), between them is guessed");
    }
    return remarks;
  }

  const v1::MetricSeries& metric_;
  const CohortSeries& series_;
  const SeriesAnswer& answer_;
};

v1::CohortSample Sample(const std::string& cohort, const SeriesAnswer::Cohort& seen,
                        size_t blocks) {
  v1::CohortSample sample;
  sample.set_cohort(cohort);
  sample.set_intervals(static_cast<int>(blocks));
  sample.set_events(seen.events);
  sample.set_exposure(seen.exposure);
  sample.set_value(seen.value);
  return sample;
}

// One metric with what was read and what it says.
struct Judged {
  const v1::MetricSeries& metric;
  CohortSeries series;
  SeriesAnswer answer;

  // Bounds hold at the metric's own part of alpha.
  Judged(const v1::MetricSeries& one, double alpha_harm, double alpha_safe)
      : metric(one),
        series(ReadCohorts(one)),
        answer(TestSeries(one, series, alpha_harm, alpha_safe)) {}

  v1::MetricJudgement Tell(bool harmed) const;
};

v1::MetricJudgement Judged::Tell(bool harmed) const {
  v1::MetricJudgement judgement;
  judgement.set_name(metric.name());
  judgement.set_estimate(answer.estimate);
  judgement.set_lower(answer.lower);
  judgement.set_upper(answer.upper);
  judgement.set_limit(answer.limit);
  judgement.set_log_e_harm(answer.log_e_harm);
  judgement.set_log_e_safe(answer.log_e_safe);
  *judgement.add_samples() = Sample("canary", answer.canary, series.size());
  *judgement.add_samples() = Sample(series.old_cohort, answer.baseline, series.size());
  for (const std::string& defect : series.defects) judgement.add_defects()->set_detail(defect);
  judgement.set_outcome(harmed                                  ? v1::OUTCOME_FAIL
                        : answer.safe && series.defects.empty() ? v1::OUTCOME_PASS
                                                                : v1::OUTCOME_INCONCLUSIVE);
  const Words words(metric, series, answer);
  judgement.set_reason(words.Sentence(judgement.outcome()));
  if (judgement.outcome() != v1::OUTCOME_INCONCLUSIVE) return judgement;
  if (!series.defects.empty()) {
    judgement.mutable_reason()->append("; " + series.defects[0]);
  } else if (series.size() > 0) {
    judgement.mutable_reason()->append(words.Remaining());
    if (answer.blocks_to_answer < kForEver) {
      *judgement.mutable_remaining() = ToProto(std::ceil(answer.blocks_to_answer) * series.length);
    }
  }
  return judgement;
}

// The worst metric's sentence: FAIL before INCONCLUSIVE before PASS, then the first. Where the
// metrics prove harm only together, the one that says most about it.
std::string Reason(const v1::JudgeResponse& response) {
  const auto& metrics = response.metrics();
  const auto first = [&](v1::Outcome outcome) {
    return std::ranges::find(metrics, outcome, &v1::MetricJudgement::outcome);
  };
  if (const auto failed = first(v1::OUTCOME_FAIL); failed != metrics.end()) return failed->reason();
  if (response.decision() == v1::DECISION_BLOCK) {
    const auto most = std::ranges::max_element(metrics, {}, &v1::MetricJudgement::log_e_harm);
    return "together the metrics prove harm, none of them alone; most of it in " + most->reason();
  }
  const auto open = first(v1::OUTCOME_INCONCLUSIVE);
  return open != metrics.end() ? open->reason() : metrics[0].reason();
}

}  // namespace

std::vector<ParameterIssue> ValidateJudgeRequest(const v1::JudgeRequest& request) {
  Issues issues;
  if (!(request.alpha() >= 0 && request.alpha() < 0.5)) {
    issues.Add("alpha", absl::StrCat("must be over 0 and under 0.5, not ", request.alpha()));
  }
  if (request.metrics().empty() || request.metrics_size() > kMaxMetrics) {
    issues.Add("metrics", absl::StrCat("must hold 1 to ", kMaxMetrics, " metrics, not ",
                                       request.metrics_size()));
    return issues.Take();
  }
  std::set<std::string> names;
  for (int i = 0; i < request.metrics_size(); ++i) {
    ValidateMetric(request.metrics(i), absl::StrCat("metrics[", i, "]"), names, issues);
  }
  return issues.Take();
}

v1::JudgeResponse JudgeMetrics(const v1::JudgeRequest& request) {
  const double alpha = AlphaOf(request);
  double weights = 0;
  for (const v1::MetricSeries& metric : request.metrics()) weights += WeightOf(metric);
  std::vector<Judged> judged;
  std::vector<stats::WeightedEvidence> evidence;
  judged.reserve(static_cast<size_t>(request.metrics_size()));
  for (const v1::MetricSeries& metric : request.metrics()) {
    const Judged& one = judged.emplace_back(metric, alpha * WeightOf(metric) / weights, alpha);
    evidence.push_back({one.answer.log_e_harm, WeightOf(metric)});
  }
  const stats::CombinedAnswer combined = stats::CombineMetrics(evidence, alpha);

  v1::JudgeResponse response;
  bool harm = combined.some, safe = true;
  for (size_t i = 0; i < judged.size(); ++i) {
    const v1::MetricJudgement& judgement = *response.add_metrics() =
        judged[i].Tell(combined.metrics[i].harmed);
    harm = harm || judgement.outcome() == v1::OUTCOME_FAIL;
    safe = safe && judgement.outcome() == v1::OUTCOME_PASS;
  }
  response.set_decision(harm ? v1::DECISION_BLOCK : safe ? v1::DECISION_ALLOW : v1::DECISION_HOLD);
  response.set_advice(harm ? v1::ADVICE_ROLL_BACK : safe ? v1::ADVICE_PROCEED : v1::ADVICE_WAIT);
  response.set_reason(Reason(response));
  return response;
}

}  // namespace gate
