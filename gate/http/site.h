// Everything that is served over HTTP: the API on one address, and monitoring on another, with
// threads of its own, so that slow clients of the API never hide it.
#ifndef GATE_HTTP_SITE_H_
#define GATE_HTTP_SITE_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "gate/api/api.h"
#include "gate/config/v1/config.pb.h"
#include "gate/http/api_handler.h"
#include "gate/http/monitoring.h"
#include "gate/http/server.h"
#include "gate/http/webhooks.h"

namespace gate {

class Site {
 public:
  // Serves what the configuration names; the API's address answers for monitoring as well. `api`
  // and `monitoring` outlive it.
  static absl::StatusOr<std::unique_ptr<Site>> Start(const config::v1::Config& config, Api& api,
                                                     const Monitoring& monitoring);

  // Empty where it is not served.
  std::string api_address() const { return http_ ? http_->address() : ""; }
  std::string monitoring_address() const { return monitoring_ ? monitoring_->address() : ""; }

  // Takes no new calls of the API and waits for those in flight; monitoring goes on.
  void StopApi() { http_.reset(); }

 private:
  Site(const config::v1::Config& config, Api& api) : webhooks_(config, api), handler_(api) {}

  const Webhooks webhooks_;
  const ApiHandler handler_;
  std::unique_ptr<HttpServer> http_;
  std::unique_ptr<HttpServer> monitoring_;
};

}  // namespace gate

#endif  // GATE_HTTP_SITE_H_
