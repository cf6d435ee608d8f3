// Whatever is posted to a webhook: an incident that the store can keep, nothing, or a reason.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "checks/policy/utf8.h"
#include "checks/proto_time.h"
#include "gate/incidents/webhooks.h"

namespace {

void Check(const absl::StatusOr<gate::WebhookEvent>& event) {
  if (!event.ok()) {
    if (event.status().message().empty()) __builtin_trap();
    return;
  }
  if (!event->incident) return;
  const gate::v1::Incident& incident = *event->incident;
  if (incident.external_id().empty() || incident.external_id().size() > 256) __builtin_trap();
  if (incident.title().empty() || incident.title().size() > 1024) __builtin_trap();
  if (incident.state() == gate::v1::INCIDENT_STATE_UNSPECIFIED) __builtin_trap();
  if (event->time < absl::UnixEpoch()) __builtin_trap();
  for (const std::string_view text :
       {std::string_view(incident.title()), std::string_view(incident.external_id()),
        std::string_view(incident.url())}) {
    if (gate::FindInvalidUtf8(text) != text.npos) __builtin_trap();
    if (std::ranges::any_of(text, [](unsigned char c) { return c < ' '; })) __builtin_trap();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view body(reinterpret_cast<const char*>(data), size);
  Check(gate::ReadPagerDuty(body));
  Check(gate::ReadStatuspage(body));
  if (gate::IsSignedBy("secret", "body", body)) __builtin_trap();
  return 0;
}
