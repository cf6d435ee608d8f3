#include "gate/store/holds.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"
#include "checks/name_patterns.h"
#include "checks/proto_time.h"
#include "gate/base/digest.h"
#include "gate/base/field_error.h"
#include "gate/store/record.h"

namespace gate {
namespace {

constexpr std::string_view kFreezes = "freezes/", kIncidents = "incidents/";
constexpr size_t kMaxKeyBytes = 512;
constexpr int kPage = 200;
// A moment that both engines can write.
const absl::Time kNever = absl::FromUnixSeconds(253'402'300'799);

std::string IdOf(std::string_view prefix, std::string_view name) {
  return std::string(name.starts_with(prefix) ? name.substr(prefix.size()) : name);
}

absl::Status RequestIdReused(std::string_view request_id) {
  return WithReason(
      absl::AlreadyExistsError(absl::StrCat("request_id ", std::string(request_id),
                                            " was used for another request; use a new request_id")),
      "REQUEST_ID_REUSED");
}

// Of a request that was made before, the id of what it wrote. One that is still under way is waited
// for.
absl::StatusOr<std::optional<std::string>> Enter(const HoldWrite& write,
                                                 const std::string& resource, HoldTables& tables) {
  if (write.request_id.empty()) return std::nullopt;
  const auto added =
      tables.AddRequest(write.request_id, {write.request_digest, resource}, Micros(write.now));
  if (!added.ok()) return added.status();
  if (*added) return std::nullopt;
  const auto known = tables.FindRequest(write.request_id);
  if (!known.ok()) return known.status();
  if (!*known || (*known)->request_digest != write.request_digest) {
    return RequestIdReused(write.request_id);
  }
  return (*known)->resource;
}

// As Enter, before it is known what will be written.
absl::StatusOr<std::optional<std::string>> Entered(const HoldWrite& write, HoldTables& tables) {
  if (write.request_id.empty()) return std::nullopt;
  const auto known = tables.FindRequest(write.request_id);
  if (!known.ok()) return known.status();
  if (!*known) return std::nullopt;
  if ((*known)->request_digest != write.request_digest) return RequestIdReused(write.request_id);
  return (*known)->resource;
}

absl::StatusOr<FreezeRow> Encode(const v1::Freeze& freeze) {
  FreezeRow row;
  row.id = IdOf(kFreezes, freeze.name());
  row.start_time = Micros(FromProto(freeze.start_time()));
  absl::Time over = freeze.has_end_time() ? FromProto(freeze.end_time()) : kNever;
  if (freeze.has_lift_time()) over = std::min(over, FromProto(freeze.lift_time()));
  row.over_time = Micros(std::min(over, kNever));
  row.lifted = freeze.has_lift_time();
  row.freeze = DeterministicBytes(freeze);
  if (absl::Status status = CheckStoredText("freeze", row.id, kMaxKeyBytes); !status.ok()) {
    return status;
  }
  return row;
}

absl::StatusOr<IncidentRow> Encode(const v1::Incident& incident, absl::Time created) {
  IncidentRow row;
  row.id = IdOf(kIncidents, incident.name());
  row.source = incident.source();
  row.external_id = incident.external_id();
  row.create_time = Micros(created);
  row.open = incident.state() != v1::INCIDENT_STATE_RESOLVED;
  row.incident = DeterministicBytes(incident);
  absl::Status status = CheckStoredText("incident", row.id, kMaxKeyBytes);
  if (status.ok()) status = CheckStoredText("source", row.source, kMaxKeyBytes);
  if (status.ok()) status = CheckStoredText("external_id", row.external_id, kMaxKeyBytes);
  if (!status.ok()) return status;
  return row;
}

absl::StatusOr<v1::Freeze> ReadFreeze(const std::string& id, HoldTables& tables) {
  const auto bytes = tables.FindFreeze(id);
  if (!bytes.ok()) return bytes.status();
  if (!*bytes) return NoSuchFreeze(id);
  return DecodeFreeze(**bytes);
}

absl::StatusOr<v1::Incident> ReadIncident(const std::string& id, HoldTables& tables) {
  const auto bytes = tables.FindIncident(id);
  if (!bytes.ok()) return bytes.status();
  if (!*bytes) return NoSuchIncident(id);
  return DecodeIncident(**bytes);
}

v1::Incident AsNew(v1::Incident incident, absl::Time now) {
  if (incident.severity() == v1::INCIDENT_SEVERITY_UNSPECIFIED) {
    incident.set_severity(v1::INCIDENT_SEVERITY_CRITICAL);
  }
  if (incident.state() == v1::INCIDENT_STATE_UNSPECIFIED) {
    incident.set_state(v1::INCIDENT_STATE_OPEN);
  }
  if (!incident.has_start_time()) *incident.mutable_start_time() = ToProto(now);
  if (incident.state() == v1::INCIDENT_STATE_RESOLVED) {
    *incident.mutable_resolve_time() = ToProto(now);
    incident.set_resolver(incident.reporter());
  }
  *incident.mutable_update_time() = ToProto(now);
  return incident;
}

bool Picks(const IncidentFilter& filter, const v1::Incident& incident) {
  return (filter.service.empty() || PicksName(incident.services(), filter.service)) &&
         (filter.environment.empty() || PicksName(incident.environments(), filter.environment)) &&
         (!filter.open || incident.state() != v1::INCIDENT_STATE_RESOLVED);
}

template <typename Message>
absl::StatusOr<Message> Decode(std::string_view bytes, const char* what) {
  Message message;
  if (!message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return absl::DataLossError(
        absl::StrCat("a stored ", what, " cannot be read: its bytes are damaged"));
  }
  return message;
}

}  // namespace

absl::StatusOr<v1::Freeze> CreateIn(const FreezeCreation& creation, HoldTables& tables) {
  const auto row = Encode(creation.freeze);
  if (!row.ok()) return row.status();
  const auto before = Enter(creation.write, row->id, tables);
  if (!before.ok()) return before.status();
  if (*before) return ReadFreeze(**before, tables);
  absl::Status status = tables.AddFreeze(*row);
  if (status.ok()) status = tables.AddAudit(creation.write.audit);
  if (!status.ok()) return status;
  return creation.freeze;
}

absl::StatusOr<v1::Freeze> LiftIn(const FreezeLift& lift, HoldTables& tables) {
  auto freeze = ReadFreeze(lift.id, tables);
  if (!freeze.ok()) return freeze;
  const auto before = Enter(lift.write, lift.id, tables);
  if (!before.ok()) return before.status();
  if (*before || freeze->has_lift_time()) return freeze;
  freeze->set_lifted_by(lift.lifted_by);
  freeze->set_lift_reason(lift.reason);
  *freeze->mutable_lift_time() = ToProto(lift.write.now);
  freeze->set_etag("2");
  const auto row = Encode(*freeze);
  if (!row.ok()) return row.status();
  absl::Status status = tables.ReplaceFreeze(*row);
  if (status.ok()) status = tables.AddAudit(lift.write.audit);
  if (!status.ok()) return status;
  return freeze;
}

v1::Incident Merged(v1::Incident known, const v1::Incident& report, absl::Time now) {
  const absl::Time newest = FromProto(known.update_time());
  const bool resolves = report.state() == v1::INCIDENT_STATE_RESOLVED;
  if (now < newest || (now == newest && !resolves)) return known;
  if (!report.title().empty()) known.set_title(report.title());
  if (!report.url().empty()) known.set_url(report.url());
  if (!report.services().empty()) *known.mutable_services() = report.services();
  if (!report.environments().empty()) *known.mutable_environments() = report.environments();
  if (report.severity() != v1::INCIDENT_SEVERITY_UNSPECIFIED) {
    known.set_severity(report.severity());
  }
  if (report.has_signal()) *known.mutable_signal() = report.signal();
  if (report.has_start_time()) *known.mutable_start_time() = report.start_time();
  *known.mutable_update_time() = ToProto(now);
  if (!resolves && report.state() == v1::INCIDENT_STATE_OPEN) {
    known.set_state(v1::INCIDENT_STATE_OPEN);
    known.clear_resolve_time();
    known.clear_resolver();
  } else if (resolves && known.state() != v1::INCIDENT_STATE_RESOLVED) {
    known.set_state(v1::INCIDENT_STATE_RESOLVED);
    known.set_resolver(report.reporter());
    *known.mutable_resolve_time() = ToProto(now);
  }
  return known;
}

absl::StatusOr<v1::Incident> ReportIn(const IncidentReport& report, HoldTables& tables) {
  const absl::Time now = report.write.now;
  const v1::Incident fresh = AsNew(report.incident, now);
  const auto row = Encode(fresh, now);
  if (!row.ok()) return row.status();
  const auto before = Entered(report.write, tables);
  if (!before.ok()) return before.status();
  if (*before) return ReadIncident(**before, tables);
  const auto added = tables.AddIncident(*row);
  if (!added.ok()) return added.status();
  v1::Incident incident = fresh;
  if (!*added) {
    const auto bytes = tables.FindIncident(row->source, row->external_id);
    if (!bytes.ok()) return bytes.status();
    if (!*bytes) return absl::DataLossError("an incident is there and cannot be found");
    auto known = DecodeIncident(**bytes);
    if (!known.ok()) return known.status();
    incident = *std::move(known);
  }
  const auto meanwhile = Enter(report.write, IdOf(kIncidents, incident.name()), tables);
  if (!meanwhile.ok()) return meanwhile.status();
  if (*meanwhile) return absl::AbortedError("the same report has just come in; it is read again");
  v1::AuditEntry audit = report.write.audit;
  audit.set_resource(incident.name());
  if (absl::Status status = tables.AddAudit(audit); !status.ok()) return status;
  if (*added) return incident;
  incident = Merged(std::move(incident), report.incident, now);
  const auto merged = Encode(incident, now);
  if (!merged.ok()) return merged.status();
  if (absl::Status status = tables.ReplaceIncident(*merged); !status.ok()) return status;
  return incident;
}

absl::StatusOr<v1::Incident> ResolveIn(const IncidentResolution& resolution, HoldTables& tables) {
  auto incident = ReadIncident(resolution.id, tables);
  if (!incident.ok()) return incident;
  const auto before = Enter(resolution.write, resolution.id, tables);
  if (!before.ok()) return before.status();
  if (*before || incident->state() == v1::INCIDENT_STATE_RESOLVED) return incident;
  // Of a clock that is behind the one that reported it.
  const absl::Time now = std::max(resolution.write.now, FromProto(incident->update_time()));
  incident->set_state(v1::INCIDENT_STATE_RESOLVED);
  incident->set_resolver(resolution.resolver);
  *incident->mutable_resolve_time() = ToProto(now);
  *incident->mutable_update_time() = ToProto(now);
  const auto row = Encode(*incident, now);
  if (!row.ok()) return row.status();
  absl::Status status = tables.ReplaceIncident(*row);
  if (status.ok()) status = tables.AddAudit(resolution.write.audit);
  if (!status.ok()) return status;
  return incident;
}

absl::StatusOr<v1::Freeze> DecodeFreeze(std::string_view bytes) {
  return Decode<v1::Freeze>(bytes, "freeze");
}

absl::StatusOr<v1::Incident> DecodeIncident(std::string_view bytes) {
  return Decode<v1::Incident>(bytes, "incident");
}

std::vector<v1::Freeze> InSpan(std::vector<v1::Freeze> freezes, absl::Time start, absl::Time end) {
  std::erase_if(freezes, [&](const v1::Freeze& freeze) {
    const absl::Time from = FromProto(freeze.start_time());
    absl::Time until = freeze.has_end_time() ? FromProto(freeze.end_time()) : kNever;
    if (freeze.has_lift_time()) until = std::min(until, FromProto(freeze.lift_time()));
    return from >= until || from >= end || until <= start;
  });
  std::ranges::sort(freezes, {}, [](const v1::Freeze& freeze) {
    return std::tuple(FromProto(freeze.start_time()), std::string_view(freeze.name()));
  });
  return freezes;
}

absl::StatusOr<std::vector<v1::Incident>> PickIncidents(
    const IncidentFilter& filter, std::optional<ListPosition> before, int limit,
    const std::function<absl::StatusOr<std::vector<ListedIncident>>(const ListPosition&, int)>&
        page) {
  ListPosition position = before ? *std::move(before) : ListPosition{Micros(kNever), ""};
  std::vector<v1::Incident> picked;
  for (;;) {
    const auto rows = page(position, kPage);
    if (!rows.ok()) return rows.status();
    for (const ListedIncident& row : *rows) {
      auto incident = DecodeIncident(row.incident);
      if (!incident.ok()) return incident.status();
      if (Picks(filter, *incident)) picked.push_back(*std::move(incident));
      if (static_cast<int>(picked.size()) == limit) return picked;
    }
    if (static_cast<int>(rows->size()) < kPage) return picked;
    position = rows->back().position;
  }
}

absl::Status AddHold(const HoldRow& row, v1::Holds& holds) {
  if (row.kind == 1) {
    auto freeze = DecodeFreeze(row.bytes);
    if (!freeze.ok()) return freeze.status();
    *holds.add_freezes() = *std::move(freeze);
  } else if (row.kind == 2) {
    auto incident = DecodeIncident(row.bytes);
    if (!incident.ok()) return incident.status();
    *holds.add_incidents() = *std::move(incident);
  } else {
    v1::MovingRollout& moving = *holds.add_moving();
    moving.set_name(absl::StrCat("rollouts/", std::string(row.id)));
    moving.set_service(std::string(row.service));
    moving.set_environment(std::string(row.environment));
  }
  return absl::OkStatus();
}

void SortHolds(v1::Holds& holds) {
  const auto by_name = [](const auto& a, const auto& b) { return a.name() < b.name(); };
  std::sort(holds.mutable_freezes()->begin(), holds.mutable_freezes()->end(), by_name);
  std::sort(holds.mutable_incidents()->begin(), holds.mutable_incidents()->end(), by_name);
  std::sort(holds.mutable_moving()->begin(), holds.mutable_moving()->end(), by_name);
}

absl::Status UnknownIncidentPosition(std::string_view id) {
  return absl::InvalidArgumentError(
      absl::StrCat("the list goes on behind incident ", std::string(id), ", which is not there"));
}

absl::Status NoSuchFreeze(std::string_view id) {
  return absl::NotFoundError(absl::StrCat("there is no freeze ", std::string(id)));
}

absl::Status NoSuchIncident(std::string_view id) {
  return absl::NotFoundError(absl::StrCat("there is no incident ", std::string(id)));
}

}  // namespace gate
