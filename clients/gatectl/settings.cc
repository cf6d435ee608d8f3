#include "clients/gatectl/settings.h"

#include <sys/stat.h>

#include <algorithm>
#include <filesystem>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "checks/policy/suggest.h"
#include "checks/proto_time.h"
#include "clients/gatectl/files.h"
#include "clients/gatectl/process.h"
#include "clients/gatectl/version.h"

namespace gate::ctl {
namespace {

namespace fs = std::filesystem;
using config::v1::Context;

constexpr char kDefaultAddress[] = "127.0.0.1:9443";
constexpr char kDefaultTimeout[] = "15s";

Problem WrongConfiguration(std::string title, std::vector<std::string> causes,
                           std::vector<std::string> help) {
  return {"E0210", std::move(title), std::move(causes), "", "", std::move(help)};
}

// As gates that run open take names.
bool IsActor(std::string_view name) {
  return !name.empty() && name.size() <= 128 && std::ranges::all_of(name, [](char c) {
    return absl::ascii_isalnum(c) || std::string_view("._@+-").find(c) != std::string_view::npos;
  });
}

// The first candidate that has a value.
Setting First(std::initializer_list<Setting> candidates) {
  for (const Setting& candidate : candidates) {
    if (!candidate.value.empty()) return candidate;
  }
  return {};
}

Setting FromVariable(const Variables& variables, std::string_view name) {
  return {std::string(Get(variables, name)), std::string(name)};
}

// .gate.yaml in `folder` or the nearest folder above it; "" where there is none.
std::string FindProject(const std::string& folder) {
  std::error_code ignored;
  for (fs::path at = folder;; at = at.parent_path()) {
    const fs::path candidate = at / ".gate.yaml";
    if (fs::is_regular_file(candidate, ignored)) return candidate.string();
    if (at == at.parent_path()) return "";
  }
}

Or<bool> ReadProject(const std::string& folder, Settings& settings) {
  settings.project_path = FindProject(folder);
  if (settings.project_path.empty()) return true;
  const Or<std::string> text = ReadFile(settings.project_path);
  if (!text) return text.problem();
  return ParseFile(settings.project_path, *text, settings.project);
}

Or<const Context*> FindContext(const Settings& settings) {
  const Context* none = nullptr;
  if (settings.context.value.empty()) return none;
  std::vector<std::string_view> names;
  for (const Context& context : settings.config.contexts()) {
    if (context.name() == settings.context.value) return &context;
    names.push_back(context.name());
  }
  return WrongConfiguration(absl::StrCat("there is no context \"", settings.context.value, "\"",
                                         DidYouMean(settings.context.value, names)),
                            {absl::StrCat("named by ", settings.context.origin, "; looked for in ",
                                          settings.config_path)},
                            {"`gatectl context list` lists them, `gatectl context add` adds one"});
}

void ReadTls(const Flags& flags, const Context& context, const std::string& origin,
             Settings& settings) {
  const std::string folder = fs::path(settings.config_path).parent_path().string();
  const config::v1::ClientTls& tls = context.tls();
  settings.ca = First({{flags.ca_file, "--ca-file"}, {RelativeTo(folder, tls.ca()), origin}});
  settings.cert =
      First({{flags.cert_file, "--cert-file"}, {RelativeTo(folder, tls.cert()), origin}});
  settings.key = First({{flags.key_file, "--key-file"}, {RelativeTo(folder, tls.key()), origin}});
  settings.server_name = First({{flags.server_name, "--server-name"}, {tls.server_name(), origin}});
  if (flags.tls || flags.plaintext) {
    settings.security = {flags.tls ? "TLS" : "plain text", flags.tls ? "--tls" : "--plaintext"};
  } else if (context.has_tls()) {
    settings.security = {tls.plaintext() ? "plain text" : "TLS", origin};
  } else if (!settings.ca.value.empty() || !settings.cert.value.empty()) {
    settings.security = {"TLS", settings.ca.value.empty() ? "--cert-file" : "--ca-file"};
  } else {
    const bool loopback = client::IsLoopback(settings.address.value);
    settings.security = {loopback ? "plain text" : "TLS",
                         loopback ? "default: the address is this machine"
                                  : "default: the address is another machine"};
  }
}

void ReadTokenPlace(const Flags& flags, const Variables& variables, const Context& context,
                    const std::string& origin, Settings& settings) {
  const std::string folder = fs::path(settings.config_path).parent_path().string();
  if (!flags.token_file.empty()) {
    settings.token = {"file " + flags.token_file, "--token-file"};
    settings.token_file = flags.token_file;
  } else if (!Get(variables, "GATE_TOKEN").empty()) {
    settings.token = {"set", "GATE_TOKEN"};
  } else if (!context.token_file().empty()) {
    settings.token_file = RelativeTo(folder, context.token_file());
    settings.token = {"file " + settings.token_file, origin};
  } else if (!context.token_command().empty()) {
    settings.token_command = context.token_command();
    settings.token = {"command", origin};
  } else {
    settings.token = {"none", "default"};
  }
}

void WarnOfOpenFile(const std::string& path, std::vector<std::string>& warnings) {
  struct stat status {};
  if (stat(path.c_str(), &status) == 0 && (status.st_mode & 077) != 0) {
    warnings.push_back(absl::StrCat(path, " can be read or written by others: chmod 600 ", path));
  }
}

std::string DurationText(const google::protobuf::Duration& duration, bool present) {
  return present ? absl::FormatDuration(FromProto(duration)) : "";
}

// The text of a PEM file, or "" for no path.
Or<std::string> Pem(const Setting& setting) {
  if (setting.value.empty()) return std::string();
  Or<std::string> text = ReadFile(setting.value);
  if (text && text->find("-----BEGIN") == std::string::npos) {
    return WrongConfiguration(absl::StrCat(setting.value, " is not a PEM file"),
                              {absl::StrCat("named by ", setting.origin)}, {});
  }
  return text;
}

Or<std::string> ReadToken(const Settings& settings, const Variables& variables) {
  if (settings.token.origin == "GATE_TOKEN") {
    return std::string(absl::StripAsciiWhitespace(std::string(Get(variables, "GATE_TOKEN"))));
  }
  if (!settings.token_file.empty()) {
    const Or<std::string> text = ReadFile(settings.token_file);
    if (!text) return text.problem();
    return std::string(absl::StripAsciiWhitespace(*text));
  }
  if (settings.token_command.empty()) return std::string();
  const ProcessResult result = RunProcess({"/bin/sh", "-c", settings.token_command}, "", "");
  if (!result.started || result.exit_code != 0) {
    return WrongConfiguration(absl::StrCat("token_command failed: ", settings.token_command),
                              {result.Failure()}, {"run it by hand"});
  }
  return std::string(absl::StripAsciiWhitespace(result.out));
}

}  // namespace

std::optional<absl::Duration> ParseDuration(std::string_view text) {
  // Days, by themselves: "30d".
  int days = 0;
  if (text.ends_with('d') &&
      absl::SimpleAtoi(absl::string_view(text.data(), text.size() - 1), &days)) {
    if (days < 1 || days > 365) return {};
    return absl::Hours(24 * days);
  }
  absl::Duration duration;
  if (!absl::ParseDuration(absl::string_view(text.data(), text.size()), &duration)) return {};
  if (duration <= absl::ZeroDuration() || duration > absl::Hours(24 * 365)) return {};
  return duration;
}

std::string UserConfigPath(const Flags& flags, const Variables& variables) {
  if (!flags.config.empty()) return flags.config;
  const std::string xdg(Get(variables, "XDG_CONFIG_HOME"));
  if (!xdg.empty() && xdg[0] == '/') return xdg + "/gate/config.yaml";
  return absl::StrCat(std::string(Get(variables, "HOME")), "/.config/gate/config.yaml");
}

Or<config::v1::UserConfig> ReadUserConfig(const std::string& path) {
  config::v1::UserConfig config;
  std::error_code ignored;
  if (!fs::exists(path, ignored)) return config;
  const Or<std::string> text = ReadFile(path);
  if (!text) return text.problem();
  const Or<bool> parsed = ParseFile(path, *text, config);
  if (!parsed) return parsed.problem();
  return config;
}

Or<Settings> Resolve(const Flags& flags, const Variables& variables, const std::string& folder) {
  Settings settings;
  settings.config_path = UserConfigPath(flags, variables);
  Or<config::v1::UserConfig> config = ReadUserConfig(settings.config_path);
  if (!config) return config.problem();
  settings.config = *std::move(config);
  WarnOfOpenFile(settings.config_path, settings.warnings);
  if (const Or<bool> project = ReadProject(folder, settings); !project) return project.problem();

  settings.context = First({{flags.context, "--context"},
                            FromVariable(variables, "GATE_CONTEXT"),
                            {settings.config.current_context(), settings.config_path}});
  const Or<const Context*> found = FindContext(settings);
  if (!found) return found.problem();
  const Context& context = *found == nullptr ? Context::default_instance() : **found;
  const std::string origin = absl::StrCat("context \"", context.name(), "\"");

  settings.address = First({{flags.address, "--address"},
                            FromVariable(variables, "GATE_ADDR"),
                            {settings.project.address(), settings.project_path},
                            {context.address(), origin},
                            {kDefaultAddress, "default"}});
  settings.timeout = First({{flags.timeout, "--timeout"},
                            FromVariable(variables, "GATE_TIMEOUT"),
                            {DurationText(context.timeout(), context.has_timeout()), origin},
                            {kDefaultTimeout, "default"}});
  if (!ParseDuration(settings.timeout.value)) {
    return WrongConfiguration(absl::StrCat("\"", settings.timeout.value, "\" is no timeout"),
                              {absl::StrCat("given by ", settings.timeout.origin)},
                              {"write it like 15s or 1m30s"});
  }
  const std::string outputs = flags.output.empty() ? "" : flags.output.front();
  settings.output = First({{outputs, "--output"},
                           FromVariable(variables, "GATE_OUTPUT"),
                           {context.output(), origin},
                           {"table", "default"}});
  settings.actor =
      First({{flags.actor, "--as"},
             FromVariable(variables, "GATE_ACTOR"),
             {IsActor(Get(variables, "USER")) ? std::string(Get(variables, "USER")) : "", "USER"}});
  if (!settings.actor.value.empty() && !IsActor(settings.actor.value)) {
    return WrongConfiguration(absl::StrCat("\"", settings.actor.value, "\" is no name"),
                              {absl::StrCat("given by ", settings.actor.origin)},
                              {"a name has 1 to 128 letters, digits and characters of \"._@+-\""});
  }
  ReadTls(flags, context, origin, settings);
  ReadTokenPlace(flags, variables, context, origin, settings);
  return settings;
}

Or<client::Options> ClientOptions(const Settings& settings, const Flags&,
                                  const Variables& variables) {
  client::Options options;
  options.address = settings.address.value;
  options.security =
      settings.security.value == "TLS" ? client::Security::kTls : client::Security::kPlaintext;
  options.server_name = settings.server_name.value;
  options.timeout = absl::ToChronoNanoseconds(*ParseDuration(settings.timeout.value));
  options.actor = settings.actor.value;
  options.application = absl::StrCat("gatectl/", kVersion);
  struct Part {
    const Setting& setting;
    std::string& target;
  };
  for (const Part& part :
       {Part{settings.ca, options.ca_pem}, Part{settings.cert, options.certificate_pem},
        Part{settings.key, options.private_key_pem}}) {
    Or<std::string> pem = Pem(part.setting);
    if (!pem) return pem.problem();
    part.target = *std::move(pem);
  }
  if (options.certificate_pem.empty() != options.private_key_pem.empty()) {
    return WrongConfiguration("a client certificate needs its key", {},
                              {"pass --cert-file and --key-file together"});
  }
  Or<std::string> token = ReadToken(settings, variables);
  if (!token) return token.problem();
  options.token = *std::move(token);
  if (!options.token.empty() && options.security == client::Security::kPlaintext &&
      !client::IsLoopback(options.address)) {
    return WrongConfiguration("a token is not sent in plain text to another host",
                              {absl::StrCat("token from ", settings.token.origin,
                                            ", plain text from ", settings.security.origin)},
                              {"use TLS"});
  }
  return options;
}

}  // namespace gate::ctl
