// gatectl context list/use/add: the gates that one talks to.
#include <CLI/CLI.hpp>
#include <filesystem>

#include "absl/strings/str_cat.h"
#include "checks/policy/suggest.h"
#include "checks/render/message.h"
#include "clients/gatectl/commands/commands.h"
#include "clients/gatectl/files.h"
#include "clients/gatectl/results.h"

namespace gate::ctl {
namespace {

namespace fs = std::filesystem;
using config::v1::Context;
using config::v1::UserConfig;

// Only what is set: the file is for people.
std::string Yaml(const UserConfig& config) {
  std::string text =
      absl::StrCat("current_context: \"", config.current_context(), "\"\ncontexts:\n");
  for (const Context& context : config.contexts()) {
    const auto add = [&text](const char* margin, const char* name, const std::string& value) {
      if (value.empty()) return;
      std::string quoted;
      for (const char c : value)
        quoted += (c == '"' || c == '\\') ? std::string("\\") + c : std::string(1, c);
      absl::StrAppend(&text, margin, name, ": \"", quoted, "\"\n");
    };
    add("  - ", "name", context.name());
    add("    ", "address", context.address());
    add("    ", "token_file", context.token_file());
    add("    ", "token_command", context.token_command());
    add("    ", "output", context.output());
    if (context.has_timeout())
      absl::StrAppend(&text, "    timeout: ", context.timeout().seconds(), "s\n");
    if (!context.has_tls()) continue;
    const config::v1::ClientTls& tls = context.tls();
    text += "    tls:\n";
    absl::StrAppend(&text, "      plaintext: ", tls.plaintext() ? "true" : "false", "\n");
    add("      ", "ca", tls.ca());
    add("      ", "cert", tls.cert());
    add("      ", "key", tls.key());
    add("      ", "server_name", tls.server_name());
  }
  return text;
}

Or<bool> Save(const std::string& path, const UserConfig& config) {
  std::error_code error;
  fs::create_directories(fs::path(path).parent_path(), error);
  if (error) {
    return Problem{"E0102", absl::StrCat("cannot write ", path), {error.message()}, "", "", {}};
  }
  return WriteFile(path, Yaml(config), 0600);
}

int List(const Session& session) {
  const auto targets = session.Outputs(/*messages_only=*/true);
  if (!targets) return session.Fail(targets.problem());
  const Or<UserConfig> config = ReadUserConfig(UserConfigPath(session.flags, session.variables));
  if (!config) return session.Fail(config.problem());
  const Or<bool> printed = PrintMessage(session, *targets, *config, [&](const Terminal& terminal) {
    if (config->contexts().empty() && terminal.is_terminal) {
      return std::string(
          "No contexts. Add one:  gatectl context add NAME --to gate.example.com:9443\n");
    }
    std::vector<std::vector<std::string>> rows;
    for (const Context& context : config->contexts()) {
      rows.push_back({context.name() == config->current_context() ? "*" : "", context.name(),
                      context.address()});
    }
    return Columns({"", "NAME", "ADDRESS"}, rows, terminal);
  });
  return printed ? kAllow : session.Fail(printed.problem());
}

int Use(const Session& session, const std::string& name) {
  const std::string path = UserConfigPath(session.flags, session.variables);
  Or<UserConfig> config = ReadUserConfig(path);
  if (!config) return session.Fail(config.problem());
  std::vector<std::string_view> names;
  for (const Context& context : config->contexts()) names.push_back(context.name());
  if (std::find(names.begin(), names.end(), name) == names.end()) {
    return session.Fail(
        {"E0501",
         absl::StrCat("there is no context ", Quoted(name), DidYouMean(name, names)),
         {},
         "",
         "",
         {"`gatectl context list` lists them"}});
  }
  config->set_current_context(name);
  if (const Or<bool> saved = Save(path, *config); !saved) return session.Fail(saved.problem());
  session.Note(absl::StrCat("now talking to ", name));
  return kAllow;
}

int Add(const Session& session, const Context& added, bool plaintext) {
  const std::string path = UserConfigPath(session.flags, session.variables);
  Or<UserConfig> config = ReadUserConfig(path);
  if (!config) return session.Fail(config.problem());
  for (const Context& context : config->contexts()) {
    if (context.name() != added.name()) continue;
    return session.Fail({"E0502",
                         absl::StrCat("there is a context ", Quoted(added.name()), " already"),
                         {},
                         "",
                         "",
                         {"choose another name, or edit " + path}});
  }
  Context& context = *config->add_contexts();
  context = added;
  const auto absolute = [](const std::string& file) {
    return file.empty() ? file : fs::absolute(file).lexically_normal().string();
  };
  const Flags& flags = session.flags;
  context.set_token_file(absolute(flags.token_file));
  if (flags.tls || plaintext || !flags.ca_file.empty() || !flags.cert_file.empty()) {
    config::v1::ClientTls& tls = *context.mutable_tls();
    tls.set_plaintext(plaintext);
    tls.set_ca(absolute(flags.ca_file));
    tls.set_cert(absolute(flags.cert_file));
    tls.set_key(absolute(flags.key_file));
    tls.set_server_name(flags.server_name);
  }
  if (config->current_context().empty()) config->set_current_context(added.name());
  if (const Or<bool> saved = Save(path, *config); !saved) return session.Fail(saved.problem());
  session.Note(absl::StrCat("added ", added.name(), " to ", path));
  return kAllow;
}

}  // namespace

void AddContext(CLI::App& root, Session& session) {
  CLI::App& command = *root.add_subcommand("context", "The gates that you talk to");
  command.require_subcommand(1);
  command.add_subcommand("list", "All of them")->callback([&session] {
    session.run = [&session] { return List(session); };
  });

  CLI::App& use = *command.add_subcommand("use", "Talk to this one from now on");
  auto name = std::make_shared<std::string>();
  use.add_option("NAME", *name, "Its name")->required();
  use.callback(
      [&session, name] { session.run = [&session, name] { return Use(session, *name); }; });

  CLI::App& add =
      *command.add_subcommand("add", "Add one (--ca-file, --token-file … are kept with it)");
  auto context = std::make_shared<Context>();
  add.add_option("NAME", *context->mutable_name(), "Its name")->required();
  add.add_option("--to", *context->mutable_address(), "host:port, or unix:/path")->required();
  add.add_option("--token-command", *context->mutable_token_command(),
                 "Shell command that prints a token");
  add.callback([&session, context] {
    session.run = [&session, context] { return Add(session, *context, session.flags.plaintext); };
  });
}

}  // namespace gate::ctl
