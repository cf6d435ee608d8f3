// The calls that read what is on record or in force.
#include <optional>
#include <string>

#include "absl/strings/str_cat.h"
#include "checks/policy/policy.h"
#include "checks/proto_time.h"
#include "gate/api/api.h"
#include "gate/api/names.h"
#include "gate/api/page.h"
#include "gate/api/status.h"
#include "gate/base/digest.h"
#include "gate/base/field_error.h"
#include "gate/evaluate/what_if.h"
#include "gate/policy/loader.h"

namespace gate {
namespace {

constexpr int kStandardPage = 50;
constexpr int kLargestPage = 1000;

// A name that is well formed and not on record; other errors of the store stay what they are.
absl::Status OrNoSuch(const absl::Status& status, const std::string& name, std::string_view reason,
                      std::string_view advice) {
  return absl::IsNotFound(status) ? NoSuch(name, reason, advice) : status;
}

bool IsMoment(const google::protobuf::Timestamp& time) {
  return time.nanos() >= 0 && time.nanos() < 1'000'000'000 && time.seconds() >= -62135596800 &&
         time.seconds() <= 253402300799;
}

absl::StatusOr<VerdictFilter> FilterOf(const v1::ListVerdictsRequest& request) {
  std::vector<FieldError> errors;
  VerdictFilter filter;
  filter.for_people = true;
  filter.service = request.service();
  filter.environment = request.environment();
  if (v1::Decision_IsValid(request.decision())) {
    filter.decision = request.decision();
  } else {
    errors.push_back({"decision", "is not a decision"});
  }
  const auto moment = [&](const char* field, const google::protobuf::Timestamp& time) {
    if (!IsMoment(time)) errors.push_back({field, "is not a moment between years 1 and 9999"});
    return FromProto(time);
  };
  if (request.has_start_time()) filter.start = moment("start_time", request.start_time());
  if (request.has_end_time()) filter.end = moment("end_time", request.end_time());
  if (filter.start && filter.end && *filter.start > *filter.end) {
    errors.push_back({"end_time", "must not be before start_time"});
  }
  if (!errors.empty()) return InvalidFields(errors);
  return filter;
}

}  // namespace

absl::StatusOr<v1::Verdict> Api::GetVerdict(const v1::GetVerdictRequest& request) {
  const absl::StatusOr<std::string> id = ParseVerdictName(request.name());
  if (!id.ok()) return id.status();
  absl::StatusOr<v1::Verdict> verdict = parts_.store.GetVerdict(*id);
  if (verdict.ok()) return verdict;
  return OrNoSuch(verdict.status(), request.name(), "NO_SUCH_VERDICT",
                  "ListVerdicts shows the verdicts on record");
}

absl::StatusOr<v1::ListVerdictsResponse> Api::ListVerdicts(const v1::ListVerdictsRequest& request) {
  const absl::StatusOr<VerdictFilter> filter = FilterOf(request);
  if (!filter.ok()) return filter.status();
  const absl::StatusOr<int> size = PageSize(request.page_size(), kStandardPage, kLargestPage);
  if (!size.ok()) return size.status();
  const absl::StatusOr<std::string> before = ParsePageToken(request, request.page_token());
  if (!before.ok()) return before.status();
  if (!before->empty() && !ParseVerdictName(absl::StrCat("verdicts/", *before)).ok()) {
    return InvalidFields({{"page_token", "is not a token of this list"}}, "INVALID_PAGE_TOKEN");
  }

  // One more than is sent tells whether there is a next page.
  auto verdicts = parts_.store.ListVerdicts(*filter, *before, *size + 1);
  if (!verdicts.ok()) return verdicts.status();
  const bool more = verdicts->size() > static_cast<size_t>(*size);
  if (more) verdicts->pop_back();
  v1::ListVerdictsResponse response;
  for (v1::Verdict& verdict : *verdicts) *response.add_verdicts() = std::move(verdict);
  if (more) {
    const absl::StatusOr<std::string> last =
        ParseVerdictName(response.verdicts(response.verdicts_size() - 1).name());
    if (!last.ok()) return absl::DataLossError("a stored verdict has no proper name");
    response.set_next_page_token(MakePageToken(request, *last));
  }
  return response;
}

absl::StatusOr<v1::ReplayVerdictResponse> Api::ReplayVerdict(
    const v1::ReplayVerdictRequest& request) {
  const absl::StatusOr<std::string> id = ParseVerdictName(request.name());
  if (!id.ok()) return id.status();
  auto replayed = parts_.evaluator.Replay(request);
  if (replayed.ok()) return replayed;
  return OrNoSuch(replayed.status(), request.name(), "NO_SUCH_VERDICT",
                  "ListVerdicts shows the verdicts on record");
}

absl::StatusOr<v1::WhatIfResponse> Api::WhatIf(const v1::WhatIfRequest& request) {
  return gate::WhatIf(parts_.store, request, parts_.clock.Now());
}

absl::StatusOr<v1::Observation> Api::GetEvidence(const v1::GetEvidenceRequest& request) {
  constexpr std::string_view kAdvice = "a verdict's observations name the evidence that is kept";
  const absl::StatusOr<std::string> digest = ParseEvidenceName(request.name());
  if (!digest.ok()) return digest.status();
  const absl::StatusOr<std::string> bytes = parts_.store.GetBlob(*digest);
  if (!bytes.ok()) {
    return OrNoSuch(bytes.status(), request.name(), "NO_SUCH_EVIDENCE", kAdvice);
  }
  // The store keeps policies under digests as well; these are no observations.
  v1::Observation observation;
  if (!observation.ParseFromString(*bytes) ||
      observation.result_case() == v1::Observation::RESULT_NOT_SET) {
    return NoSuch(request.name(), "NO_SUCH_EVIDENCE", kAdvice);
  }
  return observation;
}

absl::StatusOr<v1::GetPolicyResponse> Api::GetPolicy(const v1::GetPolicyRequest& request) {
  constexpr std::string_view kAdvice =
      "policies/current is in force, and earlier ones are kept where a verdict names them";
  const absl::StatusOr<std::string> digest = ParsePolicyName(request.name());
  if (!digest.ok()) return digest.status();
  v1::GetPolicyResponse response;
  const std::shared_ptr<const PolicySnapshot> current = parts_.policies.Current();
  if (*digest == "current" || *digest == current->digest) {
    *response.mutable_policy() = current->policy;
    response.set_digest(current->digest);
    *response.mutable_effective_time() = ToProto(current->effective);
  } else {
    const absl::StatusOr<std::string> bytes = parts_.store.GetBlob(*digest);
    if (!bytes.ok()) return OrNoSuch(bytes.status(), request.name(), "NO_SUCH_POLICY", kAdvice);
    // The store keeps observations under digests as well; as a policy they have unknown fields.
    v1::Policy& policy = *response.mutable_policy();
    if (!policy.ParseFromString(*bytes) || policy.rules().empty() ||
        !policy.GetReflection()->GetUnknownFields(policy).empty()) {
      return NoSuch(request.name(), "NO_SUCH_POLICY", kAdvice);
    }
    response.set_digest(*digest);
  }
  response.set_name(absl::StrCat("policies/", response.digest()));
  return response;
}

absl::StatusOr<v1::ValidatePolicyResponse> Api::ValidatePolicy(
    const v1::ValidatePolicyRequest& request) {
  v1::Policy policy;
  v1::ValidatePolicyResponse response;
  for (const FileIssue& issue : ParsePolicy(request.path(), request.yaml(), policy)) {
    v1::PolicyIssue& out = *response.add_issues();
    out.mutable_location()->set_path(issue.path);
    out.mutable_location()->set_line(issue.line);
    out.mutable_location()->set_column(issue.column);
    out.set_message(issue.message);
    out.set_field(issue.field);
  }
  if (!response.issues().empty()) return response;
  // The digest covers the calendars' text, which only those in force have here.
  const std::shared_ptr<const PolicySnapshot> current = parts_.policies.Current();
  std::map<std::string, std::string, std::less<>> calendars;
  for (const auto& [name, path] : policy.calendars()) {
    const auto in_force = current->policy.calendars().find(name);
    const auto text = current->calendars.find(name);
    if (in_force == current->policy.calendars().end() || in_force->second != path ||
        text == current->calendars.end()) {
      return response;
    }
    calendars.emplace(name, text->second);
  }
  response.set_digest(MakeSnapshot(std::move(policy), std::move(calendars), absl::Now())->digest);
  return response;
}

}  // namespace gate
