#include "checks/hold/incidents.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "checks/hold/rules.h"
#include "checks/hold/words.h"
#include "checks/name_patterns.h"
#include "checks/proto_time.h"

namespace gate::hold {
namespace {

constexpr absl::Duration kStep = absl::Minutes(1);
constexpr absl::Duration kDefaultFor = absl::Minutes(10);
// Values may be this far apart, and the newest one this old.
constexpr absl::Duration kLargestGap = absl::Minutes(3);

v1::IncidentSeverity SeverityOf(v1::IncidentSeverity severity) {
  return severity == v1::INCIDENT_SEVERITY_UNSPECIFIED ? v1::INCIDENT_SEVERITY_CRITICAL : severity;
}

std::string Word(v1::IncidentSeverity severity) {
  constexpr size_t kPrefix = sizeof("INCIDENT_SEVERITY_") - 1;
  return v1::IncidentSeverity_Name(SeverityOf(severity)).substr(kPrefix);
}

bool IsExempt(const v1::HoldPolicy& policy, v1::ChangeKind kind) {
  const auto& kinds = policy.incident_exempt_kinds();
  if (kinds.empty()) return kind == v1::CHANGE_KIND_HOTFIX;
  return std::ranges::count(kinds, kind) > 0;
}

std::string Named(const v1::Incident& incident) {
  return absl::StrCat("\"", std::string(WithoutStop(incident.title())), "\" (", incident.name(),
                      incident.source() == "api" || incident.source().empty()
                          ? ""
                          : absl::StrCat(", ", incident.source(), " ", incident.external_id()),
                      ")");
}

v1::Finding Open(const v1::Incident& incident) {
  v1::Finding finding;
  finding.set_rule(kIncident);
  finding.set_severity(v1::SEVERITY_BLOCK);
  finding.set_holds(true);
  finding.set_subject(incident.name());
  finding.set_message(absl::StrCat(
      "A ", Word(incident.severity()), " incident is open since ",
      Rfc3339(FromProto(incident.start_time())), ": ", Named(incident),
      incident.url().empty() ? "." : absl::StrCat(", ", incident.url(), " ."), " It is for ",
      incident.services().empty() && incident.environments().empty() ? "everything"
                                                                     : WhatItIsFor(incident),
      "."));
  finding.set_instead(
      absl::StrCat("Wait until it is resolved. If this change is to mend it: gatectl rollout start "
                   "--incident ",
                   incident.name(), ". If it is over: gatectl incident resolve ", incident.name(),
                   " --reason '…'"));
  return finding;
}

absl::Duration InRangeFor(const v1::IncidentSignal& signal) {
  return signal.has_in_range_for() ? FromProto(signal.in_range_for()) : kDefaultFor;
}

bool IsInRange(const v1::IncidentSignal& signal, double value) {
  return std::isfinite(value) && (!signal.has_at_least() || value >= signal.at_least()) &&
         (!signal.has_at_most() || value <= signal.at_most());
}

std::string RangeOf(const v1::IncidentSignal& signal) {
  if (signal.has_at_least() && signal.has_at_most()) {
    return absl::StrCat(signal.at_least(), " to ", signal.at_most());
  }
  return signal.has_at_most() ? absl::StrCat("at most ", signal.at_most())
                              : absl::StrCat("at least ", signal.at_least());
}

// What one query of the signal came to.
struct Seen {
  std::string unknown;  // why nothing can be said; empty: it can
  absl::Time since;     // from when on all values were in range; InfiniteFuture: the last is not
  double last = 0;
};

Seen Look(const v1::IncidentSignal& signal, const v1::Observation& observation, absl::Time now) {
  if (!observation.has_series()) {
    return {Describe(observation.absence(), observation.source()), {}, 0};
  }
  std::vector<std::pair<absl::Time, double>> points;
  for (const v1::ValuePoint& point : observation.series().points()) {
    const absl::Time time = FromProto(point.time());
    if (std::isfinite(point.value()) && time <= now) points.emplace_back(time, point.value());
  }
  std::ranges::sort(points);
  if (points.empty()) return {absl::StrCat(observation.source(), " has no values of it"), {}, 0};
  if (now - points.back().first > kLargestGap) {
    return {absl::StrCat("its newest value is of ", Rfc3339(points.back().first)), {}, 0};
  }
  Seen seen{"", absl::InfiniteFuture(), points.back().second};
  absl::Time next = now;
  for (auto point = points.rbegin(); point != points.rend(); ++point) {
    if (!IsInRange(signal, point->second) || next - point->first > kLargestGap) break;
    seen.since = next = point->first;
  }
  return seen;
}

class Mending {
 public:
  Mending(const v1::Change& change, const Evidence& evidence, absl::Time now,
          v1::CheckOutcome& outcome)
      : change_(change),
        incident_(change.stage().mends()),
        evidence_(evidence),
        now_(now),
        outcome_(outcome) {}

  void Run() {
    if (!incident_.has_signal()) {
      if (incident_.state() == v1::INCIDENT_STATE_RESOLVED) return;
      Add(absl::StrCat("It was started to mend ", Named(incident_),
                       ", which is not resolved; it has no signal by which that is seen."),
          absl::StrCat("When it is over: gatectl incident resolve ", incident_.name(),
                       " --reason '…'"));
      return;
    }
    for (const v1::Query& query : SignalQueries(change_)) Judge(evidence_.Get(query.id()));
  }

