#include "gate/config/flag_servers.h"

#include <algorithm>
#include <map>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "checks/policy/fields.h"
#include "checks/policy/suggest.h"
#include "checks/proto_time.h"
#include "gate/base/file.h"
#include "gate/config/problems.h"

namespace gate {
namespace {

using config::v1::FlagServer;
using ByEnvironment = google::protobuf::Map<std::string, std::string>;

constexpr size_t kMaxFlagFileBytes = 32 << 20;

// One server.
class FlagServerCheck {
 public:
  FlagServerCheck(const FlagServer& server, std::string at, std::vector<ParameterIssue>& issues)
      : server_(server), at_(std::move(at)), issues_(issues) {}

  void Run() {
    switch (server_.kind_case()) {
      case FlagServer::kUnleash:
        CheckUrl(server_.unleash().url(), "unleash.url", "https://unleash.example.com");
        CheckFiles(server_.unleash().token_files(), "unleash.token_files");
        CheckNames(server_.unleash().token_files(), "unleash.token_files");
        break;
      case FlagServer::kFlagdFile:
        CheckFlagFile(server_.flagd_file(), "flagd_file", true);
        break;
      case FlagServer::kFile:
        CheckFlagFile(server_.file(), "file", false);
        break;
      case FlagServer::kOfrep:
        CheckOfrep();
        break;
      case FlagServer::kLaunchDarkly:
        CheckLaunchDarkly();
        break;
      case FlagServer::kFlagsmith:
        CheckFlagsmith();
        break;
      case FlagServer::KIND_NOT_SET:
        Issue("",
              "it has to say what it is: unleash, flagd_file, file, ofrep, launch_darkly or "
              "flagsmith");
        break;
    }
    if (!server_.ca_file().empty()) Issue("ca_file", FileProblem(server_.ca_file()));
    const absl::Duration timeout = FromProto(server_.timeout());
    if (server_.has_timeout() &&
        (timeout < absl::Milliseconds(100) || timeout > absl::Seconds(60))) {
      Issue("timeout", absl::FormatDuration(timeout) + " is out of range: 100ms to 1m");
    }
    for (const auto& [environment, name] : Sorted(server_.environments())) {
      if (name.empty()) Issue(EntryPath("environments", environment), "a name is required");
    }
  }

 private:
  static std::map<std::string, std::string> Sorted(const ByEnvironment& map) {
    return {map.begin(), map.end()};
  }

  // Nothing where there is no problem.
  void Issue(const std::string& field, std::string problem) {
    if (problem.empty()) return;
    issues_.push_back({field.empty() ? at_ : at_ + "." + field, std::move(problem)});
  }

  void CheckUrl(const std::string& url, const std::string& field, std::string_view example) {
    Issue(field, UrlProblem(url, example, "token_file"));
  }

  void CheckRequiredFile(const std::string& file, const std::string& field, std::string_view what) {
    const std::string_view name = std::string_view(field).substr(field.rfind('.') + 1);
    Issue(field, file.empty() ? absl::StrCat(Quoted(name), " is required: ", std::string(what))
                              : FileProblem(file));
  }

  void CheckFiles(const ByEnvironment& files, const std::string& field,
                  size_t max_bytes = kMaxConfiguredFileBytes) {
    for (const auto& [environment, file] : Sorted(files)) {
      Issue(EntryPath(field, environment), FileProblem(file, max_bytes));
    }
  }

  // What is given by environment is all that can be asked for.
  void CheckNames(const ByEnvironment& given, const std::string& field) {
    if (given.empty()) {
      Issue(field, absl::StrCat(Quoted(field.substr(field.rfind('.') + 1)),
                                " is required, with an entry for each environment"));
    }
    if (given.contains("")) Issue(field, "an environment has no name");
    for (const auto& [environment, name] : Sorted(server_.environments())) {
      if (given.empty() || given.contains(environment)) continue;
      Issue(EntryPath("environments", environment),
            absl::StrCat("there is no such environment in ", Quoted(field),
                         "; both have the names that changes give"));
    }
  }

