// The calls about incidents.
#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "gate/api/api.h"
#include "gate/api/hold_request.h"
#include "gate/api/names.h"
#include "gate/api/page.h"
#include "gate/api/status.h"
#include "gate/base/field_error.h"

namespace gate {
namespace {

constexpr int kStandardPage = 50;
constexpr int kLargestPage = 1000;
constexpr char kSource[] = "api";

absl::Status OrNoSuch(const absl::Status& status, const std::string& name) {
  return absl::IsNotFound(status)
             ? NoSuch(name, "NO_SUCH_INCIDENT", "Incidents.List shows those on record")
             : status;
}

}  // namespace

absl::StatusOr<v1::Incident> Api::ReportIncident(const CallContext& call,
                                                 const v1::ReportIncidentRequest& request) {
  const absl::Time now = parts_.clock.Now();
  auto incident = ReadIncidentRequest(request, now);
  if (!incident.ok()) return incident.status();
  const std::string id = NewId(now);
  incident->set_name(absl::StrCat("incidents/", id));
  incident->set_source(kSource);
  if (incident->external_id().empty()) incident->set_external_id(id);
  incident->set_reporter(call.actor);
  IncidentReport report;
  report.write =
      WriteOf({call.actor, "gate.v1.Incidents.Report", incident->name(), incident->title()},
              request.request_id(), DigestWithoutId(request), now, *incident);
  report.incident = *std::move(incident);
  return parts_.store.holds().ReportIncident(report);
}

absl::StatusOr<v1::Incident> Api::TakeInIncident(const std::string& webhook, v1::Incident incident,
                                                 absl::Time time) {
  const absl::Time now = parts_.clock.Now();
  incident.set_name(absl::StrCat("incidents/", NewId(now)));
  incident.set_source(webhook);
  incident.set_reporter(absl::StrCat("webhook:", webhook));
  IncidentReport report;
  // A clock that is ahead of ours must not outdate what people say here.
  report.write = WriteOf({incident.reporter(), "webhook", incident.name(), incident.title()}, "",
                         "", std::min(time, now), incident);
  report.incident = std::move(incident);
  auto taken = parts_.store.holds().ReportIncident(report);
  if (!taken.ok()) {
    WarnOfWebhook(webhook, std::string(taken.status().message()));
    return taken;
  }
  parts_.log.Info("incident reported", {{"webhook", webhook},
                                        {"incident", taken->name()},
                                        {"external_id", taken->external_id()},
                                        {"state", v1::IncidentState_Name(taken->state())}});
  return taken;
}

void Api::WarnOfWebhook(const std::string& webhook, const std::string& problem) {
  parts_.log.Warning("webhook", {{"webhook", webhook}, {"error", problem}});
}

absl::StatusOr<v1::Incident> Api::ResolveIncident(const CallContext& call,
                                                  const v1::ResolveIncidentRequest& request) {
  const absl::StatusOr<std::string> id = ParseIncidentName(request.name());
  if (!id.ok()) return id.status();
  if (absl::Status status = CheckReasonAndId(request.reason(), request.request_id());
      !status.ok()) {
    return status;
  }
  const auto known = parts_.store.holds().GetIncident(*id);
  if (!known.ok()) return OrNoSuch(known.status(), request.name());
  const IncidentResolution resolution = {
      WriteOf({call.actor, "gate.v1.Incidents.Resolve", request.name(), request.reason()},
              request.request_id(), DigestWithoutId(request), parts_.clock.Now(), *known),
      *id, call.actor};
  auto resolved = parts_.store.holds().ResolveIncident(resolution);
  if (!resolved.ok()) return OrNoSuch(resolved.status(), request.name());
  return resolved;
}

absl::StatusOr<v1::Incident> Api::GetIncident(const v1::GetIncidentRequest& request) {
  const absl::StatusOr<std::string> id = ParseIncidentName(request.name());
  if (!id.ok()) return id.status();
  auto incident = parts_.store.holds().GetIncident(*id);
  if (!incident.ok()) return OrNoSuch(incident.status(), request.name());
  return incident;
}

absl::StatusOr<v1::ListIncidentsResponse> Api::ListIncidents(
    const v1::ListIncidentsRequest& request) {
  const absl::StatusOr<int> size = PageSize(request.page_size(), kStandardPage, kLargestPage);
  if (!size.ok()) return size.status();
  const absl::StatusOr<std::string> before = ParsePageToken(request, request.page_token());
  if (!before.ok()) return before.status();
  if (!before->empty() && !ParseIncidentName(absl::StrCat("incidents/", *before)).ok()) {
    return InvalidFields({{"page_token", "is not a token of this list"}}, "INVALID_PAGE_TOKEN");
  }
  // One more than is sent tells whether there is a next page.
  auto incidents = parts_.store.holds().ListIncidents(
      {request.service(), request.environment(), request.open()}, *before, *size + 1);
  if (!incidents.ok()) return incidents.status();
  const bool more = incidents->size() > static_cast<size_t>(*size);
  if (more) incidents->pop_back();
  v1::ListIncidentsResponse response;
  for (v1::Incident& incident : *incidents) *response.add_incidents() = std::move(incident);
  if (more) {
    const std::string& last = response.incidents(response.incidents_size() - 1).name();
    response.set_next_page_token(MakePageToken(request, last.substr(last.find('/') + 1)));
  }
  return response;
}

}  // namespace gate
