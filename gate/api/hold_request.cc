#include "gate/api/hold_request.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "checks/canary/selector.h"
#include "gate/api/names.h"
#include "gate/base/field_error.h"

namespace gate {
namespace {

constexpr size_t kMaxText = 1024;
constexpr size_t kMaxExternalId = 256;
constexpr int kMaxNames = 200;
constexpr absl::Duration kLongest = absl::Hours(24 * 400);
// Clocks differ.
constexpr absl::Duration kAhead = absl::Minutes(5);

class Fields {
 public:
  void Add(std::string field, std::string message) {
    errors_.push_back({std::move(field), std::move(message)});
  }

  // One line for people.
  void Text(const std::string& field, const std::string& text, bool required) {
    if (text.empty()) {
      if (required) Add(field, "is required: people will ask");
    } else if (text.size() > kMaxText) {
      Add(field, absl::StrCat("has ", text.size(), " bytes; at most ", kMaxText));
    } else if (std::ranges::any_of(text, [](unsigned char c) { return absl::ascii_iscntrl(c); })) {
      Add(field, "is one line, without control characters");
    }
  }

  void Patterns(const std::string& field,
                const google::protobuf::RepeatedPtrField<std::string>& names) {
    if (names.size() > kMaxNames) {
      return Add(field, absl::StrCat("has more than ", kMaxNames,
                                     " names; a pattern such as \"team-*\" names many"));
    }
    for (int i = 0; i < names.size(); ++i) {
      std::string_view name = names[i];
      const bool all = name == "*";
      if (name.ends_with('*')) name.remove_suffix(1);
      if (all || IsName(name)) continue;
      Add(absl::StrCat(field, "[", i, "]"),
          "must be a name of A-Z a-z 0-9 . _ -, or the beginning of one and \"*\"");
    }
  }

  bool Moment(const std::string& field, const google::protobuf::Timestamp& time) {
    const bool good = time.nanos() >= 0 && time.nanos() < 1'000'000'000 && time.seconds() >= 0 &&
                      time.seconds() <= 253402300799;
    if (!good) Add(field, "is not a moment between the years 1970 and 9999");
    return good;
  }

  void RequestId(const std::string& id, bool required) {
    if (id.empty() && required) {
      Add("request_id", "is required: with it a lost answer can be asked for again");
    } else if (!IsRequestId(id)) {
      Add("request_id", "must be at most 128 characters of A-Z a-z 0-9 . _ : -");
    }
  }

  absl::Status Result() const { return InvalidFields(errors_); }

