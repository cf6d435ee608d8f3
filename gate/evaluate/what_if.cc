#include "gate/evaluate/what_if.h"

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "checks/policy/policy.h"
#include "checks/proto_time.h"
#include "gate/base/field_error.h"
#include "gate/base/names.h"
#include "gate/evaluate/replay.h"
#include "gate/policy/loader.h"

namespace gate {
namespace {

constexpr absl::Duration kDefaultTime = absl::Hours(24 * 30), kLongestTime = absl::Hours(24 * 366);
constexpr int kDefaultLimit = 1000, kLargestLimit = 10000, kPage = 100;

void AddIssues(const v1::Policy& policy, std::vector<FieldError>& errors) {
  for (const ParameterIssue& issue : ValidatePolicy(policy)) {
    errors.push_back({"policy." + issue.field, issue.message});
  }
}

// "decision: ALLOW, now BLOCK", "canary: PASS, now FAIL": where two verdicts decide otherwise.
std::vector<std::string> Compare(const v1::Verdict& was, const v1::Verdict& now) {
  std::vector<std::string> lines;
  if (was.decision() != now.decision()) {
    lines.push_back(
        absl::StrCat("decision: ", ShortName(was.decision()), ", now ", ShortName(now.decision())));
  }
  std::map<std::string, std::pair<std::string, std::string>> checks;
  for (const v1::CheckOutcome& one : was.outcomes()) {
    checks[one.check()].first = ShortName(one.outcome());
  }
  for (const v1::CheckOutcome& one : now.outcomes()) {
    checks[one.check()].second = ShortName(one.outcome());
  }
  for (const auto& [check, outcomes] : checks) {
    const auto& [before, after] = outcomes;
    if (before == after) continue;
    lines.push_back(absl::StrCat(check, ": ", before.empty() ? "not asked" : before, ", now ",
                                 after.empty() ? "not asked" : after));
  }
  return lines;
}

void AddDifference(const v1::Verdict& stored, const absl::StatusOr<v1::Verdict>& verdict,
                   v1::WhatIfResponse& response) {
  if (!verdict.ok()) {
    response.set_not_replayed(response.not_replayed() + 1);
    return;
  }
  response.set_replayed(response.replayed() + 1);
  if (verdict->decision() == stored.decision()) return;
  v1::WhatIfResponse::Difference& difference = *response.add_differences();
  difference.set_verdict(stored.name());
  difference.set_was(stored.decision());
  difference.set_would_be(verdict->decision());
  difference.set_reason(verdict->reason());
  difference.set_service(stored.change().service());
  difference.set_environment(stored.change().environment());
  difference.set_version(stored.change().version());
  *difference.mutable_create_time() = stored.create_time();
}

}  // namespace

absl::StatusOr<v1::ReplayVerdictResponse> ReplayBy(Store& store, const v1::Verdict& stored,
                                                   const v1::Policy& policy, absl::Time now) {
  std::vector<FieldError> errors;
  AddIssues(policy, errors);
  if (!errors.empty()) return InvalidFields(errors);
  absl::StatusOr<v1::Verdict> verdict =
      JudgeStoredBy(store, stored, *MakeSnapshot(policy, {}, now));
  if (!verdict.ok()) return verdict.status();
  v1::ReplayVerdictResponse response;
  for (const std::string& line : Compare(stored, *verdict)) response.add_differences(line);
  response.set_identical(response.differences().empty());
  *response.mutable_verdict() = *std::move(verdict);
  return response;
}

absl::StatusOr<v1::WhatIfResponse> WhatIf(Store& store, const v1::WhatIfRequest& request,
                                          absl::Time now) {
  std::vector<FieldError> errors;
  const absl::Duration since = request.has_since() ? FromProto(request.since()) : kDefaultTime;
  if (since <= absl::ZeroDuration() || since > kLongestTime) {
    errors.push_back({"since", "must be over 0 and at most 366d"});
  }
  if (request.limit() < 0 || request.limit() > kLargestLimit) {
    errors.push_back({"limit", absl::StrCat("must be 1 to ", kLargestLimit)});
  }
  AddIssues(request.policy(), errors);
  if (!errors.empty()) return InvalidFields(errors);
  const std::shared_ptr<const PolicySnapshot> policy = MakeSnapshot(request.policy(), {}, now);

  VerdictFilter filter;
  filter.service = request.service();
  filter.environment = request.environment();
  filter.for_people = true;
  filter.start = now - since;
  const int limit = request.limit() == 0 ? kDefaultLimit : request.limit();
  v1::WhatIfResponse response;
  std::string before;
  while (true) {
    auto page = store.ListVerdicts(filter, before, kPage);
    if (!page.ok()) return page.status();
    for (const v1::Verdict& stored : *page) {
      if (response.replayed() + response.not_replayed() == limit) {
        response.set_truncated(true);
        return response;
      }
      AddDifference(stored, JudgeStoredBy(store, stored, *policy), response);
    }
    if (page->size() < static_cast<size_t>(kPage)) return response;
    before = page->back().name().substr(std::string_view("verdicts/").size());
  }
}

}  // namespace gate
