// gatectl freeze: when changes may not start, and stopping them by hand.
#include <CLI/CLI.hpp>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "checks/proto_time.h"
#include "checks/render/escape.h"
#include "checks/render/paint.h"
#include "checks/render/words.h"
#include "clients/gatectl/commands/commands.h"
#include "clients/gatectl/holds.h"
#include "clients/gatectl/results.h"

namespace gate::ctl {
namespace {

struct FreezeFlags {
  std::string service, environment, kind = "code", at, since, until, page_token;
  std::vector<std::string> labels;
  int limit = 100;

  std::string name, reason, ticket, from, length, request_id;
  std::vector<std::string> services, environments, exempt;
  bool lets_finish = false, confirmed = false, dry_run = false;
};

// The moment in the window's own zone, as the people there read it.
std::string InZone(absl::Time time, const std::string& zone_name) {
  absl::TimeZone zone;
  if (!absl::LoadTimeZone(zone_name, &zone)) return Rfc3339(time);
  return absl::FormatTime("%a %Y-%m-%d %H:%M %Z", time, zone);
}

std::string Table(const v1::ListFreezesResponse& page, const Terminal& terminal) {
  if (page.occurrences().empty() && terminal.is_terminal) {
    return "No freeze windows in that time, and nothing is stopped by hand.\n";
  }
  std::vector<std::vector<std::string>> rows, stopped;
  for (const v1::FreezeOccurrence& freeze : page.occurrences()) {
    if (freeze.has_declared()) {
      // What ends only by somebody's hand comes first.
      (freeze.has_end_time() ? rows : stopped).push_back(FreezeRow(freeze, terminal));
      continue;
    }
    const absl::Time start = FromProto(freeze.start_time());
    const absl::Time end = FromProto(freeze.end_time());
    const std::string& zone = freeze.window().time_zone();
    const bool allows = freeze.window().mode() == v1::FreezeWindow::MODE_ALLOW;
    std::string why = freeze.window().reason();
    if (!freeze.holidays().empty()) {
      absl::StrAppend(&why, why.empty() ? "" : " ", "(", absl::StrJoin(freeze.holidays(), ", "),
                      ")");
    }
    rows.push_back({terminal.is_terminal ? InZone(start, zone) : Rfc3339(start),
                    terminal.is_terminal ? InZone(end, zone) : Rfc3339(end),
                    allows ? "only then" : "freeze", freeze.window().id(), freeze.policy_rule(),
                    why});
  }
  stopped.insert(stopped.end(), rows.begin(), rows.end());
  return Columns({"FROM", "UNTIL", "MODE", "WINDOW", "POLICY RULE", "REASON"}, stopped, terminal);
}

int List(const Session& session, const FreezeFlags& flags) {
  const auto targets = session.Outputs(/*messages_only=*/true);
  if (!targets) return session.Fail(targets.problem());
  v1::ListFreezesRequest request;
  request.set_service(flags.service);
  request.set_environment(flags.environment);
  request.set_page_size(flags.limit);
  request.set_page_token(flags.page_token);
  if (!flags.since.empty()) {
    const Or<absl::Time> time = ParseTime("--since", flags.since);
    if (!time) return session.Fail(time.problem());
    *request.mutable_start_time() = ToProto(*time);
  }
  if (!flags.until.empty()) {
    const Or<absl::Time> time = ParseTime("--until", flags.until);
    if (!time) return session.Fail(time.problem());
    *request.mutable_end_time() = ToProto(*time);
  }
  const auto client = session.Connect();
  if (!client) return session.Fail(client.problem());
  const auto page = (*client)->ListFreezes(request);
  if (!page) return session.Fail(FromError(page.error(), "list freeze windows"));
  std::vector<const google::protobuf::Message*> items;
  for (const auto& occurrence : page->occurrences()) items.push_back(&occurrence);
  const Or<bool> printed = PrintMessage(
      session, *targets, *page, [&](const Terminal& terminal) { return Table(*page, terminal); },
      &items);
  if (!printed) return session.Fail(printed.problem());
  if (!page->next_page_token().empty()) {
    session.Note("there are more: --page-token " + page->next_page_token());
  }
  return kAllow;
}

std::string Answer(const v1::CheckFreezesResponse& answer, const std::string& subject,
                   const Terminal& terminal) {
  const v1::Decision decision = answer.outcome().decision();
  const absl::Time now = terminal.is_terminal ? absl::Now() : absl::InfinitePast();
  std::string text =
      absl::StrCat(render::Paint(absl::StrCat(std::string(render::Sign(decision, terminal.unicode)),
                                              " ", std::string(render::Word(decision))),
                                 render::StyleOf(decision), terminal.color),
                   "  ", render::EscapeTerminalLine(subject), ": ",
                   render::EscapeTerminalLine(answer.outcome().summary()), "\n");
  for (const v1::Finding& finding : answer.outcome().findings()) {
    absl::StrAppend(&text, "\n", render::EscapeTerminalLine(finding.rule()), ": ",
                    render::EscapeTerminalLine(finding.subject()), "\n",
                    render::Wrap(render::EscapeTerminal(finding.message()), 2, terminal.width));
    absl::StrAppend(&text,
                    render::Wrap(render::EscapeTerminal(finding.instead()), 2, terminal.width));
  }
  if (answer.has_next_start() && decision != v1::DECISION_ALLOW) {
    absl::StrAppend(&text, "\nMay start at ", render::Moment(FromProto(answer.next_start()), now),
                    "\n");
  }
  return text;
}

Or<v1::CheckFreezesRequest> CheckRequest(const FreezeFlags& flags) {
  v1::CheckFreezesRequest request;
  request.set_service(flags.service);
  request.set_environment(flags.environment);
  request.set_kind(ParseKind(flags.kind));
  if (request.kind() == v1::CHANGE_KIND_UNSPECIFIED) {
    return Problem{"E0201", absl::StrCat("there is no kind \"", flags.kind, "\""),
                   {},      "",
                   "",      {absl::StrCat("--kind takes ", absl::StrJoin(KindWords(), ", "))}};
  }
  if (!flags.at.empty()) {
    const Or<absl::Time> time = ParseTime("--at", flags.at);
    if (!time) return time.problem();
    *request.mutable_time() = ToProto(*time);
  }
  for (const std::string& label : flags.labels) {
    const size_t equals = label.find('=');
    if (equals == 0 || equals == std::string::npos) {
      return Problem{"E0201", absl::StrCat("--label ", label, " is not KEY=VALUE"), {}, "", "", {}};
    }
    (*request.mutable_labels())[label.substr(0, equals)] = label.substr(equals + 1);
  }
  return request;
}

int CheckOne(const Session& session, const FreezeFlags& flags) {
  const auto targets = session.Outputs(/*messages_only=*/true);
  if (!targets) return session.Fail(targets.problem());
  const Or<v1::CheckFreezesRequest> request = CheckRequest(flags);
  if (!request) return session.Fail(request.problem());
  const auto client = session.Connect();
  if (!client) return session.Fail(client.problem());
  const auto answer = (*client)->CheckFreezes(*request);
  if (!answer) return session.Fail(FromError(answer.error(), "check freeze windows"));
  const std::string subject = absl::StrCat(flags.service, " to ", flags.environment);
  const Or<bool> printed = PrintMessage(session, *targets, *answer, [&](const Terminal& terminal) {
    return Answer(*answer, subject, terminal);
  });
  if (!printed) return session.Fail(printed.problem());
  return session.End(ExitCodeOf(answer->outcome()));
}

Or<v1::CreateFreezeRequest> CreateRequest(const FreezeFlags& flags) {
  v1::CreateFreezeRequest request;
  v1::Freeze& freeze = *request.mutable_freeze();
  freeze.set_reason(flags.reason);
  freeze.set_ticket(flags.ticket);
  for (const std::string& service : flags.services) freeze.add_services(service);
  for (const std::string& environment : flags.environments) freeze.add_environments(environment);
  const Or<std::vector<v1::ChangeKind>> exempt = ParseKinds("--exempt", flags.exempt);
  if (!exempt) return exempt.problem();
  for (const v1::ChangeKind kind : *exempt) freeze.add_exempt_kinds(kind);
  freeze.set_lets_finish(flags.lets_finish);
  absl::Time start = absl::Now();
  if (!flags.from.empty()) {
    const Or<absl::Time> from = ParseTime("--from", flags.from);
    if (!from) return from.problem();
    *freeze.mutable_start_time() = ToProto(start = *from);
  }
  if (!flags.until.empty()) {
    const Or<absl::Time> until = ParseTime("--until", flags.until);
    if (!until) return until.problem();
    *freeze.mutable_end_time() = ToProto(*until);
  } else if (!flags.length.empty()) {
    const auto length = ParseDuration(flags.length);
    if (!length) {
      return Problem{
          "E0201", absl::StrCat("--for \"", flags.length, "\" is no duration"),
          {},      "",
          "",      {"write it like 45m or 2h30m; without it the freeze lasts until it is lifted"}};
    }
    *freeze.mutable_end_time() = ToProto(start + *length);
  }
  request.set_validate_only(flags.dry_run);
  request.set_request_id(flags.request_id.empty() ? client::NewRequestId() : flags.request_id);
  return request;
}

int PrintFreeze(const Session& session, const std::vector<OutputTarget>& targets,
                const v1::Freeze& freeze) {
  const Or<bool> printed = PrintMessage(session, targets, freeze, [&](const Terminal& terminal) {
    return FreezeText(freeze, terminal);
  });
  return printed ? kAllow : session.Fail(printed.problem());
}

int Create(const Session& session, const FreezeFlags& flags) {
  const auto targets = session.Outputs(/*messages_only=*/true);
  if (!targets) return session.Fail(targets.problem());
  const Or<v1::CreateFreezeRequest> request = CreateRequest(flags);
  if (!request) return session.Fail(request.problem());
  const bool everything = flags.services.empty() && flags.environments.empty();
  if (everything && !flags.confirmed && !flags.dry_run) {
    const Or<bool> typed =
        TypedConfirmation("This stops every change of every service in every environment.",
                          "everything", "name --services or --env, or give --confirm in a script");
    if (!typed) return session.Fail(typed.problem());
  }
  const auto client = session.Connect();
  if (!client) return session.Fail(client.problem());
  const auto freeze = (*client)->CreateFreeze(*request);
  if (!freeze) return session.Fail(FromError(freeze.error(), "declare the freeze"));
  return PrintFreeze(session, *targets, *freeze);
}

int Lift(const Session& session, const FreezeFlags& flags) {
  const auto targets = session.Outputs(/*messages_only=*/true);
  if (!targets) return session.Fail(targets.problem());
  const auto client = session.Connect();
  if (!client) return session.Fail(client.problem());
  v1::LiftFreezeRequest request;
  request.set_name(ResourceName("freezes/", flags.name));
  request.set_reason(flags.reason);
  request.set_request_id(flags.request_id.empty() ? client::NewRequestId() : flags.request_id);
  const auto freeze = (*client)->LiftFreeze(request);
  if (!freeze) return session.Fail(FromError(freeze.error(), "lift the freeze"));
  return PrintFreeze(session, *targets, *freeze);
}

int GetOne(const Session& session, const FreezeFlags& flags) {
  const auto targets = session.Outputs(/*messages_only=*/true);
  if (!targets) return session.Fail(targets.problem());
  const auto client = session.Connect();
  if (!client) return session.Fail(client.problem());
  v1::GetFreezeRequest request;
  request.set_name(ResourceName("freezes/", flags.name));
  const auto freeze = (*client)->GetFreeze(request);
  if (!freeze) return session.Fail(FromError(freeze.error(), "read the freeze"));
  return PrintFreeze(session, *targets, *freeze);
}

}  // namespace

void AddFreeze(CLI::App& root, Session& session) {
  CLI::App& command = *root.add_subcommand("freeze", "Times in which changes do not start");
  command.require_subcommand(1);
  auto flags = std::make_shared<FreezeFlags>();

  CLI::App& create = *command.add_subcommand(
      "create", "Stop changes: now or from a time on, until a time or until it is lifted");
  create.add_option("--reason", flags->reason, "Why: who is stopped reads it")->required();
  create.add_option("--services", flags->services, "Only these, \"team-*\" for many (all)")
      ->delimiter(',')
      ->allow_extra_args(false);
  create.add_option("-e,--env", flags->environments, "Only these environments (all)")
      ->delimiter(',')
      ->allow_extra_args(false);
  create.add_option("--from", flags->from, "From this time on (default: at once)");
  CLI::Option* const until =
      create.add_option("--until", flags->until, "Until this time (default: until it is lifted)");
  create.add_option("--for", flags->length, "For so long: 45m, 2h30m")->excludes(until);
  create.add_option("--exempt", flags->exempt, "Kinds of change that go on, for example hotfix")
      ->delimiter(',')
      ->allow_extra_args(false);
  create.add_flag("--lets-finish", flags->lets_finish,
                  "Rollouts that are under way may finish (default: they are held)");
  create.add_option("--ticket", flags->ticket, "Ticket, or incident");
  create.add_flag("--confirm", flags->confirmed, "Stop everything without being asked again");
  create.add_flag("--dry-run", flags->dry_run, "Show what would be stopped, and stop nothing");
  create.add_option("--request-id", flags->request_id,
                    "Declare it once, however often this is tried (default: a new one)");
  create.callback(
      [&session, flags] { session.run = [&session, flags] { return Create(session, *flags); }; });

  CLI::App& lift = *command.add_subcommand("lift", "End a declared freeze");
  lift.add_option("NAME", flags->name, "The freeze: freezes/…")->required();
  lift.add_option("--reason", flags->reason, "Why: people will ask")->required();
  lift.callback(
      [&session, flags] { session.run = [&session, flags] { return Lift(session, *flags); }; });

  CLI::App& get = *command.add_subcommand("get", "One declared freeze");
  get.add_option("NAME", flags->name, "The freeze: freezes/…")->required();
  get.callback(
      [&session, flags] { session.run = [&session, flags] { return GetOne(session, *flags); }; });

  CLI::App& list =
      *command.add_subcommand("list", "What is stopped by hand, and coming freeze windows");
  list.add_option("--service", flags->service, "Only windows for this service");
  list.add_option("-e,--env", flags->environment, "Only windows for this environment");
  list.add_option("--since", flags->since, "From this time (default: now)");
  list.add_option("--until", flags->until, "Up to this time (default: 90 days on)");
  list.add_option("--limit", flags->limit, "At most this many (100)")->check(CLI::Range(1, 1000));
  list.add_option("--page-token", flags->page_token, "Go on behind the page before");
  list.callback(
      [&session, flags] { session.run = [&session, flags] { return List(session, *flags); }; });

  CLI::App& check = *command.add_subcommand("check", "Could a change start at a moment?");
  check.add_option("SERVICE", flags->service, "The service")->required();
  check.add_option("-e,--env", flags->environment, "Where it goes")->required();
  check.add_option("-k,--kind", flags->kind, "Kind of change (code)");
  check.add_option("--at", flags->at, "The moment (default: now)");
  check.add_option("--label", flags->labels, "KEY=VALUE that policies select on (repeatable)")
      ->allow_extra_args(false);
  check.callback(
      [&session, flags] { session.run = [&session, flags] { return CheckOne(session, *flags); }; });
}

}  // namespace gate::ctl
