#include "gate/identity/authorization.h"

#include <algorithm>

#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "checks/policy/access.h"
#include "gate/base/digest.h"
#include "gate/base/field_error.h"
#include "google/rpc/error_details.pb.h"

namespace gate {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

constexpr Roles kReads = {v1::ROLE_VIEWER, v1::ROLE_PIPELINE, v1::ROLE_RELEASE_MANAGER,
                          v1::ROLE_ADMIN};
constexpr Roles kMoves = {v1::ROLE_PIPELINE, v1::ROLE_ADMIN};
constexpr Roles kDecides = {v1::ROLE_RELEASE_MANAGER, v1::ROLE_ADMIN};
// Going back is never gated by more than who one is.
constexpr Roles kGoesBack = {v1::ROLE_PIPELINE, v1::ROLE_RELEASE_MANAGER, v1::ROLE_ADMIN};
constexpr Roles kAudits = {v1::ROLE_ADMIN};
constexpr Roles kAnybody = {};

// By method. QA results and builds have no environment: they count in each, so that who reports
// them has to be a pipeline of all. Evidence is found by the digest of its content alone, which
// only those know who have read a verdict that names it.
constexpr Permission kPermissions[] = {
    {"gate.v1.Audit.List", kAudits, PlaceOf::kRequest, "service", "environment"},
    {"gate.v1.Audit.WhoAmI", kAnybody, PlaceOf::kNowhere},
    {"gate.v1.Evidence.GetEvidence", kReads, PlaceOf::kNowhere},
    {"gate.v1.Evidence.ReportBuild", kMoves, PlaceOf::kRequest, "service"},
    {"gate.v1.Evidence.ReportMetrics", kMoves, PlaceOf::kRequest, "service", "environment"},
    {"gate.v1.Evidence.ReportQaResults", kMoves, PlaceOf::kRequest, "service"},
    {"gate.v1.Freezes.Check", kReads, PlaceOf::kRequest, "service", "environment"},
    {"gate.v1.Freezes.Create", kDecides, PlaceOf::kRequest, "freeze.services",
     "freeze.environments"},
    {"gate.v1.Freezes.Get", kReads, PlaceOf::kResource, "name", "", Reach::kSome},
    {"gate.v1.Freezes.Lift", kDecides, PlaceOf::kResource, "name"},
    {"gate.v1.Freezes.List", kReads, PlaceOf::kRequest, "service", "environment"},
    {"gate.v1.Gate.Evaluate", kMoves, PlaceOf::kRequest, "change.service", "change.environment"},
    {"gate.v1.Gate.GetVerdict", kReads, PlaceOf::kResource, "name"},
    {"gate.v1.Gate.ListVerdicts", kReads, PlaceOf::kRequest, "service", "environment"},
    {"gate.v1.Gate.ReplayVerdict", kReads, PlaceOf::kResource, "name"},
    {"gate.v1.Incidents.Get", kReads, PlaceOf::kResource, "name", "", Reach::kSome},
    {"gate.v1.Incidents.List", kReads, PlaceOf::kRequest, "service", "environment"},
    {"gate.v1.Incidents.Report", kDecides, PlaceOf::kRequest, "incident.services",
     "incident.environments"},
    {"gate.v1.Incidents.Resolve", kDecides, PlaceOf::kResource, "name"},
    {"gate.v1.Overrides.Approve", kDecides, PlaceOf::kResource, "name"},
    {"gate.v1.Overrides.Create", kDecides, PlaceOf::kResource, "verdict"},
    {"gate.v1.Overrides.Get", kReads, PlaceOf::kResource, "name"},
    {"gate.v1.Overrides.List", kReads, PlaceOf::kRequest, "service", "environment"},
    {"gate.v1.Overrides.Review", kDecides, PlaceOf::kResource, "name"},
    {"gate.v1.Overrides.Revoke", kDecides, PlaceOf::kResource, "name"},
    {"gate.v1.Policies.Get", kReads, PlaceOf::kNowhere},
    {"gate.v1.Policies.Validate", kReads, PlaceOf::kNowhere},
    {"gate.v1.Policies.WhatIf", kReads, PlaceOf::kRequest, "service", "environment"},
    {"gate.v1.Rollouts.Abort", kGoesBack, PlaceOf::kResource, "name"},
    {"gate.v1.Rollouts.Advance", kMoves, PlaceOf::kResource, "name"},
    {"gate.v1.Rollouts.ConfirmRollback", kMoves, PlaceOf::kResource, "name"},
    {"gate.v1.Rollouts.Get", kReads, PlaceOf::kResource, "name"},
    {"gate.v1.Rollouts.List", kReads, PlaceOf::kRequest, "service", "environment"},
    {"gate.v1.Rollouts.Pause", kDecides, PlaceOf::kResource, "name"},
    {"gate.v1.Rollouts.Renew", kMoves, PlaceOf::kResource, "name"},
    {"gate.v1.Rollouts.Resume", kDecides, PlaceOf::kResource, "name"},
    {"gate.v1.Rollouts.Start", kMoves, PlaceOf::kRequest, "change.service", "change.environment"},
    {"gate.v1.Rollouts.Watch", kReads, PlaceOf::kResource, "name"},
};
static_assert(std::ranges::is_sorted(kPermissions, {}, &Permission::method));

// The texts of a field, by its path; none where the field, or a message on the way, is not there.
std::vector<std::string> TextsAt(const Message& message, std::string_view path) {
  const size_t dot = path.find('.');
  const FieldDescriptor* field =
      message.GetDescriptor()->FindFieldByName(std::string(path.substr(0, dot)));
  if (field == nullptr) return {};
  const google::protobuf::Reflection& reflection = *message.GetReflection();
  if (dot != path.npos) return TextsAt(reflection.GetMessage(message, field), path.substr(dot + 1));
  if (!field->is_repeated()) return {reflection.GetString(message, field)};
  std::vector<std::string> texts;
  for (int i = 0; i < reflection.FieldSize(message, field); ++i) {
    texts.push_back(reflection.GetRepeatedString(message, field, i));
  }
  return texts;
}

// What is not named is all there is.
std::vector<std::string> NamesAt(const Message& message, std::string_view path) {
  std::vector<std::string> names = TextsAt(message, path);
  for (std::string& name : names) {
    if (name.empty()) name = "*";
  }
  if (names.empty()) names.push_back("*");
  return names;
}

std::string Word(v1::Role role) { return v1::Role_Name(role).substr(sizeof("ROLE_") - 1); }

std::string Words(const Roles& roles) {
  std::vector<std::string> words;
  for (v1::Role role :
       {v1::ROLE_VIEWER, v1::ROLE_PIPELINE, v1::ROLE_RELEASE_MANAGER, v1::ROLE_ADMIN}) {
    if (roles.Has(role)) words.push_back(Word(role));
  }
  return absl::StrJoin(words, " or ");
}

std::string Sentence(const Place& place) {
  return absl::StrCat(place.service == "*" ? "all services" : place.service, " in ",
                      place.environment == "*" ? "all environments" : place.environment);
}

std::string Names(const NamePatterns& names, const char* all) {
  return names.empty() ? all : absl::StrJoin(names, ", ");
}

// "PIPELINE (web in staging)".
std::string WhatCallerIs(const v1::Caller& caller) {
  if (caller.access().empty()) return "has no role here";
  constexpr int kShown = 3;
  std::vector<std::string> rules;
  for (int i = 0; i < caller.access_size() && i < kShown; ++i) {
    const v1::AccessRule& rule = caller.access(i);
    rules.push_back(absl::StrCat(Word(rule.role()), " (", Names(rule.services(), "all services"),
                                 " in ", Names(rule.environments(), "all environments"), ")"));
  }
  if (caller.access_size() > kShown) rules.push_back("more that `gatectl whoami` shows");
  return absl::StrCat("is ", absl::StrJoin(rules, ", "));
}

bool Has(const v1::Caller& caller, const Permission& permission, const Place& place) {
  const bool some = permission.reach == Reach::kSome;
  return std::ranges::any_of(caller.access(), [&](const v1::AccessRule& rule) {
    if (!permission.roles.Has(rule.role())) return false;
    return some ? Overlaps(rule.services(), place.service) &&
                      Overlaps(rule.environments(), place.environment)
                : Covers(rule.services(), place.service) &&
                      Covers(rule.environments(), place.environment);
  });
}

// The first place at which a role is missing.
const Place* Missing(const v1::Caller& caller, const Permission& permission,
                     const std::vector<Place>& places) {
  const auto missing = std::ranges::find_if(
      places, [&](const Place& place) { return !Has(caller, permission, place); });
  return missing == places.end() ? nullptr : &*missing;
}

}  // namespace

