#include "clients/gatectl/holds.h"

#include <unistd.h>

#include <cstdio>
#include <iostream>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "checks/hold/words.h"
#include "checks/proto_time.h"
#include "checks/render/escape.h"
#include "clients/gatectl/results.h"

namespace gate::ctl {
namespace {

std::string WithTicket(const v1::Freeze& freeze) {
  return absl::StrCat(freeze.reason(), freeze.ticket().empty() ? "" : " (", freeze.ticket(),
                      freeze.ticket().empty() ? "" : ")");
}

std::string By(const std::string& who) { return who.empty() ? "somebody" : who; }

std::string Until(const v1::Freeze& freeze) {
  return freeze.has_end_time() ? Rfc3339(FromProto(freeze.end_time())) : "somebody lifts it";
}

std::string Word(v1::IncidentSeverity severity) {
  constexpr size_t kPrefix = sizeof("INCIDENT_SEVERITY_") - 1;
  if (severity == v1::INCIDENT_SEVERITY_UNSPECIFIED) severity = v1::INCIDENT_SEVERITY_CRITICAL;
  return v1::IncidentSeverity_Name(severity).substr(kPrefix);
}

bool IsOver(const v1::Incident& incident) {
  return incident.state() == v1::INCIDENT_STATE_RESOLVED;
}

std::string RangeOf(const v1::IncidentSignal& signal) {
  std::vector<std::string> bounds;
  if (signal.has_at_least()) bounds.push_back(absl::StrCat("at least ", signal.at_least()));
  if (signal.has_at_most()) bounds.push_back(absl::StrCat("at most ", signal.at_most()));
  return absl::StrJoin(bounds, ", ");
}

}  // namespace

std::string ResourceName(std::string_view prefix, const std::string& name) {
  return name.starts_with(prefix) ? name : absl::StrCat(std::string(prefix), name);
}

std::vector<std::string> FreezeRow(const v1::FreezeOccurrence& freeze, const Terminal&) {
  const v1::Freeze& declared = freeze.declared();
  const char* const mode = declared.has_lift_time() ? "lifted"
                           : freeze.has_end_time()  ? "frozen"
                                                    : "STOPPED";
  return {Rfc3339(FromProto(freeze.start_time())),
          freeze.has_end_time() ? Rfc3339(FromProto(freeze.end_time())) : "until lifted",
          mode,
          declared.name(),
          absl::StrCat("by ", By(declared.owner())),
          absl::StrCat(hold::WhatItIsFor(declared), ": ", WithTicket(declared))};
}

std::string FreezeText(const v1::Freeze& freeze, const Terminal&) {
  std::string text = absl::StrCat(
      freeze.name().empty() ? "would stop" : freeze.name(), "  ", hold::WhatItIsFor(freeze),
      freeze.has_lift_time()       ? " was"
      : freeze.services_size() > 1 ? " are"
                                   : " is",
      " frozen from ", Rfc3339(FromProto(freeze.start_time())), " until ", Until(freeze), ", by ",
      By(freeze.owner()), ": ", WithTicket(freeze), "\n");
  std::string more;
  if (!freeze.exempt_kinds().empty()) {
    std::vector<std::string> kinds;
    for (const int kind : freeze.exempt_kinds()) {
      kinds.push_back(v1::ChangeKind_Name(static_cast<v1::ChangeKind>(kind)).substr(12));
    }
    absl::StrAppend(&more, "  not for ", absl::StrJoin(kinds, ", "), "\n");
  }
  if (freeze.has_lift_time()) {
    absl::StrAppend(&more, "  lifted at ", Rfc3339(FromProto(freeze.lift_time())), " by ",
                    By(freeze.lifted_by()), ": ", freeze.lift_reason(), "\n");
  } else {
    absl::StrAppend(&more,
                    freeze.lets_finish()
                        ? "  rollouts that are under way may finish; going back is never held\n"
                        : "  rollouts that are under way are held; going back is never held\n");
    if (!freeze.name().empty()) {
      absl::StrAppend(&more, "  to end it: gatectl freeze lift ", freeze.name(), " --reason '…'\n");
    }
  }
  return render::EscapeTerminal(text) + render::EscapeTerminal(more);
}

std::string IncidentText(const v1::Incident& incident, const Terminal&) {
  std::string text = absl::StrCat(incident.name(), "  ", IsOver(incident) ? "RESOLVED" : "OPEN",
                                  "  ", Word(incident.severity()), "  ", incident.title(),
                                  "\n  since ", Rfc3339(FromProto(incident.start_time())), ", for ",
                                  incident.services().empty() && incident.environments().empty()
                                      ? "everything"
                                      : hold::WhatItIsFor(incident),
                                  ", reported by ", By(incident.reporter()), " (",
                                  incident.source(), " ", incident.external_id(), ")\n");
  if (!incident.url().empty()) absl::StrAppend(&text, "  ", incident.url(), "\n");
  if (incident.has_signal()) {
    const v1::IncidentSignal& signal = incident.signal();
    absl::StrAppend(
        &text, "  over when ", signal.selector(), " (", signal.source(), ") is ", RangeOf(signal),
        " for ",
        signal.has_in_range_for() ? absl::FormatDuration(FromProto(signal.in_range_for())) : "10m",
        "\n");
  }
  if (IsOver(incident)) {
    absl::StrAppend(&text, "  resolved at ", Rfc3339(FromProto(incident.resolve_time())), " by ",
                    By(incident.resolver()), "\n");
  } else {
    absl::StrAppend(&text, "  a change that mends it: gatectl rollout start --incident ",
                    incident.name(), "\n  when it is over: gatectl incident resolve ",
                    incident.name(), " --reason '…'\n");
  }
  return render::EscapeTerminal(text);
}

std::string IncidentTable(const v1::ListIncidentsResponse& page, const Terminal& terminal) {
  if (page.incidents().empty() && terminal.is_terminal) return "No incidents.\n";
  std::vector<std::vector<std::string>> rows;
  for (const v1::Incident& incident : page.incidents()) {
    rows.push_back({incident.name(), IsOver(incident) ? "RESOLVED" : "OPEN",
                    Word(incident.severity()), Rfc3339(FromProto(incident.start_time())),
                    hold::WhatItIsFor(incident), incident.source(), incident.title()});
  }
  return Columns({"NAME", "STATE", "SEVERITY", "SINCE", "FOR", "SOURCE", "TITLE"}, rows, terminal);
}

Or<std::vector<v1::ChangeKind>> ParseKinds(const std::string& flag,
                                           const std::vector<std::string>& words) {
  std::vector<v1::ChangeKind> kinds;
  for (const std::string& word : words) {
    const v1::ChangeKind kind = ParseKind(word);
    if (kind == v1::CHANGE_KIND_UNSPECIFIED) {
      return Problem{"E0201", absl::StrCat("there is no kind \"", word, "\""),
                     {},      "",
                     "",      {absl::StrCat(flag, " takes ", absl::StrJoin(KindWords(), ", "))}};
    }
    kinds.push_back(kind);
  }
  return kinds;
}

Or<bool> TypedConfirmation(const std::string& what, const std::string& word,
                           const std::string& otherwise) {
  if (isatty(STDIN_FILENO) == 0) {
    return Problem{"E0201",    absl::StrCat(what, " Nobody is there to confirm it"), {}, "", "",
                   {otherwise}};
  }
  std::fprintf(stderr, "%s\nType \"%s\" to go on: ", what.c_str(), word.c_str());
  std::string typed;
  std::getline(std::cin, typed);
  if (typed == word) return true;
  return Problem{"E0201", "Not confirmed; nothing was done", {}, "", "", {otherwise}};
}

}  // namespace gate::ctl
