#include "gate/config/config.h"

#include "checks/policy/policy.h"
#include "gate/base/file.h"
#include "gate/config/flag_servers.h"
#include "gate/config/validate.h"

namespace gate {
namespace {

constexpr size_t kMaxConfigBytes = 1 << 20;

void ResolveTls(const std::string& path, config::v1::Listener& listener) {
  if (!listener.has_tls()) return;
  config::v1::Tls& tls = *listener.mutable_tls();
  for (std::string* file : {tls.mutable_certificate_file(), tls.mutable_private_key_file(),
                            tls.mutable_client_ca_file()}) {
    if (!file->empty()) *file = ResolvePath(path, *file);
  }
}

// All files of the configuration, relative to its own folder until here.
void ResolveFiles(const std::string& path, config::v1::Config& config) {
  if (config.has_grpc()) ResolveTls(path, *config.mutable_grpc());
  if (config.has_http()) ResolveTls(path, *config.mutable_http());
  if (config.has_monitoring()) ResolveTls(path, *config.mutable_monitoring());
  if (!config.identity().tokens_file().empty()) {
    std::string& file = *config.mutable_identity()->mutable_tokens_file();
    file = ResolvePath(path, file);
  }
  if (!config.policy().empty()) config.set_policy(ResolvePath(path, config.policy()));
  for (config::v1::MetricsServer& server : *config.mutable_metrics_servers()) {
    for (std::string* file :
         {server.mutable_bearer_token_file(), server.mutable_ca_file(),
          server.mutable_client_certificate_file(), server.mutable_client_private_key_file()}) {
      if (!file->empty()) *file = ResolvePath(path, *file);
    }
    if (!server.basic_auth().password_file().empty()) {
      std::string& file = *server.mutable_basic_auth()->mutable_password_file();
      file = ResolvePath(path, file);
    }
  }
  for (config::v1::MetricsFiles& files : *config.mutable_metrics_files()) {
    if (!files.folder().empty()) files.set_folder(ResolvePath(path, files.folder()));
  }
  for (config::v1::FlagServer& server : *config.mutable_flag_servers()) {
    ResolveFlagFiles(path, server);
  }
  for (config::v1::IncidentWebhook& webhook : *config.mutable_incident_webhooks()) {
    if (!webhook.secret_file().empty()) {
      webhook.set_secret_file(ResolvePath(path, webhook.secret_file()));
    }
  }
  for (config::v1::Repository& repository : *config.mutable_repositories()) {
    if (!repository.folder().empty()) {
      repository.set_folder(ResolvePath(path, repository.folder()));
    }
  }
}

}  // namespace

std::vector<FileIssue> LoadConfig(const std::string& path, config::v1::Config& config) {
  const absl::StatusOr<std::string> text = ReadFile(path, kMaxConfigBytes);
  if (!text.ok()) return {{path, 1, 1, "", std::string(text.status().message())}};
  return ParseConfig(path, *text, config);
}

std::vector<FileIssue> ParseConfig(const std::string& path, std::string_view text,
                                   config::v1::Config& config) {
  FieldPlaces places;
  std::vector<FileIssue> issues = ParseYaml(path, text, config, &places);
  for (const FileIssue& issue : issues) {
    if (issue.field.empty()) return issues;
  }
  ResolveFiles(path, config);
  AddIssues(path, ValidateConfig(config), places, issues);
  if (issues.empty()) FillDefaults(config);
  return issues;
}

bool RunsOpen(const config::v1::Config& config) {
  return !config.has_identity() || config.identity().open();
}

void FillDefaults(config::v1::Config& config) {
  if (!config.has_drain_timeout()) config.mutable_drain_timeout()->set_seconds(20);
  config::v1::Store& store = *config.mutable_store();
  if (store.write_connections() == 0) store.set_write_connections(2);
  for (config::v1::MetricsServer& server : *config.mutable_metrics_servers()) {
    if (!server.has_timeout()) server.mutable_timeout()->set_seconds(5);
    if (server.max_in_flight() == 0) server.set_max_in_flight(8);
  }
  for (config::v1::FlagServer& server : *config.mutable_flag_servers()) {
    if (!server.has_timeout()) server.mutable_timeout()->set_seconds(5);
  }
  if (config.has_rehearsal()) {
    config::v1::Rehearsal& rehearsal = *config.mutable_rehearsal();
    if (rehearsal.user().empty()) rehearsal.set_user("postgres");
    if (rehearsal.max_memory_bytes() == 0) rehearsal.set_max_memory_bytes(1 << 30);
    if (rehearsal.max_disk_bytes() == 0) rehearsal.set_max_disk_bytes(512 << 20);
    if (!rehearsal.has_timeout()) rehearsal.mutable_timeout()->set_seconds(30);
    if (rehearsal.max_in_flight() == 0) rehearsal.set_max_in_flight(2);
  }
  for (config::v1::Repository& repository : *config.mutable_repositories()) {
    if (!repository.has_timeout()) repository.mutable_timeout()->set_seconds(60);
  }
  config::v1::ReportedMetrics& reported = *config.mutable_reported_metrics();
  if (!reported.has_retention()) reported.mutable_retention()->set_seconds(14 * 24 * 3600);
  if (reported.max_series() == 0) reported.set_max_series(10'000);
  if (reported.max_points_per_series() == 0) reported.set_max_points_per_series(100'000);
  config::v1::QaResults& qa = *config.mutable_qa_results();
  if (!qa.has_retention()) qa.mutable_retention()->set_seconds(400 * 24 * 3600);
  if (qa.max_builds() == 0) qa.set_max_builds(100'000);
  if (qa.max_runs_per_build() == 0) qa.set_max_runs_per_build(1000);
  config::v1::Limits& limits = *config.mutable_limits();
  if (limits.max_message_bytes() == 0) limits.set_max_message_bytes(32 << 20);
  if (limits.max_evaluations() == 0) limits.set_max_evaluations(1024);
  if (limits.evaluation_threads() == 0) limits.set_evaluation_threads(32);
  if (limits.max_streams_per_connection() == 0) limits.set_max_streams_per_connection(256);
  if (limits.max_grpc_memory_bytes() == 0) limits.set_max_grpc_memory_bytes(256 << 20);
  if (limits.max_http_connections() == 0) limits.set_max_http_connections(64);
}

}  // namespace gate
