// Rollouts and verdicts for tests of the pacer.
#ifndef TESTS_ROLLOUT_WORLD_H_
#define TESTS_ROLLOUT_WORLD_H_

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "checks/policy/rollout_plan.h"
#include "checks/proto_time.h"
#include "gate/rollout/pacer.h"
#include "gate/rollout/stage.h"

namespace gate::rollout {

inline const absl::Time kStart =
    absl::FromCivil(absl::CivilSecond(2026, 11, 23, 15, 0, 0), absl::UTCTimeZone());

// A step of a plan in a few words.
struct PlannedIn {
  double share = 0;  // 0: the schema change
  absl::Duration at_least;
  double requests = 0;
};

inline v1::PolicyRule RuleWith(const std::vector<PlannedIn>& steps) {
  v1::PolicyRule rule;
  for (const PlannedIn& in : steps) {
    v1::PlannedStep& step = *rule.mutable_rollout()->add_steps();
    if (in.share == 0) {
      step.set_migration(true);
    } else {
      step.set_share(in.share);
    }
    *step.mutable_at_least() = ToProto(in.at_least);
    step.set_requests(in.requests);
  }
  return rule;
}

inline v1::Change ChangeOf(bool migrates = false) {
  v1::Change change;
  change.set_service("web");
  change.set_environment("production");
  change.set_kind(v1::CHANGE_KIND_CODE);
  change.set_version("2");
  if (migrates) change.mutable_schema_change()->add_files()->set_path("1.sql");
  return change;
}

// As Start leaves it.
inline v1::Rollout Started(const v1::PolicyRule& rule, const v1::Change& change = ChangeOf()) {
  v1::Rollout rollout;
  rollout.set_name("rollouts/1");
  *rollout.mutable_change() = change;
  *rollout.mutable_plan() = ResolvedPlan(rule, change);
  *rollout.mutable_create_time() = ToProto(kStart);
  *rollout.mutable_expire_time() = ToProto(kStart + FromProto(rollout.plan().longest()));
  *rollout.mutable_lease_expire_time() = ToProto(kStart + FromProto(rollout.plan().lease()));
  rollout.set_fencing_token(1);
  return Begin(std::move(rollout), kStart).rollout;
}

// A verdict on the rollout as it stands.
inline v1::Verdict VerdictOn(const v1::Rollout& rollout, v1::Decision decision, absl::Time now,
                             v1::Advice advice = v1::ADVICE_UNSPECIFIED) {
  static int made = 0;
  v1::Verdict verdict;
  verdict.set_name(absl::StrCat("verdicts/", ++made));
  verdict.set_rollout(rollout.name());
  *verdict.mutable_change() = AtStage(rollout.change(), StageOf(rollout));
  verdict.set_decision(decision);
  verdict.set_advice(advice);
  verdict.set_reason(absl::StrCat(v1::Decision_Name(decision), " ", v1::Advice_Name(advice)));
  *verdict.mutable_create_time() = ToProto(now);
  *verdict.mutable_valid_until() = ToProto(now + absl::Minutes(10));
  return verdict;
}

}  // namespace gate::rollout

#endif  // TESTS_ROLLOUT_WORLD_H_
