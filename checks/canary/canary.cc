#include "checks/canary/canary.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "checks/canary/alone.h"
#include "checks/canary/block_reader.h"
#include "checks/canary/findings.h"
#include "checks/canary/judge.h"
#include "checks/canary/metric_query.h"
#include "checks/canary/parameters.h"
#include "checks/canary/rules.h"
#include "checks/proto_time.h"
#include "checks/stage.h"

namespace gate {
namespace {

bool ExposesACohort(v1::ChangeKind kind) {
  return kind != v1::CHANGE_KIND_MIGRATION && kind != v1::CHANGE_KIND_FLAG_FLIP;
}

// Whether the schema changed while the canary had traffic.
bool SchemaChangedBeside(const v1::RolloutStage& stage) {
  return stage.has_migrated_at() && stage.has_exposed_at() &&
         FromProto(stage.migrated_at()) > FromProto(stage.exposed_at());
}

std::vector<v1::Query> Needs(const v1::Change& change, const v1::PolicyRule& rule) {
  const v1::CanaryPolicy& policy = rule.checks().canary();
  const CanaryParameters parameters(policy);
  std::vector<v1::Query> queries;
  if (!ExposesACohort(change.kind())) return queries;
  for (const v1::CanaryMetric& metric : parameters.metrics) {
    // A selector of an empty label would match every series that lacks it.
    if (!Missing(metric, parameters, change).empty()) continue;
    queries.push_back(QueryFor(metric, policy, parameters, change));
    if (!SchemaChangedBeside(change.stage())) continue;
    v1::Query since = queries.back();
    since.set_id(SinceSchemaChangeId(metric));
    *since.mutable_cohort_metric()->mutable_start() = change.stage().migrated_at();
    queries.push_back(std::move(since));
  }
  return queries;
}

// Judges all metrics of one change and writes the outcome.
class Judgement {
 public:
  Judgement(const v1::Change& change, const Evidence& evidence, const v1::PolicyRule& rule,
            absl::Time now)
      : change_(change),
        evidence_(evidence),
        policy_(rule.checks().canary()),
        parameters_(policy_),
        now_(now),
        findings_(change_, policy_, parameters_) {}

  v1::CheckOutcome Run() {
    const v1::JudgeResponse response = JudgeMetrics(Request(Span::kWhole));
    accelerate_ = response.advice() == v1::ADVICE_ACCELERATE && SchemaHasChanged();
    if (SchemaChangedBeside(change_.stage())) {
      since_schema_change_ = JudgeMetrics(Request(Span::kSinceSchemaChange));
    }
    for (size_t i = 0; i < parameters_.metrics.size(); ++i) {
      JudgeMetric(static_cast<int>(i), response.metrics(static_cast<int>(i)));
    }
    Conclude(response);
    findings_.NoteWindow(now_);
    CountRequests(response);
    return std::move(outcome_);
  }

  // Of series without a flaw: whatever a flaw is about may still be mended where it comes from.
  std::vector<CarriedState> Carry() const {
    std::vector<CarriedState> states;
    if (!change_.canary().has_started_at()) return states;
    CarryOf(Span::kWhole, states);
    if (SchemaChangedBeside(change_.stage())) CarryOf(Span::kSinceSchemaChange, states);
    return states;
  }

 private:
  // Of the canary's time.
  enum class Span { kWhole, kSinceSchemaChange };

  static std::string IdOf(const v1::CanaryMetric& metric, Span span) {
    return span == Span::kWhole ? QueryId(metric) : SinceSchemaChangeId(metric);
  }

  void CarryOf(Span span, std::vector<CarriedState>& states) const {
    std::optional<v1::JudgeRequest> request;
    for (int i = 0; i < static_cast<int>(parameters_.metrics.size()); ++i) {
      const std::string query = IdOf(parameters_.metrics[static_cast<size_t>(i)], span);
      const v1::MetricSeries& series = evidence_.Get(query).metric();
      const absl::Time until = std::min(FromProto(series.settled_until()), now_ - kShown);
      if (!series.flaws().empty() || PointsBy(until, series) < kWorthCarrying) continue;
      if (!request) request = Request(span);
      auto state = StateOf(*request, i, until);
      if (state) states.push_back({query, *std::move(state)});
    }
  }