std::span<const Permission> Permissions() { return kPermissions; }

const Permission* FindPermission(std::string_view method) {
  const auto* found = std::ranges::lower_bound(kPermissions, method, {}, &Permission::method);
  return found != std::end(kPermissions) && found->method == method ? found : nullptr;
}

std::vector<Place> PlacesOf(const Permission& permission, const Message& request) {
  std::vector<Place> places;
  const std::vector<std::string> environments = NamesAt(request, permission.environment);
  for (const std::string& service : NamesAt(request, permission.service)) {
    for (const std::string& environment : environments) places.push_back({service, environment});
  }
  return places;
}

std::string ResourceOf(const Permission& permission, const Message& request) {
  const std::vector<std::string> texts = TextsAt(request, permission.service);
  return texts.empty() ? "" : texts.front();
}

bool MayEverywhere(const v1::Caller& caller, const Permission& permission) {
  if (permission.roles.None()) return true;
  return std::ranges::any_of(caller.access(), [&](const v1::AccessRule& rule) {
    return permission.roles.Has(rule.role()) &&
           (permission.place == PlaceOf::kNowhere ||
            (Covers(rule.services(), "*") && Covers(rule.environments(), "*")));
  });
}

bool May(const v1::Caller& caller, const Permission& permission, const std::vector<Place>& places) {
  if (MayEverywhere(caller, permission)) return true;
  if (places.empty()) return false;
  if (permission.reach == Reach::kAll) return Missing(caller, permission, places) == nullptr;
  return std::ranges::any_of(places,
                             [&](const Place& place) { return Has(caller, permission, place); });
}

