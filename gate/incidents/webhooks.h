// What PagerDuty and Statuspage send when an incident begins, changes or is over. Pure: bodies and
// headers in, incidents out.
//
// PagerDuty, webhooks v3: one event with id, event_type and occurred_at; where its data is an
// incident, that has id, title, status, urgency, service and perhaps a priority
// (developer.pagerduty.com, "Webhooks Overview" and "Verifying Signatures").
// Statuspage: the whole incident with status, impact and components at each update; component
// updates by themselves (support.atlassian.com/statuspage, "Enable webhook notifications").
#ifndef GATE_INCIDENTS_WEBHOOKS_H_
#define GATE_INCIDENTS_WEBHOOKS_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "gate/config/v1/config.pb.h"
#include "gate/v1/incident.pb.h"

namespace gate {

// Larger bodies are none of theirs.
inline constexpr size_t kMaxWebhookBytes = 256 << 10;

// What one delivery says.
struct WebhookEvent {
  // Of an incident: external_id, title, url, severity, state and, where it is told, start_time.
  // Nothing: it says nothing of one.
  std::optional<v1::Incident> incident;
  absl::Time time;                 // when that was so
  std::vector<std::string> names;  // of the other system's services or components
  std::string what;                // "incident.annotated": what was sent
};

// INVALID_ARGUMENT says what of the body is not understood.
absl::StatusOr<WebhookEvent> ReadPagerDuty(std::string_view body);
absl::StatusOr<WebhookEvent> ReadStatuspage(std::string_view body);

// The services and environments that an incident of these names concerns.
void Place(const config::v1::IncidentWebhook& webhook, const std::vector<std::string>& names,
           v1::Incident& incident);

// Whether one of the signatures ("v1=" and a hexadecimal HMAC-SHA256 of the body, separated by
// commas: several while a secret is being replaced) is by the secret. Takes as long for a wrong one
// as for a right one.
bool IsSignedBy(std::string_view secret, std::string_view body, std::string_view signatures);

// Whether the two are the same; takes as long where they are not.
bool IsSecret(std::string_view secret, std::string_view given);

}  // namespace gate

#endif  // GATE_INCIDENTS_WEBHOOKS_H_
