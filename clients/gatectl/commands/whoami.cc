// gatectl whoami: who the gate takes one for, and what one may do.
#include <CLI/CLI.hpp>

#include "absl/strings/str_cat.h"
#include "checks/render/escape.h"
#include "clients/gatectl/caller.h"
#include "clients/gatectl/commands/commands.h"
#include "clients/gatectl/results.h"

namespace gate::ctl {
namespace {

std::string Text(const v1::Caller& caller) {
  std::string text = render::EscapeTerminalLine(SubjectText(caller)) + "\n";
  for (const std::string& line : AccessLines(caller)) {
    absl::StrAppend(&text, "  ", render::EscapeTerminalLine(line), "\n");
  }
  if (caller.access().empty() && caller.proven()) {
    text += "  no role: whoever owns the policy can add you under \"access\"\n";
  }
  return text;
}

int Run(const Session& session) {
  const auto targets = session.Outputs(/*messages_only=*/true);
  if (!targets) return session.Fail(targets.problem());
  const auto client = session.Connect();
  if (!client) return session.Fail(client.problem());
  const auto caller = (*client)->WhoAmI();
  if (!caller) return session.Fail(FromError(caller.error(), "ask who you are"));
  const Or<bool> printed =
      PrintMessage(session, *targets, *caller, [&](const Terminal&) { return Text(*caller); });
  if (!printed) return session.Fail(printed.problem());
  return kAllow;
}

}  // namespace

void AddWhoAmI(CLI::App& root, Session& session) {
  CLI::App& command =
      *root.add_subcommand("whoami", "Who the gate takes you for, and what you may do");
  command.callback([&session] { session.run = [&session] { return Run(session); }; });
}

}  // namespace gate::ctl