  void CheckFlagFile(const config::v1::FlagFile& file, const std::string& field, bool flagd) {
    if (!server_.ca_file().empty()) Issue("ca_file", "is for a server; this is a file");
    if (file.path().empty() == file.paths().empty()) {
      Issue(field, file.path().empty() ? "\"path\" is required, or \"paths\" by environment"
                                       : "\"path\" contradicts \"paths\"; leave one of them out");
      return;
    }
    const auto check_ending = [&](const std::string& path, const std::string& at) {
      const bool known =
          std::ranges::any_of(std::initializer_list<std::string_view>{".json", ".yaml", ".yml"},
                              [&](auto ending) { return path.ends_with(ending); });
      if (flagd && !known) Issue(at, Quoted(path) + " does not end in .json, .yaml or .yml");
    };
    if (!file.path().empty()) {
      Issue(field + ".path", FileProblem(file.path(), kMaxFlagFileBytes));
      check_ending(file.path(), field + ".path");
      return;
    }
    CheckFiles(file.paths(), field + ".paths", kMaxFlagFileBytes);
    CheckNames(file.paths(), field + ".paths");
    for (const auto& [environment, path] : Sorted(file.paths())) {
      check_ending(path, EntryPath(field + ".paths", environment));
    }
  }

  void CheckOfrep() {
    for (const auto& [environment, url] : Sorted(server_.ofrep().urls())) {
      CheckUrl(url, EntryPath("ofrep.urls", environment), "http://flagd:8016");
    }
    CheckNames(server_.ofrep().urls(), "ofrep.urls");
    const std::string& token = server_.ofrep().token_file();
    if (!token.empty()) Issue("ofrep.token_file", FileProblem(token));
  }

  void CheckLaunchDarkly() {
    const config::v1::LaunchDarkly& given = server_.launch_darkly();
    if (!given.url().empty()) {
      CheckUrl(given.url(), "launch_darkly.url", "https://app.launchdarkly.com");
    }
    const bool is_key = std::ranges::all_of(given.project(), [](unsigned char c) {
      return absl::ascii_isalnum(c) || c == '.' || c == '_' || c == '-';
    });
    if (given.project().empty()) {
      Issue("launch_darkly.project", "\"project\" is required: the key of the project");
    } else if (!is_key) {
      Issue("launch_darkly.project", Quoted(given.project()) + " is no key of a project");
    }
    CheckRequiredFile(given.token_file(), "launch_darkly.token_file",
                      "a file with an access token that may read");
  }

  void CheckFlagsmith() {
    const config::v1::Flagsmith& given = server_.flagsmith();
    if (!given.url().empty()) {
      CheckUrl(given.url(), "flagsmith.url", "https://api.flagsmith.com");
    }
    if (given.project() <= 0) {
      Issue("flagsmith.project", "\"project\" is required: the number of the project");
    }
    CheckRequiredFile(given.token_file(), "flagsmith.token_file",
                      "a file with an API key of the organisation");
    CheckNames(given.environment_keys(), "flagsmith.environment_keys");
    for (const auto& [environment, key] : Sorted(given.environment_keys())) {
      if (key.empty()) {
        Issue(EntryPath("flagsmith.environment_keys", environment), "a key is required");
      }
    }
  }

  const FlagServer& server_;
  const std::string at_;
  std::vector<ParameterIssue>& issues_;
};

void Resolve(const std::string& from, std::string& file) {
  if (!file.empty()) file = ResolvePath(from, file);
}

void Resolve(const std::string& from, ByEnvironment& files) {
  for (auto& [environment, file] : files) Resolve(from, file);
}

void Resolve(const std::string& from, config::v1::FlagFile& file) {
  Resolve(from, *file.mutable_path());
  Resolve(from, *file.mutable_paths());
}

}  // namespace

void CheckFlagServers(const config::v1::Config& config, std::vector<ParameterIssue>& issues) {
  std::map<std::string, int> seen;
  for (int i = 0; i < config.flag_servers_size(); ++i) {
    const FlagServer& server = config.flag_servers(i);
    const std::string at = absl::StrCat("flag_servers[", i, "]");
    const auto [first, added] = seen.emplace(server.name(), i);
    if (server.name().empty()) {
      issues.push_back({at + ".name", "\"name\" is required: policies name the server by it"});
    } else if (!added) {
      issues.push_back(
          {at + ".name", absl::StrCat("the name ", Quoted(server.name()),
                                      " is taken by flag_servers[", first->second, "]")});
    }
    FlagServerCheck(server, at, issues).Run();
  }
}

void ResolveFlagFiles(const std::string& from, FlagServer& server) {
  Resolve(from, *server.mutable_ca_file());
  if (server.has_unleash()) Resolve(from, *server.mutable_unleash()->mutable_token_files());
  if (server.has_flagd_file()) Resolve(from, *server.mutable_flagd_file());
  if (server.has_file()) Resolve(from, *server.mutable_file());
  if (server.has_ofrep()) Resolve(from, *server.mutable_ofrep()->mutable_token_file());
  if (server.has_launch_darkly()) {
    Resolve(from, *server.mutable_launch_darkly()->mutable_token_file());
  }
  if (server.has_flagsmith()) Resolve(from, *server.mutable_flagsmith()->mutable_token_file());
}

}  // namespace gate
