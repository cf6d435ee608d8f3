#include "gate/identity/identities.h"

#include <utility>

#include "checks/policy/access.h"

namespace gate {
namespace {

v1::Caller EveryRole(const Identity& identity) {
  v1::Caller caller;
  caller.set_subject(identity.subject);
  for (v1::Role role :
       {v1::ROLE_VIEWER, v1::ROLE_PIPELINE, v1::ROLE_RELEASE_MANAGER, v1::ROLE_ADMIN}) {
    caller.add_access()->set_role(role);
  }
  return caller;
}

// What is left of a rule within the scope of a token; false where nothing is.
bool Narrow(const Identity& identity, v1::AccessRule& rule) {
  bool no_service = false;
  bool no_environment = false;
  *rule.mutable_services() = Intersect(rule.services(), identity.services, no_service);
  *rule.mutable_environments() =
      Intersect(rule.environments(), identity.environments, no_environment);
  return !no_service && !no_environment;
}

}  // namespace

absl::StatusOr<v1::Caller> Identities::Of(const Shown& shown) const {
  if (open()) {
    const auto identity = IdentifyOpen(shown);
    if (!identity.ok()) return identity.status();
    return EveryRole(*identity);
  }
  const auto tokens = tokens_ == nullptr ? nullptr : tokens_->Current();
  const auto identity = Identify(shown, tokens.get(), clock_->Now());
  if (!identity.ok()) return identity.status();
  v1::Caller caller;
  caller.set_subject(identity->subject);
  caller.set_proven(true);
  for (v1::AccessRule& rule : AccessOf(policies_->Current()->policy, identity->names)) {
    if (Narrow(*identity, rule)) *caller.add_access() = std::move(rule);
  }
  return caller;
}

}  // namespace gate