  static constexpr int kWorthCarrying = 30;  // points

  // How much is never carried: alone.h looks at the last half of an hour.
  static constexpr absl::Duration kShown = absl::Minutes(40);

  static int PointsBy(absl::Time until, const v1::MetricSeries& series) {
    return static_cast<int>(std::ranges::count_if(
        series.points(), [&](const auto& point) { return FromProto(point.time()) <= until; }));
  }

  // Metrics that were not seen are asked about as well: their part of alpha is theirs.
  v1::JudgeRequest Request(Span span) const {
    v1::JudgeRequest request;
    request.set_alpha(parameters_.alpha);
    *request.mutable_as_of() = ToProto(now_);
    *request.mutable_max_age() = ToProto(parameters_.max_age);
    *request.mutable_warm_up() = ToProto(parameters_.warm_up);
    if (span == Span::kSinceSchemaChange) {
      // Who gets which part of the traffic is asked of the whole.
      *request.mutable_start() = change_.stage().migrated_at();
    } else {
      request.set_canary_share(change_.canary().share());
      if (change_.canary().has_share_since()) {
        *request.mutable_canary_share_since() = change_.canary().share_since();
      }
      if (change_.canary().has_started_at()) {
        *request.mutable_start() = change_.canary().started_at();
      }
    }
    for (const v1::CanaryMetric& metric : parameters_.metrics) {
      v1::MetricSeries& series = *request.add_metrics() = QuestionOf(metric);
      const v1::Observation& observation = evidence_.Get(IdOf(metric, span));
      if (!observation.has_metric()) continue;
      *series.mutable_points() = observation.metric().points();
      *series.mutable_flaws() = observation.metric().flaws();
      *series.mutable_step() =
          observation.metric().has_step() ? observation.metric().step() : ToProto(parameters_.step);
      series.set_baseline_kind(observation.metric().baseline_kind());
      if (observation.metric().has_state()) *series.mutable_state() = observation.metric().state();
    }
    return request;
  }

  // With another schema the version is another one: what was seen of it before is no proof that it
  // is safe now. What was proven against it stays, and so does what speaks for going forward.
  v1::MetricJudgement WithSchemaAsItIs(int metric, const v1::MetricJudgement& judgement) const {
    if (!since_schema_change_ || accelerate_ || judgement.outcome() != v1::OUTCOME_PASS) {
      return judgement;
    }
    v1::MetricJudgement since = since_schema_change_->metrics(metric);
    if (since.outcome() == v1::OUTCOME_PASS) return judgement;
    since.set_outcome(v1::OUTCOME_INCONCLUSIVE);
    const std::string clock = UtcClock(FromProto(change_.stage().migrated_at()));
    if (since.samples(0).intervals() > 0) {
      since.set_reason(absl::StrCat(since.reason(), " (since the schema changed at ", clock, ")"));
      return since;
    }
    since.set_reason(absl::StrCat(judgement.name(),
                                  ": nothing was seen since the schema changed at ", clock,
                                  ", and what was seen before is no proof for now"));
    since.clear_defects();
    *since.mutable_remaining() = ToProto(parameters_.step);
    return since;
  }

