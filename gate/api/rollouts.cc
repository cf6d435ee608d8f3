// The calls of rollouts: what they do is in gate/rollout.
#include <string>

#include "absl/strings/str_cat.h"
#include "gate/api/api.h"
#include "gate/api/names.h"
#include "gate/api/page.h"
#include "gate/base/field_error.h"
#include "gate/rollout/lease.h"

namespace gate {
namespace {

constexpr int kStandardPage = 50;
constexpr int kLargestPage = 1000;

rollout::By By(const CallContext& call, const char* method, const std::string& request_id) {
  return {call.actor, absl::StrCat("gate.v1.Rollouts.", method),
          request_id.empty() ? call.request_id : request_id};
}

}  // namespace

absl::StatusOr<v1::Rollout> Api::StartRollout(const CallContext& call,
                                              const v1::StartRolloutRequest& request) {
  return parts_.rollouts.Start(request, By(call, "Start", request.request_id()));
}

absl::StatusOr<v1::Rollout> Api::RenewRollout(const CallContext& call,
                                              const v1::RenewRolloutRequest& request) {
  if (auto id = ParseRolloutName(request.name()); !id.ok()) return id.status();
  return parts_.rollouts.Renew(request, By(call, "Renew", ""));
}

absl::StatusOr<v1::Rollout> Api::GetRollout(const v1::GetRolloutRequest& request) {
  if (auto id = ParseRolloutName(request.name()); !id.ok()) return id.status();
  return parts_.rollouts.Get(request.name());
}

absl::StatusOr<RolloutEvents> Api::WatchRollout(CallContext call,
                                                const v1::WatchRolloutRequest& request) {
  const absl::Status admitted = Admit("gate.v1.Rollouts.Watch", call, request);
  if (!admitted.ok()) return admitted;
  if (auto id = ParseRolloutName(request.name()); !id.ok()) return id.status();
  return parts_.rollouts.EventsAfter(request.name(), request.after_sequence());
}

absl::StatusOr<v1::Rollout> Api::PauseRollout(const CallContext& call,
                                              const v1::PauseRolloutRequest& request) {
  if (auto id = ParseRolloutName(request.name()); !id.ok()) return id.status();
  return parts_.rollouts.Pause(request, By(call, "Pause", request.request_id()));
}

absl::StatusOr<v1::Rollout> Api::ResumeRollout(const CallContext& call,
                                               const v1::ResumeRolloutRequest& request) {
  if (auto id = ParseRolloutName(request.name()); !id.ok()) return id.status();
  return parts_.rollouts.Resume(request, By(call, "Resume", request.request_id()));
}

absl::StatusOr<v1::Rollout> Api::AbortRollout(const CallContext& call,
                                              const v1::AbortRolloutRequest& request) {
  if (auto id = ParseRolloutName(request.name()); !id.ok()) return id.status();
  return parts_.rollouts.Abort(request, By(call, "Abort", request.request_id()));
}

absl::StatusOr<v1::Rollout> Api::ConfirmRollback(const CallContext& call,
                                                 const v1::ConfirmRollbackRequest& request) {
  if (auto id = ParseRolloutName(request.name()); !id.ok()) return id.status();
  return parts_.rollouts.ConfirmRollback(request, By(call, "ConfirmRollback", ""));
}

absl::Status Api::AdvanceRollout(const CallContext& call, const v1::AdvanceRolloutRequest& request,
                                 v1::AdvanceRolloutResponse& response) {
  if (auto id = ParseRolloutName(request.name()); !id.ok()) return id.status();
  auto advanced =
      parts_.rollouts.Advance(request, call.deadline, By(call, "Advance", request.request_id()));
  if (!advanced.ok()) return advanced.status();
  response = *std::move(advanced);
  return absl::OkStatus();
}

absl::StatusOr<v1::ListRolloutsResponse> Api::ListRollouts(const v1::ListRolloutsRequest& request) {
  const absl::StatusOr<int> size = PageSize(request.page_size(), kStandardPage, kLargestPage);
  if (!size.ok()) return size.status();
  const absl::StatusOr<std::string> before = ParsePageToken(request, request.page_token());
  if (!before.ok()) return before.status();
  if (!before->empty() && !ParseRolloutName(absl::StrCat("rollouts/", *before)).ok()) {
    return InvalidFields({{"page_token", "is not a token of this list"}}, "INVALID_PAGE_TOKEN");
  }
  const RolloutFilter filter = {request.service(), request.environment(), request.active()};
  // One more than is sent tells whether there is a next page.
  auto rollouts = parts_.store.rollouts().List(filter, *before, *size + 1);
  if (!rollouts.ok()) return rollouts.status();
  const bool more = rollouts->size() > static_cast<size_t>(*size);
  if (more) rollouts->pop_back();
  v1::ListRolloutsResponse response;
  for (v1::Rollout& rollout : *rollouts) {
    *response.add_rollouts() = rollout::WithoutToken(std::move(rollout));
  }
  if (more) {
    const std::string& last = response.rollouts(response.rollouts_size() - 1).name();
    response.set_next_page_token(MakePageToken(request, last.substr(last.find('/') + 1)));
  }
  return response;
}

}  // namespace gate
