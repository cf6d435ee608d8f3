// gatectl doctor: which settings hold and who says so, and each step on the way to the gate.
#include <netdb.h>

#include <CLI/CLI.hpp>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "checks/render/escape.h"
#include "checks/render/paint.h"
#include "clients/gatectl/caller.h"
#include "clients/gatectl/ci.h"
#include "clients/gatectl/commands/commands.h"
#include "clients/gatectl/git.h"
#include "clients/gatectl/results.h"
#include "clients/gatectl/version.h"

namespace gate::ctl {
namespace {

// Collects lines; the first step that fails decides the exit code.
class Report {
 public:
  explicit Report(Terminal terminal) : terminal_(terminal) {}

  void Say(std::string_view name, const Setting& setting) {
    if (setting.value.empty()) return;
    absl::StrAppend(&text_, "  ", render::PadRight(name, 12), " ",
                    render::EscapeTerminalLine(setting.value), "  (",
                    render::EscapeTerminalLine(setting.origin), ")\n");
  }
  void Heading(std::string_view text) {
    absl::StrAppend(&text_, text_.empty() ? "" : "\n",
                    render::Paint(text, render::Style::kBold, terminal_.color), "\n");
  }
  void Good(std::string_view what) {
    Step(terminal_.unicode ? "✔" : "+", "ok", render::Style::kGreen, what);
  }
  void Skip(std::string_view what) {
    Step(terminal_.unicode ? "–" : "-", "skipped", render::Style::kDim, what);
  }
  void Bad(std::string_view what, int code, std::string_view help) {
    Step(terminal_.unicode ? "✖" : "x", "FAILED", render::Style::kRed, what);
    if (!help.empty()) {
      absl::StrAppend(&text_, "            help: ", render::EscapeTerminalLine(help), "\n");
    }
    if (code_ == kAllow) code_ = code;
  }

  const std::string& text() const { return text_; }
  int code() const { return code_; }

 private:
  void Step(std::string_view sign, std::string_view word, render::Style style,
            std::string_view what) {
    absl::StrAppend(&text_, "  ", render::Paint(sign, style, terminal_.color), " ",
                    render::Paint(render::PadRight(word, 8), style, terminal_.color), " ",
                    render::EscapeTerminalLine(what), "\n");
  }

