#include "gate/incidents/webhooks.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "checks/proto_time.h"

namespace gate {
namespace {

using Json = nlohmann::json;

constexpr size_t kMaxId = 256;
constexpr size_t kMaxText = 1024;
constexpr size_t kMaxNames = 200;

absl::Status NotUnderstood(std::string_view why) {
  return absl::InvalidArgumentError(absl::StrCat("the body is not understood: ", std::string(why)));
}

// The member, or null where there is none.
const Json& Get(const Json& object, const char* key) {
  static const Json& none = *new Json();
  if (!object.is_object()) return none;
  const auto found = object.find(key);
  return found == object.end() ? none : *found;
}

// The member's text, on one line and not too long for a finding; empty where it is none.
std::string Text(const Json& object, const char* key) {
  const Json& value = Get(object, key);
  if (!value.is_string()) return "";
  std::string text = value.get<std::string>();
  std::ranges::replace_if(
      text, [](unsigned char c) { return absl::ascii_iscntrl(c); }, ' ');
  if (text.size() > kMaxText) {
    size_t end = kMaxText;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
    text.resize(end);
  }
  return text;
}

std::optional<absl::Time> Moment(const Json& object, const char* key) {
  absl::Time time;
  const std::string text = Text(object, key);
  if (text.empty() || !absl::ParseTime(absl::RFC3339_full, text, &time, nullptr)) return {};
  if (time < absl::UnixEpoch() || time > absl::FromUnixSeconds(253'402'300'799)) return {};
  return time;
}

std::string Url(const Json& object, const char* key) {
  std::string url = Text(object, key);
  return url.starts_with("https://") || url.starts_with("http://") ? url : "";
}

absl::StatusOr<Json> Parse(std::string_view body) {
  Json json = Json::parse(body, nullptr, /*allow_exceptions=*/false);
  if (json.is_discarded()) return NotUnderstood("it is no JSON");
  if (!json.is_object()) return NotUnderstood("it is no JSON object");
  return json;
}

// Id and title, which both kinds have.
absl::StatusOr<v1::Incident> Begin(const Json& data, const char* title) {
  v1::Incident incident;
  incident.set_external_id(Text(data, "id"));
  incident.set_title(Text(data, title));
  if (incident.external_id().empty() || incident.external_id().size() > kMaxId) {
    return NotUnderstood("the incident has no id");
  }
  if (incident.title().empty()) incident.set_title(incident.external_id());
  if (const auto start = Moment(data, "created_at"))
    *incident.mutable_start_time() = ToProto(*start);
  return incident;
}

v1::IncidentSeverity PagerDutySeverity(const Json& data) {
  const std::string priority = Text(Get(data, "priority"), "summary");
  if (priority == "P1") return v1::INCIDENT_SEVERITY_CRITICAL;
  if (priority == "P2") return v1::INCIDENT_SEVERITY_MAJOR;
  if (priority == "P3" || priority == "P4" || priority == "P5") return v1::INCIDENT_SEVERITY_MINOR;
  const std::string urgency = Text(data, "urgency");
  if (urgency == "low") return v1::INCIDENT_SEVERITY_MINOR;
  return urgency == "high" ? v1::INCIDENT_SEVERITY_MAJOR : v1::INCIDENT_SEVERITY_UNSPECIFIED;
}

v1::IncidentSeverity StatuspageSeverity(const std::string& impact) {
  static const auto& severities = *new std::map<std::string, v1::IncidentSeverity>{
      {"none", v1::INCIDENT_SEVERITY_MINOR},
      {"minor", v1::INCIDENT_SEVERITY_MINOR},
      {"major", v1::INCIDENT_SEVERITY_MAJOR},
      {"critical", v1::INCIDENT_SEVERITY_CRITICAL}};
  const auto found = severities.find(impact);
  return found == severities.end() ? v1::INCIDENT_SEVERITY_UNSPECIFIED : found->second;
}

// UNSPECIFIED for a word that neither of them has.
v1::IncidentState StateOf(const std::string& status) {
  static const auto& states = *new std::map<std::string, v1::IncidentState>{
      {"triggered", v1::INCIDENT_STATE_OPEN},     {"acknowledged", v1::INCIDENT_STATE_OPEN},
      {"investigating", v1::INCIDENT_STATE_OPEN}, {"identified", v1::INCIDENT_STATE_OPEN},
      {"monitoring", v1::INCIDENT_STATE_OPEN},    {"resolved", v1::INCIDENT_STATE_RESOLVED},
      {"postmortem", v1::INCIDENT_STATE_RESOLVED}};
  const auto found = states.find(status);
  return found == states.end() ? v1::INCIDENT_STATE_UNSPECIFIED : found->second;
}

absl::Status UnknownStatus(const std::string& status) {
  return NotUnderstood(absl::StrCat("the incident's status is \"", status,
                                    "\", which means neither that it is open nor that it is over"));
}

// The service of ours that a name stands for; empty where none is told.
std::string ServiceOf(const config::v1::IncidentWebhook& webhook, const std::string& name) {
  const auto exact = webhook.service_names().find(name);
  if (exact != webhook.service_names().end()) return exact->second;
  std::string_view longest;
  std::string service;
  for (const auto& [pattern, ours] : webhook.service_names()) {
    std::string_view beginning = pattern;
    if (!beginning.ends_with('*')) continue;
    beginning.remove_suffix(1);
    if (!name.starts_with(beginning)) continue;
    if (!service.empty() && beginning.size() <= longest.size()) continue;
    longest = beginning;
    service = ours;
  }
  return service;
}

}  // namespace

absl::StatusOr<WebhookEvent> ReadPagerDuty(std::string_view body) {
  const absl::StatusOr<Json> json = Parse(body);
  if (!json.ok()) return json.status();
  const Json& event = Get(*json, "event");
  WebhookEvent read;
  read.what = Text(event, "event_type");
  if (read.what.empty()) {
    return NotUnderstood("there is no event.event_type; PagerDuty's webhooks v3 have one");
  }
  const Json& data = Get(event, "data");
  if (Text(data, "type") != "incident") return read;
  const auto time = Moment(event, "occurred_at");
  if (!time) return NotUnderstood("event.occurred_at is no time");
  read.time = *time;
  auto incident = Begin(data, "title");
  if (!incident.ok()) return incident.status();
  incident->set_url(Url(data, "html_url"));
  incident->set_severity(PagerDutySeverity(data));
  const std::string status = Text(data, "status");
  incident->set_state(StateOf(status));
  if (incident->state() == v1::INCIDENT_STATE_UNSPECIFIED) return UnknownStatus(status);
  if (std::string service = Text(Get(data, "service"), "summary"); !service.empty()) {
    read.names.push_back(std::move(service));
  }
  read.incident = *std::move(incident);
  return read;
}

absl::StatusOr<WebhookEvent> ReadStatuspage(std::string_view body) {
  const absl::StatusOr<Json> json = Parse(body);
  if (!json.ok()) return json.status();
  WebhookEvent read;
  const Json& data = Get(*json, "incident");
  if (!data.is_object()) {
    if (!Get(*json, "component_update").is_object() && !Get(*json, "component").is_object() &&
        !Get(*json, "page").is_object()) {
      return NotUnderstood("there is neither an incident nor a component; Statuspage sends one");
    }
    read.what = "component_update";
    return read;
  }
  const std::string impact = Text(data, "impact"), status = Text(data, "status");
  read.what = absl::StrCat("incident ", status);
  // Scheduled maintenance is no incident.
  if (impact == "maintenance" || Moment(data, "scheduled_for")) return read;
  const auto time = Moment(data, "updated_at");
  if (!time) return NotUnderstood("incident.updated_at is no time");
  read.time = *time;
  auto incident = Begin(data, "name");
  if (!incident.ok()) return incident.status();
  incident->set_url(Url(data, "shortlink"));
  incident->set_severity(StatuspageSeverity(impact));
  incident->set_state(StateOf(status));
  if (incident->state() == v1::INCIDENT_STATE_UNSPECIFIED) return UnknownStatus(status);
  const Json& components = Get(data, "components");
  if (components.is_array()) {
    for (const Json& component : components) {
      std::string name = Text(component, "name");
      if (!name.empty()) read.names.push_back(std::move(name));
      if (read.names.size() == kMaxNames) return NotUnderstood("it names over 200 components");
    }
  }
  read.incident = *std::move(incident);
  return read;
}

void Place(const config::v1::IncidentWebhook& webhook, const std::vector<std::string>& names,
           v1::Incident& incident) {
  *incident.mutable_environments() = webhook.environments();
  std::set<std::string> services;
  bool unknown = names.empty();
  for (const std::string& name : names) {
    std::string service = ServiceOf(webhook, name);
    if (service.empty()) {
      unknown = true;
    } else {
      services.insert(std::move(service));
    }
  }
  incident.clear_services();
  // No services are all of them.
  if (unknown && webhook.services().empty()) return;
  if (unknown) services.insert(webhook.services().begin(), webhook.services().end());
  for (const std::string& service : services) incident.add_services(service);
}

bool IsSignedBy(std::string_view secret, std::string_view body, std::string_view signatures) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  if (secret.empty() || HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()),
                             reinterpret_cast<const unsigned char*>(body.data()), body.size(),
                             digest, &size) == nullptr) {
    return false;
  }
  const std::string expected = absl::StrCat(
      "v1=", absl::BytesToHexString(absl::string_view(reinterpret_cast<char*>(digest), size)));
  bool is_signed = false;
  const std::string all(signatures);
  for (const std::string& signature : std::vector<std::string>(absl::StrSplit(all, ','))) {
    is_signed |= IsSecret(expected, std::string(absl::StripAsciiWhitespace(signature)));
  }
  return is_signed;
}

bool IsSecret(std::string_view secret, std::string_view given) {
  return !secret.empty() && secret.size() == given.size() &&
         CRYPTO_memcmp(secret.data(), given.data(), secret.size()) == 0;
}

}  // namespace gate