 private:
  v1::Finding& Add(std::string message, std::string instead) {
    v1::Finding& finding = *outcome_.add_findings();
    finding.set_rule(kNotMended);
    finding.set_severity(v1::SEVERITY_BLOCK);
    finding.set_holds(true);
    finding.set_subject(incident_.name());
    finding.set_message(std::move(message));
    finding.set_instead(std::move(instead));
    return finding;
  }

  void Judge(const v1::Observation& observation) {
    const v1::IncidentSignal& signal = incident_.signal();
    const absl::Duration needed = InRangeFor(signal);
    const Seen seen = Look(signal, observation, now_);
    if (!seen.unknown.empty()) {
      v1::Finding& finding =
          Add(absl::StrCat("Whether ", Named(incident_), " is mended is not known. ",
                           signal.selector(), ": ", seen.unknown, "."),
              absl::StrCat("See that the metrics source \"", signal.source(), "\" answers for ",
                           signal.selector(), "."));
      finding.add_effects(v1::EFFECT_UNPROVEN);
      finding.set_holds(false);
      return;
    }
    if (seen.since == absl::InfiniteFuture()) {
      Add(absl::StrCat("The fix is out, and ", Named(incident_),
                       " is not mended: ", signal.selector(), " is ", seen.last, ", and should be ",
                       RangeOf(signal), "."),
          "Wait whether it comes back. Where it does not, the change did not help: take it back, "
          "or "
          "look for the other cause.");
      return;
    }
    // What was in range before the new version had all of the traffic says nothing of it.
    const absl::Time since = std::max(seen.since, FromProto(change_.stage().complete_at()));
    if (now_ - since >= needed) return;
    v1::Finding& finding =
        Add(absl::StrCat(Named(incident_), " is being mended: ", signal.selector(), " is ",
                         seen.last, ", in its range (", RangeOf(signal), ") since ", Rfc3339(since),
                         ", and has to stay there for ", absl::FormatDuration(needed), "."),
            "Wait until then.");
    *finding.mutable_clears_at() = ToProto(since + needed);
  }

  const v1::Change& change_;
  const v1::Incident& incident_;
  const Evidence& evidence_;
  const absl::Time now_;
  v1::CheckOutcome& outcome_;
};

bool AsksForMended(const v1::Change& change) {
  return change.stage().has_complete_at() && change.stage().has_mends();
}

v1::Query SignalQuery(const v1::IncidentSignal& signal, const char* id,
                      v1::SeriesQuery::Aggregation aggregation) {
  v1::Query query;
  query.set_id(id);
  v1::SeriesQuery& series = *query.mutable_series();
  series.set_source(signal.source());
  series.set_selector(signal.selector());
  series.set_counter(signal.counter());
  series.set_aggregation(aggregation);
  *series.mutable_window() = ToProto(InRangeFor(signal) + 2 * kLargestGap);
  *series.mutable_step() = ToProto(kStep);
  return query;
}

}  // namespace

void JudgeIncidents(const v1::Change& change, const v1::HoldPolicy& policy, const v1::Holds& holds,
                    v1::CheckOutcome& outcome) {
  if (IsExempt(policy, change.kind()) || change.stage().has_complete_at()) return;
  const v1::IncidentSeverity from = policy.incidents_from() == v1::INCIDENT_SEVERITY_UNSPECIFIED
                                        ? v1::INCIDENT_SEVERITY_MAJOR
                                        : policy.incidents_from();
  for (const v1::Incident& incident : holds.incidents()) {
    const bool holds_it = incident.state() != v1::INCIDENT_STATE_RESOLVED &&
                          SeverityOf(incident.severity()) >= from &&
                          incident.name() != change.stage().mends().name() &&
                          Concerns(incident, change.service(), change.environment());
    if (holds_it) *outcome.add_findings() = Open(incident);
  }
}

std::vector<v1::Query> SignalQueries(const v1::Change& change) {
  const v1::Incident& incident = change.stage().mends();
  if (!AsksForMended(change) || !incident.has_signal()) return {};
  const v1::IncidentSignal& signal = incident.signal();
  if (signal.counter()) {
    return {SignalQuery(signal, "hold.signal", v1::SeriesQuery::AGGREGATION_SUM)};
  }
  // Each of several series has to be in range.
  std::vector<v1::Query> queries;
  if (signal.has_at_most()) {
    queries.push_back(SignalQuery(signal, "hold.signal.highest", v1::SeriesQuery::AGGREGATION_MAX));
  }
  if (signal.has_at_least()) {
    queries.push_back(SignalQuery(signal, "hold.signal.lowest", v1::SeriesQuery::AGGREGATION_MIN));
  }
  return queries;
}

void JudgeMended(const v1::Change& change, const Evidence& evidence, absl::Time now,
                 v1::CheckOutcome& outcome) {
  if (AsksForMended(change)) Mending(change, evidence, now, outcome).Run();
}

}  // namespace gate::hold