  Terminal terminal_;
  std::string text_;
  int code_ = kAllow;
};

void ShowSettings(const Settings& settings, Report& report) {
  report.Heading(absl::StrCat("Settings (gatectl ", kVersion, ")"));
  report.Say("context", settings.context);
  report.Say("address", settings.address);
  report.Say("security", settings.security);
  report.Say("authority", settings.ca);
  report.Say("certificate", settings.cert);
  report.Say("key", settings.key);
  report.Say("server name", settings.server_name);
  report.Say("token", settings.token);
  if (settings.actor.origin != "USER") report.Say("as", settings.actor);
  report.Say("timeout", settings.timeout);
  report.Say("output", settings.output);
}

void LookAtFiles(const Session& session, const Settings& settings, Report& report) {
  report.Heading("Files");
  report.Good(
      settings.config.contexts().empty()
          ? absl::StrCat(settings.config_path, ": not there; not needed")
          : absl::StrCat(settings.config_path, ": ", settings.config.contexts_size(), " contexts"));
  for (const std::string& warning : settings.warnings) report.Bad(warning, kUsage, "");
  if (settings.project_path.empty()) {
    report.Skip(
        ".gate.yaml: none here or above; `gatectl check` asks without commits and migrations");
    return;
  }
  report.Good(settings.project_path);
  const Or<Git> git = Git::Open(session.folder);
  if (git) {
    report.Good(absl::StrCat("git checkout in ", git->root()));
  } else {
    report.Bad(git.problem().title, kUsage,
               git.problem().help.empty() ? "" : git.problem().help[0]);
  }
  const CiRun ci = DetectCi(session.variables);
  if (!ci.system.empty()) report.Good(absl::StrCat("CI: ", std::string(ci.system)));
}

// "gate.example.com" of "gate.example.com:9443"; "" for what needs no name service.
std::string HostOf(const std::string& address) {
  if (absl::StartsWith(address, "unix:") || absl::StartsWith(address, "[")) return "";
  return address.substr(0, address.rfind(':'));
}

bool LookUpName(const std::string& address, Report& report) {
  const std::string host = HostOf(address);
  if (host.empty()) return true;
  addrinfo* found = nullptr;
  const int error = getaddrinfo(host.c_str(), nullptr, nullptr, &found);
  if (error != 0) {
    report.Bad(absl::StrCat("name ", host, ": ", gai_strerror(error)), kUnreachable,
               "is the name right, and the network there?");
    return false;
  }
  freeaddrinfo(found);
  report.Good(absl::StrCat("name ", host));
  return true;
}

void LookAtPolicy(client::Client& client, Report& report) {
  const auto policy = client.GetPolicy("policies/current");
  if (policy) {
    report.Good(absl::StrCat("policy ", policy->digest().substr(0, 16), ": ",
                             policy->policy().rules_size(), " rules"));
    return;
  }
  const Problem problem = FromError(policy.error(), "get the policy");
  if (policy.error().code == client::Code::kUnimplemented) {
    report.Skip("policy: this gate does not show it");
  } else {
    report.Bad(absl::StrCat("policy: ", policy.error().message), problem.exit_code(),
               problem.help.empty() ? "" : problem.help[0]);
  }
}

void LookAtCaller(client::Client& client, Report& report) {
  const auto caller = client.WhoAmI();
  if (caller) {
    const std::vector<std::string> access = AccessLines(*caller);
    const std::string who = absl::StrCat("you are ", SubjectText(*caller));
    if (!caller->proven()) return report.Good(who);
    if (!access.empty()) return report.Good(absl::StrCat(who, ": ", absl::StrJoin(access, "; ")));
    return report.Bad(absl::StrCat(who, ", without any role"), kDenied,
                      "\"access\" of the policy gives roles");
  }
  const Problem problem = FromError(caller.error(), "ask who you are");
  if (caller.error().code == client::Code::kUnimplemented) {
    return report.Skip("who you are: this gate does not say");
  }
  report.Bad(absl::StrCat("who you are: ", caller.error().message), problem.exit_code(),
             problem.help.empty() ? "" : problem.help[0]);
}

void LookAtGate(const Session& session, const Settings& settings, Report& report) {
  report.Heading("Gate");
  const auto client = session.Connect(settings);
  if (!client) {
    report.Bad(client.problem().title, client.problem().exit_code(),
               client.problem().help.empty() ? "" : client.problem().help[0]);
    return;
  }
  if (!LookUpName(settings.address.value, report)) return;
  const auto healthy = (*client)->Healthy();
  if (!healthy && healthy.error().code != client::Code::kUnimplemented) {
    const Problem problem = FromError(healthy.error(), "ask for its health");
    report.Bad(absl::StrCat("connection: ", healthy.error().message), problem.exit_code(),
               problem.help.empty() ? "" : problem.help[0]);
    return;
  }
  report.Good(
      absl::StrCat("connection to ", settings.address.value, " (", settings.security.value, ")"));
  if (healthy && !*healthy) {
    report.Bad("health: it does not serve", kUnreachable,
               "it is starting, stopping or has lost its store");
  } else if (healthy) {
    report.Good("health: it serves");
  }
  LookAtCaller(**client, report);
  LookAtPolicy(**client, report);
}

int Run(const Session& session) {
  Report report(session.out());
  const Or<Settings> settings = Resolve(session.flags, session.variables, session.folder);
  if (!settings) return session.Fail(settings.problem());
  ShowSettings(*settings, report);
  LookAtFiles(session, *settings, report);
  LookAtGate(session, *settings, report);
  const Or<bool> printed = Print(report.text());
  if (!printed) return session.Fail(printed.problem());
  return session.End(report.code());
}

}  // namespace

void AddDoctor(CLI::App& root, Session& session) {
  CLI::App& command =
      *root.add_subcommand("doctor", "What is set, by whom, and what is in the way");
  command.callback([&session] { session.run = [&session] { return Run(session); }; });
}

}  // namespace gate::ctl
