#include "gate/config/incident_webhooks.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "checks/policy/fields.h"
#include "checks/policy/suggest.h"
#include "gate/config/problems.h"

namespace gate {
namespace {

using config::v1::IncidentWebhook;

// Incidents have it as their source, and those that are reported to the API have this one.
constexpr char kTaken[] = "api";

bool IsId(std::string_view id) {
  return !id.empty() && id.size() <= 64 && std::ranges::all_of(id, [](unsigned char c) {
    return absl::ascii_islower(c) || absl::ascii_isdigit(c) || c == '-';
  });
}

bool IsPattern(std::string_view name) {
  if (name == "*") return true;
  if (name.ends_with('*')) name.remove_suffix(1);
  return !name.empty() && name.size() <= 128 && std::ranges::all_of(name, [](unsigned char c) {
    return absl::ascii_isalnum(c) || c == '.' || c == '_' || c == '-';
  });
}

class WebhookCheck {
 public:
  WebhookCheck(const IncidentWebhook& webhook, std::string at, std::vector<ParameterIssue>& issues)
      : webhook_(webhook), at_(std::move(at)), issues_(issues) {}

  void Run(std::set<std::string>& names) {
    if (!IsId(webhook_.name())) {
      Issue("name", "has to be 1 to 64 characters of a-z, 0-9 and -; it is part of the address");
    } else if (webhook_.name() == kTaken) {
      Issue("name", "\"api\" is the source of incidents that are reported to the API");
    } else if (!names.insert(webhook_.name()).second) {
      Issue("name",
            absl::StrCat("the name ", Quoted(webhook_.name()), " is taken by an earlier webhook"));
    }
    if (webhook_.kind() == IncidentWebhook::KIND_UNSPECIFIED ||
        !IncidentWebhook::Kind_IsValid(webhook_.kind())) {
      Issue("kind", "is required: PAGERDUTY or STATUSPAGE");
    }
    if (webhook_.secret_file().empty()) {
      Issue("secret_file",
            "\"secret_file\" is required: without a secret anybody could hold, or "
            "let go, every change");
    } else if (std::string problem = FileProblem(webhook_.secret_file()); !problem.empty()) {
      Issue("secret_file", std::move(problem));
    }
    CheckPatterns("services", webhook_.services());
    CheckPatterns("environments", webhook_.environments());
    const std::map<std::string, std::string> theirs(webhook_.service_names().begin(),
                                                    webhook_.service_names().end());
    for (const auto& [name, service] : theirs) {
      if (name.empty()) Issue(EntryPath("service_names", name), "a name is required");
      if (!IsPattern(service)) {
        Issue(EntryPath("service_names", name),
              absl::StrCat(Quoted(service), " is no name of a service: A-Z a-z 0-9 . _ -"));
      }
    }
  }

 private:
  void Issue(const std::string& field, std::string problem) {
    issues_.push_back({absl::StrCat(at_, ".", field), std::move(problem)});
  }

  void CheckPatterns(const std::string& field,
                     const google::protobuf::RepeatedPtrField<std::string>& names) {
    for (int i = 0; i < names.size(); ++i) {
      if (IsPattern(names[i])) continue;
      Issue(absl::StrCat(field, "[", i, "]"),
            "has to be a name of A-Z a-z 0-9 . _ -, or the beginning of one and \"*\"");
    }
  }

  const IncidentWebhook& webhook_;
  const std::string at_;
  std::vector<ParameterIssue>& issues_;
};

}  // namespace

void CheckIncidentWebhooks(const config::v1::Config& config, std::vector<ParameterIssue>& issues) {
  if (!config.incident_webhooks().empty() && !config.has_http()) {
    issues.push_back({"incident_webhooks", "needs \"http\": webhooks come in there"});
  }
  std::set<std::string> names;
  for (int i = 0; i < config.incident_webhooks_size(); ++i) {
    WebhookCheck(config.incident_webhooks(i), absl::StrCat("incident_webhooks[", i, "]"), issues)
        .Run(names);
  }
}

}  // namespace gate
