#include "gate/rpc/shown.h"

#include <grpc/grpc_security_constants.h>

#include <memory>

namespace gate {
namespace {

std::vector<std::string> Names(const grpc::AuthContext& peer, const char* property) {
  std::vector<std::string> names;
  for (const grpc::string_ref& name : peer.FindPropertyValues(property)) {
    names.emplace_back(name.data(), name.size());
  }
  return names;
}

}  // namespace

Shown ShownBy(const grpc::CallbackServerContext& context, bool open) {
  Shown shown;
  const auto& metadata = context.client_metadata();
  if (const auto actor = metadata.find("x-gate-actor"); actor != metadata.end()) {
    shown.actor.assign(actor->second.data(), actor->second.size());
  }
  if (open) return shown;
  const auto [first, last] = metadata.equal_range("authorization");
  for (auto value = first; value != last; ++value) {
    shown.authorization.emplace_back(value->second.data(), value->second.size());
  }
  const std::shared_ptr<const grpc::AuthContext> peer = context.auth_context();
  if (peer == nullptr || !peer->IsPeerAuthenticated()) return shown;
  shown.verified = true;
  shown.uris = Names(*peer, GRPC_PEER_URI_PROPERTY_NAME);
  shown.dns = Names(*peer, GRPC_PEER_DNS_PROPERTY_NAME);
  return shown;
}

}  // namespace gate
