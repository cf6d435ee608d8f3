// Who may go on with a call: asked once, before anything else, for every transport.
#include <algorithm>
#include <future>
#include <memory>

#include "absl/strings/str_cat.h"
#include "gate/api/api.h"
#include "gate/api/names.h"
#include "gate/base/field_error.h"

namespace gate {
namespace {

using google::protobuf::Message;

absl::StatusOr<std::vector<Place>> OneOrNone(const absl::Status& status, const v1::Change& change) {
  if (status.ok()) return std::vector<Place>{{change.service(), change.environment()}};
  if (absl::IsNotFound(status)) return std::vector<Place>();
  return status;
}

// Each service in each environment that a freeze or an incident names; all where it names none.
template <typename Hold>
absl::StatusOr<std::vector<Place>> EachOrNone(const absl::StatusOr<Hold>& hold) {
  if (absl::IsNotFound(hold.status())) return std::vector<Place>();
  if (!hold.ok()) return hold.status();
  std::vector<std::string> services(hold->services().begin(), hold->services().end());
  std::vector<std::string> environments(hold->environments().begin(), hold->environments().end());
  if (services.empty()) services.push_back("*");
  if (environments.empty()) environments.push_back("*");
  std::vector<Place> places;
  for (const std::string& service : services) {
    for (const std::string& environment : environments) places.push_back({service, environment});
  }
  return places;
}

v1::AuditEntry EntryOf(const CallContext& call, std::string_view method,
                       const absl::Status& status) {
  v1::AuditEntry entry;
  entry.set_actor(call.actor.empty() ? kNobody : call.actor);
  entry.set_action(std::string(method));
  entry.set_outcome("DENIED");
  entry.set_detail(std::string(status.message()));
  entry.set_request_id(call.request_id);
  return entry;
}

}  // namespace

// Where a resource is; nowhere where there is none of that name.
absl::StatusOr<std::vector<Place>> Api::PlacesOfResource(std::string_view name) {
  if (name.starts_with("verdicts/")) {
    const auto id = ParseVerdictName(name);
    if (!id.ok()) return id.status();
    const auto verdict = parts_.store.GetVerdict(*id);
    return OneOrNone(verdict.status(), verdict.ok() ? verdict->change() : v1::Change());
  }
  if (name.starts_with("rollouts/")) {
    const auto id = ParseRolloutName(name);
    if (!id.ok()) return id.status();
    const auto stored = parts_.store.rollouts().Get(*id);
    return OneOrNone(stored.status(), stored.ok() ? stored->rollout.change() : v1::Change());
  }
  if (name.starts_with("overrides/")) {
    const auto id = ParseOverrideName(name);
    if (!id.ok()) return id.status();
    const auto override = parts_.store.overrides().Get(*id, parts_.clock.Now());
    if (absl::IsNotFound(override.status())) return std::vector<Place>();
    if (!override.ok()) return override.status();
    return std::vector<Place>{{override->service(), override->environment()}};
  }
  if (name.starts_with("freezes/")) {
    const auto id = ParseFreezeName(name);
    return id.ok() ? EachOrNone(parts_.store.holds().GetFreeze(*id)) : id.status();
  }
  if (name.starts_with("incidents/")) {
    const auto id = ParseIncidentName(name);
    return id.ok() ? EachOrNone(parts_.store.holds().GetIncident(*id)) : id.status();
  }
  // A name of another form: whoever has no role for everything is refused.
  return std::vector<Place>();
}

absl::Status Api::Examine(std::string_view method, const Message& request, CallContext& call,
                          v1::AuditEntry& refusal) {
  const Identities& identities = parts_.identities;
  absl::StatusOr<v1::Caller> caller = identities.Of(call.shown);
  if (!caller.ok()) {
    if (absl::IsUnauthenticated(caller.status())) {
      refusal = EntryOf(call, method, caller.status());
    }
    return caller.status();
  }
  // Callers in this process say who they are, where nobody has to prove it.
  const bool told = identities.open() && call.shown.actor.empty() && !call.actor.empty();
  if (!told) call.actor = caller->subject();

  const Permission* permission = FindPermission(method);
  if (permission == nullptr) {
    return absl::InternalError(absl::StrCat("nothing says who may call ", std::string(method)));
  }
  if (MayEverywhere(*caller, *permission)) return absl::OkStatus();
  const std::string resource =
      permission->place == PlaceOf::kResource ? ResourceOf(*permission, request) : "";
  std::vector<Place> places;
  const bool anywhere = std::ranges::any_of(caller->access(), [&](const v1::AccessRule& rule) {
    return permission->roles.Has(rule.role());
  });
  // Who has the role nowhere is refused whatever is found; that is for the audit log alone.
  if (permission->place == PlaceOf::kResource) {
    auto found = PlacesOfResource(resource);
    if (!found.ok() && anywhere) return found.status();
    if (found.ok()) places = *std::move(found);
  } else if (permission->place == PlaceOf::kRequest) {
    places = PlacesOf(*permission, request);
  }
  if (May(*caller, *permission, places)) return absl::OkStatus();
  absl::Status status = RoleNeeded(*caller, *permission, places, resource);
  refusal = EntryOf(call, method, status);
  refusal.set_resource(resource);
  if (!places.empty()) {
    refusal.set_service(places.front().service);
    refusal.set_environment(places.front().environment);
  }
  return status;
}

void Api::RecordDenial(v1::AuditEntry refusal) {
  // Shared: the thread that writes may still hold its end when this call has long returned.
  const auto recorded = std::make_shared<std::promise<void>>();
  denials_.Record(std::move(refusal), [recorded] { recorded->set_value(); });
  recorded->get_future().wait();
}

absl::Status Api::Admit(std::string_view method, CallContext& call, const Message& request) {
  v1::AuditEntry refusal;
  absl::Status admitted = Examine(method, request, call, refusal);
  if (admitted.ok() || refusal.action().empty()) return admitted;
  RecordDenial(std::move(refusal));
  parts_.log.Warning("call refused", {{"request_id", call.request_id},
                                      {"method", method},
                                      {"actor", call.actor},
                                      {"error", std::string(admitted.message())}});
  return admitted;
}

}  // namespace gate
