#include "gate/http/routes.h"

#include "gate/v1/audit.pb.h"
#include "gate/v1/evidence_service.pb.h"
#include "gate/v1/freezes.pb.h"
#include "gate/v1/gate.pb.h"
#include "gate/v1/incidents.pb.h"
#include "gate/v1/overrides.pb.h"
#include "gate/v1/policies.pb.h"
#include "gate/v1/rollouts.pb.h"
#include "google/api/annotations.pb.h"

namespace gate {
namespace {

// By a message of each, so that the linker keeps all of them.
std::vector<const google::protobuf::FileDescriptor*> Files() {
  return {v1::EvaluateRequest::descriptor()->file(),
          v1::ListFreezesRequest::descriptor()->file(),
          v1::GetPolicyRequest::descriptor()->file(),
          v1::GetEvidenceRequest::descriptor()->file(),
          v1::StartRolloutRequest::descriptor()->file(),
          v1::CreateOverrideRequest::descriptor()->file(),
          v1::ReportIncidentRequest::descriptor()->file(),
          v1::ListAuditRequest::descriptor()->file()};
}

// The annotation as the generated code knows it, also for descriptors of another pool.
google::api::HttpRule RuleOf(const google::protobuf::MethodDescriptor& method) {
  google::protobuf::MethodOptions options;
  options.ParseFromString(method.options().SerializeAsString());
  return options.GetExtension(google::api::http);
}

bool MatchesPattern(std::string_view pattern, std::string_view value) {
  const size_t star = pattern.find('*');
  if (star == std::string_view::npos) return value == pattern;
  if (!value.starts_with(pattern.substr(0, star))) return false;
  value.remove_prefix(star);
  return !value.empty() && value.find_first_of("/:") == std::string_view::npos;
}

}  // namespace

PathTemplate PathTemplate::Parse(std::string_view text) {
  PathTemplate path;
  const size_t open = text.find('{');
  const size_t close = text.find('}');
  path.before = std::string(text.substr(0, open));
  if (open == std::string_view::npos || close == std::string_view::npos) return path;
  const std::string_view inside = text.substr(open + 1, close - open - 1);
  const size_t equals = inside.find('=');
  path.variable = std::string(inside.substr(0, equals));
  path.pattern = equals == std::string_view::npos ? "*" : std::string(inside.substr(equals + 1));
  path.after = std::string(text.substr(close + 1));
  return path;
}

std::optional<std::string> PathTemplate::Match(std::string_view path) const {
  if (variable.empty()) return path == before ? std::optional<std::string>("") : std::nullopt;
  if (!path.starts_with(before)) return std::nullopt;
  path.remove_prefix(before.size());
  if (!path.ends_with(after)) return std::nullopt;
  path.remove_suffix(after.size());
  if (!MatchesPattern(pattern, path)) return std::nullopt;
  return std::string(path);
}

std::vector<HttpRoute> HttpRoutes(const google::protobuf::DescriptorPool& pool) {
  std::vector<HttpRoute> routes;
  for (const google::protobuf::FileDescriptor* file : Files()) {
    const google::protobuf::ServiceDescriptor* service =
        pool.FindServiceByName(file->service(0)->full_name());
    if (service == nullptr) continue;
    for (int i = 0; i < service->method_count(); ++i) {
      const google::protobuf::MethodDescriptor* call = service->method(i);
      const google::api::HttpRule rule = RuleOf(*call);
      const bool get = !rule.get().empty();
      if (!get && rule.post().empty()) continue;
      routes.push_back({get ? "GET" : "POST", PathTemplate::Parse(get ? rule.get() : rule.post()),
                        rule.body() == "*", call});
    }
  }
  return routes;
}

}  // namespace gate
