#include "gate/http/site.h"

#include "gate/api/status.h"
#include "gate/http/transcode.h"

namespace gate {
namespace {

// Probes and scrapers are few, and what they send is small.
constexpr HttpBounds kMonitoringBounds = {.connections = 8, .body_bytes = 4096};

HttpReply NothingElse(const HttpCall& request) {
  HttpReply response;
  response.code = 404;
  response.body =
      ErrorJson(NoSuch(request.path, "NO_SUCH_PATH", "there are /metrics, /healthz and /readyz"));
  return response;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Site>> Site::Start(const config::v1::Config& config, Api& api,
                                                  const Monitoring& monitoring) {
  std::unique_ptr<Site> site(new Site(config, api));
  if (config.has_monitoring()) {
    auto server = HttpServer::Start(config.monitoring(), kMonitoringBounds,
                                    [&monitoring](const HttpCall& request) {
                                      auto response = monitoring.Serve(request);
                                      return response ? *std::move(response) : NothingElse(request);
                                    });
    if (!server.ok()) return server.status();
    site->monitoring_ = *std::move(server);
  }
  if (config.has_http()) {
    const HttpBounds bounds = {.connections = config.limits().max_http_connections(),
                               .body_bytes = config.limits().max_message_bytes()};
    auto server = HttpServer::Start(
        config.http(), bounds, [&monitoring, site = site.get()](const HttpCall& request) {
          auto response = monitoring.Serve(request);
          if (!response) response = site->webhooks_.Serve(request);
          return response ? *std::move(response) : site->handler_.Serve(request);
        });
    if (!server.ok()) return server.status();
    site->http_ = *std::move(server);
  }
  return site;
}

}  // namespace gate
