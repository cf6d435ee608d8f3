// The way in for other systems' incidents: POST /v1/webhooks/NAME. Each webhook has a secret of its
// own, which is all the identity that such a call has.
#ifndef GATE_HTTP_WEBHOOKS_H_
#define GATE_HTTP_WEBHOOKS_H_

#include <optional>
#include <string>
#include <vector>

#include "gate/api/api.h"
#include "gate/config/v1/config.pb.h"
#include "gate/http/server.h"

namespace gate {

// Thread-safe.
class Webhooks {
 public:
  // `api` outlives it.
  Webhooks(const config::v1::Config& config, Api& api)
      : webhooks_(config.incident_webhooks().begin(), config.incident_webhooks().end()),
        api_(api) {}

  // Nothing for other paths. 200 once what was sent is on disk, 202 for what says nothing of an
  // incident, 400 for what is not understood, 401 for a wrong secret; 5xx where sending it again
  // helps, as both systems do.
  std::optional<HttpReply> Serve(const HttpCall& call) const;

 private:
  HttpReply TakeIn(const config::v1::IncidentWebhook& webhook, const HttpCall& call) const;

  const std::vector<config::v1::IncidentWebhook> webhooks_;
  Api& api_;
};

}  // namespace gate

#endif  // GATE_HTTP_WEBHOOKS_H_
