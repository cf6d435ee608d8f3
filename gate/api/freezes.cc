// The calls about freezes: windows of the policy in force, and those that people declare.
#include <algorithm>
#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "checks/freeze/list.h"
#include "checks/judging.h"
#include "checks/name_patterns.h"
#include "checks/policy/match.h"
#include "checks/proto_time.h"
#include "gate/api/api.h"
#include "gate/api/hold_request.h"
#include "gate/api/names.h"
#include "gate/api/page.h"
#include "gate/api/status.h"
#include "gate/base/field_error.h"
#include "gate/evaluate/validate.h"
#include "google/rpc/error_details.pb.h"

namespace gate {
namespace {

constexpr int kStandardPage = 100;
constexpr int kLargestPage = 1000;
constexpr absl::Duration kStandardSpan = absl::Hours(24 * 90);
constexpr absl::Duration kLongestSpan = absl::Hours(24 * 400);
// Calendars are in memory.
constexpr std::chrono::seconds kGatherTime{5};
// Freezes that follow each other, until nobody looks any further.
constexpr int kMostTurns = 50;

// What is wrong with a change, where the change's fields are the request's own.
absl::Status WithoutPrefix(const absl::Status& status) {
  google::rpc::BadRequest details;
  const auto payload = status.GetPayload(kBadRequestUrl);
  if (!payload || !details.ParseFromString(std::string(*payload))) return status;
  constexpr std::string_view kPrefix = "change.";
  std::vector<FieldError> errors;
  for (const auto& violation : details.field_violations()) {
    std::string field = violation.field();
    if (field.starts_with(kPrefix)) field.erase(0, kPrefix.size());
    errors.push_back({std::move(field), violation.description()});
  }
  return InvalidFields(errors);
}

absl::StatusOr<v1::Change> ChangeOf(const v1::CheckFreezesRequest& request) {
  v1::EvaluateRequest question;
  v1::Change& change = *question.mutable_change();
  change.set_service(request.service());
  change.set_environment(request.environment());
  change.set_kind(request.kind());
  *change.mutable_labels() = request.labels();
  if (absl::Status status = ValidateRequest(question); !status.ok()) return WithoutPrefix(status);
  return change;
}

bool IsMoment(const google::protobuf::Timestamp& time) {
  return time.nanos() >= 0 && time.nanos() < 1'000'000'000 && time.seconds() >= 0 &&
         time.seconds() <= 253402300799;
}

// By start, then by window and rule; what is declared comes behind windows of the same moment.
std::string KeyOf(const v1::FreezeOccurrence& occurrence) {
  return absl::StrCat(absl::Dec(occurrence.start_time().seconds(), absl::kZeroPad20), "/",
                      occurrence.has_declared() ? "~" : occurrence.window().id(), "/",
                      occurrence.policy_rule(), occurrence.declared().name());
}

// Until when it is, or was, in force; unset where that is until somebody lifts it.
void SetEnd(const v1::Freeze& freeze, v1::FreezeOccurrence& occurrence) {
  if (freeze.has_end_time()) *occurrence.mutable_end_time() = freeze.end_time();
  const bool early =
      freeze.has_lift_time() &&
      (!freeze.has_end_time() || FromProto(freeze.lift_time()) < FromProto(freeze.end_time()));
  if (early) *occurrence.mutable_end_time() = freeze.lift_time();
}

bool Picks(const v1::ListFreezesRequest& request, const v1::Freeze& freeze) {
  return (request.service().empty() || PicksName(freeze.services(), request.service())) &&
         (request.environment().empty() || PicksName(freeze.environments(), request.environment()));
}

// What windows and declared freezes say, as one outcome: that which decides, and what the other one
// has found.
v1::CheckOutcome Together(const v1::Verdict& verdict) {
  v1::CheckOutcome outcome = verdict.outcomes(0);
  for (int i = 1; i < verdict.outcomes_size(); ++i) {
    const v1::CheckOutcome& other = verdict.outcomes(i);
    if (other.decision() != v1::DECISION_ALLOW) {
      outcome.set_summary(absl::StrCat(outcome.summary(), " ", other.summary()));
    }
    outcome.mutable_findings()->MergeFrom(other.findings());
    outcome.mutable_observations()->MergeFrom(other.observations());
    outcome.mutable_unblock()->MergeFrom(other.unblock());
  }
  return outcome;
}

absl::Status OrNoSuchFreeze(const absl::Status& status, const std::string& name) {
  return absl::IsNotFound(status)
             ? NoSuch(name, "NO_SUCH_FREEZE", "Freezes.List shows those of a time")
             : status;
}

v1::CheckOutcome NothingToAsk(std::string_view summary, v1::Outcome outcome,
                              v1::Decision decision) {
  v1::CheckOutcome out;
  out.set_check("freeze");
  out.set_outcome(outcome);
  out.set_decision(decision);
  out.set_summary(std::string(summary));
  return out;
}

}  // namespace

absl::StatusOr<v1::ListFreezesResponse> Api::ListFreezes(const v1::ListFreezesRequest& request) {
  const absl::StatusOr<int> size = PageSize(request.page_size(), kStandardPage, kLargestPage);
  if (!size.ok()) return size.status();
  const absl::StatusOr<std::string> after = ParsePageToken(request, request.page_token());
  if (!after.ok()) return after.status();
  std::vector<FieldError> errors;
  if (!IsMoment(request.start_time())) errors.push_back({"start_time", "is not a moment"});
  if (!IsMoment(request.end_time())) errors.push_back({"end_time", "is not a moment"});
  if (!errors.empty()) return InvalidFields(errors);
  const absl::Time start =
      request.has_start_time() ? FromProto(request.start_time()) : parts_.clock.Now();
  const absl::Time end =
      request.has_end_time() ? FromProto(request.end_time()) : start + kStandardSpan;
  if (end <= start || end - start > kLongestSpan) {
    return InvalidFields({{"end_time", "must be after start_time, by 400 days at the most"}});
  }

  const std::shared_ptr<const PolicySnapshot> policy = parts_.policies.Current();
  auto occurrences = ListOccurrences(policy->policy, policy->calendars, request.service(),
                                     request.environment(), start, end);
  if (!occurrences.ok()) return occurrences.status();
  auto declared = parts_.store.holds().ListFreezes(start, end);
  if (!declared.ok()) return declared.status();
  for (v1::Freeze& freeze : *declared) {
    if (!Picks(request, freeze)) continue;
    v1::FreezeOccurrence& occurrence = occurrences->emplace_back();
    *occurrence.mutable_start_time() = freeze.start_time();
    SetEnd(freeze, occurrence);
    *occurrence.mutable_declared() = std::move(freeze);
  }
  // A page goes on behind a key, so that is what they are sorted by.
  std::ranges::stable_sort(*occurrences, {}, KeyOf);
  v1::ListFreezesResponse response;
  for (v1::FreezeOccurrence& occurrence : *occurrences) {
    if (!after->empty() && KeyOf(occurrence) <= *after) continue;
    if (response.occurrences_size() == *size) {
      response.set_next_page_token(MakePageToken(request, KeyOf(response.occurrences(*size - 1))));
      break;
    }
    *response.add_occurrences() = std::move(occurrence);
  }
  return response;
}

absl::StatusOr<v1::CheckFreezesResponse> Api::CheckFreezes(const v1::CheckFreezesRequest& request) {
  const absl::StatusOr<v1::Change> change = ChangeOf(request);
  if (!change.ok()) return change.status();
  if (!IsMoment(request.time())) return InvalidFields({{"time", "is not a moment"}});
  const absl::Time now = request.has_time() ? FromProto(request.time()) : parts_.clock.Now();

  v1::CheckFreezesResponse response;
  const std::shared_ptr<const PolicySnapshot> policy = parts_.policies.Current();
  const v1::PolicyRule* const rule = MatchRule(policy->policy, *change);
  if (rule == nullptr) {
    *response.mutable_outcome() = NothingToAsk("no policy rule matches the change",
                                               v1::OUTCOME_INCONCLUSIVE, v1::DECISION_HOLD);
    return response;
  }
  v1::PolicyRule freezes_only = *rule;
  freezes_only.clear_checks();
  if (rule->checks().has_freeze()) {
    *freezes_only.mutable_checks()->mutable_freeze() = rule->checks().freeze();
  }
  const auto judge = [&](absl::Time time) {
    Judging judging(*change, &freezes_only, time);
    const Evidence evidence = parts_.gatherer.Gather(judging.queries(), *change, time,
                                                     std::chrono::steady_clock::now() + kGatherTime,
                                                     [](const Evidence&) { return false; });
    return judging.Verdict(evidence);
  };
  v1::Verdict verdict = judge(now);
  if (verdict.outcomes().empty()) {
    *response.mutable_outcome() =
        NothingToAsk(absl::StrCat("rule \"", rule->name(),
                                  "\" has no freeze windows, and nobody has declared a freeze"),
                     v1::OUTCOME_SKIPPED, v1::DECISION_ALLOW);
    *response.mutable_next_start() = ToProto(now);
    return response;
  }
  *response.mutable_outcome() = Together(verdict);
  // The end of one may lie in another.
  absl::Time start = now;
  for (int turn = 0; turn < kMostTurns; ++turn) {
    if (verdict.decision() == v1::DECISION_ALLOW) {
      *response.mutable_next_start() = ToProto(start);
      break;
    }
    absl::Time next = absl::InfinitePast();
    bool known = true;
    for (const v1::CheckOutcome& outcome : verdict.outcomes()) {
      if (outcome.decision() == v1::DECISION_ALLOW) continue;
      known = known && outcome.has_retry_at();
      next = std::max(next, FromProto(outcome.retry_at()));
    }
    if (!known || next <= start || next > now + kLongestSpan) break;
    start = next;
    verdict = judge(start);
  }
  return response;
}

absl::StatusOr<v1::Freeze> Api::CreateFreeze(const CallContext& call,
                                             const v1::CreateFreezeRequest& request) {
  const absl::Time now = parts_.clock.Now();
  auto freeze = ReadFreezeRequest(request, now);
  if (!freeze.ok()) return freeze.status();
  freeze->set_owner(call.actor);
  *freeze->mutable_create_time() = ToProto(now);
  freeze->set_etag("1");
  if (request.validate_only()) return freeze;
  freeze->set_name(absl::StrCat("freezes/", NewId(now)));
  FreezeCreation creation;
  creation.write = WriteOf({call.actor, "gate.v1.Freezes.Create", freeze->name(), freeze->reason()},
                           request.request_id(), DigestWithoutId(request), now, *freeze);
  creation.freeze = *std::move(freeze);
  return parts_.store.holds().CreateFreeze(creation);
}

absl::StatusOr<v1::Freeze> Api::LiftFreeze(const CallContext& call,
                                           const v1::LiftFreezeRequest& request) {
  const absl::StatusOr<std::string> id = ParseFreezeName(request.name());
  if (!id.ok()) return id.status();
  if (absl::Status status = CheckReasonAndId(request.reason(), request.request_id());
      !status.ok()) {
    return status;
  }
  const auto known = parts_.store.holds().GetFreeze(*id);
  if (!known.ok()) return OrNoSuchFreeze(known.status(), request.name());
  const FreezeLift lift = {
      WriteOf({call.actor, "gate.v1.Freezes.Lift", request.name(), request.reason()},
              request.request_id(), DigestWithoutId(request), parts_.clock.Now(), *known),
      *id, call.actor, request.reason()};
  auto lifted = parts_.store.holds().LiftFreeze(lift);
  if (!lifted.ok()) return OrNoSuchFreeze(lifted.status(), request.name());
  return lifted;
}

absl::StatusOr<v1::Freeze> Api::GetFreeze(const v1::GetFreezeRequest& request) {
  const absl::StatusOr<std::string> id = ParseFreezeName(request.name());
  if (!id.ok()) return id.status();
  auto freeze = parts_.store.holds().GetFreeze(*id);
  if (!freeze.ok()) return OrNoSuchFreeze(freeze.status(), request.name());
  return freeze;
}

}  // namespace gate
