#include "gate/evaluate/replay.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "checks/hold/hold.h"
#include "checks/judging.h"
#include "checks/overrides.h"
#include "checks/policy/match.h"
#include "checks/proto_time.h"
#include "gate/base/digest.h"
#include "gate/evaluate/carried.h"
#include "gate/evaluate/record.h"
#include "google/protobuf/util/message_differencer.h"

namespace gate {

namespace {

absl::StatusOr<PolicySnapshot> StoredPolicy(Store& store, const v1::Verdict& stored) {
  PolicySnapshot snapshot;
  absl::StatusOr<std::string> bytes = store.GetBlob(stored.policy_digest());
  if (!bytes.ok()) return bytes.status();
  if (!snapshot.policy.ParseFromString(*bytes)) {
    return absl::DataLossError(
        absl::StrCat("policy ", stored.policy_digest(), " on record cannot be read"));
  }
  snapshot.digest = stored.policy_digest();
  return snapshot;
}

Judging JudgingOf(const v1::Verdict& stored, const v1::Policy& policy) {
  return Judging(stored.change(), MatchRule(policy, stored.change()),
                 FromProto(stored.create_time()), stored.rollout());
}

v1::Verdict Judged(const v1::Verdict& stored, Judging judging, const Evidence& evidence,
                   const PolicySnapshot& policy) {
  v1::Verdict verdict = judging.Verdict(evidence);
  verdict.set_name(stored.name());
  verdict.set_request_id(stored.request_id());
  verdict.set_rollout(stored.rollout());
  ContentMemo unshared(0);
  return MakeRecord(std::move(verdict), evidence, policy, "", unshared).verdict;
}

// What was seen for the queries that both policies have in common; the rest is absent.
Evidence SeenFor(const std::vector<v1::Query>& asked, const std::vector<v1::Query>& by_other,
                 const Evidence& seen) {
  Evidence evidence;
  for (const v1::Query& query : by_other) {
    const bool same = std::ranges::any_of(asked, [&](const v1::Query& one) {
      return google::protobuf::util::MessageDifferencer::Equals(one, query);
    });
    const auto found = seen.observations().find(query.id());
    // Verdicts from before anybody asked for it do without.
    if (query.id() == kHoldsObservation && found == seen.observations().end()) continue;
    if (same && found != seen.observations().end()) {
      evidence.Add(found->second);
    } else {
      evidence.Add(Absent(query.id(), "record", v1::ABSENCE_REASON_EMPTY,
                          "it was not asked for when this verdict was made"));
    }
  }
  // What the gate itself noted is no answer to a query.
  const auto clock = seen.observations().find(kClockObservation);
  if (clock != seen.observations().end()) evidence.Add(clock->second);
  return evidence;
}

}  // namespace

absl::StatusOr<v1::ReplayVerdictResponse> ReplayStored(Store& store, const v1::Verdict& stored) {
  const absl::StatusOr<PolicySnapshot> policy = StoredPolicy(store, stored);
  if (!policy.ok()) return policy.status();
  const absl::StatusOr<Evidence> evidence = LoadEvidence(store, stored);
  if (!evidence.ok()) return evidence.status();
  v1::Verdict verdict = Judged(stored, JudgingOf(stored, policy->policy), *evidence, *policy);

  v1::ReplayVerdictResponse response;
  response.set_identical(DeterministicBytes(verdict) == DeterministicBytes(stored));
  if (!response.identical()) {
    std::string report;
    google::protobuf::util::MessageDifferencer differencer;
    differencer.ReportDifferencesToString(&report);
    differencer.Compare(stored, verdict);
    const std::vector<std::string> lines = absl::StrSplit(report, '\n', absl::SkipEmpty());
    response.mutable_differences()->Assign(lines.begin(), lines.end());
  }
  *response.mutable_verdict() = std::move(verdict);
  return response;
}

absl::StatusOr<v1::Verdict> JudgeStoredBy(Store& store, const v1::Verdict& stored,
                                          const PolicySnapshot& policy) {
  const absl::StatusOr<PolicySnapshot> then = StoredPolicy(store, stored);
  if (!then.ok()) return then.status();
  absl::StatusOr<Evidence> seen = LoadEvidence(store, stored);
  if (!seen.ok()) return seen.status();
  // What intervals came to under one policy is of no use to another one.
  for (const auto& [id, shared] : seen->observations()) {
    if (!shared->metric().has_state()) continue;
    v1::Observation whole = *shared;
    if (const absl::Status status = Unfold(store, whole); !status.ok()) return status;
    seen->Add(std::move(whole));
  }
  Judging judging = JudgingOf(stored, policy.policy);
  const Evidence evidence =
      SeenFor(JudgingOf(stored, then->policy).queries(), judging.queries(), *seen);
  return Judged(stored, std::move(judging), evidence, policy);
}

absl::StatusOr<v1::Verdict> JudgeStoredWithOverride(Store& store, const v1::Verdict& stored,
                                                    const v1::OverridePolicy& policy,
                                                    const v1::Override& added) {
  const absl::StatusOr<PolicySnapshot> then = StoredPolicy(store, stored);
  if (!then.ok()) return then.status();
  absl::StatusOr<Evidence> evidence = LoadEvidence(store, stored);
  if (!evidence.ok()) return evidence.status();
  const v1::PolicyRule* matched = MatchRule(then->policy, stored.change());
  if (matched == nullptr) return stored;
  v1::PolicyRule rule = *matched;
  *rule.mutable_overrides() = policy;
  v1::Observation observation;
  observation.set_id(kOverridesObservation);
  if (evidence->Contains(kOverridesObservation)) observation = evidence->Get(kOverridesObservation);
  v1::Override& counting = *observation.mutable_overrides()->add_overrides();
  counting = added;
  counting.set_state(v1::OVERRIDE_STATE_APPROVED);
  counting.set_required_approvals(0);
  evidence->Add(std::move(observation));
  Judging judging(stored.change(), &rule, FromProto(stored.create_time()), stored.rollout());
  return judging.Verdict(*evidence);
}

}  // namespace gate
