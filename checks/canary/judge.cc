#include "checks/canary/judge.h"

#include <algorithm>
#include <cmath>
#include <deque>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "checks/canary/judge_request.h"
#include "checks/canary/metric_course.h"
#include "checks/canary/numbers.h"
#include "checks/canary/series_window.h"
#include "checks/canary/words.h"
#include "checks/proto_time.h"
#include "checks/stats/combine.h"

namespace gate {
namespace {

// Parts of alpha for what is asked beside the comparison.
constexpr double kPastPart = 0.1, kStrataPart = 0.1;

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

// One metric, as far as it can be judged without the others.
class Judged {
 public:
  Judged(const v1::MetricSeries& metric, const SeriesWindow& window, const Levels& levels)
      : metric_(metric), levels_(levels), course_(metric, window, levels), past_(course_.past()) {
    for (const Comparison& comparison : course_.comparisons()) {
      const SeriesAnswer& answer =
          compared_.emplace_back(&comparison, comparison.Answer(levels.harm, levels.safe)).second;
      log_e_harm_ = std::min(log_e_harm_, answer.log_e_harm);
      log_e_safe_ = std::min(log_e_safe_, answer.log_e_safe);
      safe_ = safe_ && answer.safe;
      proven_ = std::max(proven_, comparison.proven());
      ever_proven_ = ever_proven_ && comparison.proven() > absl::InfinitePast();
    }
  }

  // Against the old version; of several earlier weeks the one that says least.
  double log_e_harm() const { return log_e_harm_; }
  const std::optional<PastAnswer>& past() const { return past_; }

  // `harmed_now`: as the metrics together say.
  v1::MetricJudgement Tell(bool harmed_now) const;

 private:
  using Compared = std::pair<const Comparison*, SeriesAnswer>;

  v1::Outcome OutcomeOf(bool harmed, const v1::MetricJudgement& judgement) const;
  std::string ReasonOf(bool harmed, const Compared& shown,
                       const v1::MetricJudgement& judgement) const;
  void TellStrata(const Comparison& shown, v1::MetricJudgement& judgement) const;

