// gatectl incident: what is wrong in production, as those who see it report it.
#include <CLI/CLI.hpp>
#include <map>
#include <optional>

#include "absl/strings/str_cat.h"
#include "checks/proto_time.h"
#include "clients/gatectl/channel.h"
#include "clients/gatectl/commands/commands.h"
#include "clients/gatectl/holds.h"
#include "clients/gatectl/results.h"

namespace gate::ctl {
namespace {

struct IncidentFlags {
  std::string name, title, id, url, severity, since, reason, service, environment, page_token,
      request_id;
  std::vector<std::string> services, environments;
  std::string signal, signal_source, signal_for;
  std::optional<double> at_least, at_most;
  bool counter = false, open = false;
  int limit = 50;
};

int Print(const Session& session, const Channel& channel, const v1::Incident& incident) {
  const Or<bool> printed =
      PrintMessage(session, channel.targets, incident,
                   [&](const Terminal& terminal) { return IncidentText(incident, terminal); });
  return printed ? kAllow : session.Fail(printed.problem());
}

Problem Wrong(std::string title, std::string help) {
  return {"E0201", std::move(title), {}, "", "", {std::move(help)}};
}

Or<v1::IncidentSeverity> ParseSeverity(const std::string& word) {
  static const auto& severities = *new std::map<std::string, v1::IncidentSeverity>{
      {"", v1::INCIDENT_SEVERITY_UNSPECIFIED},
      {"minor", v1::INCIDENT_SEVERITY_MINOR},
      {"major", v1::INCIDENT_SEVERITY_MAJOR},
      {"critical", v1::INCIDENT_SEVERITY_CRITICAL}};
  const auto found = severities.find(word);
  if (found != severities.end()) return found->second;
  return Wrong(absl::StrCat("there is no severity \"", word, "\""),
               "--severity takes minor, major, critical");
}

Or<bool> AddSignal(const IncidentFlags& flags, v1::Incident& incident) {
  if (flags.signal.empty()) {
    if (!flags.at_least && !flags.at_most) return true;
    return Wrong("--at-least and --at-most are for a --signal",
                 "--signal 'queue_depth{queue=\"mail\"}' names what is to be in that range");
  }
  v1::IncidentSignal& signal = *incident.mutable_signal();
  signal.set_selector(flags.signal);
  signal.set_source(flags.signal_source);
  signal.set_counter(flags.counter);
  if (flags.at_least) signal.set_at_least(*flags.at_least);
  if (flags.at_most) signal.set_at_most(*flags.at_most);
  if (flags.signal_for.empty()) return true;
  const auto length = ParseDuration(flags.signal_for);
  if (!length) {
    return Wrong(absl::StrCat("--for \"", flags.signal_for, "\" is no duration"),
                 "write it like 10m or 1h30m");
  }
  *signal.mutable_in_range_for() = ToProto(*length);
  return true;
}

int ReportOne(const Session& session, const IncidentFlags& flags) {
  v1::ReportIncidentRequest request;
  v1::Incident& incident = *request.mutable_incident();
  incident.set_title(flags.title);
  incident.set_external_id(flags.id);
  incident.set_url(flags.url);
  for (const std::string& service : flags.services) incident.add_services(service);
  for (const std::string& environment : flags.environments) incident.add_environments(environment);
  const Or<v1::IncidentSeverity> severity = ParseSeverity(flags.severity);
  if (!severity) return session.Fail(severity.problem());
  incident.set_severity(*severity);
  if (!flags.since.empty()) {
    const Or<absl::Time> since = ParseTime("--since", flags.since);
    if (!since) return session.Fail(since.problem());
    *incident.mutable_start_time() = ToProto(*since);
  }
  if (const Or<bool> added = AddSignal(flags, incident); !added) {
    return session.Fail(added.problem());
  }
  request.set_request_id(flags.request_id.empty() ? client::NewRequestId() : flags.request_id);
  const Or<Channel> channel = Open(session);
  if (!channel) return session.Fail(channel.problem());
  const auto reported = channel->client->ReportIncident(request);
  if (!reported) return session.Fail(FromError(reported.error(), "report the incident"));
  return Print(session, *channel, *reported);
}

int ResolveOne(const Session& session, const IncidentFlags& flags) {
  const Or<Channel> channel = Open(session);
  if (!channel) return session.Fail(channel.problem());
  v1::ResolveIncidentRequest request;
  request.set_name(ResourceName("incidents/", flags.name));
  request.set_reason(flags.reason);
  request.set_request_id(flags.request_id.empty() ? client::NewRequestId() : flags.request_id);
  const auto resolved = channel->client->ResolveIncident(request);
  if (!resolved) return session.Fail(FromError(resolved.error(), "resolve the incident"));
  return Print(session, *channel, *resolved);
}

int GetOne(const Session& session, const IncidentFlags& flags) {
  const Or<Channel> channel = Open(session);
  if (!channel) return session.Fail(channel.problem());
  v1::GetIncidentRequest request;
  request.set_name(ResourceName("incidents/", flags.name));
  const auto incident = channel->client->GetIncident(request);
  if (!incident) return session.Fail(FromError(incident.error(), "read the incident"));
  return Print(session, *channel, *incident);
}

int List(const Session& session, const IncidentFlags& flags) {
  const Or<Channel> channel = Open(session);
  if (!channel) return session.Fail(channel.problem());
  v1::ListIncidentsRequest request;
  request.set_service(flags.service);
  request.set_environment(flags.environment);
  request.set_open(flags.open);
  request.set_page_size(flags.limit);
  request.set_page_token(flags.page_token);
  const auto page = channel->client->ListIncidents(request);
  if (!page) return session.Fail(FromError(page.error(), "list incidents"));
  return PrintPage(session, *channel, *page, page->incidents(),
                   [&](const Terminal& terminal) { return IncidentTable(*page, terminal); });
}

}  // namespace

void AddIncident(CLI::App& root, Session& session) {
  CLI::App& command = *root.add_subcommand("incident", "What is wrong in production");
  command.require_subcommand(1);
  auto flags = std::make_shared<IncidentFlags>();
  const auto add = [&](const char* name, const char* what, auto run) -> CLI::App& {
    CLI::App& sub = *command.add_subcommand(name, what);
    sub.callback([&session, flags, run] {
      session.run = [&session, flags, run] { return run(session, *flags); };
    });
    return sub;
  };
  const auto named = [&](CLI::App& sub) -> CLI::App& {
    sub.add_option("NAME", flags->name, "The incident: incidents/…")->required();
    return sub;
  };

  CLI::App& report = add("report", "Report one, or what has become of it", ReportOne);
  report.add_option("TITLE", flags->title, "What is wrong, in one line")->required();
  report.add_option("--severity", flags->severity, "minor, major or critical (critical)");
  report.add_option("--services", flags->services, "What it concerns, \"team-*\" for many (all)")
      ->delimiter(',')
      ->allow_extra_args(false);
  report.add_option("-e,--env", flags->environments, "Where (everywhere)")
      ->delimiter(',')
      ->allow_extra_args(false);
  report.add_option("--id", flags->id, "Its id elsewhere; reported again, it is the same incident");
  report.add_option("--url", flags->url, "Where more is said of it");
  report.add_option("--since", flags->since, "Since when (now)");
  report.add_option("--signal", flags->signal,
                    "Selector of the metric by which it is seen to be over");
  report.add_option("--signal-source", flags->signal_source,
                    "Name of the metrics server that has it");
  report.add_flag("--counter", flags->counter, "It is a counter, which counts per second");
  report.add_option("--at-least", flags->at_least, "Lower end of its range");
  report.add_option("--at-most", flags->at_most, "Upper end of its range");
  report.add_option("--for", flags->signal_for, "How long it has to be in range (10m)");
  report.add_option("--request-id", flags->request_id,
                    "Report it once, however often this is tried (default: a new one)");

  CLI::App& resolve = named(add("resolve", "It is over", ResolveOne));
  resolve.add_option("--reason", flags->reason, "How that is known: people will ask")->required();
  named(add("get", "One incident", GetOne));
  CLI::App& list = add("list", "Incidents, newest first", List);
  list.add_option("--service", flags->service, "Only those that concern this service");
  list.add_option("-e,--env", flags->environment, "Only those that concern this environment");
  list.add_flag("--open", flags->open, "Only those that are not over");
  list.add_option("--limit", flags->limit, "At most this many (50)")->check(CLI::Range(1, 1000));
  list.add_option("--page-token", flags->page_token, "Go on behind the page before");
}

}  // namespace gate::ctl
