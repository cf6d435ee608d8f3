#include "gate/config/validate.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "checks/canary/parameters.h"
#include "checks/policy/fields.h"
#include "checks/policy/suggest.h"
#include "checks/proto_time.h"
#include "gate/config/address.h"
#include "gate/config/config.h"
#include "gate/config/flag_servers.h"
#include "gate/config/incident_webhooks.h"
#include "gate/config/problems.h"

namespace gate {
namespace {

class Validator {
 public:
  explicit Validator(const config::v1::Config& config) : config_(config) {}

  std::vector<ParameterIssue> Run() {
    if (!config_.has_grpc())
      Issue("grpc", "\"grpc\" is required: grpc: {address: \"127.0.0.1:8443\"}");
    CheckListeners();
    CheckIdentity();
    CheckStore();
    if (config_.policy().empty()) {
      Issue("policy", "\"policy\" is required: the path of the policy file");
    } else {
      CheckFile(config_.policy(), "policy");
    }
    CheckMetricsServers();
    CheckRehearsal();
    CheckReportedMetrics();
    CheckQaResults();
    CheckMetricsFiles();
    CheckFlagServers(config_, issues_);
    CheckRepositories();
    CheckIncidentWebhooks(config_, issues_);
    CheckLimits();
    if (config_.has_drain_timeout()) {
      CheckDuration(config_.drain_timeout(), absl::Seconds(1), absl::Minutes(10), "drain_timeout");
    }
    return std::move(issues_);
  }

 private:
  void Issue(std::string field, std::string message) {
    issues_.push_back({std::move(field), std::move(message)});
  }

  void CheckFile(const std::string& file, const std::string& at);
  void CheckDuration(const google::protobuf::Duration& duration, absl::Duration min,
                     absl::Duration max, const std::string& at);
  // 0 is "not given".
  void CheckRange(int64_t value, int64_t min, int64_t max, const std::string& at);
  void CheckListeners();
  void CheckListener(const config::v1::Listener& listener, const std::string& at);
  void CheckTls(const config::v1::Tls& tls, const std::string& at);
  void CheckIdentity();
  void CheckIdentityAt(const config::v1::Listener& listener, const std::string& at);
  void CheckStore();
  void CheckMetricsServers();
  void CheckUrls(const config::v1::MetricsServer& server, const std::string& at);
  void CheckUrl(const std::string& url, const std::string& at);
  void CheckCredentials(const config::v1::MetricsServer& server, const std::string& at);
  void CheckHeaders(const config::v1::MetricsServer& server, const std::string& at);
  void CheckRetention();
  void CheckRehearsal();
  void CheckReportedMetrics();
  void CheckQaResults();
  void CheckMetricsFiles();
  void CheckRepositories();
  void CheckLimits();