  void JudgeMetric(int index, const v1::MetricJudgement& judgement) {
    const v1::CanaryMetric& metric = parameters_.metrics[static_cast<size_t>(index)];
    const v1::Observation& observation = evidence_.Get(QueryId(metric));
    if (!observation.has_metric()) return findings_.Unseen(metric, observation);
    if (since_schema_change_) {
      const v1::Observation& since = evidence_.Get(SinceSchemaChangeId(metric));
      const bool needed = judgement.outcome() == v1::OUTCOME_PASS && !accelerate_;
      if (needed && !since.has_metric()) return findings_.Unseen(metric, since);
    }
    const v1::PastComparison& past = judgement.old_cohort();
    if (past.canary_worse() && !past.worse() && judgement.outcome() != v1::OUTCOME_FAIL &&
        RunsAlone(observation.metric()) &&
        !EarlierWeeksHadAsMany(observation.metric(), past.limit())) {
      return findings_.AddHarmAlone(metric, judgement);
    }
    const bool fail = judgement.outcome() == v1::OUTCOME_FAIL;
    if (HasReplaced(observation.metric(), judgement)) {
      return findings_.NoWorseThanBefore(metric, judgement);
    }
    if (judgement.samples(0).intervals() == 0) {
      return findings_.NothingToCompare(metric, observation.metric(), judgement);
    }
    // Better than a version that fails is not yet as good as that version was: only a migration
    // says that going forward is what helps.
    const bool flattered = judgement.old_cohort().worse() && !SchemaHasChanged() && !fail;
    const v1::MetricJudgement now = WithSchemaAsItIs(index, judgement);
    findings_.Say(flattered ? v1::OUTCOME_INCONCLUSIVE : now.outcome(), now.reason());
    findings_.AddDefects(metric, now, fail ? v1::SEVERITY_WARN : v1::SEVERITY_BLOCK);
    if (fail && past.worse() && past.canary_worse()) {
      findings_.AddSharedHarm(metric, judgement);
    } else if (fail) {
      findings_.AddHarm(metric, judgement);
    } else if (past.worse() || past.canary_worse()) {
      findings_.AddOldVersion(metric, judgement, flattered);
    } else if (now.outcome() == v1::OUTCOME_INCONCLUSIVE && now.defects().empty()) {
      findings_.AddUndecided(metric, now, accelerate_);
    }
    findings_.AddNewTypes(metric, observation.metric(), judgement);
  }

  // Whether a rollout has brought it all of the traffic, and it is no worse than the old version
  // was before, as far as that is known. By itself that is little; here old code beside it was
  // judged on the way, and what is left is to see that the peak does it no harm.
  bool HasReplaced(const v1::MetricSeries& series, const v1::MetricJudgement& judgement) const {
    const bool only_old_is_silent =
        std::ranges::all_of(judgement.defects(), [](const auto& defect) {
          return defect.kind() == v1::FLAW_KIND_SILENT_COHORT && defect.cohort() != "canary";
        });
    return change_.stage().has_complete_at() && RunsAlone(series) && judgement.has_old_cohort() &&
           judgement.outcome() != v1::OUTCOME_FAIL && only_old_is_silent &&
           !judgement.old_cohort().canary_worse();
  }

  // Of metrics whose exposure is requests, by their kind, the one that has seen most.
  void CountRequests(const v1::JudgeResponse& response) {
    double requests = -1;
    for (size_t i = 0; i < parameters_.metrics.size(); ++i) {
      if (QuestionOf(parameters_.metrics[i]).kind() == v1::METRIC_KIND_VALUES) continue;
      for (const v1::CohortSample& sample : response.metrics(static_cast<int>(i)).samples()) {
        if (sample.cohort() == "canary") requests = std::max(requests, sample.exposure());
      }
    }
    if (requests >= 0) outcome_.mutable_pace()->set_requests(requests);
  }

  // Of a rollout it is known when that was; elsewhere it is taken to have been before the canary.
  bool SchemaHasChanged() const {
    const bool later = change_.has_stage() && !change_.stage().has_migrated_at();
    return change_.has_schema_change() && !later;
  }

