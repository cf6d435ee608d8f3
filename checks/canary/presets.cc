#include "checks/canary/presets.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"

namespace gate {
namespace {

// A metric of a preset. `$` stands for the matchers that pick the service.
struct Template {
  std::string_view preset;
  std::string_view name;
  std::string_view events, exposure;  // COUNTS
  std::string_view cost;              // VALUES, with exposure
  std::string_view histogram;         // HISTOGRAM
  std::string_view unit;
  std::string_view type_label;
};

// Requests that the service has served, as OpenTelemetry's HTTP instrumentation counts them.
constexpr std::string_view kServed = "http_server_request_duration_seconds_count{$}";

// Names as the exporters document them:
//   http        client libraries of Prometheus, by convention
//   grpc        go-grpc-middleware and its kin in other languages
//   envoy       envoyproxy.io, cluster statistics; times are milliseconds
//   istio       istio.io, standard metrics, as the destination reports them
//   nginx       ingress-nginx, its controller
//   celery      danihodovic/celery-exporter
//   others      OpenTelemetry semantic conventions for HTTP, database and messaging clients, with
//               names and units as its Prometheus exporters write them
constexpr Template kTemplates[] = {
    {"celery", "celery_failures", R"(celery_task_failed_total{$})",
     R"({__name__=~"celery_task_(failed|succeeded)_total",$})", "", "", "", "exception"},
    {"celery", "celery_runtime", "", "", "", "celery_task_runtime{$}", "s", ""},
    {"envoy", "envoy_5xx", R"(envoy_cluster_upstream_rq_xx{$,envoy_response_code_class="5"})",
     "envoy_cluster_upstream_rq_xx{$}", "", "", "", ""},
    {"envoy", "envoy_latency", "", "", "", "envoy_cluster_upstream_rq_time{$}", "ms", ""},
    {"grpc", "grpc_errors",
     R"(grpc_server_handled_total{$,grpc_code=~"Unknown|DeadlineExceeded|Internal|Unavailable|)"
     R"(DataLoss|ResourceExhausted|Unimplemented"})",
     "grpc_server_handled_total{$}", "", "", "", "grpc_code"},
    {"grpc", "grpc_latency", "", "", "", "grpc_server_handling_seconds{$}", "s", ""},
    {"http", "http_5xx", R"(http_requests_total{$,code=~"5.."})", "http_requests_total{$}", "", "",
     "", "code"},
    {"http", "http_latency", "", "", "", "http_request_duration_seconds{$}", "s", ""},
    {"istio", "istio_5xx", R"(istio_requests_total{$,reporter="destination",response_code=~"5.."})",
     R"(istio_requests_total{$,reporter="destination"})", "", "", "", "response_code"},
    {"istio", "istio_latency", "", "", "",
     R"(istio_request_duration_milliseconds{$,reporter="destination"})", "ms", ""},
    {"nginx", "nginx_5xx", R"(nginx_ingress_controller_requests{$,status=~"5.."})",
     "nginx_ingress_controller_requests{$}", "", "", "", "status"},
    {"nginx", "nginx_latency", "", "", "", "nginx_ingress_controller_request_duration_seconds{$}",
     "s", ""},
    {"postgresql", "postgresql_queries", "", kServed,
     R"(db_client_operation_duration_seconds_count{$,db_system_name="postgresql"})", "",
     "queries per request", ""},
    {"postgresql", "postgresql_latency", "", "", "",
     R"(db_client_operation_duration_seconds{$,db_system_name="postgresql"})", "s", ""},
    {"rabbitmq", "rabbitmq_messages", "", kServed,
     R"(messaging_client_sent_messages_total{$,messaging_system="rabbitmq"})", "",
     "messages per request", ""},
    {"redis", "redis_commands", "", kServed,
     R"(db_client_operation_duration_seconds_count{$,db_system_name="redis"})", "",
     "commands per request", ""},
    {"redis", "redis_latency", "", "", "",
     R"(db_client_operation_duration_seconds{$,db_system_name="redis"})", "s", ""},
};

}  // namespace

std::vector<std::string_view> PresetNames() {
  std::vector<std::string_view> names;
  for (const Template& one : kTemplates) {
    if (names.empty() || names.back() != one.preset) names.push_back(one.preset);
  }
  return names;
}

std::vector<v1::CanaryMetric> Preset(std::string_view name, const std::string& matchers) {
  const auto filled = [&](std::string_view selector) {
    return absl::StrReplaceAll(std::string(selector), {{"$", matchers}});
  };
  std::vector<v1::CanaryMetric> metrics;
  for (const Template& one : kTemplates) {
    if (one.preset != name) continue;
    v1::CanaryMetric& metric = metrics.emplace_back();
    metric.set_name(std::string(one.name));
    metric.set_events(filled(one.events));
    metric.set_exposure(filled(one.exposure));
    metric.set_cost(filled(one.cost));
    metric.set_histogram(filled(one.histogram));
    metric.set_unit(std::string(one.unit));
    metric.set_type_label(std::string(one.type_label));
    metric.set_critical(metric.name().ends_with("_5xx") || metric.name() == "grpc_errors");
  }
  return metrics;
}

}  // namespace gate
