#include "clients/gatectl/app.h"

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "checks/policy/suggest.h"
#include "clients/gatectl/commands/commands.h"
#include "clients/gatectl/version.h"

namespace gate::ctl {
namespace {

constexpr char kFooter[] =
    "\nExit codes: 0 ALLOW, 10 BLOCK, 11 HOLD, 12 HOLD for missing evidence; below 10 the gate did "
    "not\n"
    "decide. More: gatectl help exit-codes | environment | formats | project";

void AddGlobalFlags(CLI::App& root, Flags& flags) {
  root.add_option("--address", flags.address,
                  "The gate: host:port, or unix:/path (127.0.0.1:9443)");
  root.add_option("--context", flags.context, "Context of the configuration");
  root.add_option("--config", flags.config, "Configuration (~/.config/gate/config.yaml)");
  root.add_option("-o,--output", flags.output, "FORMAT or FORMAT=FILE; gatectl help formats")
      ->type_name("FORMAT[=FILE]")
      ->allow_extra_args(false)
      ->take_all();
  root.add_option("--color", flags.color, "auto, always or never")
      ->check(CLI::IsMember({"auto", "always", "never"}));
  root.add_option("--timeout", flags.timeout, "Bound on one question, for example 15s");
  root.add_option("--ca-file", flags.ca_file, "PEM certificates to trust");
  root.add_option("--cert-file", flags.cert_file, "PEM certificate to show (mTLS)");
  root.add_option("--key-file", flags.key_file, "PEM private key of it");
  root.add_option("--server-name", flags.server_name, "Name to expect in the server's certificate");
  root.add_option("--token-file", flags.token_file, "File with a bearer token");
  root.add_option("--as", flags.actor, "Who you are, for a gate that asks nobody ($USER)")
      ->type_name("NAME");
  auto* tls = root.add_flag("--tls", flags.tls, "TLS also to this machine");
  root.add_flag("--plaintext", flags.plaintext, "No TLS, also to another host")->excludes(tls);
  root.add_option("--on-unreachable", flags.on_unreachable,
                  "fail (default), or allow: exit 0 where the gate cannot be reached")
      ->check(CLI::IsMember({"fail", "allow"}));
}

// Every flag that holds for the command or for all.
std::vector<std::string> FlagsOf(const CLI::App* command) {
  std::vector<std::string> names;
  for (; command != nullptr; command = command->get_parent()) {
    for (const CLI::Option* option : command->get_options()) {
      for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
    }
  }
  return names;
}

// The deepest subcommand that was recognised.
CLI::App* Deepest(CLI::App* command) {
  while (!command->get_subcommands().empty()) command = command->get_subcommands().back();
  return command;
}

std::vector<std::string> SubcommandNames(const CLI::App& command) {
  std::vector<std::string> names;
  for (const CLI::App* sub : command.get_subcommands(nullptr)) names.push_back(sub->get_name());
  return names;
}

std::string Suggestion(const std::string& word, const std::vector<std::string>& known) {
  const std::vector<std::string_view> names(known.begin(), known.end());
  return DidYouMean(word.substr(0, word.find('=')), names);
}

// What was not understood, in our words: the library's name neither the command nor what is near.
Problem UsageProblem(const CLI::ParseError& error, CLI::App& root,
                     const std::vector<std::string>& arguments) {
  CLI::App* command = Deepest(&root);
  Problem problem{"E0201", error.what(), {}, "", "", {}};
  std::string name = command == &root ? "gatectl" : command->get_name();
  for (const CLI::App* at = command->get_parent(); at != nullptr; at = at->get_parent()) {
    name = (at->get_parent() == nullptr ? "gatectl" : at->get_name()) + " " + name;
  }
  const bool wants_subcommand = !command->get_subcommands(nullptr).empty();
  const std::vector<std::string> extra = root.remaining(true);
  if (wants_subcommand) {
    const std::vector<std::string> names = SubcommandNames(*command);
    const auto unknown = std::find_if(extra.begin(), extra.end(),
                                      [](const std::string& word) { return word[0] != '-'; });
    problem.title =
        unknown == extra.end()
            ? absl::StrCat(name, " wants a command")
            : absl::StrCat(name, " has no command ", Quoted(*unknown), Suggestion(*unknown, names));
    problem.help.push_back(absl::StrCat("one of: ", absl::StrJoin(names, ", ")));
    return problem;
  }
  if (dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr && !extra.empty()) {
    problem.title = extra[0][0] == '-' ? absl::StrCat(name, " has no flag ", extra[0],
                                                      Suggestion(extra[0], FlagsOf(command)))
                                       : absl::StrCat(name, " does not take ", Quoted(extra[0]));
  }
  problem.help.push_back(absl::StrCat(name, " --help"));
  if (arguments.empty()) problem.help.push_back("gatectl --help");
  return problem;
}

bool IsDuration(const std::string& word) { return ParseDuration(word).has_value(); }

void AddCommands(CLI::App& root, Session& session) {
  AddCheck(root, session);
  AddJudge(root, session);
  AddLint(root, session);
  AddExplain(root, session);
  AddMetrics(root, session);
  AddQa(root, session);
  AddVerdict(root, session);
  AddOverride(root, session);
  AddPolicy(root, session);
  AddReview(root, session);
  AddRollout(root, session);
  AddFreeze(root, session);
  AddIncident(root, session);
  AddAudit(root, session);
  AddWhoAmI(root, session);
  AddToken(root, session);
  AddDoctor(root, session);
  AddContext(root, session);
  AddCompletion(root, session);
  AddHelp(root, session);
  AddVersion(root, session);
}

std::string WorkingDirectory() {
  std::error_code error;
  const auto path = std::filesystem::current_path(error);
  return error ? "." : path.string();
}

}  // namespace

std::string HelpText(const CLI::App& command) {
  std::string before;
  for (const CLI::App* at = command.get_parent(); at != nullptr; at = at->get_parent()) {
    before = at->get_name() + (before.empty() ? "" : " " + before);
  }
  std::string text = command.help(before);
  if (command.get_parent() != nullptr) {
    absl::StrAppend(&text, "\nFlags of all commands: gatectl --help\n");
  }
  return text;
}

std::vector<std::string> JoinWait(const std::vector<std::string>& arguments) {
  std::vector<std::string> joined;
  for (size_t i = 0; i < arguments.size(); ++i) {
    if (arguments[i] == "--") {
      joined.insert(joined.end(), arguments.begin() + i, arguments.end());
      break;
    }
    if (arguments[i] != "--wait") {
      joined.push_back(arguments[i]);
    } else if (i + 1 < arguments.size() && IsDuration(arguments[i + 1])) {
      joined.push_back("--wait=" + arguments[++i]);
    } else {
      joined.push_back("--wait=30m");
    }
  }
  return joined;
}

int RunApp(const std::vector<std::string>& arguments, Interrupts& interrupts) {
  Session session;
  session.variables = ReadVariables();
  session.folder = WorkingDirectory();
  session.command_line = {"gatectl"};
  session.command_line.insert(session.command_line.end(), arguments.begin(), arguments.end());
  session.interrupts = &interrupts;

  CLI::App root("Asks the deployment gate whether a change may go out.", "gatectl");
  session.root = &root;
  root.fallthrough();
  root.require_subcommand(1);
  root.set_version_flag("--version", std::string("gatectl ") + kVersion);
  root.get_formatter()->column_width(34);
  AddGlobalFlags(root, session.flags);
  AddCommands(root, session);
  root.footer(kFooter);  // of the root alone: what is added later would inherit it

  std::vector<std::string> reversed = JoinWait(arguments);
  std::reverse(reversed.begin(), reversed.end());  // as CLI11 takes them
  try {
    root.parse(reversed);
  } catch (const CLI::CallForHelp&) {
    const Or<bool> printed = Print(HelpText(*Deepest(&root)));
    return printed ? kAllow : session.Fail(printed.problem());
  } catch (const CLI::CallForVersion&) {
    const Or<bool> printed = Print(absl::StrCat("gatectl ", kVersion, "\n"));
    return printed ? kAllow : session.Fail(printed.problem());
  } catch (const CLI::ParseError& error) {
    return session.Fail(UsageProblem(error, root, arguments));
  }
  return session.run();
}

}  // namespace gate::ctl
