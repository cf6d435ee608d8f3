#include "gate/http/webhooks.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "gate/api/status.h"
#include "gate/base/field_error.h"
#include "gate/base/file.h"
#include "gate/http/transcode.h"
#include "gate/incidents/webhooks.h"

namespace gate {
namespace {

constexpr std::string_view kPath = "/v1/webhooks/";
constexpr size_t kMaxSecretBytes = 4096;

HttpReply Refused(const absl::Status& status, int code) {
  HttpReply reply;
  reply.code = code;
  reply.body = ErrorJson(status);
  return reply;
}

std::string_view Find(const std::vector<std::pair<std::string, std::string>>& pairs,
                      std::string_view name) {
  const auto found =
      std::ranges::find(pairs, name, [](const auto& pair) { return std::string_view(pair.first); });
  return found == pairs.end() ? std::string_view() : std::string_view(found->second);
}

bool IsAuthentic(const config::v1::IncidentWebhook& webhook, const HttpCall& call,
                 std::string_view secret) {
  return webhook.kind() == config::v1::IncidentWebhook::KIND_PAGERDUTY
             ? IsSignedBy(secret, call.body, Find(call.headers, "x-pagerduty-signature"))
             : IsSecret(secret, Find(call.query, "secret"));
}

std::string Expected(const config::v1::IncidentWebhook& webhook) {
  return webhook.kind() == config::v1::IncidentWebhook::KIND_PAGERDUTY
             ? absl::StrCat(
                   "X-PagerDuty-Signature has no signature of this body by the secret of \"",
                   webhook.name(), "\"; give the gate the subscription's secret")
             : absl::StrCat("?secret= is not the secret of \"", webhook.name(), "\"");
}

}  // namespace

std::optional<HttpReply> Webhooks::Serve(const HttpCall& call) const {
  if (!call.path.starts_with(kPath)) return std::nullopt;
  if (call.method != "POST") {
    HttpReply reply =
        Refused(WithReason(absl::UnimplementedError(absl::StrCat(call.path, " takes POST only")),
                           "WRONG_METHOD"),
                405);
    reply.headers.emplace_back("Allow", "POST");
    return reply;
  }
  const std::string_view name = std::string_view(call.path).substr(kPath.size());
  const auto webhook = std::ranges::find(webhooks_, name, &config::v1::IncidentWebhook::name);
  if (webhook == webhooks_.end()) {
    return Refused(NoSuch(call.path, "NO_SUCH_WEBHOOK",
                          "incident_webhooks in the server's configuration names those there are"),
                   404);
  }
  return TakeIn(*webhook, call);
}

HttpReply Webhooks::TakeIn(const config::v1::IncidentWebhook& webhook, const HttpCall& call) const {
  if (call.body.size() > kMaxWebhookBytes) {
    return Refused(WithReason(absl::ResourceExhaustedError("the body is larger than 256 KiB"),
                              "WEBHOOK_TOO_LARGE"),
                   413);
  }
  const auto secret = ReadFile(webhook.secret_file(), kMaxSecretBytes);
  if (!secret.ok()) {
    // Who sends it is not told of our files; the log is.
    api_.WarnOfWebhook(webhook.name(), absl::StrCat("secret_file ", webhook.secret_file(), " ",
                                                    std::string(secret.status().message())));
    return Refused(absl::UnavailableError("the secret of this webhook cannot be read"), 503);
  }
  if (!IsAuthentic(webhook, call, std::string(absl::StripAsciiWhitespace(*secret)))) {
    api_.WarnOfWebhook(webhook.name(), "a delivery with a wrong secret was refused");
    return Refused(WithReason(absl::UnauthenticatedError(Expected(webhook)), "WRONG_SECRET"), 401);
  }
  auto event = webhook.kind() == config::v1::IncidentWebhook::KIND_PAGERDUTY
                   ? ReadPagerDuty(call.body)
                   : ReadStatuspage(call.body);
  if (!event.ok()) {
    api_.WarnOfWebhook(webhook.name(), std::string(event.status().message()));
    return Refused(WithReason(event.status(), "NOT_UNDERSTOOD"), 400);
  }
  HttpReply reply;
  if (!event->incident) {
    reply.code = 202;
    reply.body = "{}";
    return reply;
  }
  Place(webhook, event->names, *event->incident);
  const auto taken = api_.TakeInIncident(webhook.name(), *std::move(event->incident), event->time);
  if (!taken.ok()) return Refused(taken.status(), HttpCode(taken.status().code()));
  reply.body = ToJson(*taken);
  return reply;
}

}  // namespace gate
