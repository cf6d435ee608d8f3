// gatectl verdict list/get/replay: what is on record.
#include <CLI/CLI.hpp>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "checks/proto_time.h"
#include "checks/render/escape.h"
#include "checks/render/words.h"
#include "clients/gatectl/channel.h"
#include "clients/gatectl/commands/commands.h"
#include "clients/gatectl/policy_file.h"
#include "clients/gatectl/results.h"

namespace gate::ctl {
namespace {

struct ListFlags {
  std::string service, environment, decision, since, until, page_token;
  int limit = 20;
};

std::string Table(const v1::ListVerdictsResponse& page, const Terminal& terminal) {
  if (page.verdicts().empty()) {
    return terminal.is_terminal
               ? "No verdicts. Ask for one:  gatectl check SERVICE --env production\n"
               : "";
  }
  const bool for_people = terminal.is_terminal;
  std::vector<std::vector<std::string>> rows;
  for (const v1::Verdict& verdict : page.verdicts()) {
    const std::string sign(render::Sign(verdict.decision(), terminal.unicode));
    const std::string word(render::Word(verdict.decision()));
    const absl::Time time = FromProto(verdict.create_time());
    // Short names are understood wherever full ones are.
    const std::string short_name = verdict.name().substr(verdict.name().find('/') + 1);
    rows.push_back({for_people ? sign + " " + word : word,
                    for_people ? absl::FormatTime("%Y-%m-%d %H:%MZ", time, absl::UTCTimeZone())
                               : Rfc3339(time),
                    verdict.change().service(), verdict.change().environment(),
                    verdict.change().version(), for_people ? short_name : verdict.name(),
                    verdict.reason()});
  }
  return Columns({"DECISION", "TIME", "SERVICE", "ENVIRONMENT", "VERSION", "VERDICT", "REASON"},
                 rows, terminal);
}

Or<v1::ListVerdictsRequest> ListRequest(const ListFlags& flags) {
  v1::ListVerdictsRequest request;
  request.set_page_size(flags.limit);
  request.set_page_token(flags.page_token);
  request.set_service(flags.service);
  request.set_environment(flags.environment);
  if (!flags.decision.empty()) {
    v1::Decision decision = v1::DECISION_UNSPECIFIED;
    if (!v1::Decision_Parse("DECISION_" + absl::AsciiStrToUpper(flags.decision), &decision) ||
        decision == v1::DECISION_UNSPECIFIED) {
      return Problem{"E0201", absl::StrCat("there is no decision \"", flags.decision, "\""),
                     {},      "",
                     "",      {"--decision takes allow, hold or block"}};
    }
    request.set_decision(decision);
  }
  if (!flags.since.empty()) {
    const Or<absl::Time> time = ParseTime("--since", flags.since);
    if (!time) return time.problem();
    *request.mutable_start_time() = ToProto(*time);
  }
  if (!flags.until.empty()) {
    const Or<absl::Time> time = ParseTime("--until", flags.until);
    if (!time) return time.problem();
    *request.mutable_end_time() = ToProto(*time);
  }
  return request;
}

int List(const Session& session, const ListFlags& flags) {
  const Or<v1::ListVerdictsRequest> request = ListRequest(flags);
  if (!request) return session.Fail(request.problem());
  const Or<Channel> channel = Open(session);
  if (!channel) return session.Fail(channel.problem());
  const auto page = channel->client->ListVerdicts(*request);
  if (!page) return session.Fail(FromError(page.error(), "list verdicts"));
  return PrintPage(session, *channel, *page, page->verdicts(),
                   [&](const Terminal& terminal) { return Table(*page, terminal); });
}

int GetOne(const Session& session, const std::string& name) {
  const auto targets = session.Outputs();
  if (!targets) return session.Fail(targets.problem());
  const auto client = session.Connect();
  if (!client) return session.Fail(client.problem());
  const auto verdict = (*client)->GetVerdict(VerdictName(name));
  if (!verdict) return session.Fail(FromError(verdict.error(), "get " + VerdictName(name)));
  const Or<bool> printed = PrintVerdict(session, *targets, *verdict, {}, ExitCodeOf(*verdict));
  return printed ? kAllow : session.Fail(printed.problem());
}

// By another policy: what would be said, and where it differs.
std::string ByPolicyTable(const v1::ReplayVerdictResponse& replay, const Terminal& terminal) {
  const v1::Verdict& verdict = replay.verdict();
  std::string text =
      absl::StrCat(std::string(render::Sign(verdict.decision(), terminal.unicode)), " ",
                   std::string(render::Word(verdict.decision())), "  ", verdict.name(),
                   " by that policy: ", render::EscapeTerminalLine(verdict.reason()), "\n");
  for (const std::string& difference : replay.differences()) {
    absl::StrAppend(&text, "  ", render::EscapeTerminalLine(difference), "\n");
  }
  if (replay.identical()) text += "  No check comes out otherwise.\n";
  return text;
}

std::string ReplayTable(const v1::ReplayVerdictResponse& replay, const Terminal& terminal) {
  std::string text =
      replay.identical()
          ? absl::StrCat(terminal.unicode ? "✔" : "+", " IDENTICAL  ", replay.verdict().name(),
                         " comes out the same: ",
                         std::string(render::Word(replay.verdict().decision())), "\n")
          : absl::StrCat(terminal.unicode ? "✖" : "x", " DIFFERENT  ", replay.verdict().name(),
                         " comes out otherwise\n");
  for (const std::string& difference : replay.differences()) {
    absl::StrAppend(&text, "  ", difference, "\n");
  }
  return text;
}

// `policy`: a file, or empty for the stored one.
int Replay(const Session& session, const std::string& name, const std::string& policy) {
  const auto targets = session.Outputs(/*messages_only=*/true);
  if (!targets) return session.Fail(targets.problem());
  v1::ReplayVerdictRequest request;
  request.set_name(VerdictName(name));
  if (!policy.empty()) {
    const Or<v1::Policy> read = ReadPolicy(policy);
    if (!read) return session.Fail(read.problem());
    *request.mutable_policy() = *read;
  }
  const auto client = session.Connect();
  if (!client) return session.Fail(client.problem());
  const auto replay = (*client)->ReplayVerdict(request);
  if (!replay) return session.Fail(FromError(replay.error(), "replay " + VerdictName(name)));
  const Or<bool> printed = PrintMessage(session, *targets, *replay, [&](const Terminal& terminal) {
    return policy.empty() ? ReplayTable(*replay, terminal) : ByPolicyTable(*replay, terminal);
  });
  if (!printed) return session.Fail(printed.problem());
  if (!policy.empty()) return session.End(ExitCodeOf(replay->verdict()));
  if (replay->identical()) return kAllow;
  return session.Fail({"E0104", VerdictName(name) + " does not come out the same", {}, "", "", {}});
}

void AddList(CLI::App& verdict, Session& session) {
  CLI::App& command = *verdict.add_subcommand("list", "Verdicts on record, newest first");
  auto flags = std::make_shared<ListFlags>();
  command.add_option("--service", flags->service, "Only this service");
  command.add_option("-e,--env", flags->environment, "Only this environment");
  command.add_option("--decision", flags->decision, "Only allow, hold or block");
  command.add_option("--since", flags->since, "Only made at or after this time");
  command.add_option("--until", flags->until, "Only made before this time");
  command.add_option("--limit", flags->limit, "At most this many (20)")->check(CLI::Range(1, 1000));
  command.add_option("--page-token", flags->page_token, "Go on behind the page before");
  command.callback(
      [&session, flags] { session.run = [&session, flags] { return List(session, *flags); }; });
}

void AddGet(CLI::App& verdict, Session& session) {
  CLI::App& command = *verdict.add_subcommand("get", "One verdict");
  auto name = std::make_shared<std::string>();
  command.add_option("VERDICT", *name, "Name, for example verdicts/01J…")->required();
  command.callback(
      [&session, name] { session.run = [&session, name] { return GetOne(session, *name); }; });
}

void AddReplay(CLI::App& verdict, Session& session) {
  CLI::App& command = *verdict.add_subcommand("replay", "Judge its evidence again, and compare");
  auto name = std::make_shared<std::string>(), policy = std::make_shared<std::string>();
  command.add_option("VERDICT", *name, "Name, for example verdicts/01J…")->required();
  command.add_option("--policy", *policy, "Judge by this policy file instead of the stored one");
  command.callback([&session, name, policy] {
    session.run = [&session, name, policy] { return Replay(session, *name, *policy); };
  });
}

}  // namespace

void AddVerdict(CLI::App& root, Session& session) {
  CLI::App& command = *root.add_subcommand("verdict", "Verdicts on record");
  command.require_subcommand(1);
  AddList(command, session);
  AddGet(command, session);
  AddReplay(command, session);
}

}  // namespace gate::ctl
