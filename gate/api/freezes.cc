// The calls about freeze windows of the policy in force.
#include <chrono>
#include <string>

#include "absl/strings/str_cat.h"
#include "checks/freeze/list.h"
#include "checks/judging.h"
#include "checks/policy/match.h"
#include "checks/proto_time.h"
#include "gate/api/api.h"
#include "gate/api/page.h"
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

// Sorts as the list does: by start, then by window and rule.
std::string KeyOf(const v1::FreezeOccurrence& occurrence) {
  return absl::StrCat(absl::Dec(occurrence.start_time().seconds(), absl::kZeroPad20), "/",
                      occurrence.window().id(), "/", occurrence.policy_rule());
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
  if (!rule->checks().has_freeze()) {
    *response.mutable_outcome() =
        NothingToAsk(absl::StrCat("rule \"", rule->name(), "\" has no freeze windows"),
                     v1::OUTCOME_SKIPPED, v1::DECISION_ALLOW);
    *response.mutable_next_start() = ToProto(now);
    return response;
  }
  v1::PolicyRule freeze_only = *rule;
  freeze_only.clear_checks();
  *freeze_only.mutable_checks()->mutable_freeze() = rule->checks().freeze();
  Judging judging(*change, &freeze_only, now);
  const Evidence evidence = parts_.gatherer.Gather(judging.queries(), *change, now,
                                                   std::chrono::steady_clock::now() + kGatherTime,
                                                   [](const Evidence&) { return false; });
  const v1::Verdict verdict = judging.Verdict(evidence);
  *response.mutable_outcome() = verdict.outcomes(0);
  if (verdict.outcomes(0).decision() == v1::DECISION_ALLOW) {
    *response.mutable_next_start() = ToProto(now);
  } else if (verdict.outcomes(0).has_retry_at()) {
    *response.mutable_next_start() = verdict.outcomes(0).retry_at();
  }
  return response;
}

}  // namespace gate