 private:
  std::vector<FieldError> errors_;
};

void CheckTimes(const v1::Freeze& asked, absl::Time now, Fields& fields, v1::Freeze& freeze) {
  absl::Time start = now;
  if (asked.has_start_time()) {
    if (!fields.Moment("freeze.start_time", asked.start_time())) return;
    start = std::max(now, FromProto(asked.start_time()));
    if (start > now + kLongest) {
      fields.Add("freeze.start_time", "is more than 400 days ahead; a policy window is for that");
    }
  }
  *freeze.mutable_start_time() = ToProto(start);
  if (!asked.has_end_time() || !fields.Moment("freeze.end_time", asked.end_time())) return;
  const absl::Time end = FromProto(asked.end_time());
  if (end <= start) {
    fields.Add("freeze.end_time", absl::StrCat("must be after its start, ", Rfc3339(start)));
  } else if (end > start + kLongest) {
    fields.Add("freeze.end_time",
               "is more than 400 days after its start; leave it out for a freeze until it is "
               "lifted");
  }
}

void CheckSignal(const v1::IncidentSignal& signal, Fields& fields) {
  fields.Text("incident.signal.source", signal.source(), true);
  std::string error;
  if (signal.selector().size() > kMaxText) {
    fields.Add("incident.signal.selector", absl::StrCat("has more than ", kMaxText, " bytes"));
  } else if (!ParseSelector(signal.selector(), error)) {
    fields.Add(
        "incident.signal.selector",
        signal.selector().empty() ? "is required, for example queue_depth{queue=\"mail\"}" : error);
  }
  const auto bound = [&](const char* field, bool given, double value) {
    if (given && !std::isfinite(value)) fields.Add(field, "must be a number");
  };
  bound("incident.signal.at_least", signal.has_at_least(), signal.at_least());
  bound("incident.signal.at_most", signal.has_at_most(), signal.at_most());
  if (!signal.has_at_least() && !signal.has_at_most()) {
    fields.Add("incident.signal.at_most", "is required, or at_least: by it the signal is in range");
  } else if (signal.has_at_least() && signal.has_at_most() &&
             signal.at_least() > signal.at_most()) {
    fields.Add("incident.signal.at_least", "is over at_most: nothing is in that range");
  }
  const absl::Duration length = FromProto(signal.in_range_for());
  if (signal.has_in_range_for() && (length < absl::Minutes(1) || length > absl::Hours(24))) {
    fields.Add("incident.signal.in_range_for", "must be 1m to 24h");
  }
}

}  // namespace

absl::StatusOr<v1::Freeze> ReadFreezeRequest(const v1::CreateFreezeRequest& request,
                                             absl::Time now) {
  Fields fields;
  const v1::Freeze& asked = request.freeze();
  v1::Freeze freeze;
  if (!request.has_freeze()) fields.Add("freeze", "is required");
  fields.Text("freeze.reason", asked.reason(), true);
  fields.Text("freeze.ticket", asked.ticket(), false);
  fields.Patterns("freeze.services", asked.services());
  fields.Patterns("freeze.environments", asked.environments());
  CheckTimes(asked, now, fields, freeze);
  for (int i = 0; i < asked.exempt_kinds_size(); ++i) {
    const v1::ChangeKind kind = asked.exempt_kinds(i);
    if (kind != v1::CHANGE_KIND_UNSPECIFIED && v1::ChangeKind_IsValid(kind)) continue;
    fields.Add(absl::StrCat("freeze.exempt_kinds[", i, "]"),
               "must be CODE, HOTFIX, MIGRATION, TRAFFIC_SHIFT, FLAG_FLIP or CONFIG");
  }
  fields.RequestId(request.request_id(), !request.validate_only());
  if (absl::Status status = fields.Result(); !status.ok()) return status;
  freeze.set_reason(asked.reason());
  freeze.set_ticket(asked.ticket());
  *freeze.mutable_services() = asked.services();
  *freeze.mutable_environments() = asked.environments();
  *freeze.mutable_exempt_kinds() = asked.exempt_kinds();
  freeze.set_lets_finish(asked.lets_finish());
  if (asked.has_end_time()) *freeze.mutable_end_time() = asked.end_time();
  return freeze;
}

absl::StatusOr<v1::Incident> ReadIncidentRequest(const v1::ReportIncidentRequest& request,
                                                 absl::Time now) {
  Fields fields;
  v1::Incident incident = request.incident();
  if (!request.has_incident()) fields.Add("incident", "is required");
  fields.Text("incident.title", incident.title(), true);
  if (incident.external_id().size() > kMaxExternalId) {
    fields.Add("incident.external_id", absl::StrCat("has ", incident.external_id().size(),
                                                    " bytes; at most ", kMaxExternalId));
  } else {
    fields.Text("incident.external_id", incident.external_id(), false);
  }
  fields.Text("incident.url", incident.url(), false);
  if (!incident.url().empty() && !incident.url().starts_with("https://") &&
      !incident.url().starts_with("http://")) {
    fields.Add("incident.url", "must begin with https:// or http://");
  }
  fields.Patterns("incident.services", incident.services());
  fields.Patterns("incident.environments", incident.environments());
  if (!v1::IncidentSeverity_IsValid(incident.severity())) {
    fields.Add("incident.severity", "must be MINOR, MAJOR or CRITICAL");
  }
  if (!v1::IncidentState_IsValid(incident.state())) {
    fields.Add("incident.state", "must be OPEN or RESOLVED");
  }
  if (incident.has_start_time() && fields.Moment("incident.start_time", incident.start_time()) &&
      FromProto(incident.start_time()) > now + kAhead) {
    fields.Add("incident.start_time", "has not come yet");
  }
  if (incident.has_signal()) CheckSignal(incident.signal(), fields);
  fields.RequestId(request.request_id(), false);
  if (absl::Status status = fields.Result(); !status.ok()) return status;
  if (incident.state() == v1::INCIDENT_STATE_UNSPECIFIED) {
    incident.set_state(v1::INCIDENT_STATE_OPEN);
  }
  incident.clear_name();
  incident.clear_resolve_time();
  incident.clear_resolver();
  incident.clear_update_time();
  return incident;
}

absl::Status CheckReasonAndId(const std::string& reason, const std::string& request_id) {
  Fields fields;
  fields.Text("reason", reason, true);
  fields.RequestId(request_id, false);
  return fields.Result();
}

}  // namespace gate