absl::Status RoleNeeded(const v1::Caller& caller, const Permission& permission,
                        const std::vector<Place>& places, std::string_view resource) {
  const Place* place = resource.empty() ? Missing(caller, permission, places) : nullptr;
  const std::string roles = Words(permission.roles);
  std::string where;
  if (!resource.empty()) {
    where = absl::StrCat(" for the service and environment of ", std::string(resource));
  } else if (place != nullptr) {
    where = absl::StrCat(" for ", Sentence(*place));
  }
  std::string message =
      absl::StrCat(std::string(permission.method), " takes the role ", roles, where, "; ",
                   caller.subject(), " ", WhatCallerIs(caller), ". ");
  const bool unnamed = place != nullptr && !caller.access().empty() &&
                       (place->service == "*" || place->environment == "*");
  absl::StrAppend(&message, unnamed ? "Name a service and an environment of yours, or ask for the "
                                      "role in \"access\" of the policy"
                                    : "Ask for it in \"access\" of the policy");
  google::rpc::ErrorInfo info;
  info.set_reason("ROLE_NEEDED");
  info.set_domain("gate.v1");
  auto& metadata = *info.mutable_metadata();
  metadata["method"] = std::string(permission.method);
  metadata["role"] = roles;
  metadata["subject"] = caller.subject();
  if (!resource.empty()) metadata["resource"] = std::string(resource);
  if (place != nullptr) {
    metadata["service"] = place->service;
    metadata["environment"] = place->environment;
  }
  absl::Status status = absl::PermissionDeniedError(message);
  status.SetPayload(kErrorInfoUrl, absl::Cord(DeterministicBytes(info)));
  return status;
}

}  // namespace gate
