// The calls of overrides: what may be asked for is in gate/overrides.
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "checks/proto_time.h"
#include "gate/api/api.h"
#include "gate/api/names.h"
#include "gate/api/page.h"
#include "gate/base/digest.h"
#include "gate/base/field_error.h"
#include "gate/overrides/decide.h"
#include "gate/overrides/request.h"

namespace gate {
namespace {

constexpr int kStandardPage = 50;
constexpr int kLargestPage = 1000;
constexpr size_t kMaxText = 2000;

// Who asks, as it is put on record: somebody always is named, if only as nobody known.
std::string ActorOf(const CallContext& call) {
  return call.actor.empty() ? "open:anonymous" : call.actor;
}

// Two people with one request_id have not asked the same.
template <typename Request>
std::string DigestOf(const CallContext& call, Request request) {
  request.clear_request_id();
  return Sha256Hex(absl::StrCat(Request::descriptor()->full_name(), "\n", ActorOf(call), "\n",
                                DeterministicBytes(request)));
}

v1::AuditEntry EntryOf(const CallContext& call, std::string_view method, absl::Time now,
                       const v1::Override& override, const std::string& request_id,
                       std::string detail) {
  v1::AuditEntry entry;
  *entry.mutable_time() = ToProto(now);
  entry.set_actor(ActorOf(call));
  entry.set_action(absl::StrCat("gate.v1.Overrides.", std::string(method)));
  entry.set_resource(override.name());
  entry.set_service(override.service());
  entry.set_environment(override.environment());
  entry.set_outcome("DONE");
  entry.set_detail(std::move(detail));
  entry.set_request_id(request_id);
  return entry;
}

// Whether somebody may not be the second person, or came too late.
bool IsDenial(const absl::Status& status) {
  return absl::IsFailedPrecondition(status) || absl::IsUnauthenticated(status);
}

v1::AuditEntry DenialOf(const CallContext& call, std::string_view method, absl::Time now,
                        const v1::Override& seen, const std::string& request_id,
                        const absl::Status& status) {
  v1::AuditEntry entry =
      EntryOf(call, method, now, seen, request_id, std::string(status.message()));
  entry.set_outcome("DENIED");
  return entry;
}

// What every change of an override has to say.
template <typename Request>
absl::Status CheckChange(const Request& request, const std::string& why, const char* why_field,
                         bool why_required) {
  if (auto id = ParseOverrideName(request.name()); !id.ok()) return id.status();
  std::vector<FieldError> errors;
  if (why_required && why.empty()) errors.push_back({why_field, "is required: people will ask"});
  if (why.size() > kMaxText) {
    errors.push_back({why_field, absl::StrCat("at most ", kMaxText, " bytes")});
  }
  if (!IsRequestId(request.request_id())) {
    errors.push_back({"request_id", "at most 128 characters of A-Z a-z 0-9 . _ : and -"});
  }
  return InvalidFields(errors);
}

absl::Status CheckEtagGiven(const std::string& etag) {
  if (!etag.empty()) return absl::OkStatus();
  return InvalidFields(
      {{"etag",
        "is required: that of the override as it was read, so that nothing else is decided "
        "on than what was seen"}});
}

std::string IdIn(const std::string& name) { return name.substr(name.find('/') + 1); }

template <typename Request>
OverrideChange ChangeOf(const CallContext& call, const Request& request, absl::Time now) {
  OverrideChange change{IdIn(request.name()), request.request_id(), DigestOf(call, request), now};
  // So that a write whose answer gets lost is known again inside the store.
  if (change.request_id.empty()) change.request_id = NewId(now);
  return change;
}

}  // namespace

absl::StatusOr<v1::CreateOverrideResponse> Api::CreateOverride(
    const CallContext& call, const v1::CreateOverrideRequest& request) {
  const absl::Time now = parts_.clock.Now();
  auto prepared =
      overrides::Prepare(request, ActorOf(call), *parts_.policies.Current(), now, parts_.store);
  if (!prepared.ok()) return prepared.status();
  if (request.validate_only()) {
    prepared->mutable_override()->clear_name();
    for (v1::Finding& finding : *prepared->mutable_covered()) finding.clear_covered_by();
    return prepared;
  }
  const v1::Override& made = prepared->override();
  const std::string what =
      absl::StrCat(made.break_glass() ? "broke the glass for " : "asked to override ",
                   absl::StrJoin(made.rules(), ", "), " of ", made.verdict(), " (", made.ticket(),
                   "): ", made.reason());
  const auto created = parts_.store.overrides().Create(
      {request.request_id(), DigestOf(call, request), made,
       EntryOf(call, "Create", now, made, request.request_id(), what), now});
  if (!created.ok()) return created.status();
  // The one that an earlier call with this request_id made, where there was one.
  for (v1::Finding& finding : *prepared->mutable_covered()) finding.set_covered_by(created->name());
  *prepared->mutable_override() = *created;
  return prepared;
}

absl::StatusOr<v1::Override> Api::ApproveOverride(const CallContext& call,
                                                  const v1::ApproveOverrideRequest& request) {
  absl::Status status = CheckChange(request, request.comment(), "comment", false);
  if (status.ok()) status = CheckEtagGiven(request.etag());
  if (!status.ok()) return status;
  const absl::Time now = parts_.clock.Now();
  v1::Override seen;
  auto written = parts_.store.overrides().Change(
      ChangeOf(call, request, now),
      [&](const v1::Override& current) -> absl::StatusOr<OverrideWrite> {
        seen = current;
        auto approved =
            overrides::Approve(current, {ActorOf(call), now, request.etag(), request.comment()});
        if (!approved.ok()) return approved.status();
        const std::string what = absl::StrCat("approval ", approved->approvals_size(), " of ",
                                              approved->required_approvals());
        return OverrideWrite{*approved,
                             EntryOf(call, "Approve", now, *approved, request.request_id(), what)};
      });
  if (IsDenial(written.status())) {
    RecordDenial(DenialOf(call, "Approve", now, seen, request.request_id(), written.status()));
  }
  return written;
}

absl::StatusOr<v1::Override> Api::RevokeOverride(const CallContext& call,
                                                 const v1::RevokeOverrideRequest& request) {
  absl::Status status = CheckChange(request, request.reason(), "reason", true);
  if (status.ok()) status = CheckEtagGiven(request.etag());
  if (!status.ok()) return status;
  const absl::Time now = parts_.clock.Now();
  return parts_.store.overrides().Change(
      ChangeOf(call, request, now),
      [&](const v1::Override& current) -> absl::StatusOr<OverrideWrite> {
        auto revoked =
            overrides::Revoke(current, {ActorOf(call), now, request.etag(), request.reason()});
        if (!revoked.ok()) return revoked.status();
        return OverrideWrite{*revoked, EntryOf(call, "Revoke", now, *revoked, request.request_id(),
                                               "taken back: " + request.reason())};
      });
}

absl::StatusOr<v1::Override> Api::ReviewOverride(const CallContext& call,
                                                 const v1::ReviewOverrideRequest& request) {
  if (absl::Status status = CheckChange(request, request.comment(), "comment", true);
      !status.ok()) {
    return status;
  }
  const absl::Time now = parts_.clock.Now();
  v1::Override seen;
  auto written = parts_.store.overrides().Change(
      ChangeOf(call, request, now),
      [&](const v1::Override& current) -> absl::StatusOr<OverrideWrite> {
        seen = current;
        auto reviewed = overrides::Review(current, {ActorOf(call), now, "", request.comment()},
                                          request.justified());
        if (!reviewed.ok()) return reviewed.status();
        const std::string what = absl::StrCat(
            request.justified() ? "justified: " : "not justified: ", request.comment());
        return OverrideWrite{*reviewed,
                             EntryOf(call, "Review", now, *reviewed, request.request_id(), what)};
      });
  if (IsDenial(written.status())) {
    RecordDenial(DenialOf(call, "Review", now, seen, request.request_id(), written.status()));
  }
  return written;
}

absl::StatusOr<v1::Override> Api::GetOverride(const v1::GetOverrideRequest& request) {
  const auto id = ParseOverrideName(request.name());
  if (!id.ok()) return id.status();
  return parts_.store.overrides().Get(*id, parts_.clock.Now());
}

absl::StatusOr<v1::ListOverridesResponse> Api::ListOverrides(
    const v1::ListOverridesRequest& request) {
  const absl::StatusOr<int> size = PageSize(request.page_size(), kStandardPage, kLargestPage);
  if (!size.ok()) return size.status();
  if (!v1::OverrideState_IsValid(request.state())) {
    return InvalidFields({{"state", "no state of an override"}});
  }
  const absl::StatusOr<std::string> before = ParsePageToken(request, request.page_token());
  if (!before.ok()) return before.status();
  if (!before->empty() && !ParseOverrideName(absl::StrCat("overrides/", *before)).ok()) {
    return InvalidFields({{"page_token", "is not a token of this list"}}, "INVALID_PAGE_TOKEN");
  }
  const OverrideFilter filter = {request.service(), request.environment(), request.state(),
                                 request.awaiting_review()};
  // One more than is sent tells whether there is a next page.
  auto overrides = parts_.store.overrides().List(filter, *before, *size + 1, parts_.clock.Now());
  if (!overrides.ok()) return overrides.status();
  const bool more = overrides->size() > static_cast<size_t>(*size);
  if (more) overrides->pop_back();
  v1::ListOverridesResponse response;
  for (v1::Override& override : *overrides) *response.add_overrides() = std::move(override);
  if (more) {
    const std::string& last = response.overrides(response.overrides_size() - 1).name();
    response.set_next_page_token(MakePageToken(request, IdIn(last)));
  }
  return response;
}

}  // namespace gate