  const v1::MetricSeries& metric_;
  const Levels levels_;
  const MetricCourse course_;
  const std::optional<PastAnswer> past_;
  std::vector<Compared> compared_;  // with each old cohort
  double log_e_harm_ = std::numeric_limits<double>::infinity();
  double log_e_safe_ = std::numeric_limits<double>::infinity();
  bool safe_ = true;
  bool ever_proven_ = true;                   // Harm, against each of them...
  absl::Time proven_ = absl::InfinitePast();  // ...and when.
};

v1::PastComparison AsProto(const PastAnswer& past) {
  v1::PastComparison comparison;
  comparison.set_cohort(past.cohort);
  comparison.set_past_intervals(past.past.intervals);
  comparison.set_past_rate(past.past.rate);
  comparison.set_limit(past.limit);
  comparison.set_bound(past.bound);
  comparison.set_worse(past.old_version.worse);
  if (past.old_version.worse) *comparison.mutable_since() = ToProto(past.old_version.since);
  comparison.set_rate(past.old_version.rate);
  comparison.set_canary_worse(past.canary.worse);
  comparison.set_canary_rate(past.canary.rate);
  comparison.set_canary_better(past.canary_better);
  return comparison;
}

// Strata that stand out come first.
bool AnyStandsOut(const v1::MetricJudgement& judgement) {
  return !judgement.strata().empty() && judgement.strata(0).stands_out();
}

v1::Outcome Judged::OutcomeOf(bool harmed, const v1::MetricJudgement& judgement) const {
  if (harmed || AnyStandsOut(judgement) || (past_ && past_->BothWorse())) return v1::OUTCOME_FAIL;
  const bool forward = past_ && past_->OnlyOldWorse();
  if (forward && judgement.defects().empty()) return v1::OUTCOME_PASS;
  const bool shaken = past_ && (past_->old_version.worse || past_->canary.worse);
  return safe_ && judgement.defects().empty() && !shaken ? v1::OUTCOME_PASS
                                                         : v1::OUTCOME_INCONCLUSIVE;
}

v1::MetricJudgement Judged::Tell(bool harmed_now) const {
  const bool harmed = harmed_now || ever_proven_;
  v1::MetricJudgement judgement;
  // The comparison that stands in the way.
  const Compared& shown = *std::ranges::min_element(compared_, {}, [&](const Compared& compared) {
    return harmed ? compared.second.log_e_harm : compared.second.log_e_safe;
  });
  const Comparison& comparison = *shown.first;
  const SeriesAnswer& answer = shown.second;
  judgement.set_name(metric_.name());
  judgement.set_estimate(answer.estimate);
  judgement.set_lower(answer.lower);
  judgement.set_upper(answer.upper);
  judgement.set_limit(answer.limit);
  judgement.set_log_e_harm(log_e_harm_);
  judgement.set_log_e_safe(log_e_safe_);
  *judgement.add_samples() = Sample("canary", answer.canary, comparison.size());
  *judgement.add_samples() = Sample(comparison.old_name(), answer.baseline, comparison.size());
  for (v1::SeriesFlaw& defect : course_.Defects(comparison)) {
    *judgement.add_defects() = std::move(defect);
  }
  if (past_) *judgement.mutable_old_cohort() = AsProto(*past_);
  TellStrata(comparison, judgement);
  judgement.set_outcome(OutcomeOf(harmed, judgement));
  judgement.set_reason(ReasonOf(harmed, shown, judgement));
  if (harmed && !harmed_now) {
    judgement.set_reason(absl::StrCat(judgement.reason(), "; harm was proven at ",
                                      UtcClock(proven_), ", and what came since does not undo it"));
  }
  const bool open = judgement.outcome() == v1::OUTCOME_INCONCLUSIVE && judgement.defects().empty();
  if (open && comparison.size() > 0 && answer.blocks_to_answer < kForEver) {
    *judgement.mutable_remaining() =
        ToProto(std::ceil(answer.blocks_to_answer) * comparison.length());
  }
  return judgement;
}

std::string Judged::ReasonOf(bool harmed, const Compared& shown,
                             const v1::MetricJudgement& judgement) const {
  const Words words(metric_, *shown.first, shown.second);
  const std::string against_past =
      past_ ? absl::StrCat(metric_.name(), ": ", words.AgainstPast(*past_)) : "";
  if (past_ && past_->BothWorse()) {
    const std::string both = "; both versions got worse, so something that they share suffers";
    if (!harmed) return against_past + both;
    return absl::StrCat(words.Sentence(v1::OUTCOME_FAIL), "; ", words.AgainstPast(*past_), both);
  }
  if (!harmed && AnyStandsOut(judgement)) {
    const v1::StratumJudgement& worst = judgement.strata(0);
    return absl::StrCat(words.Sentence(v1::OUTCOME_FAIL), "; harm is proven on ", worst.stratum(),
                        ", where it is ", Times(worst.estimate()));
  }
  if (!harmed && past_ && past_->old_version.worse) {
    return against_past +
           (past_->OnlyOldWorse()
                ? "; only the old version suffers: after a migration the way out is forward"
                : "; whether the canary is a part of it is not known yet");
  }
  if (!harmed && past_ && past_->canary.worse) {
    return against_past + "; the canary is worse than the old version was";
  }
  std::string reason = words.Sentence(judgement.outcome());
  if (judgement.outcome() != v1::OUTCOME_INCONCLUSIVE) return reason;
  if (!judgement.defects().empty())
    return absl::StrCat(reason, "; ", judgement.defects(0).detail());
  return shown.first->size() > 0 ? reason + words.Remaining() : reason;
}

void Judged::TellStrata(const Comparison& shown, v1::MetricJudgement& judgement) const {
  std::vector<v1::StratumJudgement> told;
  std::vector<double> evidence;
  for (const Comparison::Stratum* stratum : shown.Strata()) {
    const SeriesAnswer answer = stratum->test.Answer(levels_.harm, levels_.safe);
    v1::StratumJudgement& one = told.emplace_back();
    one.set_stratum(stratum->name);
    one.set_estimate(answer.estimate);
    one.set_log_e_harm(answer.log_e_harm);
    *one.add_samples() = Sample("canary", answer.canary, stratum->blocks);
    *one.add_samples() = Sample(shown.old_name(), answer.baseline, stratum->blocks);
    evidence.push_back(answer.log_e_harm);
  }
  const std::vector<bool> standing_out = stats::StandingOut(evidence, kStrataPart * levels_.harm);
  for (size_t i = 0; i < told.size(); ++i) told[i].set_stands_out(standing_out[i]);
  std::ranges::stable_sort(told, [](const auto& a, const auto& b) {
    if (a.stands_out() != b.stands_out()) return a.stands_out();
    return a.log_e_harm() > b.log_e_harm();
  });
  for (v1::StratumJudgement& one : told) *judgement.add_strata() = std::move(one);
}

// The worst metric's sentence: FAIL before INCONCLUSIVE before PASS, then the first. Where the
// metrics prove harm only together, the one that says most about it.
std::string Reason(const v1::JudgeResponse& response) {
  const auto& metrics = response.metrics();
  const auto first = [&](v1::Outcome outcome) {
    return std::ranges::find(metrics, outcome, &v1::MetricJudgement::outcome);
  };
  if (response.advice() == v1::ADVICE_ACCELERATE) {
    return std::ranges::find_if(metrics,
                                [](const auto& metric) { return metric.old_cohort().worse(); })
        ->reason();
  }
  if (const auto failed = first(v1::OUTCOME_FAIL); failed != metrics.end()) return failed->reason();
  if (response.decision() == v1::DECISION_BLOCK) {
    const auto most = std::ranges::max_element(metrics, {}, &v1::MetricJudgement::log_e_harm);
    return "together the metrics prove harm, none of them alone; most of it in " + most->reason();
  }
  const auto open = first(v1::OUTCOME_INCONCLUSIVE);
  return open != metrics.end() ? open->reason() : metrics[0].reason();
}

// Who gets which part of the traffic is asked of one metric: the first one that tells requests.
class Windows {
 public:
  explicit Windows(const v1::JudgeRequest& request) : first_(request), others_(request) {
    others_.canary_share = 0;
    const auto tells = [](const auto& metric) { return metric.kind() != v1::METRIC_KIND_VALUES; };
    asked_ = static_cast<int>(std::ranges::find_if(request.metrics(), tells) -
                              request.metrics().begin());
  }
  const SeriesWindow& Of(int metric) const { return metric == asked_ ? first_ : others_; }