  // ---- the outcome
  void Conclude(const v1::JudgeResponse& response) {
    const bool all_safe =
        findings_.sentences(v1::OUTCOME_PASS).size() == parameters_.metrics.size();
    const bool open = std::ranges::any_of(outcome_.findings(), [](const v1::Finding& finding) {
      return finding.severity() == v1::SEVERITY_BLOCK;
    });
    const bool forward = response.advice() == v1::ADVICE_ACCELERATE;
    outcome_.set_advice(forward && !accelerate_ ? v1::ADVICE_WAIT : response.advice());
    if (response.decision() == v1::DECISION_BLOCK) {
      outcome_.set_outcome(v1::OUTCOME_FAIL);
      if (findings_.sentences(v1::OUTCOME_FAIL).empty()) findings_.AddTogether(response);
      outcome_.set_summary(Summary(findings_.sentences(v1::OUTCOME_FAIL)));
    } else if (!findings_.harm_alone().empty() || !findings_.blocked_by_type().empty()) {
      outcome_.set_outcome(v1::OUTCOME_FAIL);
      outcome_.set_advice(v1::ADVICE_ROLL_BACK);
      outcome_.set_summary(Summary(findings_.harm_alone().empty() ? findings_.blocked_by_type()
                                                                  : findings_.harm_alone()));
    } else if (all_safe || (accelerate_ && !open)) {
      outcome_.set_outcome(v1::OUTCOME_PASS);
      outcome_.set_summary(forward ? response.reason()
                                   : Summary(findings_.sentences(v1::OUTCOME_PASS)));
    } else {
      outcome_.set_outcome(v1::OUTCOME_INCONCLUSIVE);
      outcome_.set_summary(Summary(findings_.sentences(v1::OUTCOME_INCONCLUSIVE)));
      *outcome_.mutable_retry_at() = ToProto(NextInterval());
      if (outcome_.advice() == v1::ADVICE_PROCEED) outcome_.set_advice(v1::ADVICE_WAIT);
    }
  }

  // The end of the interval that runs now, and a few seconds for the last scrape to arrive.
  absl::Time NextInterval() const {
    const absl::Duration since_epoch = now_ - absl::UnixEpoch();
    return absl::UnixEpoch() + absl::Floor(since_epoch, parameters_.step) + parameters_.step +
           absl::Seconds(10);
  }

  static std::string Summary(const std::vector<std::string>& sentences) {
    if (sentences.size() == 1) return sentences[0];
    return absl::StrCat(sentences[0], " (and ", sentences.size() - 1, " more ",
                        sentences.size() == 2 ? "metric" : "metrics", " like it)");
  }

  const v1::Change& change_;
  const Evidence& evidence_;
  const v1::CanaryPolicy& policy_;
  const CanaryParameters parameters_;
  const absl::Time now_;
  CanaryFindings findings_;
  bool accelerate_ = false;                               // The way out is forward.
  std::optional<v1::JudgeResponse> since_schema_change_;  // where that was beside the canary
  v1::CheckOutcome& outcome_ = findings_.outcome();
};

v1::CheckOutcome Judge(const v1::Change& change, const Evidence& evidence,
                       const v1::PolicyRule& rule, absl::Time now) {
  if (ExposesACohort(change.kind())) return Judgement(change, evidence, rule, now).Run();
  v1::CheckOutcome outcome;
  outcome.set_outcome(v1::OUTCOME_SKIPPED);
  outcome.set_summary(
      change.kind() == v1::CHANGE_KIND_MIGRATION
          ? "a schema change puts no new code under traffic"
          : "a flag is switched for everyone at once: there is no canary to compare");
  return outcome;
}

std::vector<CarriedState> Carry(const v1::Change& change, const Evidence& evidence,
                                const v1::PolicyRule& rule, absl::Time now) {
  if (!ExposesACohort(change.kind())) return {};
  return Judgement(change, evidence, rule, now).Carry();
}

}  // namespace

const Check kCanaryCheck = {
    "canary",       "New code is no worse than old code under live traffic.",
    ValidateCanary, Needs,
    Judge,          CanaryRules,
    Carry,          BeforeTraffic};

}  // namespace gate
