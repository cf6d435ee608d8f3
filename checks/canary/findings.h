// What the canary check says of each metric: rule, sentence, and what to do about it.
#ifndef CHECKS_CANARY_FINDINGS_H_
#define CHECKS_CANARY_FINDINGS_H_

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "checks/canary/parameters.h"
#include "gate/v1/change.pb.h"
#include "gate/v1/evidence.pb.h"
#include "gate/v1/judge.pb.h"
#include "gate/v1/policy.pb.h"
#include "gate/v1/verdict.pb.h"

namespace gate {

// Writes the findings of one judgement. What it is made from outlives it.
class CanaryFindings {
 public:
  CanaryFindings(const v1::Change& change, const v1::CanaryPolicy& policy,
                 const CanaryParameters& parameters)
      : change_(change), policy_(policy), parameters_(parameters) {}

  // A sentence of one metric, for the summary.
  void Say(v1::Outcome outcome, const std::string& sentence) {
    sentences_[outcome].push_back(sentence);
  }
  const std::vector<std::string>& sentences(v1::Outcome outcome) { return sentences_[outcome]; }
  // Nothing runs beside it any more, and it is as the old version was.
  void NoWorseThanBefore(const v1::CanaryMetric& metric, const v1::MetricJudgement& judgement);
  // Harm that the judgement of metrics does not call so.
  const std::vector<std::string>& harm_alone() const { return harm_alone_; }
  const std::vector<std::string>& blocked_by_type() const { return blocked_by_type_; }

  // Findings, and what would unblock.
  v1::CheckOutcome& outcome() { return outcome_; }

  // ---- metrics that were compared
  void AddHarm(const v1::CanaryMetric& metric, const v1::MetricJudgement& judgement);
  // All of the traffic is on the new version, and it is worse than the old one was before it.
  void AddHarmAlone(const v1::CanaryMetric& metric, const v1::MetricJudgement& judgement);
  void AddSharedHarm(const v1::CanaryMetric& metric, const v1::MetricJudgement& judgement);
  // The old version got worse, or only the canary is worse than its past: the canary is proven to
  // be no part of it, or nobody knows yet. `flattered`: it is better than a version that fails, and
  // no more is known.
  void AddOldVersion(const v1::CanaryMetric& metric, const v1::MetricJudgement& judgement,
                     bool flattered);
  // `forward`: where the old version suffers nobody waits for the rest.
  void AddUndecided(const v1::CanaryMetric& metric, const v1::MetricJudgement& judgement,
                    bool forward);
  void AddNewTypes(const v1::CanaryMetric& metric, const v1::MetricSeries& series,
                   const v1::MetricJudgement& judgement);
  void AddDefects(const v1::CanaryMetric& metric, const v1::MetricJudgement& judgement,
                  v1::Severity severity);

  // ---- metrics that were not
  void Unseen(const v1::CanaryMetric& metric, const v1::Observation& observation);
  void NothingToCompare(const v1::CanaryMetric& metric, const v1::MetricSeries& series,
                        const v1::MetricJudgement& judgement);

  // ---- the whole
  // Harm is proven for all metrics taken together, and for none alone.
  void AddTogether(const v1::JudgeResponse& response);
  // A canary that outlives the window is judged on what the window shows.
  void NoteWindow(absl::Time now);

 private:
  // The rule of a defect, and what to do about it.
  struct DefectRule {
    std::string_view rule;
    std::string instead;
  };

  v1::Finding& Add(std::string_view rule, const v1::CanaryMetric& metric, std::string_view message,
                   v1::Severity severity, v1::Effect effect, std::string_view instead);
  void AddUnproven(std::string_view rule, const v1::CanaryMetric& metric, std::string_view message,
                   std::string_view instead);
  // As the policy sets it, else a warning.
  v1::Severity SeverityOf(const char* rule) const;
  // What brings the answer, and when it may be expected.
  std::string Remaining(const v1::MetricJudgement& judgement) const;
  // As whoever sends the metric names them: track="baseline" or "stable".
  std::string CohortsOf(const v1::CanaryMetric& metric,
                        const std::vector<std::string>& cohorts) const;
  DefectRule RuleOf(const v1::SeriesFlaw& flaw) const;

  const v1::Change& change_;
  const v1::CanaryPolicy& policy_;
  const CanaryParameters& parameters_;
  std::map<v1::Outcome, std::vector<std::string>> sentences_;
  std::vector<std::string> blocked_by_type_, harm_alone_;
  v1::CheckOutcome outcome_;
};

}  // namespace gate

#endif  // CHECKS_CANARY_FINDINGS_H_