  const config::v1::Config& config_;
  std::vector<ParameterIssue> issues_;
};

void Validator::CheckFile(const std::string& file, const std::string& at) {
  if (std::string problem = FileProblem(file); !problem.empty()) Issue(at, std::move(problem));
}

void Validator::CheckDuration(const google::protobuf::Duration& duration, absl::Duration min,
                              absl::Duration max, const std::string& at) {
  const absl::Duration value = FromProto(duration);
  if (value >= min && value <= max) return;
  Issue(at, absl::StrCat(absl::FormatDuration(value), " is out of range: ",
                         absl::FormatDuration(min), " to ", absl::FormatDuration(max)));
}

void Validator::CheckRange(int64_t value, int64_t min, int64_t max, const std::string& at) {
  if (value == 0 || (value >= min && value <= max)) return;
  Issue(at, absl::StrCat(value, " is out of range: ", min, " to ", max));
}

void Validator::CheckListeners() {
  std::map<std::string, std::string> seen;
  const auto check = [&](bool has, const config::v1::Listener& listener, const std::string& at) {
    if (!has) return;
    CheckListener(listener, at);
    const std::string& address = listener.address();
    if (address.empty() || IsAnyPort(address)) return;
    const auto [first, added] = seen.emplace(address, at);
    if (!added) {
      Issue(at + ".address", absl::StrCat(Quoted(address), " is the address of ", first->second,
                                          " as well; give each a port of its own"));
    }
  };
  check(config_.has_grpc(), config_.grpc(), "grpc");
  check(config_.has_http(), config_.http(), "http");
  check(config_.has_monitoring(), config_.monitoring(), "monitoring");
}

void Validator::CheckListener(const config::v1::Listener& listener, const std::string& at) {
  const std::string field = at + ".address";
  if (listener.address().empty())
    return Issue(field, "\"address\" is required: \"127.0.0.1:8443\"");
  if (std::string problem = AddressProblem(listener.address()); !problem.empty()) {
    return Issue(field, std::move(problem));
  }
  if (listener.has_tls()) {
    CheckTls(listener.tls(), at + ".tls");
    if (listener.allow_plaintext_from_other_hosts()) {
      Issue(at + ".allow_plaintext_from_other_hosts", "contradicts \"tls\"; leave one of them out");
    }
  } else if (!IsLocalAddress(listener.address()) && !listener.allow_plaintext_from_other_hosts()) {
    Issue(field, absl::StrCat("other hosts can reach ", Quoted(listener.address()),
                              ", and all would be sent in plain text; give \"tls\", or a loopback "
                              "address, or say \"allow_plaintext_from_other_hosts: true\""));
  }
}

void Validator::CheckTls(const config::v1::Tls& tls, const std::string& at) {
  if (tls.certificate_file().empty()) {
    Issue(at + ".certificate_file", "\"certificate_file\" is required: the PEM certificate chain");
  } else {
    CheckFile(tls.certificate_file(), at + ".certificate_file");
  }
  if (tls.private_key_file().empty()) {
    Issue(at + ".private_key_file", "\"private_key_file\" is required: the PEM private key");
  } else {
    CheckFile(tls.private_key_file(), at + ".private_key_file");
  }
  if (!tls.client_ca_file().empty()) {
    CheckFile(tls.client_ca_file(), at + ".client_ca_file");
  } else if (tls.client_certificate_optional()) {
    Issue(at + ".client_certificate_optional",
          "means nothing without \"client_ca_file\": no client certificate is asked for");
  }
}

void Validator::CheckIdentity() {
  const config::v1::Identity& identity = config_.identity();
  if (!identity.tokens_file().empty()) {
    if (identity.open()) {
      Issue("identity.tokens_file", "contradicts \"open\"; leave one of them out");
    }
    CheckFile(identity.tokens_file(), "identity.tokens_file");
  }
  if (config_.has_grpc()) CheckIdentityAt(config_.grpc(), "grpc");
  if (config_.has_http()) CheckIdentityAt(config_.http(), "http");
}

// Who calls here has to have a way to say who they are; where nobody is asked, it has to be
// somebody of this machine.
void Validator::CheckIdentityAt(const config::v1::Listener& listener, const std::string& at) {
  const bool tokens = !config_.identity().tokens_file().empty();
  const bool certificates = !listener.tls().client_ca_file().empty();
  if (RunsOpen(config_)) {
    if (listener.address().empty() || IsLocalAddress(listener.address())) return;
    Issue(config_.has_identity() ? "identity.open" : at + ".address",
          absl::StrCat("other hosts can reach ", at, " (", listener.address(),
                       "), and nobody would be asked who they are. Say how callers show it: "
                       "identity: {tokens_file: tokens.yaml}, or client certificates "
                       "(tls.client_ca_file) with identity: {}; or listen on a loopback address"));
  } else if (!tokens && !certificates) {
    Issue(at, absl::StrCat("nobody could say who they are on ", at,
                           ": give identity.tokens_file, or ", at, ".tls.client_ca_file"));
  } else if (!tokens && listener.tls().client_certificate_optional()) {
    Issue(at + ".tls.client_certificate_optional",
          "whoever shows no certificate needs a token: give identity.tokens_file");
  }
}

void Validator::CheckStore() {
  const std::string& url = config_.store().url();
  constexpr char kForms[] =
      "\"sqlite:/var/lib/gate/gate.db\" or \"postgresql://gate@database/gate\"";
  const bool sqlite = url.starts_with("sqlite:");
  const bool postgresql = url.starts_with("postgresql://") || url.starts_with("postgres://");
  if (url.empty()) {
    Issue("store.url", absl::StrCat("\"store.url\" is required: ", kForms));
  } else if (!sqlite && !postgresql) {
    // The URL may hold a password: only its scheme is shown.
    Issue("store.url", absl::StrCat("unknown kind of store ", Quoted(url.substr(0, url.find(':'))),
                                    "; write ", kForms));
  } else if (sqlite && !url.starts_with("sqlite:/")) {
    Issue("store.url", "the path of the database is absolute: \"sqlite:/var/lib/gate/gate.db\"");
  }
  CheckRange(config_.store().write_connections(), 1, 16, "store.write_connections");
  if (sqlite && config_.store().write_connections() > 1) {
    Issue("store.write_connections", "is for PostgreSQL; SQLite has one writer");
  }
  const std::string& replica = config_.store().read_replica();
  if (sqlite && !replica.empty()) {
    Issue("store.read_replica", "is for PostgreSQL; SQLite has none");
  } else if (!replica.empty() && !replica.starts_with("postgresql://") &&
             !replica.starts_with("postgres://")) {
    Issue("store.read_replica", "write \"postgresql://gate@standby/gate\"");
  }
  CheckRetention();
}

void Validator::CheckRetention() {
  const config::v1::Retention& retention = config_.store().retention();
  constexpr absl::Duration kLeast = absl::Hours(24 * 90);
  constexpr absl::Duration kMost = absl::Hours(24 * 36525);
  if (retention.has_verdicts()) {
    CheckDuration(retention.verdicts(), kLeast, kMost, "store.retention.verdicts");
  }
  if (!retention.has_audit()) return;
  CheckDuration(retention.audit(), kLeast, kMost, "store.retention.audit");
  if (!retention.has_verdicts() || FromProto(retention.audit()) < FromProto(retention.verdicts())) {
    Issue("store.retention.audit",
          "is shorter than store.retention.verdicts, which is for ever where it is not given: the "
          "audit log says who asked for a verdict, and stays at least as long");
  }
}

void Validator::CheckMetricsServers() {
  std::map<std::string, int> seen;
  for (int i = 0; i < config_.metrics_servers_size(); ++i) {
    const config::v1::MetricsServer& server = config_.metrics_servers(i);
    const std::string at = absl::StrCat("metrics_servers[", i, "]");
    if (server.name().empty()) {
      Issue(at + ".name", "\"name\" is required: policies name the server by it");
    } else if (server.name() == kReportedSource) {
      Issue(at + ".name", "\"reported\" is the name of metrics that are reported to the gate");
    } else if (!seen.emplace(server.name(), i).second) {
      Issue(at + ".name", absl::StrCat("the name ", Quoted(server.name()),
                                       " is taken by metrics_servers[", seen[server.name()], "]"));
    }
    CheckUrls(server, at);
    CheckCredentials(server, at);
    CheckHeaders(server, at + ".headers");
    if (server.has_timeout()) {
      CheckDuration(server.timeout(), absl::Milliseconds(10), absl::Seconds(60), at + ".timeout");
    }
    CheckRange(server.max_in_flight(), 1, 256, at + ".max_in_flight");
  }
}

void Validator::CheckUrls(const config::v1::MetricsServer& server, const std::string& at) {
  constexpr int kMaxUrls = 8;
  if (server.urls().empty()) return CheckUrl(server.url(), at + ".url");
  if (!server.url().empty()) Issue(at + ".url", "contradicts \"urls\"; leave one of them out");
  if (server.urls_size() > kMaxUrls) {
    Issue(at + ".urls",
          absl::StrCat(server.urls_size(), " are too many, ", kMaxUrls, " is the most"));
  }
  std::map<std::string, int> seen;
  for (int i = 0; i < server.urls_size(); ++i) {
    const std::string field = absl::StrCat(at, ".urls[", i, "]");
    CheckUrl(server.urls(i), field);
    if (!seen.emplace(server.urls(i), i).second) {
      Issue(field, absl::StrCat("is urls[", seen[server.urls(i)], "] again"));
    }
  }
}

void Validator::CheckCredentials(const config::v1::MetricsServer& server, const std::string& at) {
  if (!server.bearer_token_file().empty()) {
    CheckFile(server.bearer_token_file(), at + ".bearer_token_file");
  }
  if (!server.ca_file().empty()) CheckFile(server.ca_file(), at + ".ca_file");
  if (server.has_basic_auth()) {
    const std::string basic = at + ".basic_auth";
    if (!server.bearer_token_file().empty()) {
      Issue(basic, "contradicts \"bearer_token_file\"; leave one of them out");
    }
    const std::string& user = server.basic_auth().user();
    if (user.empty()) {
      Issue(basic + ".user", "\"user\" is required");
    } else if (user.find(':') != std::string::npos) {
      Issue(basic + ".user", "a user's name has no colon");
    }
    if (server.basic_auth().password_file().empty()) {
      Issue(basic + ".password_file", "\"password_file\" is required");
    } else {
      CheckFile(server.basic_auth().password_file(), basic + ".password_file");
    }
  }
  const std::string& certificate = server.client_certificate_file();
  const std::string& key = server.client_private_key_file();
  if (!certificate.empty()) CheckFile(certificate, at + ".client_certificate_file");
  if (!key.empty()) CheckFile(key, at + ".client_private_key_file");
  if (!certificate.empty() && key.empty()) {
    Issue(at + ".client_certificate_file", "needs \"client_private_key_file\" as well");
  }
  if (certificate.empty() && !key.empty()) {
    Issue(at + ".client_private_key_file", "needs \"client_certificate_file\" as well");
  }
}

// RFC 9110, 5.1 and 5.5; ours are those that curl or an option above writes.
void Validator::CheckHeaders(const config::v1::MetricsServer& server, const std::string& at) {
  const std::map<std::string, std::string> headers(server.headers().begin(),
                                                   server.headers().end());
  for (const auto& [name, value] : headers) {
    const std::string field = EntryPath(at, name);
    const bool token = !name.empty() && std::ranges::all_of(name, [](unsigned char c) {
      return absl::ascii_isalnum(c) || c == '-' || c == '_';
    });
    const bool printable = !value.empty() && std::ranges::all_of(value, [](unsigned char c) {
      return absl::ascii_isprint(c);
    });
    if (!token) Issue(field, "the name of a header has letters, digits and hyphens");
    if (!printable) Issue(field, "the value of a header is a text of one line");
    const std::string lower = absl::AsciiStrToLower(name);
    if (lower == "authorization") {
      Issue(field, "write \"bearer_token_file\" or \"basic_auth\", which keep secrets out of here");
    } else if (lower == "host" || lower == "expect" || lower.starts_with("content-") ||
               lower == "transfer-encoding" || lower == "connection") {
      Issue(field, "is a header of our own");
    }
  }
}

void Validator::CheckUrl(const std::string& url, const std::string& at) {
  std::string problem = UrlProblem(url, "http://prometheus:9090", "basic_auth");
  if (!problem.empty()) Issue(at, std::move(problem));
}

void Validator::CheckRehearsal() {
  const config::v1::Rehearsal& rehearsal = config_.rehearsal();
  const auto check_folder = [&](const std::string& folder, const std::string& at) {
    if (!folder.empty() && folder[0] != '/') Issue(at, Quoted(folder) + " is no absolute path");
  };
  for (int i = 0; i < rehearsal.programs_size(); ++i) {
    check_folder(rehearsal.programs(i), absl::StrCat("rehearsal.programs[", i, "]"));
  }
  check_folder(rehearsal.folder(), "rehearsal.folder");
  constexpr int64_t kMiB = 1 << 20;
  CheckRange(rehearsal.max_memory_bytes(), 128 * kMiB, 65536 * kMiB, "rehearsal.max_memory_bytes");
  CheckRange(rehearsal.max_disk_bytes(), 64 * kMiB, 65536 * kMiB, "rehearsal.max_disk_bytes");
  if (rehearsal.has_timeout()) {
    CheckDuration(rehearsal.timeout(), absl::Seconds(1), absl::Seconds(60), "rehearsal.timeout");
  }
  CheckRange(rehearsal.max_in_flight(), 1, 16, "rehearsal.max_in_flight");
}

void Validator::CheckReportedMetrics() {
  const config::v1::ReportedMetrics& reported = config_.reported_metrics();
  if (reported.has_retention()) {
    CheckDuration(reported.retention(), absl::Hours(1), absl::Hours(90 * 24),
                  "reported_metrics.retention");
  }
  CheckRange(reported.max_series(), 1, 1'000'000, "reported_metrics.max_series");
  CheckRange(reported.max_points_per_series(), 1, 10'000'000,
             "reported_metrics.max_points_per_series");
}

void Validator::CheckQaResults() {
  const config::v1::QaResults& qa = config_.qa_results();
  if (qa.has_retention()) {
    CheckDuration(qa.retention(), absl::Hours(24), absl::Hours(3653 * 24), "qa_results.retention");
  }
  CheckRange(qa.max_builds(), 1, 10'000'000, "qa_results.max_builds");
  CheckRange(qa.max_runs_per_build(), 1, 100'000, "qa_results.max_runs_per_build");
}

void Validator::CheckMetricsFiles() {
  std::map<std::string, std::string> taken = {{std::string(kReportedSource), "what is reported"}};
  for (const config::v1::MetricsServer& server : config_.metrics_servers()) {
    taken.emplace(server.name(), "a metrics server");
  }
  for (int i = 0; i < config_.metrics_files_size(); ++i) {
    const config::v1::MetricsFiles& files = config_.metrics_files(i);
    const std::string at = absl::StrCat("metrics_files[", i, "]");
    const auto [found, added] = taken.emplace(files.name(), at);
    if (files.name().empty()) {
      Issue(at + ".name", "\"name\" is required: policies name the files by it");
    } else if (!added) {
      Issue(at + ".name",
            absl::StrCat("the name ", Quoted(files.name()), " is taken by ", found->second));
    }
    std::error_code error;
    if (files.folder().empty()) {
      Issue(at + ".folder", "\"folder\" is required: where the files *.om are");
    } else if (!std::filesystem::is_directory(files.folder(), error)) {
      Issue(at + ".folder", Quoted(files.folder()) + " is no folder");
    }
  }
}

void Validator::CheckRepositories() {
  std::map<std::string, int> names, addresses;
  for (int i = 0; i < config_.repositories_size(); ++i) {
    const config::v1::Repository& repository = config_.repositories(i);
    const std::string at = absl::StrCat("repositories[", i, "]");
    if (repository.name().empty()) {
      Issue(at + ".name", "\"name\" is required: policies name the repository by it");
    } else if (const auto [first, added] = names.emplace(repository.name(), i); !added) {
      Issue(at + ".name", absl::StrCat("the name ", Quoted(repository.name()),
                                       " is taken by repositories[", first->second, "]"));
    }
    std::error_code error;
    if (repository.folder().empty()) {
      Issue(at + ".folder", "\"folder\" is required: where the repository is on this machine");
    } else if (!std::filesystem::is_directory(repository.folder(), error)) {
      Issue(at + ".folder", Quoted(repository.folder()) + " is no folder");
    } else if (!std::filesystem::exists(repository.folder() + "/.git", error) &&
               !std::filesystem::exists(repository.folder() + "/objects", error)) {
      Issue(at + ".folder", Quoted(repository.folder()) +
                                " is no git repository: git clone --mirror ADDRESS makes one");
    }
    if (!repository.address().empty()) {
      const auto [first, added] = addresses.emplace(repository.address(), i);
      if (!added) {
        Issue(at + ".address", absl::StrCat("is the address of repositories[", first->second,
                                            "] as well: a change could not tell them apart"));
      }
    }
    if (repository.has_timeout()) {
      CheckDuration(repository.timeout(), absl::Seconds(1), absl::Seconds(60), at + ".timeout");
    }
  }
}

void Validator::CheckLimits() {
  const config::v1::Limits& limits = config_.limits();
  CheckRange(limits.max_message_bytes(), 64 << 10, 1 << 30, "limits.max_message_bytes");
  CheckRange(limits.max_evaluations(), 1, 1 << 20, "limits.max_evaluations");
  CheckRange(limits.evaluation_threads(), 1, 1024, "limits.evaluation_threads");
  CheckRange(limits.max_streams_per_connection(), 1, 1 << 16, "limits.max_streams_per_connection");
  CheckRange(limits.max_grpc_memory_bytes(), 16 << 20, int64_t{1} << 40,
             "limits.max_grpc_memory_bytes");
  CheckRange(limits.max_http_connections(), 1, 1 << 16, "limits.max_http_connections");
}

}  // namespace

std::vector<ParameterIssue> ValidateConfig(const config::v1::Config& config) {
  return Validator(config).Run();
}

}  // namespace gate