 private:
  SeriesWindow first_, others_;
  int asked_;
};

std::vector<Levels> LevelsOf(const v1::JudgeRequest& request) {
  const double alpha = AlphaOf(request);
  double weights = 0;
  for (const v1::MetricSeries& metric : request.metrics()) weights += WeightOf(metric);
  std::vector<Levels> levels;
  for (const v1::MetricSeries& metric : request.metrics()) {
    const double part = alpha * WeightOf(metric) / weights;
    levels.push_back({part, alpha, kPastPart * part});
  }
  return levels;
}

}  // namespace

std::optional<v1::MetricState> StateOf(const v1::JudgeRequest& request, int metric,
                                       absl::Time until) {
  const Windows windows(request);
  // What is of the future may not come to pass.
  if (request.has_as_of()) until = std::min(until, FromProto(request.as_of()));
  MetricCourse course(request.metrics(metric), windows.Of(metric),
                      LevelsOf(request)[static_cast<size_t>(metric)], until);
  return course.State();
}

v1::JudgeResponse JudgeMetrics(const v1::JudgeRequest& request) {
  const double alpha = AlphaOf(request);
  const Windows windows(request);
  std::deque<Judged> judged;
  std::vector<stats::WeightedEvidence> evidence;
  const std::vector<Levels> levels = LevelsOf(request);
  for (int i = 0; i < request.metrics_size(); ++i) {
    const v1::MetricSeries& metric = request.metrics(i);
    const Judged& one = judged.emplace_back(metric, windows.Of(i), levels[static_cast<size_t>(i)]);
    evidence.push_back({one.log_e_harm(), WeightOf(metric)});
  }
  const stats::CombinedAnswer combined = stats::CombineMetrics(evidence, alpha);

  v1::JudgeResponse response;
  bool harm = combined.some, safe = true, forward = false;
  for (size_t i = 0; i < judged.size(); ++i) {
    const v1::MetricJudgement& judgement = *response.add_metrics() =
        judged[i].Tell(combined.metrics[i].harmed);
    harm = harm || judgement.outcome() == v1::OUTCOME_FAIL;
    safe = safe && judgement.outcome() == v1::OUTCOME_PASS;
    forward = forward || (judgement.outcome() == v1::OUTCOME_PASS && judged[i].past() &&
                          judged[i].past()->OnlyOldWorse());
  }
  const bool accelerate = forward && !harm;
  // Whether a migration is what the old version suffers from is not in the request.
  const bool allow = safe && !forward;
  response.set_decision(harm ? v1::DECISION_BLOCK : allow ? v1::DECISION_ALLOW : v1::DECISION_HOLD);
  response.set_advice(harm         ? v1::ADVICE_ROLL_BACK
                      : accelerate ? v1::ADVICE_ACCELERATE
                      : safe       ? v1::ADVICE_PROCEED
                                   : v1::ADVICE_WAIT);
  response.set_reason(Reason(response));
  return response;
}

}  // namespace gate
